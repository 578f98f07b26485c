// Building a network: what a change amounts to is shown at once; buttons move blocks without loading the page anew.
import { whole } from "./keep.js";
import { showSettings } from "./settings.js";

const form = document.getElementById("network");
if (form) {
  let turn = 0;
  const ask = async (values) => {
    const mine = ++turn;
    const answer = await fetch("/live/network", { method: "POST", body: values, headers: { Accept: "text/html" } }).catch(() => null);
    if (mine !== turn) return null;
    document.getElementById("connection").hidden = Boolean(answer?.ok);
    return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-editor]") : null;
  };
  const look = async () => {
    whole.keep(new FormData(form));
    const fresh = await ask(new FormData(form));
    if (!fresh) return;
    for (const piece of fresh.querySelectorAll("[data-piece]")) {
      const old = form.querySelector(`[data-piece="${CSS.escape(piece.dataset.piece)}"]`);
      if (old && old.innerHTML !== piece.innerHTML) old.replaceChildren(...piece.childNodes);
    }
  };
  const say = () => {
    const word = form.querySelector("#word")?.value;
    const found = word && form.querySelector(`template[data-says="${CSS.escape(word)}"]`);
    if (found) form.querySelector("[data-sentence]").textContent = found.content.textContent;
  };
  let later = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(later);
    showSettings(form);
    if (event.target.id === "word") say();
    if (!["word", "place", "name", "notes"].includes(event.target.name)) later = setTimeout(look, 250);
    dirty = true;
    whole.keep(new FormData(form));
  });
  let dirty = false;
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.value === "look") { event.preventDefault(); look(); return; }
    if (button?.dataset.do === undefined) { dirty = false; return; }
    event.preventDefault();
    dirty = true;
    clearTimeout(later);
    const open = new Set([...form.querySelectorAll("details[open]")].map((one) => one.closest("[data-block]")?.dataset.block));
    const fresh = await ask(new FormData(form, button));
    if (!fresh) return;
    form.querySelector("[data-editor]").replaceWith(fresh);
    showSettings(form);
    whole.keep(new FormData(form));
    for (const block of fresh.querySelectorAll("[data-block]")) if (open.has(block.dataset.block)) for (const part of block.querySelectorAll("details")) part.open = true;
    say();
    const what = button.value.split(":")[0];
    const block = fresh.querySelector(`[data-block="${CSS.escape(fresh.dataset.chosen)}"]`);
    const target = what === "up" || what === "down"
      ? [...(block?.querySelectorAll("button[data-do]") ?? [])].find((one) => one.value.startsWith(what) && !one.disabled) ?? block?.querySelector("button[data-do]:not(:disabled)")
      : block?.querySelector("input:not([type=hidden]), select, button[data-do]");
    target?.focus();
  });
  form.querySelector("[data-plain]").hidden = true;
  showSettings(form);
  say();
  const kept = whole.kept();
  if (kept) { // what was built before a reload
    const values = new FormData();
    for (const [name, value] of kept) values.append(name, value);
    ask(values).then((fresh) => { if (fresh) { form.querySelector("[data-editor]").replaceWith(fresh); dirty = true; say(); } });
  } else whole.forget();
}
