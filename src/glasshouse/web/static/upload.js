// Uploading with progress, dropping a folder, and completing a path of the server.
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

// Sends files in pieces; after a broken connection it asks how much has arrived and goes on from there.
async function send(files) {
  const bar = form.querySelector("[data-progress]");
  const wrong = form.querySelector("[data-error]");
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const start = Date.now();
  let loaded = 0;
  const show = (bytes) => {
    loaded += bytes;
    const seconds = (Date.now() - start) / 1000;
    const left = Math.round(seconds / Math.max(loaded, 1) * (total - loaded));
    bar.querySelector("progress").value = total ? 100 * loaded / total : 100;
    bar.querySelector("p").textContent = `${(loaded / 1e6).toFixed(1)} / ${(total / 1e6).toFixed(1)} MB${seconds > 3 ? ` · ${left} s` : ""}`;
  };
  bar.hidden = false;
  wrong.hidden = true;
  try {
    const top = files[0].name.split("/")[0];
    const name = files[0].name.includes("/") || files.length === 1 ? top.split(".")[0] : "";
    const upload = await ask("POST", "/api/v1/uploads", JSON.stringify({ name }));
    const waiting = [...files];
    const lanes = Array.from({ length: 4 }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await sendFile(upload.id, next, show);
    });
    await Promise.all(lanes);
    await ask("POST", `/api/v1/uploads/${upload.id}/finish`, "{}");
    const query = new URLSearchParams({ from: "upload", source: `upload:${upload.id}`, name });
    location.href = `${form.dataset.next}${form.dataset.next.includes("?") ? "&" : "?"}${query}`;
  } catch (error) {
    bar.hidden = true;
    wrong.hidden = false;
    wrong.textContent = error.message;
  }
}

async function sendFile(upload, { name, file }, show) {
  const address = `/api/v1/uploads/${upload}/files/${name.split("/").map(encodeURIComponent).join("/")}`;
  let offset = 0;
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

async function ask(method, address, body) {
  const headers = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(address, { method, body, headers });
  if (answer.ok) return answer.json();
  const { errors } = await answer.json().catch(() => ({ errors: [{ message: `${answer.status}` }] }));
  const error = new Error(errors.map((one) => one.message).join("; "));
  error.refused = [403, 413, 422].includes(answer.status);
  throw error;
}

if (form) {
  const drop = form.querySelector(".drop");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const dropped = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    send((await Promise.all(dropped.map((entry) => entries(entry)))).flat());
  });
  form.addEventListener("submit", (event) => {
    const chosen = [...form.querySelectorAll("input[type=file]")].flatMap((field) => [...field.files]);
    if (!chosen.length) return;
    event.preventDefault();
    send(chosen.map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(({ name }) => !/(^|\/)\./.test(name)));
  });
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
