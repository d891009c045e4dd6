// Keys: "/" goes to the search box, the arrows to the photos beside this one.

import { isTyping } from "./typing.js";

const TURNS = { ArrowLeft: ".turn.newer", ArrowRight: ".turn.older" };

function toSearchBox(event) {
  const box = document.getElementById("q");
  event.preventDefault();
  box.focus();
  box.select();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping()) return;
  if (document.querySelector(".pswp") !== null) return; // the viewer has its own
  if (event.key === "/") toSearchBox(event);
  const turn = TURNS[event.key];
  const link = turn && document.querySelector(turn);
  if (link) link.click();
});
