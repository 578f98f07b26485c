// The form of a new model: what a preset means for another dataset, and the schedule drawn as it is dialled.
const form = document.getElementById("model");
if (form) {
  let asked = 0;
  const draw = async () => {
    const mine = ++asked;
    const values = new URLSearchParams(new FormData(form));
    const answer = await fetch(`/live/schedule?${values}`);
    if (!answer.ok || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-schedule]");
    if (fresh) document.getElementById("schedule").replaceChildren(fresh);
  };
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
