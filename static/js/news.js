// News while photos are indexed: the progress line as the server writes it, and new photos on pages that show them.

import { isTyping } from "./typing.js";

const POLL_BUSY_MS = 2000;
const POLL_IDLE_MS = 10000;

const progress = document.getElementById("progress");
let shownState = null;

async function read(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

function mayChangePage() {
  const main = document.querySelector("main");
  const searchBox = document.getElementById("q");
  return !main.classList.contains("selecting") && window.scrollY < 60 && !isTyping() && searchBox.value === searchBox.defaultValue
    && !main.contains(document.activeElement) && String(window.getSelection()) === "";
}

async function renewPage() {
  const page = await read(window.location.href);
  const main = document.querySelector("main");
  if (page === null || !mayChangePage()) return;
  const shown = new Map([...main.querySelectorAll(".card")].map((card) => [card.querySelector(".picture").href, card]));
  for (const card of page.querySelectorAll(".card")) {
    const same = shown.get(card.querySelector(".picture").href);
    if (same && same.isEqualNode(card)) card.replaceWith(same); // with its picture, which would else be drawn again
  }
  main.replaceChildren(...page.querySelector("main").childNodes);
}

function show(news) {
  const line = progress.querySelector("[data-line]");
  const newLine = news.querySelector("[data-line]");
  if (line.textContent !== newLine.textContent) line.replaceChildren(...newLine.childNodes);
  progress.dataset.busy = news.dataset.busy;
  const link = progress.querySelector("[data-fresh]");
  const morePhotos = news.dataset.photos !== progress.dataset.photos;
  const changed = shownState === null ? morePhotos : news.dataset.state !== shownState;
  if (changed && document.querySelector("main[data-live]") !== null) {
    if (mayChangePage()) {
      link.hidden = true;
      renewPage().catch(() => {});
    } else if (morePhotos && document.querySelector("main .grid") !== null) {
      link.hidden = false;
    }
  }
  shownState = news.dataset.state;
  if (link.hidden) progress.dataset.photos = news.dataset.photos;
  progress.hidden = line.textContent === "" && link.hidden;
}

function pause() {
  return progress.dataset.busy === "yes" ? POLL_BUSY_MS : POLL_IDLE_MS;
}

async function poll() {
  if (document.visibilityState === "visible") {
    try {
      const page = await read(document.body.dataset.progressUrl);
      if (page !== null) show(page.getElementById("progress"));
    } catch {
      // The server is being restarted, or is gone: the page stays as it is.
    }
  }
  setTimeout(poll, pause());
}

if (progress !== null) setTimeout(poll, pause());
