// New dataset: the preview follows the form. A change is obeyed after a short pause; an answer that is late is dropped.
const PAUSE = 350;
const form = document.getElementById("dataset");
const preview = () => document.getElementById("preview");

if (form && preview()) {
  let later = 0;
  let asking = null;
  const show = async () => {
    asking?.abort();
    const mine = asking = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    const busy = preview().querySelector("[data-busy]");
    const slow = setTimeout(() => { busy.hidden = false; }, 250);
    preview().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${preview().dataset.address}?${query}`, { headers: { Accept: "text/html" }, signal: mine.signal });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
      if (mine.signal.aborted) return;
      if (!fresh) { location.reload(); return; }
      const focused = document.activeElement?.matches?.("[data-pick]") ? document.activeElement.value : null;
      preview().replaceWith(fresh);
      if (focused !== null) [...fresh.querySelectorAll("[data-pick]")].find((one) => one.value === focused)?.focus();
      settle(fresh);
      history.replaceState(null, "", `${location.pathname}?${query}`);
    } catch (error) {
      if (error.name !== "AbortError") document.getElementById("connection").hidden = false;
    } finally {
      clearTimeout(slow);
      if (mine === asking) { preview().removeAttribute("aria-busy"); preview().querySelector("[data-busy]").hidden = true; }
    }
  };
  // Beside each field: why it changes nothing with this source. What an earlier answer found wrong is looked at anew.
  const settle = (fresh) => {
    const words = document.querySelector("[data-idle-words]").dataset.idleWords;
    for (const note of document.querySelectorAll("[data-idle-of]")) {
      const found = fresh.querySelector(`[data-idle="${note.dataset.idleOf}"]`);
      note.hidden = !found;
      note.textContent = found ? `${words} ${found.dataset.why}` : "";
    }
    document.querySelector("main [data-focus][role=alert]")?.remove();
    for (const field of form.elements) field.removeAttribute("aria-invalid");
    for (const wrong of document.querySelectorAll("p.wrong[id^=wrong-]")) wrong.remove();
  };
  const soon = (event) => {
    if (event.target.form !== form) return;
    if (event.target.name === "name") { // the preview does not change by it; a reload keeps it
      history.replaceState(null, "", `${location.pathname}?${new URLSearchParams(new FormData(form))}`);
      return;
    }
    clearTimeout(later);
    later = setTimeout(show, PAUSE);
  };
  if (form.hasAttribute("data-restored")) show();
  document.addEventListener("input", soon);
  document.addEventListener("change", soon);
  document.addEventListener("click", (event) => {
    const pick = event.target.closest?.("[data-pick]");
    if (!pick) return;
    event.preventDefault();
    form.querySelector("input[name=example]").value = pick.value;
    show();
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.dataset.look === undefined) return;
    event.preventDefault();
    show();
  });
}
