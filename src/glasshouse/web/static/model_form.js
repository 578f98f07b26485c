// The form of a new model: what a preset means for another dataset, and the schedule drawn as it is dialled.
import { composing } from "./keys.js";
import { showSettings } from "./settings.js";

const form = document.getElementById("model");
if (form) {
  showSettings(form);
  form.addEventListener("input", () => showSettings(form));
  const said = (name) => form.getAttribute(`data-${name}`);  // form.dataset is the field of that name
  let asked = 0;
  const draw = async () => {
    const mine = ++asked;
    const values = new URLSearchParams(new FormData(form));
    const answer = await fetch(`/live/schedule?${values}`);
    if (!answer.ok || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-schedule]");
    if (fresh) document.getElementById("schedule").replaceChildren(fresh);
  };
  const part = async (address, selector) => {
    const answer = await fetch(address).catch(() => null);
    return answer && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(selector);
  };
  const own = () => form.querySelector("input[name=preset]:checked")?.value === "own";

  // Time and memory: what the page reckoned is measured when the computer has nothing else to do, card by card.
  let trial = 0;
  const measure = async (card) => {
    const values = new URLSearchParams(new FormData(form));
    values.set("preset", card.dataset.estimate);
    const found = await part(`/live/estimate?${values}`, "[data-found]");
    if (!found || card.dataset.turn !== String(trial)) return;
    card.replaceChildren(found);
    for (const copy of form.querySelectorAll(`[data-mirrors="${card.dataset.estimate}"]`)) copy.replaceChildren(found.cloneNode(true));
  };
  const measureAll = async (cards) => {
    const mine = ++trial;
    for (const card of cards) card.dataset.turn = mine;
    for (const card of cards) if (mine === trial) await measure(card);
  };
  const cards = [...form.querySelectorAll("[data-estimate]:not([data-known]):not([data-estimate=own])")];
  if (form.querySelector("[data-estimate]") && !form.hasAttribute("data-waits")) measureAll(cards);

  // One's own settings begin with what the chosen card would do, until one of them is changed.
  const controls = (name) => [...form.querySelectorAll(`[data-own] [name="${CSS.escape(name)}"]`)];
  const now = (control) => control.type === "checkbox" ? (control.checked ? "yes" : "") : control.value;
  const base = new Map();
  const keepBase = () => { for (const control of form.querySelectorAll("[data-own] [name]")) base.set(control.name, now(control)); mark(); };
  const mark = () => {
    for (const [name, value] of base) for (const control of controls(name)) {
      const field = control.closest(".field");
      let note = field?.querySelector(".changed");
      if (!field || now(control) === value) { note?.remove(); continue; }
      if (!note) { note = document.createElement("p"); note.className = "caption changed"; field.append(note); }
      const shown = control.tagName === "SELECT" ? [...control.options].find((one) => one.value === value)?.text : value;
      note.textContent = said("changed").replace("{value}", control.type === "checkbox" ? (value ? "✓" : "–") : shown || "–");
    }
  };
  let touched = form.hasAttribute("data-own-already") || form.hasAttribute("data-restored") || own();
  let last = form.querySelector("input[name=preset]:checked")?.value;
  const begin = (key) => {
    const card = form.querySelector(`[data-card="${key}"]`) ?? form.querySelector(`[data-card="${said("begins")}"]`);
    if (!card) return;
    for (const [name, value] of Object.entries(JSON.parse(card.dataset.fields))) for (const control of controls(name)) {
      if (control.type === "checkbox") control.checked = Boolean(value); else control.value = value;
    }
    keepBase();
    showSettings(form);
    draw();
  };
  if (!form.hasAttribute("data-restored")) keepBase();
  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-own]")) { touched = true; mark(); }
    if (event.target.name !== "preset") return;
    if (event.target.value === "own" && !touched) begin(last);
    else if (event.target.value !== "own") last = event.target.value;
  });

  // The minutes of a search as they are chosen, beside the button; which Ctrl and Enter press.
  const time = form.querySelector("[data-minutes]");
  form.addEventListener("input", (event) => {
    if (event.target.name === "minutes") time.textContent = event.target.value ? event.target.closest("label").textContent.trim() : time.dataset.minutes;
  });
  form.querySelector("[data-keyed]").hidden = matchMedia("(hover: none)").matches;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || composing(event)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-final]"));
  });

  // How many models it makes, told before.
  const planned = document.getElementById("plan");
  let planTurn = 0;
  const tell = async () => {
    planned.hidden = !own();
    if (!own()) return;
    const mine = ++planTurn;
    const fresh = await part(`/live/plan?${new URLSearchParams(new FormData(form))}`, "[data-plan]");
    if (!fresh || mine !== planTurn) return;
    planned.replaceChildren(fresh);
    const told = fresh.querySelector(".caption");
    if (told) form.querySelector("[data-mirrors=own]").replaceChildren(told.cloneNode(true));
  };
  let soonPlan = 0;
  form.addEventListener("input", () => { clearTimeout(soonPlan); soonPlan = setTimeout(tell, 300); });
  let soonTrial = 0;
  form.addEventListener("change", (event) => {
    if (!own() || !/^(preset|network|strategy|batch_size|epochs|freeze_epochs|views|dataset)$|^augmentation\./.test(event.target.name ?? "")) return;
    clearTimeout(soonTrial);
    soonTrial = setTimeout(() => measureAll([form.querySelector("[data-estimate=own]")]), 1200);
  });

  // The search in the catalogue: what does not fit leaves the list.
  for (const search of form.querySelectorAll("input[data-filter]")) {
    const select = document.getElementById(search.dataset.filter);
    const all = [...select.options];
    search.hidden = false;
    search.addEventListener("input", (event) => {
      event.stopPropagation();
      const words = search.value.normalize("NFC").toLowerCase().split(/\s+/);
      const chosen = select.value;
      const fitting = all.filter((one) => words.every((word) => one.text.normalize("NFC").toLowerCase().includes(word)));
      select.replaceChildren(...(fitting.length ? fitting : all));
      if (fitting.some((one) => one.value === chosen)) select.value = chosen;
      else if (fitting.length) { select.value = fitting[0].value; select.dispatchEvent(new Event("change", { bubbles: true })); select.dispatchEvent(new Event("input", { bubbles: true })); }
    });
  }

  // What studio.js put back into the form may have chosen one's own settings: they are seen then.
  if (form.querySelector("input[name=preset][value=own]").checked) form.querySelector("[data-own]").open = true;

  if (form.hasAttribute("data-restored")) { draw(); tell(); }
  let later = 0;
  form.addEventListener("input", (event) => {
    const name = event.target.name ?? "";
    if (/^(schedule|optimizer)\.|^(epochs|strategy)$/.test(name)) { clearTimeout(later); later = setTimeout(draw, 150); }
    if (event.target.closest("[data-own]")) form.querySelector("input[name=preset][value=own]").checked = true;
    if (name === "preset") form.querySelector("[data-own]").open = event.target.value === "own";
  });
  form.querySelector("[data-dataset]").addEventListener("change", (event) => {
    const address = new URL(location.href);
    address.searchParams.set("dataset", event.target.value);
    const values = new FormData(form);
    for (const key of ["name", "preset"]) address.searchParams.set(key, values.get(key) ?? "");
    if (form.querySelector("[data-own]").open) return;
    location.replace(address);
  });
  const button = form.querySelector("[data-augment]");
  const busy = form.querySelector("[data-augmenting]");
  let shown = false;
  let turn = 0;
  const augment = async () => {
    const mine = ++turn;
    busy.hidden = false;
    const answer = await fetch(`/live/augmented?${new URLSearchParams(new FormData(form))}`).catch(() => null);
    if (mine !== turn) return;
    busy.hidden = true;
    const fresh = answer && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-augmented]");
    if (fresh) document.getElementById("augmented").replaceChildren(fresh);
  };
  button.hidden = false;
  button.addEventListener("click", () => { shown = true; augment(); });
  let soon = 0;
  form.addEventListener("change", (event) => {
    if (!shown || !event.target.name?.startsWith("augmentation.")) return;
    clearTimeout(soon);
    soon = setTimeout(augment, 300);
  });
}
