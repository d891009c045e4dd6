// On a photo's own page the viewer goes on in the timeline: its pictures are fetched in parts, towards both ends.

const ENDS = { newer: "before", older: "after" };

// What asks for more at an end: `more("older")` is a promise of the links to the pictures there, newest first; none while
// others are awaited, at the end of the timeline, and for a photo that does not stand in it.
export function neighboursOf(opener) {
  const cursors = { newer: opener.dataset.newer, older: opener.dataset.older };
  const waiting = new Set();
  return async (end) => {
    const cursor = cursors[end];
    if (!cursor || waiting.has(end)) return [];
    waiting.add(end);
    try {
      const response = await fetch(`${opener.dataset.more}?${new URLSearchParams({ [ENDS[end]]: cursor })}`);
      if (!response.ok) return []; // asked for again at the next turn
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      cursors[end] = page.querySelector(".stretch")?.dataset[end];
      return [...page.querySelectorAll(".card .picture")];
    } catch {
      return [];
    } finally {
      waiting.delete(end);
    }
  };
}
