// Forms keep what was typed over an error, a reload, the way back, or a restart of the server; never files or secrets.
// Each address has its own, so that a clone and an empty form are kept apart; the empty form comes back over a link too.
const KEPT = "glasshouse-form:";
const SENT = "glasshouse-sent";
const NEVER = ["hidden", "file", "submit", "button", "password"];

// How the page was come to: a link gives a fresh form, a reload and the way back give what was typed.
export const cameBack = () => ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
const KEY = `${KEPT}${location.pathname}${location.search}`; // as it was when the page came: scripts change the address
const fieldsOf = (form) => [...form.elements].filter((one) => one.name && !NEVER.includes(one.type));

function read(key) {
  try { return JSON.parse(sessionStorage.getItem(key)); } catch { sessionStorage.removeItem(key); return null; }
}

function write(key, value) {
  try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* the store is full or not allowed: nothing is kept */ }
}

function put(field, value) {
  if (field.type === "checkbox") field.checked = value.includes(field.value);
  else if (field.type === "radio") field.checked = value === field.value;
  else if (field.tagName === "SELECT" && ![...field.options].some((one) => one.value === value)) {
    const file = document.getElementById(`${field.id.replace("field-", "")}-file`);
    if (file && value.startsWith("upload:")) field.add(new Option(file.dataset.name, value, true, true));
  } else field.value = value;
}

function restore(form, saved) {
  if (!cameBack() && (location.search || form.getAttribute("data-keep") !== "new")) return; // what a link asks for is meant
  for (const field of fieldsOf(form)) if (field.name in saved) put(field, saved[field.name]);
  form.setAttribute("data-restored", "yes"); // a form may have a field called dataset
}

function keep(form) {
  const saved = read(KEY);
  if (saved) restore(form, saved);
  const save = (event) => {
    if (event.target.form !== form) return; // a field may stand outside of its form
    const all = {};
    for (const field of fieldsOf(form)) {
      if (field.type === "checkbox") all[field.name] = [...(all[field.name] ?? []), ...(field.checked ? [field.value] : [])];
      else if (field.type !== "radio" || field.checked) all[field.name] = field.value;
    }
    write(KEY, all);
  };
  document.addEventListener("input", save);
  document.addEventListener("change", save);
  form.addEventListener("submit", (event) => { if (event.submitter?.dataset.final !== undefined) write(SENT, { path: location.pathname, key: KEY }); });
}

// What was sent is forgotten once the Studio has answered with another page: not when it is away, nor over an error.
function forget() {
  const sent = read(SENT);
  if (!sent || location.pathname === sent.path || !document.referrer || new URL(document.referrer).pathname !== sent.path) return;
  sessionStorage.removeItem(sent.key);
  sessionStorage.removeItem(SENT);
}

// A form that is built by the server (a network) is kept as all that it sends.
export const whole = {
  keep: (values) => write(KEY, [...values].filter(([, value]) => typeof value === "string")),
  kept: () => (cameBack() ? read(KEY) : null),
  forget: () => sessionStorage.removeItem(KEY),
};

export function keepForms() {
  forget();
  for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
}
