// The map of a model's pictures: points as binary numbers, drawn on a canvas; the list below it comes from the server.
import { composing, keyOf } from "./keys.js";

const root = document.querySelector("[data-map]");
const canvas = root.querySelector("canvas"), pen = canvas.getContext("2d");
const tip = root.querySelector(".map-tip"), legend = root.querySelector(".map-legend");
const { map: model, split, method, dataset, fingerprint } = root.dataset;
const names = JSON.parse(root.dataset.names), parts = JSON.parse(root.dataset.parts), partWords = JSON.parse(root.dataset.partWords);
const LABEL = 0, PREDICTED = 1, SPLIT = 2, ROW = 3, RIGHT = 4, WIDTH = 5;
const MANY = 20000, GRID = 128, REACH = 12; // points drawn simpler while they move; cells a side; pixels around the pointer
const state = { points: new Int32Array(), places: new Float32Array(), shown: [], colour: "label", lasso: null, hover: -1,
  view: null, low: [0, 0], size: 1, iteration: -1, off: new Set(), moving: 0 };

const count = () => state.points.length / WIDTH;
const of = (point, column) => state.points[point * WIDTH + column];
const groups = { label: () => names, predicted: () => names, right: () => [root.dataset.right, root.dataset.wrong], split: () => parts.map((one) => partWords[one] ?? one) };
const group = { label: (i) => of(i, LABEL), predicted: (i) => of(i, PREDICTED), right: (i) => 1 - of(i, RIGHT), split: (i) => of(i, SPLIT) };

function colours() {
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  if (state.colour === "right") return [token("--good"), token("--bad")];
  const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
  return groups[state.colour]().map((_, k) => (k < 10 ? token(`--map-${k + 1}`) : `hsl(${(137.5 * k) % 360} 65% ${dark ? 68 : 40}%)`));
}

async function numbers(word, kind) {
  const answer = await fetch(`/api/v1/models/${model}/map/${word}?split=${split}&method=${method}`);
  if (!answer.ok) throw new Error(String(answer.status));
  return [new kind(await answer.arrayBuffer()), Number(answer.headers.get("X-Iteration"))];
}

function choose() {
  const wanted = root.dataset.chosenClass, number = wanted ? JSON.parse(root.dataset.classes).indexOf(wanted) : -1;
  state.shown = [];
  for (let i = 0; i < count(); i += 1) {
    const right = of(i, RIGHT) === 1;
    if ((number < 0 || of(i, LABEL) === number) && (root.dataset.show === "all" || (root.dataset.show === "right") === right)
      && !state.off.has(group[state.colour](i))) state.shown.push(i);
  }
  index();
}

// Cells of a grid with the points in them, so that the pointer finds its point among 50,000 at once.
function index() {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < state.places.length; i += 2) {
    x0 = Math.min(x0, state.places[i]); x1 = Math.max(x1, state.places[i]);
    y0 = Math.min(y0, state.places[i + 1]); y1 = Math.max(y1, state.places[i + 1]);
  }
  state.size = Math.max(x1 - x0, y1 - y0, 1e-9) * 1.06;
  state.low = [(x0 + x1 - state.size) / 2, (y0 + y1 - state.size) / 2];
  state.cells = new Map();
  for (const i of state.shown) {
    const cell = cellOf(state.places[2 * i], state.places[2 * i + 1]);
    if (state.cells.has(cell)) state.cells.get(cell).push(i); else state.cells.set(cell, [i]);
  }
}

const cellOf = (x, y) => Math.floor((x - state.low[0]) / state.size * GRID) + GRID * Math.floor((y - state.low[1]) / state.size * GRID);
const scale = () => Math.min(canvas.clientWidth, canvas.clientHeight) / state.size * state.view.zoom;
const across = (x) => (x - state.low[0] - state.size / 2 - state.view.x) * scale() + canvas.clientWidth / 2;
const down = (y) => canvas.clientHeight / 2 - (y - state.low[1] - state.size / 2 - state.view.y) * scale();
const placeOf = (px, py) => [(px - canvas.clientWidth / 2) / scale() + state.low[0] + state.size / 2 + state.view.x,
  (canvas.clientHeight / 2 - py) / scale() + state.low[1] + state.size / 2 + state.view.y];

let asked = 0;
function redraw() { if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); }); }

function draw() {
  const ratio = devicePixelRatio || 1, [w, h] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  const found = colours(), many = state.shown.length > MANY, quick = many && performance.now() - state.moving < 200;
  const radius = (many ? 1.4 : 3) * Math.min(2.2, Math.sqrt(state.view.zoom));
  const stamps = found.map((colour) => [stamp(colour, radius, ratio, true), stamp(colour, radius, ratio, false)]);
  for (const i of state.shown) {
    const x = across(state.places[2 * i]), y = down(state.places[2 * i + 1]);
    if (x < -9 || y < -9 || x > w + 9 || y > h + 9) continue;
    const number = group[state.colour](i);
    if (quick) { pen.fillStyle = found[number]; pen.fillRect(x - 1, y - 1, 2, 2); continue; }
    const [image, side] = stamps[number][of(i, RIGHT) ? 0 : 1];
    pen.drawImage(image, x - side / 2, y - side / 2, side, side);
  }
  for (const i of [state.hover, Number(root.dataset.near || -1)]) if (i >= 0 && i < count()) ring(i, radius + 4);
  if (state.lasso) lassoLine();
  if (quick) setTimeout(redraw, 220);
}

function stamp(colour, radius, ratio, full) {
  const side = Math.ceil(2 * radius + 4), image = document.createElement("canvas");
  image.width = image.height = Math.ceil(side * ratio);
  const ink = image.getContext("2d");
  ink.scale(ratio, ratio);
  ink.beginPath();
  ink.arc(side / 2, side / 2, full ? radius : radius + 0.4, 0, 2 * Math.PI);
  if (full) { ink.fillStyle = colour; ink.fill(); } else { ink.strokeStyle = colour; ink.lineWidth = 1.6; ink.stroke(); }
  return [image, image.width / ratio];
}

function ring(i, radius) {
  pen.beginPath();
  pen.arc(across(state.places[2 * i]), down(state.places[2 * i + 1]), radius, 0, 2 * Math.PI);
  pen.strokeStyle = getComputedStyle(canvas).color; pen.lineWidth = 2; pen.stroke();
}

function lassoLine() {
  pen.beginPath();
  state.lasso.forEach(([x, y], k) => (k ? pen.lineTo(across(x), down(y)) : pen.moveTo(across(x), down(y))));
  pen.closePath();
  pen.strokeStyle = getComputedStyle(canvas).color; pen.lineWidth = 1.5; pen.setLineDash([5, 4]); pen.stroke(); pen.setLineDash([]);
}

function nearest(px, py) {
  const [x, y] = placeOf(px, py), reach = REACH / scale(), step = state.size / GRID;
  let best = -1, least = reach * reach;
  for (let cx = x - reach; cx <= x + reach + step; cx += step) for (let cy = y - reach; cy <= y + reach + step; cy += step) {
    for (const i of state.cells.get(cellOf(cx, cy)) ?? []) {
      const far = (state.places[2 * i] - x) ** 2 + (state.places[2 * i + 1] - y) ** 2;
      if (far < least) { least = far; best = i; }
    }
  }
  return best;
}

function hover(i, px, py) {
  if (i !== state.hover) { state.hover = i; redraw(); }
  tip.hidden = i < 0;
  if (i < 0) return;
  const part = parts[of(i, SPLIT)], row = of(i, ROW);
  if (tip.dataset.point !== String(i)) {
    tip.dataset.point = i;
    tip.querySelector("img").src = `${dataset}/images/${fingerprint}/${part}/${row}`;
    const said = [root.dataset.label.replace("{name}", names[of(i, LABEL)])];
    if (!of(i, RIGHT)) said.push(root.dataset.predicted.replace("{name}", names[of(i, PREDICTED)]));
    tip.querySelector("figcaption").textContent = said.join(" · ");
    named(i, part, row);
  }
  tip.style.left = `${Math.min(px + 14, canvas.clientWidth - tip.offsetWidth - 4)}px`;
  tip.style.top = `${py + 14 + tip.offsetHeight > canvas.clientHeight ? py - tip.offsetHeight - 10 : py + 14}px`;
}

// The name of the file comes from the dataset, once the pointer rests on the point.
async function named(i, part, row) {
  await new Promise((resolve) => setTimeout(resolve, 150));
  if (tip.dataset.point !== String(i)) return;
  const answer = await fetch(`/api/v1${dataset}/pictures/${part}/${row}`).catch(() => null);
  if (!answer?.ok || tip.dataset.point !== String(i)) return;
  const line = document.createElement("span");
  line.textContent = (await answer.json()).path;
  tip.querySelector("figcaption").append(document.createElement("br"), line);
}

// The list is the server's, for these points; the address names them, so that a reload shows the same.
async function list(values) {
  const address = new URL(location.href);
  for (const name of ["lasso", "near", "after"]) address.searchParams.delete(name);
  for (const [name, value] of Object.entries(values)) address.searchParams.set(name, value);
  address.hash = "";
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-map-list]");
  document.querySelector("[data-map-list]").replaceWith(fresh);
  history.replaceState(null, "", address);
}

function draggable() {
  const held = new Map();
  let lassoing = false, moved = 0, apart = 0;
  const at = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const span = () => { const [a, b] = [...held.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    moved = 0;
    lassoing = root.querySelector("[data-lasso]").getAttribute("aria-pressed") === "true" && held.size === 1;
    if (lassoing) state.lasso = [placeOf(...at(event))];
    if (held.size === 2) apart = span();
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event), before = held.get(event.pointerId);
    if (!before) { hover(nearest(...now), ...now); return; }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    held.set(event.pointerId, now);
    hover(-1);
    if (lassoing) state.lasso.push(placeOf(...now));
    else if (held.size === 2) { zoom(span() / apart, ...now); apart = span(); }
    else pan(now[0] - before[0], now[1] - before[1]);
    redraw();
  });
  const end = (event) => {
    if (!held.delete(event.pointerId)) return;
    if (lassoing) finish();
    else if (moved < 4 && event.type === "pointerup") { const i = nearest(...at(event)); if (i >= 0) { root.dataset.near = i; list({ near: i }); redraw(); } }
    lassoing = false;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 500), ...at(event)); }, { passive: false });
}

function finish() {
  const corners = state.lasso, step = Math.ceil(corners.length / 120);
  if (corners.length < 3) { state.lasso = null; redraw(); return; }
  state.lasso = corners.filter((_, k) => k % step === 0);
  root.dataset.near = "";
  list({ lasso: state.lasso.map((corner) => corner.map((value) => Number(value.toPrecision(5))).join(",")).join(",") });
  redraw();
}

function pan(dx, dy) { state.view.x -= dx / scale(); state.view.y += dy / scale(); state.moving = performance.now(); redraw(); }

function zoom(factor, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) {
  const before = placeOf(px, py);
  state.view.zoom = Math.min(200, Math.max(0.5, state.view.zoom * factor));
  const after = placeOf(px, py);
  state.view.x += before[0] - after[0];
  state.view.y += before[1] - after[1];
  state.moving = performance.now();
  redraw();
}

function whole() { state.view = { x: 0, y: 0, zoom: 1 }; redraw(); }

function explain() {
  const found = colours(), counts = new Map();
  for (let i = 0; i < count(); i += 1) counts.set(group[state.colour](i), (counts.get(group[state.colour](i)) ?? 0) + 1);
  legend.replaceChildren(...groups[state.colour]().flatMap((name, k) => (counts.has(k) ? [entry(name, k, found[k], counts.get(k))] : [])));
}

function entry(name, k, colour, number) {
  const item = document.createElement("li"), button = document.createElement("button"), dot = document.createElement("span");
  Object.assign(button, { type: "button", className: "small" });
  button.setAttribute("aria-pressed", String(!state.off.has(k)));
  dot.className = "map-dot";
  dot.style.background = colour;
  button.append(dot, `${name} (${number.toLocaleString(document.documentElement.lang)})`);
  button.addEventListener("click", () => {
    if (!state.off.delete(k)) state.off.add(k);
    button.setAttribute("aria-pressed", String(!state.off.has(k)));
    choose();
    redraw();
  });
  item.append(button);
  return item;
}

function tools() {
  root.querySelector("[data-tools]").hidden = false;
  root.querySelector("#map-colour").addEventListener("change", (event) => { state.colour = event.target.value; state.off.clear(); explain(); choose(); redraw(); });
  const lasso = root.querySelector("[data-lasso]");
  lasso.addEventListener("click", () => { const on = lasso.getAttribute("aria-pressed") !== "true"; lasso.setAttribute("aria-pressed", String(on)); canvas.classList.toggle("lasso", on); });
  for (const button of root.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  root.querySelector("[data-whole]").addEventListener("click", whole);
  canvas.addEventListener("keydown", (event) => {
    if (composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key], key = keyOf(event);
    if (way) pan(...way); else if (key === "+" || key === "=") zoom(1.4); else if (key === "-") zoom(1 / 1.4); else if (key === "0") whole(); else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

async function stream() {
  while (root.dataset.liveMap && root.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, 1200));
    if (document.hidden) continue;
    const [places, iteration] = await numbers("positions", Float32Array).catch(() => [state.places, state.iteration]);
    if (iteration === state.iteration || places.length !== state.places.length) continue;
    Object.assign(state, { places, iteration });
    root.dataset.iteration = iteration;
    choose();
    redraw();
  }
}

[state.points] = await numbers("points", Int32Array);
[state.places, state.iteration] = await numbers("positions", Float32Array);
root.dataset.iteration = state.iteration;
state.view = { x: 0, y: 0, zoom: 1 };
const corners = (new URLSearchParams(location.search).get("lasso") ?? "").split(",").map(Number);
if (corners.length > 5) state.lasso = corners.flatMap((x, k) => (k % 2 ? [] : [[x, corners[k + 1]]]));
choose();
tools();
draggable();
explain();
new ResizeObserver(redraw).observe(canvas);
new MutationObserver(() => { explain(); redraw(); }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { explain(); redraw(); });
redraw();
root.dataset.ready = "yes";
if (method === "tsne") stream();
