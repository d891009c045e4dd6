// Pictures open in the viewer, over the page they stand on. It is fetched when the first one is opened; without scripts,
// or where it can't be had, the link leads to the photo's own page.

const OPENING = ".card .picture, [data-enlarge]";

function isPlain(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

async function open(opener) {
  try {
    const { view } = await import("./viewer.js");
    await view(opener);
  } catch {
    if (opener.href) location.assign(opener.href);
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.(OPENING);
  if (!opener || event.defaultPrevented || !isPlain(event)) return;
  event.preventDefault();
  open(opener);
});

for (const button of document.querySelectorAll("[data-enlarge]")) button.hidden = false;
