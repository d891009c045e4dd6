// The viewer: pictures of a page one after the other in the whole window, with PhotoSwipe. The address is that of the
// photo that is shown, and closing leads back to where it stands on the page.

import PhotoSwipe from "../vendor/photoswipe/photoswipe.esm.min.js";
import { neighboursOf } from "./viewer-neighbours.js";
import { addTools } from "./viewer-tools.js";

const SHEETS = ["../vendor/photoswipe/photoswipe.css", "../css/photo.css", "../css/viewer.css"];
const NOTE_MS = 200; // browsers refuse to have the address changed much more often
const NEAR = 3; // pictures from an end, further ones are fetched
const CONTROLS = 80; // pixels at the foot of a video that are its own

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
let needed = null; // a promise of style sheets and words
let viewer = null;
let items = [];
let contents = new Set(); // what PhotoSwipe has of them
let turned = false; // to another photo than the one it was opened with
let noting = 0;
let more = null; // on a photo's own page: fetches its neighbours in the timeline

// --- what it shows

function item(opener) {
  const address = opener.getAttribute("href") ?? opener.dataset.address;
  const image = opener.querySelector("img") ?? opener.closest(".stage").querySelector("img");
  const kind = opener.dataset.view ?? "picture";
  const thumbnail = image.getAttribute("src");
  const original = thumbnail.replace(/thumbnail$/, "original");
  const [width, height] = [Number(image.getAttribute("width")), Number(image.getAttribute("height"))];
  const moment = new URL(address, location.href).searchParams.get("t");
  const favourite = opener.querySelector(".badge.star") !== null;
  const common = { address, kind, thumbnail, favourite, alt: image.alt };
  if (kind === "video") return { ...common, type: "video", original: moment ? `${original}#t=${moment}` : original };
  return { ...common, src: kind === "picture" ? original : thumbnail, msrc: thumbnail, width, height, thumbCropped: true };
}

function collect(opener) {
  if (opener.matches("[data-enlarge]")) return [opener];
  return [...document.querySelectorAll("main .card .picture")];
}

function linkOf(address) {
  return document.querySelector(`main .picture[href="${CSS.escape(address)}"], main [data-address="${CSS.escape(address)}"]`);
}

// The timeline fetches more at both ends as it is scrolled behind the viewer.
function extend() {
  const links = [...document.querySelectorAll("main .timeline .card .picture")];
  const at = (data) => links.findIndex((link) => link.getAttribute("href") === data.address);
  const last = at(items.at(-1));
  if (last >= 0) append(links.slice(last + 1));
  const first = at(items[0]);
  if (first > 0) prepend(links.slice(0, first));
}

function append(links) {
  if (links.length === 0) return;
  const next = items.length;
  items.push(...links.map(item));
  viewer.refreshSlideContent(next); // and comes here again
}

function prepend(links) {
  if (links.length === 0) return;
  items.unshift(...links.map(item));
  renumber(links.length);
  viewer.refreshSlideContent(links.length - 1);
}

async function fetchNeighbours() {
  if (more === null) return;
  const opened = viewer;
  const fetching = [];
  if (items.length - viewer.currIndex <= NEAR) fetching.push(more("older").then((links) => opened === viewer && append(links)));
  if (viewer.currIndex < NEAR) fetching.push(more("newer").then((links) => opened === viewer && prepend(links)));
  await Promise.all(fetching);
}

// PhotoSwipe can't be given pictures in front of those it has; it goes by their numbers, so that these are made larger.
function renumber(more) {
  viewer.currIndex += more;
  viewer.potentialIndex += more;
  viewer.options.index += more;
  const slides = viewer.mainScroll.itemHolders.map((holder) => holder.slide).filter(Boolean);
  for (const slide of slides) slide.index += more;
  for (const content of contents) content.index += more;
}

function keepContents() {
  contents = new Set();
  viewer.on("contentInit", ({ content }) => contents.add(content));
  viewer.on("contentDestroy", ({ content }) => contents.delete(content));
}

function video(data) {
  const element = document.createElement("video");
  element.controls = true;
  element.playsInline = true;
  element.preload = "metadata";
  element.poster = data.thumbnail;
  element.src = data.original;
  element.ariaLabel = data.alt;
  return element;
}

function showVideos() {
  viewer.on("contentLoad", (event) => {
    if (event.content.data.type !== "video") return;
    event.preventDefault();
    event.content.element = video(event.content.data);
    event.content.state = "loaded";
  });
  viewer.on("contentDeactivate", ({ content }) => content.data.type === "video" && content.element.pause());
  viewer.on("pointerDown", (event) => {
    const { target, clientY } = event.originalEvent;
    if (target.tagName === "VIDEO" && clientY > target.getBoundingClientRect().bottom - CONTROLS) event.preventDefault();
  });
}

// For an original that can't be had the server sends an empty picture of one pixel.
function showThumbnailsInstead() {
  viewer.on("loadComplete", ({ content, isError }) => {
    const { element, data } = content;
    if (data.src !== data.msrc && !isError && element.naturalWidth <= 1 && data.width > 1) element.src = data.msrc;
  });
}

// --- the address

function noteAddress() {
  clearTimeout(noting);
  noting = setTimeout(() => {
    if (viewer !== null) history.replaceState({ viewing: true }, "", viewer.currSlide.data.address);
  }, NOTE_MS);
}

function shown() {
  extend();
  fetchNeighbours();
  noteAddress();
  turned ||= viewer.currIndex !== viewer.options.index;
  if (turned) bringIntoSight();
}

function bringIntoSight() {
  linkOf(viewer.currSlide.data.address)?.closest(".card")?.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function handleHistory(scrolling) {
  let left = false; // by the browser's own button
  const leave = (event) => {
    if (event.state?.viewing) return;
    left = true;
    clearTimeout(noting);
    viewer.off("change", shown);
    if (viewer.opener.isOpen) viewer.close();
    else viewer.on("openingAnimationEnd", () => viewer.close());
  };
  window.addEventListener("popstate", leave);
  viewer.on("close", () => {
    clearTimeout(noting);
    window.removeEventListener("popstate", leave);
    if (!left) history.back();
  });
  viewer.on("destroy", () => {
    history.scrollRestoration = scrolling;
    const link = linkOf(viewer.currSlide.data.address);
    if (turned) bringIntoSight();
    viewer = null;
    link?.focus({ preventScroll: true });
  });
}

window.addEventListener("popstate", (event) => {
  if (viewer === null && event.state?.viewing) location.reload(); // forward again: the photo's own page
});

// --- opening

function sheet(name) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, import.meta.url).href;
    link.addEventListener("load", resolve);
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

async function words(address) {
  const response = await fetch(new URL("viewer", new URL(address, location.href)));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("[data-viewer]");
}

async function prepare(address) {
  const [parts] = await Promise.all([words(address), ...SHEETS.map(sheet)]);
  return parts;
}

function options(index, said) {
  return {
    dataSource: items,
    index,
    loop: false,
    mainClass: "viewer",
    bgOpacity: 1,
    preload: [1, 2],
    wheelToZoom: true,
    returnFocus: false, // the focus goes to the photo that is shown last
    showHideAnimationType: calm.matches ? "none" : "zoom",
    zoomAnimationDuration: calm.matches ? 0 : 333,
    errorMsg: said.wrong,
    closeTitle: `${said.close} (Esc)`,
    zoomTitle: `${said.zoom} (Z)`,
    arrowPrevTitle: said.previous,
    arrowNextTitle: said.next,
  };
}

// Open the viewer on a picture's link, with all pictures of the page. Throws when what it needs can't be fetched.
export async function view(opener) {
  if (viewer !== null) return;
  const links = collect(opener);
  needed ??= prepare(item(opener).address);
  let parts;
  try {
    parts = (await needed).cloneNode(true);
  } catch (error) {
    needed = null;
    throw error;
  }
  if (viewer !== null) return;
  items = links.map(item);
  turned = false;
  more = opener.dataset.more === undefined ? null : neighboursOf(opener);
  viewer = new PhotoSwipe(options(links.indexOf(opener), parts.dataset));
  const opened = viewer;
  opened.addFilter("thumbEl", (element, data) => linkOf(data.address)?.querySelector("img") ?? element);
  keepContents();
  showVideos();
  showThumbnailsInstead();
  addTools(opened, document.adoptNode(parts));
  const scrolling = history.scrollRestoration;
  if (!opener.matches("[data-enlarge]")) history.scrollRestoration = "manual";
  history.pushState({ viewing: true }, "", items[opened.options.index].address);
  handleHistory(scrolling);
  opened.on("change", shown);
  const growing = new MutationObserver(() => extend());
  growing.observe(document.querySelector("main"), { childList: true, subtree: true });
  opened.on("destroy", () => growing.disconnect());
  opened.init();
  fetchNeighbours();
}
