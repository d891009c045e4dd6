// Selecting photos: a mark on each, ranges with Shift, whole days, and keys (x, Shift+X, Escape). What is selected stays
// so while one scrolls, also where parts of the timeline were emptied. The form with the actions is the server's; without
// this script its page has boxes to tick.

const CARD = ".card:has(> .picture)";
const EMPTIED = ".stretch[data-empty]";
const PLACE = "photoindex:place"; // read by timeline.js

const main = document.querySelector("main");
const chosen = new Set(); // ids, as texts
let last = null; // where a range begins
let on = false;

const bar = () => document.getElementById("selection");
const idOf = (card) => card.querySelector(".picture").pathname.split("/").at(-1);
const cards = () => main.querySelectorAll(CARD);

// --- the marks

function makeBox(label) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "check";
  box.setAttribute("aria-label", bar().dataset.label.replace("{what}", label));
  box.dataset.made = "";
  return box;
}

function boxOf(card) {
  const found = card.querySelector(":scope > .check");
  if (found !== null) return found;
  const box = makeBox(card.querySelector("img").alt);
  box.name = "id";
  box.value = idOf(card);
  box.setAttribute("form", "selection");
  box.checked = chosen.has(box.value);
  card.prepend(box);
  return box;
}

function markHeading(heading) {
  if (heading.querySelector(".whole") !== null) return;
  const whole = document.createElement("span");
  whole.className = "whole";
  whole.append(makeBox(heading.textContent.trim()));
  heading.append(whole);
}

const headings = () => main.querySelectorAll(".stretch :is(h2, h3)");

// --- which photos

function inOrder() {
  const found = [];
  for (const each of main.querySelectorAll(`${CARD}, ${EMPTIED}`)) {
    if (each.matches(EMPTIED)) found.push(...(each.dataset.photos ?? "").split(" ").filter(Boolean));
    else found.push(idOf(each));
  }
  return found;
}

function range(from, to) {
  const ids = inOrder();
  const ends = [ids.indexOf(from), ids.indexOf(to)].sort((a, b) => a - b);
  return ends[0] < 0 ? [to] : ids.slice(ends[0], ends[1] + 1);
}

// What stands under a heading: up to the next of its kind, unless that only repeats it in the next part.
function under(heading) {
  const ends = heading.tagName === "H2" ? ["H2"] : ["H2", "H3"];
  const name = heading.firstChild.textContent;
  const found = [];
  let within = false;
  for (const each of main.querySelectorAll(`.stretch :is(h2, h3), ${CARD}`)) {
    if (each === heading) within = true;
    else if (within && each.matches(".card")) found.push(idOf(each));
    else if (within && ends.includes(each.tagName) && !each.matches(".again") && each.firstChild.textContent !== name) break;
  }
  return found;
}

function choose(ids, add) {
  for (const id of ids) {
    if (add) chosen.add(id);
    else chosen.delete(id);
  }
  last = ids.at(-1) ?? last;
  show();
}

function toggle(card, withRange) {
  const id = idOf(card);
  const from = last;
  if (withRange && from !== null) choose(range(from, id), true);
  else choose([id], !chosen.has(id));
  last = id;
}

// --- what is seen of it

function show() {
  const form = bar();
  if (form === null) return;
  if (chosen.size > 0) on = true;
  main.classList.toggle("selecting", on);
  form.hidden = !on;
  for (const card of cards()) {
    const box = on ? boxOf(card) : card.querySelector(":scope > .check");
    if (box !== null) box.checked = chosen.has(box.value);
  }
  for (const heading of headings()) {
    markHeading(heading);
    const ids = on ? under(heading) : [];
    heading.querySelector(".check").checked = ids.length > 0 && ids.every((id) => chosen.has(id));
  }
  const { most, one, many, tooMany } = form.dataset;
  const isTooMany = chosen.size > Number(most);
  const text = isTooMany ? tooMany : chosen.size === 1 ? one : many;
  form.querySelector("[role=status]").textContent = text.replace("{count}", chosen.size).replace("{most}", most);
  for (const button of form.querySelectorAll("button")) button.disabled = chosen.size === 0 || isTooMany;
}

function end() {
  chosen.clear();
  on = false;
  last = null;
  for (const box of main.querySelectorAll(".card > .check")) box.remove();
  show();
}

// --- what one does

function click(event) {
  const box = event.target.closest(".check");
  const card = event.target.closest(CARD);
  const heading = event.target.closest(".stretch :is(h2, h3)");
  if (event.target.closest("[data-begin]")) {
    event.preventDefault();
    on = !on;
    if (on) show();
    else end();
  } else if (event.target.closest(".said .end")) {
    event.preventDefault();
    event.target.closest(".said").remove();
  } else if (event.target.closest(".selection .end")) {
    if (new URLSearchParams(window.location.search).has("select")) return; // its link leads to the page without boxes
    event.preventDefault();
    end();
  } else if (box !== null && heading !== null) {
    choose(under(heading), box.checked);
  } else if (card !== null && (box !== null || (on && event.target.closest(".picture")))) {
    if (box === null) event.preventDefault();
    event.stopImmediatePropagation(); // nothing opens
    toggle(card, event.shiftKey);
    if (box !== null) box.checked = chosen.has(box.value);
  }
}

function isWriting() {
  return document.activeElement?.matches("textarea, select, input:not([type=checkbox]), video, [contenteditable]") ?? false;
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting() || bar() === null) return;
  const card = document.activeElement?.closest(CARD) ?? null;
  if (event.key.toLowerCase() === "x" && card !== null) {
    event.preventDefault();
    toggle(card, event.shiftKey);
  } else if (event.key === "Escape" && on && document.querySelector("dialog[open], details.menu[open]") === null) {
    end();
  }
}

function point(event) {
  const card = event.target.closest?.(CARD);
  if (card && main.contains(card) && bar() !== null && event.pointerType !== "touch") boxOf(card);
}

// The form has the boxes that are ticked; those in parts that were emptied are added to it, and where one was.
function send(event) {
  const form = bar();
  if (event.target !== form) return;
  for (const made of form.querySelectorAll("[data-sent]")) made.remove();
  const ticked = new Set([...main.querySelectorAll(".card > .check:checked")].map((box) => box.value));
  for (const id of inOrder()) {
    if (!chosen.has(id) || ticked.has(id)) continue;
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "id", value: id });
    field.dataset.sent = "";
    form.append(field);
  }
  const here = new URL(window.location.href);
  here.searchParams.delete("select");
  form.elements.back.value = here.pathname + here.search;
  if (event.submitter?.value === "download" || main.querySelector(".timeline") === null) return;
  const seen = [...cards()].find((card) => card.getBoundingClientRect().top >= 0 && !chosen.has(idOf(card)));
  if (seen === undefined) return;
  const place = { card: seen.querySelector(".picture").getAttribute("href"), top: seen.getBoundingClientRect().top };
  window.sessionStorage.setItem(PLACE, JSON.stringify(place));
}

function grown(changes) {
  if (bar() === null) return;
  const isNew = (node) => node.nodeType === 1 && (node.matches(".card, .stretch, .rows") || node.querySelector(".card") !== null);
  if (changes.some((change) => [...change.addedNodes].some(isNew))) show();
}

document.addEventListener("click", click, true);
document.addEventListener("keydown", press);
main.addEventListener("pointerover", point);
document.addEventListener("submit", send);
new MutationObserver(grown).observe(main, { childList: true, subtree: true });
if (bar() !== null) {
  for (const box of main.querySelectorAll(".card > .check")) {
    if (box.checked) chosen.add(box.value);
  }
  on = !bar().hidden;
  show();
}
