// What the pages gain from a script: keys, and news while photos are indexed. Everything works without it.
"use strict";

const POLL_BUSY_MS = 2000;
const POLL_IDLE_MS = 10000;
const WORKING = ["starting", "scanning", "indexing"];

const searchBox = document.getElementById("q");
const progress = document.getElementById("progress");

function isTyping() {
  const active = document.activeElement;
  const takesKeys = ["INPUT", "TEXTAREA", "VIDEO"]; // arrows wind a video
  return active !== null && (takesKeys.includes(active.tagName) || active.isContentEditable);
}

// --- keys: "/" goes to the search box, the arrows to the photos beside this one

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping()) return;
  if (event.key === "/") {
    event.preventDefault();
    searchBox.focus();
    searchBox.select();
  }
  const turn = { ArrowLeft: ".turn.newer", ArrowRight: ".turn.older" }[event.key];
  const link = turn && document.querySelector(turn);
  if (link) link.click();
});

// --- videos: only the browser itself knows whether it can play one

for (const video of document.querySelectorAll(".stage video")) {
  video.addEventListener("error", () => {
    const notice = document.querySelector("[data-unplayable]");
    if (notice !== null) notice.hidden = false;
  });
}

// --- the progress line, in the words of photoindex/web/progress.py

function number(value) {
  return value.toLocaleString("en-US");
}

function duration(seconds) {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

function rate(photosPerSecond) {
  if (photosPerSecond >= 0.95) return `${photosPerSecond.toFixed(0)}/s`;
  const perMinute = Math.round(60 * photosPerSecond);
  return perMinute >= 1 ? `${perMinute}/min` : "less than 1/min";
}

function progressLine(status) {
  const { pending, indexed, failed } = status.files;
  const daemon = status.daemon;
  if (daemon.state === "stopped") {
    const waiting = pending === 1 ? "1 photo waits" : `${number(pending)} photos wait`;
    return pending ? `${waiting} to be indexed. Start indexing with: photoindex daemon` : "";
  }
  if (pending) {
    const parts = [`Indexing: ${number(indexed + failed)} of ${number(indexed + failed + pending)}`];
    if (daemon.photos_per_second) parts.push(rate(daemon.photos_per_second));
    if (daemon.seconds_left !== null) parts.push(`${duration(daemon.seconds_left)} left`);
    return parts.join(", ");
  }
  return daemon.state === "starting" || daemon.state === "scanning" ? "Looking for new photos" : "";
}

function withCommand(line) {
  const [before, command] = line.split(/(photoindex [a-z]+)$/);
  if (command === undefined) return [line];
  const code = document.createElement("code");
  code.textContent = command;
  return [before, code];
}

// --- news

function mayChangePage() {
  const main = document.querySelector("main");
  return window.scrollY < 60 && !isTyping() && searchBox.value === searchBox.defaultValue
    && !main.contains(document.activeElement) && String(window.getSelection()) === "";
}

async function renewPage() {
  const response = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const main = document.querySelector("main");
  if (!mayChangePage()) return;
  const shown = new Map([...main.querySelectorAll(".card")].map((card) => [card.querySelector(".picture").href, card]));
  for (const card of page.querySelectorAll(".card")) {
    const same = shown.get(card.querySelector(".picture").href);
    if (same && same.isEqualNode(card)) card.replaceWith(same); // with its picture, which would else be drawn again
  }
  main.replaceChildren(...page.querySelector("main").childNodes);
}

function show(status) {
  const line = progressLine(status);
  const busy = WORKING.includes(status.daemon.state);
  const words = progress.querySelector("[data-line]");
  if (words.textContent !== line) words.replaceChildren(...withCommand(line));
  progress.dataset.busy = busy ? "yes" : "no";
  const live = document.querySelector("main[data-live]") !== null;
  const shown = JSON.stringify([status.photos, status.files, status.libraries, status.daemon.state]);
  const first = show.before === undefined;
  const news = first ? String(status.photos) !== progress.dataset.photos : shown !== show.before;
  const link = progress.querySelector("[data-fresh]");
  if (live && news) {
    if (mayChangePage()) {
      link.hidden = true;
      renewPage().catch(() => {});
    } else if (document.querySelector("main .grid") !== null && String(status.photos) !== progress.dataset.photos) {
      link.hidden = false;
    }
  }
  show.before = shown;
  if (link.hidden) progress.dataset.photos = String(status.photos);
  progress.hidden = line === "" && link.hidden;
}

async function poll() {
  let wait = POLL_IDLE_MS;
  if (document.visibilityState === "visible") {
    try {
      const response = await fetch(document.body.dataset.statusUrl);
      if (response.ok) show(await response.json());
    } catch {
      // The server is being restarted, or is gone: the page stays as it is.
    }
    if (progress.dataset.busy === "yes") wait = POLL_BUSY_MS;
  }
  setTimeout(poll, wait);
}

if (progress !== null) setTimeout(poll, progress.dataset.busy === "yes" ? POLL_BUSY_MS : POLL_IDLE_MS);
