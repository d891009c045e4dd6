// The order of an album: a photo is dragged to where it is to stand, and those selected with it come along. Without this
// script, and for keys, the bar of what is selected has "Put first", "Move earlier" and so on.

const main = document.querySelector("main");
const form = document.getElementById("selection");
const failed = document.querySelector("[data-failed]");
let dragged = null; // a card
let place = null; // where it would go: { card, behind }

const cardOf = (event) => event.target.closest?.(".card") ?? null;
const idOf = (card) => card.querySelector(".picture").pathname.split("/").at(-1);

function mark(next) {
  place?.card.classList.remove("before", "behind");
  place = next;
  place?.card.classList.add(place.behind ? "behind" : "before");
}

// All that are selected if it is one of them, in their order on the page.
function moving() {
  const selected = [...main.querySelectorAll(".card:has(> .check:checked)")];
  return (selected.includes(dragged) ? selected : [dragged]).map(idOf);
}

async function put(ids, { card, behind }) {
  const fields = new FormData(form);
  fields.delete("id");
  for (const id of ids) fields.append("id", id);
  fields.set("do", behind ? "behind" : "before");
  fields.set("beside", idOf(card));
  const response = await fetch(form.action, { method: "POST", body: fields });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  main.querySelector(".rows").replaceWith(document.adoptNode(page.querySelector("main .rows")));
  document.querySelector(".page > .said")?.remove();
  const said = page.querySelector(".page > .said");
  if (said !== null) main.before(document.adoptNode(said));
}

function start(event) {
  dragged = cardOf(event);
  if (dragged === null) return;
  event.dataTransfer.effectAllowed = "move";
  dragged.classList.add("dragged");
}

function over(event) {
  const card = dragged === null ? null : cardOf(event);
  if (card === null) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  const { left, width } = card.getBoundingClientRect();
  mark({ card, behind: event.clientX > left + width / 2 });
}

function drop(event) {
  if (dragged === null || place === null) return;
  event.preventDefault();
  failed.hidden = true;
  const ids = moving();
  if (ids.length === 1 && place.card === dragged) return;
  put(ids, place).catch(() => { failed.hidden = false; });
}

function end() {
  dragged?.classList.remove("dragged");
  mark(null);
  dragged = null;
}

main.addEventListener("dragstart", start);
main.addEventListener("dragover", over);
main.addEventListener("drop", drop);
document.addEventListener("dragend", end);
