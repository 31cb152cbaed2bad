/* Drawing: elements, words and moments. Text goes in as text only, whatever the center or a person wrote. */
const words = JSON.parse(document.getElementById("words").textContent);

/* The words of a key, with {names} filled in. */
export function say(key, values = {}) {
  if (!(key in words)) throw new Error(`no words for ${key}`);
  return words[key].replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}

/* el("a", {class: "btn", href: "#/", onclick: f}, "text", child, null) */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (["checked", "value", "disabled", "hidden"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

export const state = (tone, word) => el("span", { class: `state ${tone}` }, word);

/* "08:31" of today, "11-26 08:31" of another day, by the phone's clock. */
export function moment(iso) {
  const at = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const today = at.toDateString() === new Date().toDateString();
  return today ? clock : `${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

export function valueWord(question, value) {
  const option = question.options.find((one) => one.value === value);
  if (option) return option.word;
  return question.unit ? `${value} ${question.unit}` : value;
}

/* A stop as part of an address, and back: the place itself has no code. */
export const stopPath = (code) => code || "-";
export const roundAddress = (key) => `#/r/${key}`;
export const stopAddress = (key, code) => `#/r/${key}/s/${stopPath(code)}`;
