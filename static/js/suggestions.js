// What the search box offers while one types: searches of before, kept in this browser only, and what the server knows.

const RECENT = "recent-searches";
const MOST_RECENT = 20;
const SHOWN_RECENT = 3;
const WAIT_MS = 120;

const box = document.getElementById("q");
const form = box.form;
const list = document.getElementById("suggestions");
let waiting, asked = 0, chosen = -1;

function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return []; // not allowed to keep anything, or not ours
  }
}

function remember(query) {
  if (query === "") return;
  try {
    const kept = [query, ...recent().filter((each) => each !== query)];
    localStorage.setItem(RECENT, JSON.stringify(kept.slice(0, MOST_RECENT)));
  } catch {
    // Private windows keep nothing.
  }
}

function before(typed) {
  const begun = typed.trim().toLowerCase();
  return recent()
    .filter((each) => each !== typed.trim() && each.toLowerCase().startsWith(begun))
    .slice(0, begun === "" ? 2 * SHOWN_RECENT : SHOWN_RECENT)
    .map((query) => ({ query, label: query, note: form.dataset.recent }));
}

function close() {
  list.hidden = true;
  choose(-1);
  box.setAttribute("aria-expanded", "false");
}

function choose(index) {
  chosen = index;
  list.querySelectorAll("li").forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
  const item = list.children[index];
  if (item) {
    box.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else box.removeAttribute("aria-activedescendant");
}

function take(query) {
  box.value = query;
  box.focus();
  if (query.endsWith(":")) offer(); // a name: its values come next
  else form.requestSubmit();
}

function item({ query, label, note }, at) {
  const made = document.createElement("li");
  made.id = `suggestion-${at}`;
  made.role = "option";
  made.dataset.query = query;
  for (const [text, quiet] of [[label, ""], [note, "quiet"]]) {
    const part = document.createElement("span");
    part.textContent = text;
    part.className = quiet;
    made.append(part);
  }
  return made;
}

async function offer() {
  const typed = box.value, turn = ++asked;
  let known = [];
  try {
    const answer = await fetch(`${form.dataset.suggestions}?${new URLSearchParams({ q: typed })}`);
    if (answer.ok) known = await answer.json();
  } catch {
    // The server is away: what was searched for before is offered all the same.
  }
  if (turn !== asked || document.activeElement !== box) return;
  const old = before(typed), taken = new Set(old.map((each) => each.query));
  list.replaceChildren(...[...old, ...known.filter((each) => !taken.has(each.query))].map(item));
  choose(-1);
  list.hidden = list.children.length === 0;
  box.setAttribute("aria-expanded", String(!list.hidden));
}

function press(event) {
  if (list.hidden) {
    if (event.key === "ArrowDown") offer();
    return;
  }
  const count = list.children.length;
  if (event.key === "Escape") {
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose(((chosen + step + 1 + count + 1) % (count + 1)) - 1);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen].dataset.query);
  }
}

box.setAttribute("role", "combobox");
box.setAttribute("aria-autocomplete", "list");
box.setAttribute("aria-controls", list.id);
box.setAttribute("aria-expanded", "false");
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(offer, WAIT_MS);
});
box.addEventListener("focus", () => { if (box.value === "") offer(); });
box.addEventListener("blur", close);
box.addEventListener("keydown", press);
list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
list.addEventListener("click", (event) => {
  const picked = event.target.closest("li");
  if (picked) take(picked.dataset.query);
});
form.addEventListener("submit", () => {
  clearTimeout(waiting);
  asked += 1;
  remember(box.value.trim());
  close();
});
