/* The editor of a floor plan: puts the drawing, the hand and the panel together. */
import { el, moment, say } from "../rounds/draw.js";
import { Check, Draft, save } from "./desk.js";
import { Canvas, svg } from "./drawing.js";
import { Hand } from "./hand.js";
import { keyOfElement, middle, Plan } from "./model.js";
import { Panel } from "./panel.js";
import { Picker } from "./picker.js";
import { again, frame } from "./placing.js";
import { Viewport } from "./viewport.js";

const told = JSON.parse(document.getElementById("plan").textContent);
const at = (id) => document.getElementById(id);

class Editor {
  constructor() {
    const [root, over] = [at("plan-canvas"), at("plan-over")];
    this.base = told.base;
    this.plan = new Plan(told.drawing ?? {});
    this.tool = "select";
    this.selected = "";
    this.draft = new Draft(`${told.person}:${told.code}`);
    this.viewport = new Viewport(root, over);
    this.panel = new Panel(this, parts(), told.tables, told.measures);
    this.canvas = new Canvas(root, over, this.plan, new Map(told.kinds.map((one) => [one.code, one])), this.panel);
    this.hand = new Hand(this, root);
    this.picker = new Picker(at("tool-options"), told, () => this.plan);
    this.check = new Check(told.check, told.csrf, at("findings"), () => this.canvas.mark(this.check.marks()));
    this.underlay();
    this.canvas.all();
    this.panel.all();
    this.fit();
    this.buttons();
    this.listen();
    this.use("select");
    this.offerDraft();
    this.check.soon(() => this.plan.drawing);
  }

  listen() {
    for (const button of document.querySelectorAll("button[data-tool]")) {
      // A press of Enter on a button is a click without a pointer.
      button.addEventListener("click", (event) => this.use(button.dataset.tool, event.detail ? "pointer" : "keys"));
    }
    const acts = {
      undo: () => this.step("undo"), redo: () => this.step("redo"), save: () => this.save(), rotate: () => this.rotate(),
      remove: () => this.remove(), again: () => this.again(), fit: () => this.fit(), frame: () => this.frame(),
      closer: () => this.viewport.zoom(1.25), farther: () => this.viewport.zoom(0.8),
    };
    for (const [name, act] of Object.entries(acts)) at(`act-${name}`).addEventListener("click", act);
    document.addEventListener("keydown", (event) => this.keys(event));
    window.addEventListener("beforeunload", (event) => {
      if (!this.plan.dirty) return;
      event.preventDefault();
      event.returnValue = "unsaved"; // browsers of before 2024 ask only then
    });
    window.addEventListener("pagehide", () => this.keepDraft(true));
    at("findings").addEventListener("click", (event) => {
      const about = event.target.closest("[data-about]")?.dataset.about;
      if (about) this.show(keyOfElement(about));
    });
  }

  keys(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    const key = event.key.toLowerCase();
    const typing = event.target.matches?.("input:not([type=checkbox]), textarea");
    if (key === "s") this.save();
    else if (key === "z" && !typing) this.step(event.shiftKey ? "redo" : "undo");
    else if (key === "y" && !typing) this.step("redo");
    else return;
    event.preventDefault();
  }

  /* The picture that is drawn over lies under everything, as wide as it is in the hall. */
  underlay() {
    if (!told.picture) return;
    // As high as may be: the picture keeps its shape and stands in the upper left corner.
    const size = { width: told.picture.width_mm, height: 200000, preserveAspectRatio: "xMinYMin meet" };
    this.canvas.layers.picture.append(svg("image", { href: told.picture.url, ...size }));
  }

  options() {
    return this.picker.chosen();
  }

  /* Take a tool in hand; `by`: its letter on the plan, or its button by pointer or keys. */
  use(tool, by = "letter") {
    this.settle();
    this.tool = tool;
    this.hand.tool();
    for (const button of document.querySelectorAll("button[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
    at("plan-canvas").dataset.tool = tool;
    this.picker.show(tool);
    this.say(`help_${tool}`);
    if (tool === "select") return;
    if (by !== "pointer") this.hand.aim();
    // The keys go on where the choice is to be made: in the list of kinds, else on the plan.
    if (by === "letter" || !this.picker.focus()) at("plan-canvas").focus({ preventScroll: true });
  }

  select(key) {
    if (key !== this.selected) this.settle();
    this.selected = this.plan.has(key) ? key : "";
    this.canvas.select(this.selected);
    this.panel.chosen(this.selected);
  }

  /* Choose it and bring it into sight. */
  show(key) {
    this.select(key);
    const points = this.plan.points(key);
    if (points.length) this.viewport.reveal(middle(points));
  }

  next(by) {
    const keys = this.plan.keys();
    if (!keys.length) return;
    const place = keys.indexOf(this.selected);
    this.show(keys[(place + by + keys.length) % keys.length]);
    this.announce(this.panel.word(this.selected));
  }

  /* Something was changed: draw it, write it down as a step, keep the draft, ask for findings. */
  changed(keys, { keep = false } = {}) {
    if (!this.plan.commit()) {
      for (const key of keys) this.canvas.one(key);
      return;
    }
    if (keys.length) for (const key of keys) this.redraw(key);
    else this.canvas.all();
    const same = keys.length && this.plan.keys().length === this.panel.total;
    if (same) keys.forEach((key) => this.panel.lineOf(key));
    else this.panel.all();
    if (same && !keep) this.panel.properties();
    this.after();
  }

  /* With a sign its viewing point is drawn: a line leads from one to the other. */
  redraw(key) {
    this.canvas.one(key);
    const [space, id] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
    if (space === "row" && this.plan.find(key)?.type === "sign") this.canvas.one(`seen/${id}`);
  }

  after() {
    this.buttons();
    this.keepDraft();
    this.check.soon(() => this.plan.drawing);
  }

  /* What the keys moved becomes one step. */
  settle() {
    this.hand.moving = false;
    if (this.selected && JSON.stringify(this.plan.drawing) !== this.plan.now) this.changed([this.selected]);
  }

  made(key) {
    this.changed([]);
    this.select(key);
    this.picker.show(this.tool);
    this.announce(say("placed", { name: this.panel.word(key) }));
  }

  rotate() {
    if (!this.selected || !this.plan.rotate(this.selected)) return;
    this.changed([this.selected]);
  }

  again() {
    const key = this.selected ? again(this.plan, this.selected) : "";
    if (key) this.made(key);
  }

  frame() {
    frame(this.plan);
    this.changed([]);
  }

  remove() {
    if (!this.selected) return;
    const [key, word, in_list] = [this.selected, this.panel.word(this.selected), at("objects").contains(document.activeElement)];
    const after = this.panel.after(key);
    this.plan.remove(key);
    this.changed([]);
    this.select(in_list ? after : "");
    if (in_list) this.panel.focusLine(after);
    this.announce(say("removed", { name: word }));
  }

  step(way) {
    this.settle();
    if (!this.plan[way]()) return;
    this.canvas.all();
    if (!this.plan.has(this.selected)) this.selected = "";
    this.canvas.select(this.selected);
    const [in_list, key] = [at("objects").contains(document.activeElement), this.selected];
    this.panel.all();
    if (in_list && key) this.panel.focusLine(key);
    this.announce(say(`done_${way}`));
    this.after();
  }

  escape() {
    if (this.hand.from) this.hand.stop();
    else if (this.tool !== "select") this.use("select");
    else this.select("");
  }

  openProperties() {
    this.panel.openFirst();
  }

  fit() {
    this.viewport.fit(this.plan.drawing.width_mm, this.plan.drawing.depth_mm);
  }

  buttons() {
    at("act-undo").disabled = !this.plan.past.length;
    at("act-redo").disabled = !this.plan.future.length;
    at("unsaved").textContent = say(this.plan.dirty ? "unsaved" : this.base ? "all_saved" : "new_plan", { n: this.base });
    at("unsaved").className = `state ${this.plan.dirty ? "warn" : "ok"}`;
  }

  say(key, values) {
    at("help").textContent = say(key, values);
  }

  where([x, y]) {
    at("where").textContent = `${(x / 1000).toFixed(2)}, ${(y / 1000).toFixed(2)} m`;
  }

  announce(word) {
    at("said").textContent = word;
  }

  keepDraft(at_once = false) {
    if (!this.offered) this.draft.keep(() => (this.plan.dirty ? { base: this.base, drawing: this.plan.drawing } : null), at_once);
  }

  /* A draft that was left behind is offered, and kept until somebody decides. */
  offerDraft() {
    const kept = this.draft.read();
    if (!kept || JSON.stringify(kept.drawing) === this.plan.now) return;
    this.offered = true;
    at("act-save").disabled = true; // one of the two is to be saved, and nobody said which
    const decide = (take) => {
      this.offered = false;
      at("act-save").disabled = false;
      at("notice").replaceChildren();
      if (take) {
        this.base = kept.base;
        this.plan.take(kept.drawing);
        this.canvas.all();
        this.panel.all();
      }
      this.after();
      this.draft.keep(() => (this.plan.dirty ? { base: this.base, drawing: this.plan.drawing } : null), true);
    };
    this.notice("warn", say("draft_found", { at: moment(kept.at), n: kept.base }), [
      [say("draft_take"), () => decide(true), true],
      [say("draft_drop"), () => decide(false)],
    ]);
  }

  /* A word above the plan with what can be done about it. */
  notice(tone, word, buttons = []) {
    const acts = buttons.map(([name, act, primary]) => el("button", { type: "button", class: primary ? "btn primary" : "btn", onclick: act }, name));
    at("notice").replaceChildren(el("div", { class: `plan-notice ${tone}`, role: "alert" }, el("p", {}, word), el("div", { class: "actions" }, acts)));
  }

  async save() {
    this.settle();
    if (this.saving || this.offered) return;
    this.saving = true;
    at("act-save").disabled = true;
    const sent = JSON.stringify(this.plan.drawing);
    const answer = await save(told.save, told.csrf, { base: this.base, note: at("note").value, drawing: JSON.parse(sent) });
    this.saving = false;
    at("act-save").disabled = false;
    if (answer.kind === "saved") this.saved(answer, sent);
    else if (answer.kind === "conflict") this.conflict(answer);
    else this.notice("stop", answer.message);
  }

  saved(answer, sent) {
    this.base = answer.number;
    this.plan.saved = sent;
    at("note").value = "";
    this.buttons();
    this.keepDraft(true);
    this.notice("ok", say("saved", { n: answer.number }), [[say("to_plan"), () => window.location.assign(told.page)]]);
  }

  /* Somebody saved meanwhile. Both versions stay: this one goes on top, or is put away by a choice and not by chance. */
  conflict(answer) {
    this.keepDraft(true);
    const over = () => {
      this.base = answer.number;
      at("notice").replaceChildren();
      this.save();
    };
    const theirs = () => {
      this.plan.saved = this.plan.now;
      this.draft.keep(() => null, true);
      window.location.reload();
    };
    this.notice("stop", answer.message, [
      [say("conflict_look"), () => window.open(told.page, "_blank", "noopener")],
      [say("conflict_over", { n: answer.number + 1 }), over, true],
      [say("conflict_theirs"), theirs],
    ]);
  }
}

function parts() {
  return {
    only: at("only"), find: at("find-object"), list: at("objects"), none: at("no-objects"), count: at("objects-count"),
    title: at("chosen"), fields: at("fields"), acts: at("chosen-acts"), frame: at("act-frame"),
  };
}

window.planEditor = new Editor();
