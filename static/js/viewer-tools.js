// What the viewer has besides pictures: favourite, information, slideshow and the list of keys; as buttons and as keys.

import { change, offerCopying } from "./marks.js";
import { showWhere } from "./where.js";

const SLIDE_MS = 4000;
const WIDE = window.matchMedia("(min-width: 60rem)");
const KEYS = { f: "favourite", i: "information", " ": "slideshow", "?": "keys" };
const PANEL = { width: 384, share: 0.55 }; // pixels at a desk, of the height on a phone; as in viewer.css

// Give the viewer its tools; `parts` is the element that the server makes of _viewer.html.
export function addTools(viewer, parts) {
  return new Tools(viewer, parts);
}

class Tools {
  constructor(viewer, parts) {
    this.viewer = viewer;
    this.said = parts.dataset;
    this.panel = parts.querySelector(".viewer-panel");
    this.note = parts.querySelector(".viewer-note");
    this.help = parts.querySelector("dialog");
    this.playing = 0;
    this.buttons = Object.fromEntries([...parts.querySelectorAll("[data-tool]")].map((each) => [each.dataset.tool, each]));
    viewer.options.getViewportSizeFn = () => this.room();
    viewer.on("uiRegister", () => this.register());
    viewer.on("afterInit", () => this.join());
    viewer.on("change", () => this.turned());
    viewer.on("keydown", (event) => this.press(event));
    viewer.on("wheel", (event) => this.panel.contains(event.originalEvent.target) && event.preventDefault());
    viewer.on("close", () => this.stop());
    viewer.on("destroy", () => document.removeEventListener("photo:marked", this.marked));
    this.marked = (event) => this.show(this.data, event.detail);
    document.addEventListener("photo:marked", this.marked);
  }

  get data() {
    return this.viewer.currSlide.data;
  }

  // The size in pixels that is left for pictures.
  room() {
    const { clientWidth: x, clientHeight: y } = document.documentElement;
    if (this.panel.hidden) return { x, y };
    return WIDE.matches ? { x: x - PANEL.width, y } : { x, y: Math.round(y * (1 - PANEL.share)) };
  }

  register() {
    let order = 11; // behind the button that zooms
    for (const [name, button] of Object.entries(this.buttons)) {
      this.viewer.ui.registerElement({
        name,
        order: order++,
        isButton: true,
        title: button.title,
        ariaLabel: button.ariaLabel,
        html: button.innerHTML,
        onInit: (element) => { this.buttons[name] = element; },
        onClick: () => this[name](),
      });
    }
  }

  join() {
    const { element } = this.viewer;
    element.ariaLabel = this.said.label;
    element.ariaModal = "true";
    element.append(this.panel, this.note, this.help);
    this.turned();
  }

  press(event) {
    const { key, target, ctrlKey, metaKey, altKey } = event.originalEvent;
    if (this.help.open) return event.preventDefault(); // Esc is for it
    const name = KEYS[key];
    const own = key === " " && target.closest("button, a, summary, video");
    if (name === undefined || own || ctrlKey || metaKey || altKey) return;
    event.originalEvent.preventDefault();
    this[name]();
  }

  turned() {
    if (!this.viewer.currSlide) return;
    this.note.hidden = true;
    this.buttons.favourite.ariaPressed = String(this.data.favourite);
    if (!this.panel.hidden) this.fill();
  }

  // --- favourite

  async favourite() {
    const { data } = this;
    try {
      const marks = await change(`${pathOf(data.address)}/favourite`, { favourite: data.favourite ? "no" : "yes" });
      this.show(data, marks.dataset.favourite === "yes");
      if (data === this.data) this.panel.querySelector(".marks")?.replaceWith(marks);
    } catch {
      this.note.textContent = this.said.saving;
      this.note.hidden = false;
    }
  }

  show(data, favourite) {
    data.favourite = favourite;
    if (data === this.data) this.buttons.favourite.ariaPressed = String(favourite);
    const card = document.querySelector(`main .picture[href="${CSS.escape(data.address)}"]`);
    if (card !== null) markCard(card, favourite, this.said.favourite);
  }

  // --- information

  information() {
    this.panel.hidden = !this.panel.hidden;
    this.buttons.information.ariaPressed = String(!this.panel.hidden);
    this.viewer.element.classList.toggle("informed", !this.panel.hidden);
    this.viewer.updateSize(true);
    if (this.panel.hidden) this.viewer.element.focus();
    else this.fill();
  }

  async fill() {
    const { data } = this;
    const response = await fetch(pathOf(data.address)).catch(() => null);
    if (!response?.ok || data !== this.viewer.currSlide?.data) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (data !== this.viewer.currSlide?.data) return;
    const about = document.adoptNode(page.querySelector(".about"));
    offerCopying(about);
    this.panel.replaceChildren(about);
    showWhere(about);
    this.panel.scrollTop = 0;
    this.show(data, about.querySelector(".marks").dataset.favourite === "yes");
  }

  // --- slideshow

  slideshow() {
    if (this.playing) return this.stop();
    this.playing = setInterval(() => this.advance(), SLIDE_MS);
    this.buttons.slideshow.ariaPressed = "true";
    if (this.isLast()) this.viewer.goTo(0);
  }

  isLast() {
    return this.viewer.currIndex >= this.viewer.getNumItems() - 1;
  }

  advance() {
    if (this.isLast()) this.stop();
    else this.viewer.next();
  }

  stop() {
    clearInterval(this.playing);
    this.playing = 0;
    if (this.buttons.slideshow) this.buttons.slideshow.ariaPressed = "false";
  }

  keys() {
    this.help.showModal();
  }
}

function pathOf(address) {
  return new URL(address, location.href).pathname;
}

// The badge that the server would put on the picture.
function markCard(picture, favourite, word) {
  const before = picture.querySelector(".badge.star");
  if ((before !== null) === favourite) return;
  if (!favourite) return before.remove();
  const badges = picture.querySelector(".badges") ?? element("span", "badges");
  const badge = element("span", "badge star");
  const [heart, unseen] = [element("span", ""), element("span", "unseen")];
  heart.textContent = "♥";
  heart.ariaHidden = "true";
  unseen.textContent = word;
  badge.append(heart, unseen);
  badges.append(badge);
  picture.append(badges);
}

function element(name, classes) {
  const made = document.createElement(name);
  made.className = classes;
  return made;
}
