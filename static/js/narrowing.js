// Ways to narrow a search stand beside its results where there is room, and are asked for when these are there. On a phone,
// or without this script, they come on request.

const narrow = document.querySelector("details.narrow");
const beside = window.matchMedia("(min-width: 68rem) and (scripting: enabled)"); // as in parts.css

function fit() {
  narrow.open = beside.matches; // htmx fetches what is in it once it is open
}

if (narrow !== null) {
  document.addEventListener("DOMContentLoaded", () => { if (beside.matches) fit(); }); // htmx is ready then
  beside.addEventListener("change", fit);
}
