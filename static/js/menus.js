// Menus (`<details class="more">`, `<details class="menu">`): Escape, a click elsewhere, or leaving them closes them.

const MENUS = "details.more, details.menu";

function closeAllBut(kept) {
  for (const menu of document.querySelectorAll(`:is(${MENUS})[open]`)) {
    if (menu !== kept) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeAllBut(event.target.closest(MENUS)));
document.addEventListener("focusin", (event) => closeAllBut(event.target.closest(MENUS)));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(`:is(${MENUS})[open]`);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
