// The timeline as one scrolls: further parts are fetched at both ends, those far away are emptied and fetched again when
// they come near, and the address says where one is. Without this script there are links to newer and older pages.

const AHEAD_SCREENS = 2.5; // parts are there before they are seen
const KEPT_SCREENS = 5; // what is further away is emptied
const NOTE_MS = 300; // browsers refuse to have the address changed much more often

const main = document.querySelector("main");
let timeline = null; // the element
let edges = null; // watches which parts are near
let busy = false;
let noted = 0;
let owed = null; // where one was before one went to another page

function parts() {
  return timeline === null ? [] : [...timeline.children];
}

function barHeight() {
  const bar = document.querySelector(".bar");
  return bar === null ? 0 : bar.getBoundingClientRect().bottom;
}

// --- fetching

async function fetchPart(query) {
  const response = await fetch(`${timeline.dataset.more}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.adoptNode(page.querySelector(".stretch"));
}

// Change what is above without anything in sight moving. (Not every browser does this by itself.)
function keepingPlace(change) {
  const seen = firstInSight();
  const before = seen === null ? 0 : seen.getBoundingClientRect().top;
  change();
  if (seen !== null && seen.isConnected) window.scrollBy({ top: seen.getBoundingClientRect().top - before, behavior: "instant" });
}

async function growAt(end) {
  const part = end === "older" ? parts().at(-1) : parts()[0];
  const cursor = part === undefined ? "" : part.dataset[end];
  if (!cursor) return false;
  const { top, bottom } = part.getBoundingClientRect();
  const room = AHEAD_SCREENS * window.innerHeight;
  if (end === "older" ? bottom > window.innerHeight + room : top < -room) return false;
  const root = timeline;
  const added = await fetchPart(end === "older" ? { after: cursor } : { before: cursor });
  if (root !== timeline) return false; // replaced meanwhile
  part.dataset[end] = "";
  if (added.querySelector(".card") === null) return false;
  if (end === "older") part.after(added);
  else {
    part.setAttribute("data-kept", ""); // its first heading stays although it stands twice then: nothing in sight moves
    keepingPlace(() => part.before(added));
  }
  edges.observe(added);
  return true;
}

async function refill(part) {
  const { first, last, newer, older } = part.dataset;
  const again = await fetchPart({ first, last });
  if (!part.isConnected || !part.hasAttribute("data-empty")) return;
  again.dataset.newer = newer;
  again.dataset.older = older;
  edges.unobserve(part);
  keepingPlace(() => part.replaceWith(again));
  edges.observe(again);
  noteSoon(); // while it was empty there was no photo to say where one is
}

function empty(part) {
  if (part.hasAttribute("data-empty")) return;
  part.style.height = `${part.getBoundingClientRect().height}px`;
  part.dataset.photos = [...part.querySelectorAll(".picture")].map((picture) => picture.pathname.split("/").at(-1)).join(" ");
  part.replaceChildren();
  part.setAttribute("data-empty", "");
}

async function grow() {
  if (busy || timeline === null) return;
  busy = true;
  const pages = document.querySelector(".pages");
  try {
    while ((await growAt("older")) || (await growAt("newer"))) comeBack();
    if (pages !== null) pages.hidden = true;
  } catch {
    if (pages !== null) pages.hidden = false; // the links still lead on
  } finally {
    busy = false;
    owed = null;
  }
}

function watch(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!target.isConnected) continue;
    if (!isIntersecting) empty(target);
    else if (target.hasAttribute("data-empty")) refill(target).catch(() => {});
  }
}

// --- where one is

function firstInSight(below = 0) {
  const top = barHeight() + below;
  const part = parts().find((each) => each.getBoundingClientRect().bottom > top);
  if (part === undefined) return null;
  const cards = [...part.querySelectorAll(".card")];
  let [low, high] = [0, cards.length]; // they follow each other from top to bottom
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cards[middle].getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return cards[low] ?? null;
}

function note() {
  noted = 0;
  if (document.querySelector(".pswp") !== null) return; // the address is that of the photo in the viewer
  const card = firstInSight();
  if (card === null) return;
  const part = card.closest(".stretch");
  const place = { card: card.querySelector(".picture").getAttribute("href"), top: card.getBoundingClientRect().top };
  const atTop = window.scrollY < 1 && part === parts()[0];
  history.replaceState(atTop ? null : place, "", part.dataset.address);
  // The month is that of a line further down: of the one above, the end of its last row may be in sight.
  const { month } = (firstInSight(window.innerHeight / 4) ?? card).closest("section").dataset;
  document.dispatchEvent(new CustomEvent("timeline:month", { detail: month }));
}

function noteSoon() {
  if (!noted) noted = setTimeout(note, NOTE_MS);
}

// Tried again as parts come: a page may be too short at first to be scrolled so far.
function comeBack() {
  if (owed === null) return;
  const link = timeline.querySelector(`.picture[href="${CSS.escape(owed.card)}"]`);
  if (link === null) return;
  const top = link.closest(".card").getBoundingClientRect().top;
  window.scrollBy({ top: top - owed.top, behavior: "instant" });
}

// --- beginning, and beginning again when the page's content was replaced by newer

function begin() {
  const found = document.querySelector(".timeline");
  if (found === timeline) return;
  timeline = found;
  edges?.disconnect();
  if (timeline === null) return;
  edges = new IntersectionObserver(watch, { rootMargin: `${100 * KEPT_SCREENS}% 0px` });
  for (const part of parts()) edges.observe(part);
  // What is in sight comes first. Where one was before may be further down: then there is no waiting.
  if (owed !== null || document.readyState === "complete") grow();
  else window.addEventListener("load", grow, { once: true });
}

function moved() {
  grow();
  noteSoon();
}

if (main.querySelector(".timeline") !== null) {
  history.scrollRestoration = "manual";
  const left = JSON.parse(window.sessionStorage.getItem("photoindex:place")); // before something was done; selecting.js
  window.sessionStorage.removeItem("photoindex:place");
  owed = history.state?.card === undefined ? left : history.state;
  begin();
  comeBack();
  new MutationObserver(begin).observe(main, { childList: true });
  window.addEventListener("scroll", moved, { passive: true });
  window.addEventListener("resize", moved, { passive: true });
  window.addEventListener("pagehide", note);
}
