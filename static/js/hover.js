// Videos, and photos that move, play without sound in their place when they are pointed at for a moment, or focused.

const DELAY_MS = 400;

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
let waiting = 0;
let playing = null;

function stop() {
  clearTimeout(waiting);
  if (playing === null) return;
  playing.removeAttribute("src"); // ends the download too
  playing.load();
  playing.remove();
  playing = null;
}

function play(picture) {
  const video = document.createElement("video");
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.preload = "none";
  video.ariaHidden = "true";
  video.addEventListener("error", () => video.remove()); // the poster stays
  const moment = new URL(picture.href).searchParams.get("t"); // that a search found
  video.src = moment === null ? picture.dataset.clip : `${picture.dataset.clip}#t=${moment}`;
  picture.querySelector("img").after(video);
  playing = video;
  video.play().catch(() => {});
}

function point(event) {
  const picture = event.target.closest?.(".picture[data-clip]");
  if (picture === (playing?.parentElement ?? null) && picture) return;
  stop();
  if (picture && !calm.matches && event.pointerType !== "touch") waiting = setTimeout(play, DELAY_MS, picture);
}

document.addEventListener("pointerover", point);
document.addEventListener("focusin", point);
document.addEventListener("focusout", stop);
document.documentElement.addEventListener("pointerleave", stop);
