// The lists at home and in the bin: rows are chosen, and the bar of actions follows; jobs that end are seen below too.
import { composing, keyOf } from "./keys.js";

const bar = document.getElementById("chosen");
let last = null;

const boxes = () => [...document.querySelectorAll('input[name="chosen"]')];
const chosen = () => boxes().filter((box) => box.checked);

function show() {
  if (!bar) return;
  const count = chosen().length;
  const label = bar.querySelector("[data-count]");
  bar.hidden = count === 0;
  label.textContent = count === 1 ? label.dataset.one : label.dataset.many.replace("{count}", count);
  for (const box of boxes()) box.closest("tr").classList.toggle("chosen", box.checked);
  for (const all of document.querySelectorAll("[data-all]")) {
    const own = [...all.closest("table").querySelectorAll('input[name="chosen"]')];
    all.hidden = false;
    all.checked = own.length > 0 && own.every((box) => box.checked);
    all.indeterminate = !all.checked && own.some((box) => box.checked);
  }
}

function choose(box, range) {
  const all = boxes();
  if (range && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(from, to + 1)) one.checked = box.checked;
  }
  last = box;
  show();
}

addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches?.('input[name="chosen"]')) choose(target, event.shiftKey);
  if (target.matches?.("[data-all]")) {
    for (const box of target.closest("table").querySelectorAll('input[name="chosen"]')) box.checked = target.checked;
    show();
  }
  if (target.closest?.("[data-clear]")) clear();
  for (const open of document.querySelectorAll("details.choose[open]")) if (!open.contains(target)) open.open = false;
});

function clear() {
  for (const box of boxes()) box.checked = false;
  show();
  document.querySelector("table.rows th[scope=row] a")?.focus();
}

addEventListener("keydown", (event) => {
  const field = event.target.matches?.("input:not([type=checkbox]), textarea, select");
  if (field && composing(event)) return;
  const key = keyOf(event);
  if (key === "Escape") {
    const open = document.querySelector("details.choose[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); } else if (chosen().length) clear();
    return;
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const rows = [...document.querySelectorAll("table.rows tbody tr")];
  const at = rows.indexOf(document.activeElement?.closest("tr"));
  if (key === "j" || key === "k") {
    const next = rows[at < 0 ? 0 : at + (key === "j" ? 1 : -1)];
    next?.querySelector("th a")?.focus();
  }
  if (key.toLowerCase() === "x" && at >= 0) {
    const box = rows[at].querySelector('input[name="chosen"]');
    box.checked = event.shiftKey ? true : !box.checked;
    choose(box, event.shiftKey);
  }
  if (!chosen().length) return;
  if (key === "Delete") bar.querySelector("[data-delete]")?.click();
  if (key === "g") { event.preventDefault(); document.getElementById("group_name")?.focus(); }
});

// A button of a group acts on a name; Enter in the field means it too, not Compare.
document.getElementById("group_name")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || composing(event)) return;
  event.preventDefault();
  bar.requestSubmit(bar.querySelector('[formaction="/chosen/group"]'));
});

// When a job began or ended, the lists are fetched anew; what was chosen, and where the reader was, stays.
let seen = document.getElementById("now-section")?.dataset.jobs;
document.addEventListener("live", async (event) => {
  const jobs = event.detail.dataset.jobs;
  if (jobs === undefined || jobs === seen) return;
  seen = jobs;
  event.target.dataset.pause = event.detail.dataset.pause;
  const lists = document.getElementById("lists");
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("lists");
  if (!lists || !fresh) return;
  const kept = new Set(chosen().map((box) => box.value));
  const active = document.activeElement;
  const row = lists.contains(active) && active.closest("tr")?.querySelector('input[name="chosen"]')?.value;
  const box = active?.matches?.('input[name="chosen"]');
  if (lists.querySelector("details[open]")) return;
  lists.replaceChildren(...fresh.childNodes);
  for (const one of boxes()) one.checked = kept.has(one.value);
  const again = boxes().find((one) => one.value === row);
  if (again) (box ? again : again.closest("tr").querySelector("th a")).focus();
  show();
});

show();
