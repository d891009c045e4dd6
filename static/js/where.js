// The small map of where a photo was taken, on its page and in the viewer's panel: drawn when it comes into sight. Without
// this script there are the place and the position in words.

import { drawWorld } from "./outlines.js";

const ZOOM = 4; // a country and its neighbours

let needed = null; // a promise of Leaflet and style sheets

function loaded(element) {
  return new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", reject);
    document.head.append(element);
  });
}

function fetchLeaflet({ leaflet, sheets }) {
  const links = sheets.split(" ").map((href) => Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  const script = Object.assign(document.createElement("script"), { src: leaflet });
  return Promise.all([...links, script].map(loaded));
}

async function draw(link) {
  try {
    needed ??= fetchLeaflet(link.dataset);
    await needed;
  } catch {
    needed = null;
    link.hidden = true;
    return;
  }
  const { L } = window;
  const at = link.dataset.at.split(",").map(Number);
  const frame = document.createElement("div");
  frame.className = "here map";
  link.replaceChildren(frame);
  const map = L.map(frame, {
    attributionControl: false, zoomControl: false, keyboard: false, dragging: false, touchZoom: false, boxZoom: false,
    doubleClickZoom: false, scrollWheelZoom: false, trackResize: false, fadeAnimation: false,
  });
  map.setView(at, ZOOM);
  await drawWorld(map, link.dataset.world).catch(() => {}); // the spot is there all the same
  L.circleMarker(at, { radius: 8, className: "spot", interactive: false }).addTo(map);
  link.dataset.ready = "yes";
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    draw(target);
  }
});

export function showWhere(root) {
  for (const link of root.querySelectorAll(".where")) seen.observe(link);
}

showWhere(document);
