/* The choices of a tool: which terminal, which facility, which kind of sign. */
import { el, say } from "../rounds/draw.js";

export class Picker {
  constructor(place, told, plan) {
    Object.assign(this, { place, told, plan, tool: "", kept: {} });
  }

  /* The choices of the tool anew: a terminal that stands on the plan is not offered first again. */
  show(tool) {
    const make = { terminal: () => this.terminals(), facility: () => this.facilities(), sign: () => this.signs() }[tool];
    if (tool === "sign" && this.tool === "sign") return;
    this.tool = tool;
    this.place.hidden = !make;
    this.place.replaceChildren(...(make ? make() : []));
  }

  /* Whether there is something to choose; it has the focus then. */
  focus() {
    const first = this.place.querySelector("input, select");
    first?.focus();
    return Boolean(first);
  }

  chosen() {
    const value = this.list?.value ?? "";
    return { terminal: value, facility: value, kind: this.told.kinds.find((one) => one.code === value) };
  }

  select(word, groups, size) {
    const made = groups
      .filter(([, rows]) => rows.length)
      .map(([name, rows]) => {
        const options = rows.map(([value, text]) => el("option", { value }, text));
        return name ? el("optgroup", { label: name }, options) : options;
      });
    this.list = el("select", { id: "tool-choice", size: size ?? null }, made.flat());
    if (!this.list.value && this.list.options.length) this.list.selectedIndex = 0;
    return el("label", { for: "tool-choice" }, word, this.list);
  }

  terminals() {
    const standing = new Set(this.plan().drawing.things.filter((one) => one.kind === "terminal").map((one) => one.code));
    const rows = this.told.tables.terminals;
    if (!rows.length) {
      this.list = null;
      return [el("p", { class: "empty" }, say("no_terminals"))];
    }
    const left = rows.filter(([code]) => !standing.has(code));
    return [this.select(say("p_terminal"), [[say("not_standing"), left], [say("standing"), rows.filter(([code]) => standing.has(code))]])];
  }

  facilities() {
    const own = new Set(this.told.own_facilities);
    const rows = this.told.tables.facilities;
    const groups = [[say("own_facilities"), rows.filter(([code]) => own.has(code))], [say("other_facilities"), rows.filter(([code]) => !own.has(code))]];
    return [this.select(say("p_facility"), groups)];
  }

  /* Kinds of signs with a search: by message, English or code. */
  signs() {
    const find = el("input", { type: "search", id: "find-kind", autocomplete: "off", placeholder: say("find_kind"), oninput: () => this.narrow(find.value) });
    this.holder = el("div", {});
    this.narrow("");
    return [el("label", { for: "find-kind" }, say("p_sign_kind"), find), this.holder];
  }

  narrow(text) {
    const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => words.every((word) => `${one.message} ${one.english} ${one.code} ${one.category_name}`.toLowerCase().includes(word));
    const groups = new Map();
    for (const one of this.told.kinds.filter(fits)) {
      if (!groups.has(one.category_name)) groups.set(one.category_name, []);
      groups.get(one.category_name).push([one.code, one.message]);
    }
    const shown = groups.size ? [this.select(say("kinds_found"), [...groups], 8)] : [el("p", { class: "empty" }, say("no_kind"))];
    if (!groups.size) this.list = null;
    this.holder.replaceChildren(...shown);
  }
}
