// Videos: only the browser itself knows whether it can play one.

for (const video of document.querySelectorAll(".stage video")) {
  video.addEventListener("error", () => {
    const notice = document.querySelector("[data-unplayable]");
    if (notice !== null) notice.hidden = false;
  });
}
