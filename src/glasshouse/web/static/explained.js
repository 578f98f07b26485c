// One picture within a model: the slider lays the map over the picture, and stays where it was for the next picture.
const KEY = "glasshouse-evidence";
for (const slider of document.querySelectorAll("[data-blend]")) {
  const map = document.getElementById(slider.dataset.blend);
  const show = () => { map.style.opacity = slider.value / 100; };
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null) slider.value = kept;
  slider.addEventListener("input", () => { show(); sessionStorage.setItem(KEY, slider.value); });
  show();
  slider.closest("[hidden]").hidden = false;
}
