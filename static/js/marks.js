// Favourite and stars change in their place, the link is copied, and keys do the same. Without this script each is a
// form, and the page comes again.

import { isTyping } from "./typing.js";

const COPIED_MS = 2000;

// Send a form of ours and get the part of the page that shows what it changed. Throws where that fails.
export async function change(address, fields) {
  const response = await fetch(address, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: {
      "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
      "X-Requested-With": "fetch",
    },
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.adoptNode(page.querySelector(".marks"));
}

async function submit(event) {
  const marks = event.target.closest(".marks");
  if (marks === null || !event.submitter) return;
  event.preventDefault();
  const place = [...marks.querySelectorAll("button")].indexOf(event.submitter);
  try {
    const changed = await change(event.target.action, new FormData(event.target, event.submitter));
    const focused = marks.contains(document.activeElement);
    marks.replaceWith(changed);
    if (focused) changed.querySelectorAll("button")[place].focus();
    changed.dispatchEvent(new CustomEvent("photo:marked", { bubbles: true, detail: changed.dataset.favourite === "yes" }));
  } catch {
    marks.querySelector("[role=alert]").hidden = false;
  }
}

async function copy(event) {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
  const words = button.querySelector("[aria-live]");
  const before = words.textContent;
  if (before === button.dataset.done) return;
  words.textContent = button.dataset.done;
  setTimeout(() => { words.textContent = before; }, COPIED_MS);
}

// The clipboard is there only where the browser trusts the connection: https, or this machine.
export function offerCopying(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = navigator.clipboard === undefined;
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping() || document.querySelector(".pswp") !== null) return;
  if (event.key === "f") document.querySelector(".photo .heart")?.click();
}

document.addEventListener("submit", submit);
document.addEventListener("click", copy);
document.addEventListener("keydown", press);
offerCopying(document);
