// Classify One: dropping and pasting a picture, and the answer without a new page.
const form = document.querySelector("form[data-classify]");
if (form) {
  const drop = form.querySelector(".drop");
  const field = form.querySelector("input[type=file]");
  const busy = form.querySelector("[data-busy]");
  let asked = 0;
  const send = (file) => {
    if (!file) return;
    const data = new FormData();
    const chosen = form.elements.namedItem("checkpoint");
    if (chosen) data.append("checkpoint", chosen.value);
    data.append("picture", file, file.name || "picture");
    ask(data);
  };
  async function ask(data) {
    const mine = ++asked;
    const slow = setTimeout(() => { busy.hidden = false; }, 400);
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("answer");
      if (fresh && mine === asked) document.getElementById("answer").replaceChildren(...fresh.childNodes);
    } catch {
      document.getElementById("connection").hidden = false;
    }
    clearTimeout(slow);
    busy.hidden = true;
  }
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); send(event.dataTransfer.files[0]); });
  addEventListener("paste", (event) => send([...event.clipboardData.files].find((file) => file.type.startsWith("image/") || /\.(heic|heif|avif|tiff?|jp2)$/i.test(file.name))));
  field.addEventListener("change", () => send(field.files[0]));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(field.files[0]); });
  const named = document.querySelector("form[data-classify-given]");
  named.addEventListener("submit", (event) => { event.preventDefault(); ask(new FormData(named)); });
}
