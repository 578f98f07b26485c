// A file of weights sent from the page of the shelf, before its form is sent.
import { send } from "./weights.js";

const form = document.querySelector("form[data-shelf]");
if (form) {
  const file = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const wrong = form.querySelector("[data-wrong]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (!file.files.length) return;
    event.preventDefault();
    bar.hidden = false;
    wrong.textContent = "";
    try {
      form.elements.upload.value = await send(file.files[0], bar);
      file.value = "";
      form.submit();
    } catch (error) {
      wrong.textContent = error.message;
      bar.hidden = true;
    }
  });
}
