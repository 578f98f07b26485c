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

function send(files) {
  const data = new FormData();
  for (const { name, file } of files) data.append("files", file, name);
  const request = new XMLHttpRequest();
  const shown = form.querySelector("[data-progress]");
  const wrong = form.querySelector("[data-error]");
  const start = Date.now();
  shown.hidden = false;
  wrong.hidden = true;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    shown.querySelector("progress").value = 100 * loaded / total;
    const seconds = (Date.now() - start) / 1000;
    const left = Math.round(seconds / loaded * (total - loaded));
    shown.querySelector("p").textContent = `${(loaded / 1e6).toFixed(1)} / ${(total / 1e6).toFixed(1)} MB${seconds > 3 ? ` · ${left} s` : ""}`;
  });
  request.addEventListener("load", () => {
    const answer = JSON.parse(request.responseText || "{}");
    if (request.status === 201) location.href = answer.address;
    else fail(answer.error ?? `${request.status}`);
  });
  request.addEventListener("error", () => fail(form.dataset.lost ?? "×"));
  function fail(message) { shown.hidden = true; wrong.hidden = false; wrong.textContent = message; }
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(data);
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
    send(chosen.map((file) => ({ name: file.webkitRelativePath || file.name, file })));
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
