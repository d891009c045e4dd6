// Whether keys belong to what has the focus, and so not to the page.

const TAKES_KEYS = ["INPUT", "TEXTAREA", "SELECT", "VIDEO"]; // arrows wind a video

export function isTyping() {
  const active = document.activeElement;
  return active !== null && (TAKES_KEYS.includes(active.tagName) || active.isContentEditable);
}
