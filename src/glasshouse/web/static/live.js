// The page of a training: asks for new points each second while it runs and the tab is seen, and goes on drawing.
import { Plot, smoothed } from "./curves.js";

const root = document.getElementById("live");
const words = JSON.parse(root.dataset.words);
const lost = document.getElementById("connection");
const PAUSE = 1000, LONGEST = 15000, ROWS = 100, ROOM = 3; // ROOM as in curves.py
const state = { version: null, last: 0, machine: 0, steps: [], epochs: [], samples: [], perEpoch: 1 };
const plots = Object.fromEntries([...root.querySelectorAll("[data-plot]")].map((one) => [one.dataset.plot, new Plot(one)]));
const seen = new URLSearchParams(location.search);
const choices = { log: root.querySelector("[data-log]"), smooth: root.querySelector("[data-smooth]") };

const filled = (text, values) => Object.entries(values).reduce((made, [key, value]) => made.replaceAll(`{${key}}`, value), text);
const between = (ends) => (ends ? filled(words.between, { low: (100 * ends[0]).toFixed(1), high: (100 * ends[1]).toFixed(1) }) : "–");
const percent = (value) => (value == null ? "–" : filled(words.percent, { value: (100 * value).toFixed(1) }));
const loss = (value) => (value == null ? "–" : value.toFixed(4));
const short = (value) => String(Number(value.toPrecision(3)));

function took(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (seconds < 9.95) return filled(words.took.seconds, { seconds: Math.max(0, seconds).toFixed(1) });
  if (whole < 60) return filled(words.took.seconds, { seconds: whole });
  if (whole < 3600) return filled(words.took.minutes, { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  return filled(words.took.hours, { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60) });
}

function left(seconds) {
  if (seconds == null) return words.left.unknown;
  if (seconds < 10) return words.left.few;
  if (seconds < 55) return filled(words.left.seconds, { seconds: Math.round(seconds / 10) * 10 || 10 });
  if (seconds < 5400) return filled(words.left.minutes, { minutes: Math.max(1, Math.round(seconds / 60)) });
  return filled(words.left.hours, { hours: Math.round(seconds / 3600) });
}

function take(answer) {
  if (answer.version !== state.version || answer.last < state.last) {
    Object.assign(state, { steps: [], epochs: [], last: 0, version: answer.version });
  }
  for (const point of answer.points) {
    if (point.type === "step" && point.loss != null) state.steps.push(point);
    if (point.type === "epoch") state.epochs.push(point);
  }
  if (state.steps.length > 4000) state.steps = state.steps.filter((step, k) => k % 2 || k > 3000);
  state.last = answer.last;
  state.perEpoch = answer.steps_per_epoch ?? state.perEpoch;
  state.machine = answer.machine_last;
  state.samples = [...state.samples, ...answer.machine].slice(-360);
}

function draw() {
  const at = words.at, across = (step) => step.step / state.perEpoch;
  let raw = state.steps.map((step) => [across(step), step.loss]);
  if (choices.smooth?.checked) raw = smoothed(raw);
  const of = (name, times = 1) => state.epochs.filter((one) => one[name] != null).map((one) => [one.epoch, times * one[name]]);
  plots.loss.draw([{ style: "train raw", points: raw }, { style: "train", points: of("train_loss"), dots: true },
    { style: "valid", points: of("valid_loss"), dots: true }], { at, format: short, log: choices.log?.checked });
  const right = of("valid_accuracy", 100), learned = of("train_accuracy", 100);
  const least = Math.min(100, ...[...learned, ...right].map((point) => point[1]));
  const floor = Math.max(-ROOM, Math.min(90, 10 * Math.floor((least - ROOM) / 10)));
  plots.accuracy?.draw([{ style: "train", points: learned, dots: true }, { style: "accuracy", points: right, dots: true }], { at, format: (value) => percent(value / 100), range: [floor, 100] });
  const rates = state.steps.length ? state.steps.map((step) => [across(step), step.lr]) : of("lr");
  plots.rate.draw([{ style: "rate", points: rates }], { at, format: (value) => value.toPrecision(2) });
}

function tell(answer) {
  const bar = root.querySelector("[data-progress] progress");
  if (bar && answer.progress != null) bar.value = 100 * answer.progress;
  if (answer.stopping) root.dataset.stopping = ""; // for good: what was aborted ends, and then the page comes anew
  const stopping = root.dataset.stopping !== undefined;
  const line = root.querySelector("[data-line]");
  if (line) {
    const parts = answer.epochs ? [filled(words.epoch, { now: Math.min(answer.epoch + 1, answer.epochs), all: answer.epochs })] : [];
    if (words.stages[answer.stage]) parts.push(words.stages[answer.stage]);
    line.textContent = stopping ? words.stopping : [...parts, left(answer.remaining)].join(" · ");
  }
  const goesOn = root.querySelector("[data-goes-on]");
  if (goesOn) goesOn.hidden = stopping;
  const shown = answer.remarks.map((one) => [filled(words.remarks[one.kind], one.numbers), one.warm]);
  const holder = root.querySelector("[data-remarks]");
  if (shown.map(([text]) => text).join() !== [...holder.children].map((one) => one.textContent).join()) {
    holder.replaceChildren(...shown.map(([text, warm]) => made("div", `note${warm ? " warm" : ""}`, made("p", "", text))));
  }
}

function made(name, style, ...inside) {
  const one = document.createElement(name);
  if (style) one.className = style;
  one.append(...inside);
  return one;
}

function table() {
  const best = state.epochs.findLast((one) => one.best);
  const card = root.querySelector("[data-score]");
  if (card && best?.interval) {
    card.hidden = false;
    card.children[0].textContent = percent(best.valid_accuracy);
    card.children[1].textContent = filled(words.score, { epoch: best.epoch, count: best.pictures.toLocaleString(root.dataset.lang), interval: between(best.interval) });
  }
  const holder = root.querySelector("[data-epochs]");
  holder.hidden = !state.epochs.length;
  holder.querySelector("tbody").replaceChildren(...state.epochs.slice(-ROWS).reverse().map((one) => row(one, one === best)));
}

function row(one, best) {
  const cells = [loss(one.train_loss), loss(one.valid_loss), percent(one.train_accuracy), percent(one.valid_accuracy), between(one.interval), one.lr.toPrecision(2), took(one.seconds)];
  const head = made("th", "number", made("span", "visually-hidden", `${words.columns[0]} `), String(one.epoch));
  head.scope = "row";
  const rest = cells.map((text, k) => { const cell = made("td", "number", text); cell.dataset.name = words.columns[k + 1]; return cell; });
  return made("tr", best ? "best" : "", head, ...rest, made("td", "", ...(best ? [made("strong", "", words.best)] : [])));
}

// The computer: one small drawing a part of it, from the first sample to the last.
function computer() {
  const { samples } = state, last = samples.at(-1), said = words.gauges, giga = (value) => (value == null ? null : (value / 1e9).toFixed(1));
  if (!last) return;
  const whole = (value) => (value == null ? null : value.toFixed(0));
  const says = (text, values) => (Object.values(values).includes(null) ? "–" : filled(text, values));
  const parts = [
    [said.cpu, says(said.cpu_value, { use: whole(last.cpu) }), says(said.cpu_job, { use: whole(last.cpu_job) }), (s) => s.cpu, 100],
    [said.memory, says(said.memory_value, { used: giga(last.memory), all: giga(last.memory_total) }), says(said.memory_job, { used: giga(last.memory_job) }), (s) => s.memory, last.memory_total],
    [said.disk, says(said.disk_value, { free: giga(last.disk_free) }), "", (s) => s.disk_free, Math.max(...samples.map((s) => s.disk_free))],
  ];
  last.gpus.forEach((card, k) => {
    const notes = [card.name];
    if (card.memory != null && card.memory_total != null) notes.push(says(said.gpu_memory, { used: giga(card.memory), all: giga(card.memory_total) }));
    if (card.temperature != null) notes.push(says(said.degrees, { degrees: whole(card.temperature) }));
    parts.push([said.gpu, says(said.gpu_value, { use: whole(card.use) }), notes.join(" · "), (s) => s.gpus[k]?.use, 100]);
  });
  const holder = root.querySelector("[data-machine]");
  holder.hidden = false;
  holder.querySelector("ul").replaceChildren(...parts.map((part) => gauge(samples, ...part)));
}

function gauge(samples, name, value, note, of, top) {
  const known = samples.filter((one) => of(one) != null), begin = known[0]?.at, span = Math.max(1, known.at(-1)?.at - begin);
  const points = known.map((one) => `${((160 * (one.at - begin)) / span).toFixed(1)} ${(31 - 30 * Math.min(1, of(one) / (top || 1))).toFixed(1)}`);
  const drawing = new DOMParser().parseFromString('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 32" preserveAspectRatio="none" aria-hidden="true"><path/></svg>', "image/svg+xml").documentElement;
  drawing.firstChild.setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
  return made("li", "", made("span", "row between", made("span", "", name), made("b", "", value)), document.importNode(drawing, true), made("span", "caption", note));
}

async function ask() {
  const address = `${root.dataset.points}?since=${state.last}&machine=${state.machine}`;
  const reply = await fetch(address, { signal: AbortSignal.timeout(10000) });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(String(reply.status));
  const answer = await reply.json();
  if (state.version !== null && answer.version !== state.version && state.last) {
    Object.assign(state, { version: null, last: 0 });
    return ask();
  }
  return answer;
}

const seenAgain = () => new Promise((resolve) => {
  if (!document.hidden) resolve();
  else document.addEventListener("visibilitychange", resolve, { once: true });
});

async function follow() {
  let wait = PAUSE;
  while (root.isConnected) {
    await seenAgain();
    try {
      const answer = await ask();
      lost.hidden = true;
      wait = PAUSE;
      if (answer === null) return;
      if (answer.state !== root.dataset.state) { location.reload(); return; }
      const news = answer.points.length > 0 || answer.last < state.last;
      const epochs = state.epochs.length;
      take(answer);
      if (news) draw();
      if (state.epochs.length !== epochs || news) table();
      tell(answer);
      if (answer.machine.length) computer();
      root.dataset.last = String(state.last);
      if (answer.ended || root.dataset.follow === undefined) return;
    } catch {
      lost.hidden = false;
      wait = Math.min(wait * 2, LONGEST);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

const held = root.querySelector("[data-choices]");
held.hidden = false;
for (const [name, box] of Object.entries(choices)) {
  box.checked = seen.get(name) === "1";
  box.addEventListener("change", () => {
    const address = new URL(location.href);
    if (box.checked) address.searchParams.set(name, "1"); else address.searchParams.delete(name);
    history.replaceState(history.state, "", address);
    draw();
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
follow();
