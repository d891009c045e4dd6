// A picture that is dropped onto any page, or pasted, is searched by. Without this script, and for keys, there is the
// page with the form that the search box links to.

const target = document.getElementById("drop");
const note = document.getElementById("drop-note");
const said = target.dataset;
const KINDS_WITHOUT_TYPE = /\.(heic|heif|hif|avif|jxl|jp2|dng|nef|cr2|cr3|arw|orf|rw2|raf|pef|srw|tiff?|psd|webp)$/i;

let isOwn = false; // what is dragged is a picture of this page

function holdsFiles(transfer) {
  return transfer !== null && [...transfer.types].includes("Files");
}

// The browser does not know the kind of many files that are pictures all the same.
function isPicture(file) {
  return file.type.startsWith("image/") || (file.type === "" && KINDS_WITHOUT_TYPE.test(file.name));
}

function show(text, busy = false) {
  target.ariaBusy = String(busy);
  target.hidden = false;
  target.querySelector("[role=status]").textContent = text; // once it is shown: only then it is read out
}

function hide() {
  target.hidden = true;
  target.ariaBusy = "false";
  target.querySelector("[role=status]").textContent = "";
}

function refuse(text) {
  hide();
  note.hidden = false;
  note.querySelector("[role=alert]").textContent = text;
}

// What the page of an error says.
function reasonOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector(".message p")?.textContent.trim() ?? said.failed;
}

async function search(file) {
  note.hidden = true;
  if (!isPicture(file)) return refuse(said.refused.replace("{name}", file.name));
  show(said.busy, true);
  const form = new FormData();
  form.append("image", file, file.name);
  const token = document.querySelector('meta[name="csrf-token"]').content;
  try {
    const response = await fetch(said.address, {
      method: "POST",
      body: form,
      headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" },
    });
    if (!response.ok) return refuse(reasonOf(await response.text()));
    window.location.assign((await response.json()).url);
  } catch {
    refuse(said.failed);
  }
}

function drop(event) {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file === undefined) refuse(said.nothing);
  else search(file);
}

function paste(event) {
  const { files } = event.clipboardData;
  const isText = event.target.closest?.("input, textarea") && event.clipboardData.types.includes("text/plain");
  if (files.length === 0 || isText || target.ariaBusy === "true") return;
  event.preventDefault();
  search([...files].find(isPicture) ?? files[0]);
}

document.addEventListener("dragstart", () => { isOwn = true; });
document.addEventListener("dragend", () => { isOwn = false; });
document.addEventListener("dragenter", (event) => {
  if (isOwn || target.ariaBusy === "true" || !holdsFiles(event.dataTransfer)) return;
  event.preventDefault();
  note.hidden = true;
  show(said.invitation);
});
target.addEventListener("dragover", (event) => {
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
});
target.addEventListener("dragleave", hide);
target.addEventListener("drop", drop);
document.addEventListener("paste", paste);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && target.ariaBusy !== "true") hide();
});
note.querySelector("button").addEventListener("click", () => { note.hidden = true; });
window.addEventListener("pageshow", (event) => {
  if (event.persisted) hide(); // back from the results
});
