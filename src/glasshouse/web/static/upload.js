// Uploading with progress, dropping a folder, and completing a path of the server.
import { ask } from "./ask.js";

const form = document.querySelector("form[data-upload]");

async function entries(entry, prefix = "") {
  if (entry.isFile) return [{ name: prefix + entry.name, file: await new Promise((ok, no) => entry.file(ok, no)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!part.length) return found;
    for (const child of part) if (!child.name.startsWith(".")) found.push(...await entries(child, `${prefix}${entry.name}/`));
  }
}

const PIECE = 8 * 2 ** 20;
const TRIES = 6;
const KEY = "glasshouse-uploads";

// What was begun and is not complete, by a mark of its files, so that the same files go on after a reload.
function begun() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "{}"); } catch { return {}; }
}

function remember(mark, upload) {
  const kept = Object.fromEntries(Object.entries({ ...begun(), [mark]: upload }).filter(([, one]) => one).slice(-5));
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* a full or closed storage only forgets */ }
}

function markOf(files) {
  let mark = 2166136261;
  for (const { name, file } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const letter of `${name}:${file.size}:${file.lastModified};`) mark = Math.imul(mark ^ letter.codePointAt(0), 16777619);
  }
  return `${files.length}-${mark >>> 0}`;
}

// The upload as the Studio knows it, or null where it is gone; throws where the Studio cannot be asked.
function known(id) {
  return ask("GET", `/api/v1/uploads/${id}`).catch((error) => { if (error.refused) return null; throw error; });
}

// Returns the upload to go on with, and how many bytes of each file it has.
async function open(mark, name, total) {
  const old = begun()[mark];
  if (old) {
    const found = await known(old.id);
    if (found?.finished) return { upload: found, have: {} };
    if (found) return { upload: found, have: await ask("GET", `/api/v1/uploads/${old.id}/files`) };
  }
  const upload = await ask("POST", "/api/v1/uploads", JSON.stringify({ name }));
  remember(mark, { id: upload.id, name, total });
  return { upload, have: {} };
}

function meter(bar, total, resumed) {
  const start = Date.now();
  let loaded = resumed;
  return (bytes) => {
    loaded += bytes;
    const seconds = (Date.now() - start) / 1000;
    const left = Math.ceil(seconds / Math.max(loaded - resumed, 1) * (total - loaded));
    const { seconds: few = "{seconds} s", minutes: many = "{minutes} min", left: timeLeft = "{left}", resumed: goesOn } = form.dataset;
    const time = left < 60 ? few.replace("{seconds}", left) : many.replace("{minutes}", Math.round(left / 60));
    bar.querySelector("progress").value = total ? 100 * loaded / total : 100;
    const words = [`${(loaded / 1e6).toFixed(1)} / ${(total / 1e6).toFixed(1)} MB`];
    if (seconds > 3 && loaded < total) words.push(timeLeft.replace("{left}", time));
    if (resumed && goesOn) words.push(goesOn);
    bar.querySelector("p").textContent = words.join(" · ");
  };
}

// Sends files in pieces; after a broken connection it asks how much has arrived and goes on from there.
async function send(files) {
  if (!files.length) return;
  const bar = form.querySelector("[data-progress]");
  const wrong = form.querySelector("[data-error]");
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  bar.hidden = false;
  wrong.hidden = true;
  form.querySelector("[data-interrupted]")?.setAttribute("hidden", "");
  try {
    const top = files[0].name.split("/")[0];
    const name = files[0].name.includes("/") || files.length === 1 ? top.split(".")[0] : "";
    const mark = markOf(files);
    const { upload, have } = await open(mark, name, total);
    if (!upload.finished) {
      const show = meter(bar, total, Object.values(have).reduce((sum, size) => sum + size, 0));
      show(0);
      const waiting = files.filter(({ name: path, file }) => have[path] !== file.size);
      const lanes = Array.from({ length: 4 }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await sendFile(upload.id, next, have[next.name] ?? 0, show);
      });
      await Promise.all(lanes);
      await ask("POST", `/api/v1/uploads/${upload.id}/finish`, "{}");
    }
    remember(mark, null);
    const query = new URLSearchParams({ source: `upload:${upload.id}`, name });
    location.href = `${form.dataset.next}${form.dataset.next.includes("?") ? "&" : "?"}${query}`;
  } catch (error) {
    bar.hidden = true;
    wrong.hidden = false;
    wrong.textContent = error.message;
  }
}

async function sendFile(upload, { name, file }, arrived, show) {
  const address = `/api/v1/uploads/${upload}/files/${name.split("/").map(encodeURIComponent).join("/")}`;
  let offset = arrived;
  for (let failures = 0; offset < file.size || file.size === 0;) {
    try {
      const piece = file.slice(offset, offset + PIECE);
      const { received } = await ask("PUT", `${address}?offset=${offset}&total=${file.size}`, piece);
      show(received - offset);
      offset = received;
      failures = 0;
      if (file.size === 0) return;
    } catch (error) {
      if (error.refused || ++failures >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** failures));
      const { received } = await ask("GET", address).catch(() => ({ received: offset }));
      show(received - offset);
      offset = received;
    }
  }
}

// Says what stopped half-way, so that a person knows that choosing the same files again goes on.
async function tellInterrupted() {
  const place = form.querySelector("[data-interrupted]");
  if (!place) return;
  for (const [mark, old] of Object.entries(begun())) {
    const found = await known(old.id);
    if (!found || found.finished) { remember(mark, null); continue; }
    const have = Object.values(await ask("GET", `/api/v1/uploads/${old.id}/files`)).reduce((sum, size) => sum + size, 0);
    const done = form.dataset.percent.replace("{value}", Math.floor(100 * have / Math.max(old.total, 1)));
    place.textContent = form.dataset.stopped.replace("{name}", old.name || "…").replace("{done}", done);
    place.hidden = false;
  }
}

if (form) {
  const drop = form.querySelector(".drop");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const dropped = [...event.dataTransfer.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
    send((await Promise.all(dropped.map(({ entry, file }) => entry ? entries(entry) : file ? [{ name: file.name, file }] : []))).flat());
  });
  form.addEventListener("submit", (event) => {
    const chosen = [...form.querySelectorAll("input[type=file]")].flatMap((field) => [...field.files]);
    if (!chosen.length) return;
    event.preventDefault();
    send(chosen.map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(({ name }) => !/(^|\/)\./.test(name)));
  });
  tellInterrupted().catch(() => {});  // asked while the Studio is away: the next page says it
}

for (const field of document.querySelectorAll("[data-folders]")) {
  let last = "";
  field.addEventListener("input", async () => {
    const asked = last = field.value;
    const answer = await fetch(`/folders?at=${encodeURIComponent(asked)}`);
    if (!answer.ok || asked !== last) return;
    field.list.replaceChildren(...(await answer.json()).map((path) => new Option(path, path)));
  });
}
