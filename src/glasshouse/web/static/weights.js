// A file of weights sent from the form of a new model, and what of the chosen weights fits the network.
import { ask } from "./ask.js";

const form = document.getElementById("model");
const part = form?.querySelector("[data-weights-upload]");
const PIECE = 8 * 2 ** 20;

export async function send(file, bar) {
  const upload = await ask("POST", "/api/v1/uploads", JSON.stringify({ name: file.name }));
  const address = `/api/v1/uploads/${upload.id}/files/${encodeURIComponent(file.name)}`;
  for (let offset = 0; offset < file.size;) {
    const told = await ask("PUT", `${address}?offset=${offset}&total=${file.size}`, file.slice(offset, offset + PIECE));
    offset = told.received;
    bar.value = 100 * offset / file.size;
  }
  await ask("POST", `/api/v1/uploads/${upload.id}/finish`, "{}");
  return `upload:${upload.id}`;
}

if (part) {
  const weights = form.querySelector("select[name=weights]");
  const network = form.querySelector("select[name=network]");
  const fit = document.getElementById("fit");
  const field = part.querySelector("input");
  const bar = part.querySelector("progress");
  let turn = 0;
  const say = (text, style) => {
    const line = document.createElement("p");
    line.className = style;
    line.textContent = text;
    fit.replaceChildren(line);
  };
  const look = async () => {
    const mine = ++turn;
    fit.replaceChildren();
    if (["", "none", "pretrained"].includes(weights.value)) return;
    say(fit.dataset.busy, "caption");
    const query = new URLSearchParams({ dataset: form.elements.dataset.value, network: network.value, weights: weights.value });
    const answer = await fetch(`/live/weights?${query}`).catch(() => null);
    if (mine !== turn) return;
    const fresh = answer && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-fit]");
    fit.replaceChildren(...(fresh ? [fresh] : []));
  };
  part.hidden = false;
  field.addEventListener("change", async (event) => {
    event.stopPropagation();
    const [file] = field.files;
    if (!file) return;
    bar.hidden = false;
    try {
      const value = await send(file, bar);
      weights.add(new Option(`${field.dataset.name}: ${file.name}`, value, true, true));
      weights.dispatchEvent(new Event("input", { bubbles: true }));
      look();
    } catch (error) { say(error.message, "wrong"); }
    bar.hidden = true;
  });
  weights.addEventListener("change", look);
  network.addEventListener("change", look);
  if (weights.value.includes(":")) look();
}
