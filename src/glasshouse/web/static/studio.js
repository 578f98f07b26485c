// What every page has: live parts, keys, kept forms, help that closes. All pages work without it.
import { keepForms } from "./keep.js";
import { composing, keyOf } from "./keys.js";

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

// Live parts: <section data-live="/models/1/live" data-since="12"> is asked for what is new each second.
async function follow(part) {
  const pause = () => Number(part.dataset.pause ?? 1000);
  let wait = pause();
  const lost = document.getElementById("connection");
  while (part.isConnected && part.dataset.live) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden) { wait = pause(); continue; }
    try {
      const address = new URL(part.dataset.live, location.href);
      address.searchParams.set("since", part.dataset.since ?? "");
      const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
      if (answer.status === 404) return;
      if (!answer.ok) throw new Error(String(answer.status));
      lost.hidden = true;
      wait = pause();
      if (answer.status === 200) replace(part, await answer.text());
      if (answer.headers.get("X-Live") === "end") { delete part.dataset.live; if (part.dataset.reload) location.reload(); }
    } catch {
      lost.hidden = false;
      wait = Math.min(wait * 2, 15000);
    }
  }
}

function replace(part, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!fresh) return;
  if ((fresh.dataset.state ?? "") !== (part.dataset.state ?? "")) { location.reload(); return; }
  part.dataset.since = fresh.dataset.since ?? "";
  for (const piece of fresh.querySelectorAll("[data-piece]")) {
    const old = part.querySelector(`[data-piece="${piece.dataset.piece}"]`);
    if (!old) { location.reload(); return; }
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    if (old.innerHTML === piece.innerHTML || (focused && !focused.id)) continue;
    old.replaceChildren(...piece.childNodes);
    if (focused) document.getElementById(focused.id)?.focus();
  }
  part.dispatchEvent(new CustomEvent("live", { bubbles: true, detail: fresh }));
}

// A choice in a form of filters is obeyed at once; the button is for who has no scripts.
for (const form of document.querySelectorAll("form[data-at-once]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

addEventListener("keydown", (event) => {
  if (typing(event.target) && composing(event)) return;
  const key = keyOf(event);
  if (key === "Escape") for (const open of document.querySelectorAll("details.help[open]")) { open.open = false; open.querySelector("summary").focus(); }
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (key === "/") { const search = document.querySelector("input[type=search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } }
  if (key === "?") document.getElementById("keys").showModal();
  if (key === "h") location.href = "/";
  const beside = document.querySelector(`a[data-key="${CSS.escape(key)}"]`);
  if (beside) { event.preventDefault(); location.href = beside.href; return; }
  if (key.startsWith("Arrow")) move(event);
});

// Enter that ends a syllable sends no form.
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && composing(event) && event.target.matches?.("input")) event.preventDefault();
}, true);

// A picture that cannot be shown makes room for the words that say so.
for (const image of document.querySelectorAll("img[data-or-nothing]")) {
  const gone = () => {
    image.hidden = true;
    image.closest("figure")?.querySelector("[data-instead]")?.removeAttribute("hidden");
  };
  if (image.complete && !image.naturalWidth) gone(); else image.addEventListener("error", gone);
}

function move(event) {
  const links = [...document.querySelectorAll(".gallery[data-grid] a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const across = links.filter((link) => link.offsetTop === links[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  const next = at < 0 ? 0 : at + step;
  if (at < 0 && event.key !== "ArrowRight" && event.key !== "ArrowDown") return;
  if (links[next]) { event.preventDefault(); links[next].focus(); }
}

addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.help[open]")) if (!open.contains(event.target)) open.open = false;
});

keepForms();
for (const part of document.querySelectorAll("[data-live]")) follow(part);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent));
}
for (const tabs of document.querySelectorAll(".tabs")) {  // where they do not all fit, the one that is open is seen
  const open = tabs.querySelector("[aria-current]");
  if (open) tabs.scrollLeft = open.offsetLeft + open.offsetWidth / 2 - tabs.offsetLeft - tabs.clientWidth / 2;
}
document.querySelector("[data-focus]")?.focus();
