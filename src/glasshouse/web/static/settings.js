// Fields that have no effect beside the other choices are hidden, by the conditions that their declaration gives.
const text = (setting) => {
  const control = setting.querySelector("input, select");
  return control.type === "checkbox" ? (control.checked ? "yes" : "") : control.value.trim();
};

const differs = (setting) => {
  const now = text(setting), usual = setting.dataset.usual;
  if (now === "") return "held" in setting.dataset;
  return now !== usual && (usual === "" || Number(now) !== Number(usual));
};

// Show the fields of a form that count; a field that another one makes idle counts as left at its default.
export const showSettings = (form) => {
  const settings = new Map([...form.querySelectorAll("[data-setting]")].map((one) => [one.dataset.setting, one]));
  const known = new Map();
  const within = (name) => settings.has(name) ? [name] : [...settings.keys()].filter((one) => one.startsWith(`${name}.`));
  const holds = (name, values) => {
    const setting = settings.get(name);
    if (!values.length) return counts(name) && differs(setting);
    return values.includes((counts(name) && text(setting)) || setting.dataset.usual);
  };
  const counts = (name) => {
    if (!known.has(name)) {
      const conditions = Object.entries(JSON.parse(settings.get(name).dataset.when ?? "{}"));
      known.set(name, conditions.every(([names, values]) => {
        const others = names.split("|").flatMap(within);
        return !others.length || others.some((other) => holds(other, values));
      }));
    }
    return known.get(name);
  };
  for (const [name, setting] of settings) setting.hidden = !counts(name);
};
