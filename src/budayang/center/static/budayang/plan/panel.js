/* Beside the plan: the properties of what is chosen as fields with numbers, and the list of all objects. Everything that
   can be done on the plan can be done here without seeing it. */
import { el, say } from "../rounds/draw.js";

const NUMBER = (name, word, more = {}) => ({ name, word, kind: "number", ...more });
const AT = [NUMBER("at.0", "x"), NUMBER("at.1", "y")];
const ENDS = [NUMBER("start.0", "x1"), NUMBER("start.1", "y1"), NUMBER("end.0", "x2"), NUMBER("end.1", "y2")];
const SIZE = [NUMBER("width_mm", "width", { min: 1 }), NUMBER("depth_mm", "depth", { min: 1 }), NUMBER("height_mm", "height", { min: 1 })];
const FACING = NUMBER("facing", "facing", { min: 0, max: 359 });
const FIELDS = {
  wall: [...ENDS, { name: "clear", word: "clear", kind: "check" }],
  door: [{ name: "kind", word: "door_kind", kind: "choice", from: "doors" }, NUMBER("clear_mm", "clear_mm", { empty: true, min: 1 }), ...ENDS],
  terminal: [{ name: "code", word: "terminal", kind: "choice", from: "terminals" }, ...AT, ...SIZE, FACING, { name: "low", word: "low", kind: "check" }],
  facility: [{ name: "code", word: "facility", kind: "choice", from: "facilities" }, ...AT, ...SIZE, FACING],
  obstacle: [{ name: "code", word: "name", kind: "text" }, ...AT, ...SIZE, FACING],
  sign: [
    { name: "kind", word: "sign_kind", kind: "choice", from: "kinds" },
    ...AT,
    FACING,
    NUMBER("bottom_mm", "bottom", { min: 0 }),
    NUMBER("width_mm", "width", { min: 1 }),
    NUMBER("height_mm", "height", { min: 1 }),
    { name: "mounting", word: "mounting", kind: "choice", from: "mountings" },
    { name: "about", word: "about", kind: "choice", from: "abouts" },
    NUMBER("seen_from.0", "seen_x", { empty: true }),
    NUMBER("seen_from.1", "seen_y", { empty: true }),
    { name: "group", word: "group", kind: "text" },
    NUMBER("place", "place", { min: 0 }),
    { name: "edition", word: "edition", kind: "choice", from: "editions" },
  ],
  plan: [NUMBER("width_mm", "plan_width", { min: 1000 }), NUMBER("depth_mm", "plan_depth", { min: 1000 })],
};
const POINT = [NUMBER("0", "x"), NUMBER("1", "y")];

const read = (row, name) => name.split(".").reduce((value, part) => value?.[part], row);

function write(row, name, value) {
  const [head, rest] = name.split(".");
  if (rest === undefined) row[head] = value;
  else if (value === null) row[head] = null;
  else {
    row[head] ??= [...(row.at ?? [0, 0])];
    row[head][Number(rest)] = value;
  }
}

export class Panel {
  /* `tables`: choices by name, each [[value, word], …]; `measures`: what is measured of each type, [[name, word], …]. */
  constructor(editor, parts, tables, measures) {
    Object.assign(this, { editor, parts, tables, measures, lines: new Map() });
    parts.only.addEventListener("change", () => this.all());
    parts.find.addEventListener("input", () => this.all());
    parts.list.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]")?.dataset.key;
      if (key) editor.select(key);
    });
    parts.list.addEventListener("focusin", (event) => {
      const key = event.target.closest("[data-key]")?.dataset.key;
      if (key && key !== editor.selected) editor.select(key);
    });
    parts.list.addEventListener("keydown", (event) => this.listKey(event));
    parts.list.addEventListener("keyup", (event) => editor.hand.keyUp(event));
  }

  listKey(event) {
    if (!event.target.closest("[data-key]")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.editor.openProperties();
    } else this.editor.hand.key(event);
  }

  /* The list anew; `keys` given: only their lines. */
  all() {
    const { plan } = this.editor;
    const [only, find] = [this.parts.only.value, this.parts.find.value.trim().toLowerCase()];
    this.lines.clear();
    this.total = plan.keys().length;
    const shown = plan.keys().flatMap((key) => {
      const { type } = plan.find(key);
      const word = this.word(key);
      if ((only && only !== type) || (find && !word.toLowerCase().includes(find))) return [];
      const button = el("button", { type: "button", "data-key": key }, ...this.words(key));
      this.lines.set(key, button);
      return [el("li", {}, button)];
    });
    this.parts.list.replaceChildren(...shown);
    this.parts.none.hidden = shown.length > 0;
    this.parts.count.textContent = say("objects_count", { n: this.total, shown: shown.length });
    this.chosen(this.editor.selected);
  }

  lineOf(key) {
    const line = this.lines.get(key);
    if (line && this.editor.plan.has(key)) line.replaceChildren(...this.words(key));
  }

  words(key) {
    const [x, y] = this.editor.plan.points(key)[0];
    return [el("span", {}, this.word(key)), el("small", {}, `${(x / 1000).toFixed(2)}, ${(y / 1000).toFixed(2)} m`)];
  }

  word(key) {
    const { type, row } = this.editor.plan.find(key);
    if (row && type !== "seen") return this.of(type, row);
    if (type === "seen") return say("seen_of", { name: this.of("sign", row) });
    return say(`name_${type}`, { n: Number(key.split("/")[1]) + 1 });
  }

  /* "终端 KBS-01", "门（入口）d2": the same words on the plan, in the list and in findings. */
  of(type, row) {
    const told = { terminal: row.code, facility: this.said("facilities", row.code), obstacle: row.code };
    if (type === "sign") return say("name_sign", { n: row.id, name: this.said("kinds", row.kind) });
    if (type === "door") return say("name_door", { n: row.id, name: this.said("doors", row.kind) });
    return say(`name_${type}`, { n: row.id, name: told[type] ?? "" });
  }

  short(row) {
    return row.kind === "terminal" ? row.code.split("-").at(-1) : this.said("facilities", row.code);
  }

  said(table, value) {
    const flat = this.tables[table];
    return flat.find(([one]) => one === value)?.[1] ?? value;
  }

  chosen(key) {
    this.parts.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const line = this.lines.get(key);
    line?.setAttribute("aria-current", "true");
    if (line && document.activeElement !== line) this.scrollTo(line);
    this.properties();
  }

  /* Only the list is scrolled, and not the page under somebody's finger. */
  scrollTo(line) {
    const { list } = this.parts;
    const top = line.offsetTop - list.offsetTop;
    if (top < list.scrollTop || top + line.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - 40;
  }

  /* The fields of what is chosen, or of the plan. */
  properties() {
    const { plan, selected } = this.editor;
    const found = selected ? plan.find(selected) : null;
    const type = found?.type ?? "plan";
    const target = found?.at ?? found?.row ?? plan.drawing;
    const fields = found?.at ? POINT : FIELDS[type];
    this.parts.title.textContent = found ? this.word(selected) : say("plan_itself");
    const about = type === "sign" ? this.abouts() : null;
    const made = fields.map((field) => this.field(field, target, about));
    for (const [name, word] of (found && this.measures[type]) || []) {
      made.push(this.measure(`${found.row?.id ?? selected.replace("/", ".")}.${name}`, word));
    }
    this.parts.fields.replaceChildren(...made);
    this.parts.acts.hidden = !found;
    this.parts.frame.hidden = Boolean(found);
  }

  abouts() {
    const { doors, things } = this.editor.plan.drawing;
    const rows = [...things.filter((one) => one.kind !== "obstacle").map((one) => [one.kind, one]), ...doors.map((one) => ["door", one])];
    return [["", say("about_area")], ...rows.map(([type, row]) => [row.id, this.of(type, row)])];
  }

  field(field, target, abouts) {
    const value = read(target, field.name);
    const id = `p-${field.name.replace(".", "-")}`;
    const take = (next) => this.take(() => write(target, field.name, next));
    if (field.kind === "check") {
      const box = el("input", { type: "checkbox", id, onchange: () => take(box.checked) });
      box.checked = Boolean(value);
      return el("label", { class: "check wide", for: id }, box, say(`p_${field.word}`));
    }
    if (field.kind === "number") return this.number(id, say(`p_${field.word}`), value, field, take);
    if (field.kind === "text") {
      const input = el("input", { id, value: value ?? "", maxlength: 60, autocomplete: "off", onchange: () => take(input.value) });
      return el("label", { for: id, class: "wide" }, say(`p_${field.word}`), input);
    }
    const choices = field.from === "abouts" ? abouts : this.tables[field.from];
    const known = choices.some(([one]) => one === value) ? choices : [[value, value || say("not_chosen")], ...choices];
    const list = el("select", { id, onchange: () => take(list.value) }, known.map(([one, word]) => el("option", { value: one }, word)));
    list.value = value;
    return el("label", { for: id, class: "wide" }, say(`p_${field.word}`), list);
  }

  /* A field for whole numbers; what is no number is said beside it and not taken. */
  number(id, word, value, { min = -200000, max = 200000, empty = false }, take) {
    const wrong = el("small", { class: "field-error", id: `${id}-error` });
    const check = () => {
      const text = input.value.trim();
      const number = Number(text);
      const good = text === "" ? empty && !input.validity.badInput : Number.isInteger(number) && number >= min && number <= max;
      wrong.textContent = good ? "" : say("bad_number", { min, max });
      input.setAttribute("aria-invalid", String(!good));
      if (good) take(text === "" ? null : number);
    };
    const input = el("input", {
      type: "number", id, value: value ?? "", step: 1, min, max, inputmode: "numeric", autocomplete: "off",
      "aria-describedby": `${id}-error`, onchange: check,
    });
    return el("label", { for: id }, word, input, wrong);
  }

  measure(name, word) {
    const { measured } = this.editor.plan.drawing;
    const take = (value) => this.take(() => {
      if (value === null) delete measured[name];
      else measured[name] = value;
    });
    return this.number(`m-${name.replace(/[^\w-]/g, "-")}`, word, measured[name], { empty: true, min: 0 }, take);
  }

  /* One field was changed: a step that can be undone, and the field stays in the hand. */
  take(change) {
    change();
    this.editor.changed([this.editor.selected].filter(Boolean), { keep: true });
  }

  openFirst() {
    this.parts.fields.querySelector("input, select")?.focus();
  }

  focusLine(key) {
    this.lines.get(key)?.focus();
  }

  /* The row that takes the place of one that goes away. */
  after(key) {
    const keys = [...this.lines.keys()];
    const place = keys.indexOf(key);
    return keys[place + 1] ?? keys[place - 1] ?? "";
  }
}
