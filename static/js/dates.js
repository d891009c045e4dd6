// The rail of dates: a bubble says the month while one drags along it, and letting go goes there. Its links do without.

const rail = document.querySelector(".dates");

function linkAt(y) {
  const links = [...rail.querySelectorAll("li:not(.year) a, li.h1 a")].filter((link) => link.offsetHeight > 0);
  return links.find((link) => link.getBoundingClientRect().bottom > y) ?? links.at(-1);
}

function show(y) {
  const bubble = rail.querySelector(".bubble");
  const link = linkAt(y);
  bubble.textContent = link.dataset.heading;
  bubble.style.top = `${y}px`;
  bubble.hidden = false;
  return link;
}

function drag(down) {
  const isRail = getComputedStyle(rail).touchAction === "none"; // as a sheet it is scrolled
  if (!isRail || down.button !== 0) return;
  down.preventDefault();
  rail.setPointerCapture(down.pointerId);
  rail.classList.add("dragged");
  let link = show(down.clientY);
  const move = (event) => {
    link = show(event.clientY);
  };
  const end = (event) => {
    rail.removeEventListener("pointermove", move);
    rail.removeEventListener("pointerup", end);
    rail.removeEventListener("pointercancel", end);
    rail.classList.remove("dragged");
    rail.querySelector(".bubble").hidden = true;
    if (event.type === "pointerup") window.location.assign(link.href);
  };
  rail.addEventListener("pointermove", move);
  rail.addEventListener("pointerup", end);
  rail.addEventListener("pointercancel", end);
}

function mark(month) {
  rail.querySelector("[aria-current]")?.removeAttribute("aria-current");
  rail.querySelector(`[data-at="${month}"]`)?.setAttribute("aria-current", "true");
}

if (rail !== null) {
  rail.addEventListener("pointerdown", drag);
  document.addEventListener("timeline:month", (event) => mark(event.detail));
  const section = document.querySelector(".timeline section");
  if (section !== null) mark(section.dataset.month);
}
