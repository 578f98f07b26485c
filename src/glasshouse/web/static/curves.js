// Charts that go on where the server's drawing ends: the same axes, with a readout under the pointer or by arrow keys.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 480, HEIGHT = 240, LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 26, MOST = 300;

// The numbers of one axis, all written in one way: decimals, or powers of ten.
export function numbers(values) {
  const sizes = values.filter((value) => value !== 0).map(Math.abs);
  const powers = sizes.length > 0 && (Math.min(...sizes) < 1e-5 || Math.max(...sizes) >= 1e6);
  const short = (value) => Number(value.toPrecision(6));
  return values.map((value) => (powers && value !== 0 ? short(value).toExponential().replace("e+", "e") : String(short(value))));
}

export function thin(points) {
  if (points.length <= MOST) return points;
  const size = Math.ceil((2 * points.length) / MOST), kept = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    let low = part[0], high = part[0];
    for (const point of part) { if (point[1] < low[1]) low = point; if (point[1] > high[1]) high = point; }
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return kept;
}

export function smoothed(points) {
  let mean = 0, weight = 0;
  return points.map(([x, y]) => { mean = 0.9 * mean + 0.1 * y; weight = 0.9 * weight + 0.1; return [x, mean / weight]; });
}

function ticks(low, high, most) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10, 20].map((factor) => factor * power).find((one) => (high - low) / one <= most);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function decades(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of Math.log10(high / low) < 2 ? [1, 2, 5] : [1]) {
      const value = factor * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  return found;
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// lines: [{style, points: [[x, y]], dots}]; options: log, format (of a value), at (words with {epoch}), range
export class Plot {
  constructor(figure) {
    this.figure = figure;
    this.box = figure.querySelector(".plot");
    this.svg = figure.querySelector("svg");
    this.axes = figure.querySelector("[data-axes]");
    this.group = figure.querySelector("[data-lines]");
    this.where = figure.querySelector("[data-at]");
    this.across = this.where.textContent;
    this.cursor = element("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    this.svg.append(this.cursor);
    this.lines = [];
    this.x = null;
    this.readable();
  }

  draw(lines, options) {
    this.lines = lines.filter((line) => line.points.length);
    this.options = options;
    if (!this.lines.length) return;
    const all = this.lines.flatMap((line) => line.points);
    const end = Math.max(1, ...all.map((point) => point[0]));
    let [low, high] = options.range ?? [0, this.ceiling()];
    const log = options.log && all.some((point) => point[1] > 0);
    if (log) low = Math.min(...all.filter((point) => point[1] > 0).map((point) => point[1]));
    if (!(high > low)) [low, high] = [low * 0.9, low * 1.1 || 1];
    const part = log ? (y) => Math.log(high / Math.max(y, low)) / Math.log(high / low) : (y) => (high - y) / (high - low);
    this.end = end;
    this.place = ([x, y]) => [
      Number((LEFT + (x / end) * (WIDTH - LEFT - RIGHT)).toFixed(1)),
      Number(Math.min(Math.max(TOP + part(y) * (HEIGHT - TOP - BOTTOM), TOP), HEIGHT - BOTTOM).toFixed(1)),
    ];
    this.axis(log ? decades(low, high) : ticks(low, high, 5), ticks(0, end, 8).filter((x) => Number.isInteger(x) || end < 2));
    this.group.replaceChildren(...this.lines.flatMap((line) => this.line(line)));
    this.read();
  }

  ceiling() {
    const tops = this.lines.map((line) => {
      const sorted = line.points.map((point) => point[1]).sort((a, b) => a - b);
      return sorted.length < 50 ? sorted.at(-1) : sorted[Math.floor(0.98 * sorted.length)] * 1.15;
    });
    return Math.max(...tops) || 1;
  }

  axis(values, epochs) {
    const made = [], texts = numbers(values);
    for (const [k, value] of values.entries()) {
      const [, y] = this.place([0, value]);
      made.push(element("line", { class: "grid-line", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }));
      made.push(element("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, texts[k]));
    }
    for (const epoch of epochs) {
      const [x] = this.place([epoch, values[0] ?? 0]);
      made.push(element("text", { x, y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, String(epoch)));
    }
    this.axes.replaceChildren(...made);
  }

  line({ style, points, dots }) {
    const placed = thin(points).map((point) => this.place(point));
    const made = [element("path", { class: `series ${style}`, d: `M${placed.map((point) => point.join(" ")).join("L")}` })];
    if (dots && placed.length <= 80) for (const [cx, cy] of placed) made.push(element("circle", { class: `dot ${style}`, cx, cy, r: 3 }));
    return made;
  }

  // The readout: the pointer, or Left, Right, Home and End on the focused chart, move a cursor; without it the last values show.
  readable() {
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "slider");
    this.box.setAttribute("aria-label", this.box.dataset.label);
    this.box.setAttribute("aria-valuemin", "0");
    this.svg.setAttribute("aria-hidden", "true");
    this.box.addEventListener("pointermove", (event) => {
      const box = this.svg.getBoundingClientRect();
      const across = ((event.clientX - box.left) / box.width) * WIDTH;
      this.x = Math.min(Math.max((across - LEFT) / (WIDTH - LEFT - RIGHT), 0), 1) * (this.end ?? 1);
      this.read();
    });
    for (const leave of ["pointerleave", "blur"]) this.box.addEventListener(leave, () => { this.x = null; this.read(); });
    this.box.addEventListener("keydown", (event) => {
      const from = this.x ?? this.end ?? 1, step = Math.max(1, Math.round((this.end ?? 1) / 50));
      const to = { ArrowLeft: Math.ceil(from) - step, ArrowRight: Math.floor(from) + step, Home: 0, End: this.end }[event.key];
      if (to === undefined || !this.lines.length) return;
      event.preventDefault();
      event.stopPropagation();
      this.x = Math.min(Math.max(to, 0), this.end);
      this.read();
    });
  }

  read() {
    const x = this.x ?? this.end;
    if (x === undefined) return;
    const said = [this.options.at.replace("{epoch}", String(Number(x.toFixed(1))))];
    for (const { style, points } of this.lines) {
      const nearest = points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
      const held = this.figure.querySelector(`[data-value="${style}"]`);
      if (!held) continue;
      held.textContent = this.options.format(nearest[1]);
      said.push(held.parentElement.textContent.trim());
    }
    this.where.textContent = this.x === null ? this.across : said[0];
    this.cursor.setAttribute("visibility", this.x === null ? "hidden" : "visible");
    if (this.place) for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.place([x, 1])[0]);
    this.box.setAttribute("aria-valuemax", String(this.end));
    this.box.setAttribute("aria-valuenow", String(Number(x.toFixed(2))));
    this.box.setAttribute("aria-valuetext", said.join(", "));
  }
}
