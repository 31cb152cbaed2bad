/* Mouse, finger, pen and keys on the plan. With a tool in hand a point is set by a press or, with the keys, by the cross
   and Enter; without one objects are chosen and moved. A frame of the screen moves one group at most. */
import { snap } from "./model.js";
import { draw, LINES, place } from "./placing.js";

const STEP_MM = 50;
const LONG_STEP_MM = 500;
const SLACK_PX = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOL_KEYS = { v: "select", w: "wall", d: "door", t: "terminal", f: "facility", o: "obstacle", s: "sign", p: "seen", a: "path", c: "turn" };

export class Hand {
  constructor(editor, root) {
    Object.assign(this, { editor, root, fingers: new Map(), drag: null, from: null, cross: null, waiting: 0 });
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) root.addEventListener(name, (event) => this.up(event));
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.key(event, true));
    root.addEventListener("keyup", (event) => this.keyUp(event));
    root.addEventListener("blur", () => editor.settle());
  }

  point(event) {
    return this.editor.viewport.point(event.clientX, event.clientY).map(snap);
  }

  down(event) {
    if (event.button > 0) return;
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.fingers.size === 2) {
      this.drop(false);
      this.pinch = this.spread();
      return;
    }
    const { editor } = this;
    editor.settle();
    const start = [event.clientX, event.clientY];
    if (editor.tool !== "select") {
      const at = this.point(event);
      if (LINES.includes(editor.tool)) this.lineDown(at, start);
      else this.put(at);
      return;
    }
    const target = event.target.closest?.("[data-key]");
    const key = target?.dataset.key ?? "";
    if (key) editor.select(key);
    this.drag = { key, end: target?.dataset.end ?? "", start, at: editor.viewport.point(...start), moved: false, by: [0, 0] };
  }

  lineDown(at, start) {
    if (this.from) this.finish(at);
    else this.from = at;
    this.drag = { line: true, start, moved: false };
  }

  move(event) {
    if (!this.fingers.has(event.pointerId) && !this.from) return;
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    this.last = event;
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.frame(this.last);
    });
  }

  frame(event) {
    if (this.pinch && this.fingers.size === 2) return this.pinched();
    const { drag, editor } = this;
    if (drag && !drag.moved) {
      drag.moved = Math.hypot(event.clientX - drag.start[0], event.clientY - drag.start[1]) > SLACK_PX;
      // What is captured needs no looking under the pointer at each of its moves, through all the objects there.
      this.root.classList.toggle("carrying", drag.moved);
    }
    if (this.from) return editor.canvas.rubber(this.from, this.straight(this.point(event), event.shiftKey));
    if (!drag?.moved) return undefined;
    const here = editor.viewport.point(event.clientX, event.clientY);
    const by = [here[0] - drag.at[0], here[1] - drag.at[1]];
    if (!drag.key) return editor.viewport.pan(-by[0], -by[1]);
    return this.carry(drag, by);
  }

  /* The first point of what is carried comes to lie on the grid. */
  carry(drag, by) {
    const { editor } = this;
    const points = editor.plan.points(drag.key);
    if (!points.length) return;
    const first = drag.end === "end" ? points[1] : points[0];
    drag.first ??= [...first];
    const want = [0, 1].map((axis) => snap(drag.first[axis] + by[axis]));
    if (drag.end || drag.key.startsWith("path/")) {
      [first[0], first[1]] = want;
      editor.canvas.one(drag.key);
      return;
    }
    drag.by = [want[0] - drag.first[0], want[1] - drag.first[1]];
    editor.canvas.shift(drag.key, ...drag.by);
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (this.pinch) {
      if (!this.fingers.size) this.pinch = null;
      return;
    }
    if (this.waiting) {
      cancelAnimationFrame(this.waiting);
      this.waiting = 0;
      this.frame(event);
    }
    if (this.drag?.line && this.drag.moved && this.from) this.drawn(event);
    this.drop(event.type === "pointerup");
  }

  /* A line that was pulled ends where it was let go. */
  drawn(event) {
    this.finish(this.straight(this.point(event), event.shiftKey));
    this.stop();
  }

  /* Let go of what is carried; `keep` false puts it back. */
  drop(keep) {
    const { drag, editor } = this;
    this.drag = null;
    this.root.classList.remove("carrying");
    if (!drag || drag.line) return;
    if (!drag.key) {
      if (keep && !drag.moved) editor.select("");
      return;
    }
    if (!drag.moved) return;
    if (!keep && drag.first) this.putBack(drag);
    else editor.plan.moveBy(drag.key, ...drag.by);
    editor.changed([drag.key]);
  }

  putBack(drag) {
    const points = this.editor.plan.points(drag.key);
    const point = drag.end === "end" ? points[1] : points[0];
    if (point && (drag.end || drag.key.startsWith("path/"))) [point[0], point[1]] = drag.first;
  }

  spread() {
    const [[x1, y1], [x2, y2]] = [...this.fingers.values()];
    return { width: Math.hypot(x2 - x1, y2 - y1), middle: [(x1 + x2) / 2, (y1 + y2) / 2] };
  }

  pinched() {
    const { viewport } = this.editor;
    const now = this.spread();
    const [before, here] = [viewport.point(...this.pinch.middle), viewport.point(...now.middle)];
    viewport.pan(before[0] - here[0], before[1] - here[1]);
    if (this.pinch.width > 0) viewport.zoom(now.width / this.pinch.width, viewport.point(...now.middle));
    this.pinch = now;
  }

  wheel(event) {
    event.preventDefault();
    const { viewport } = this.editor;
    viewport.zoom(Math.exp(-event.deltaY / 500), viewport.point(event.clientX, event.clientY));
  }

  /* With Shift a line runs along one axis. */
  straight(to, held) {
    if (!held || !this.from) return to;
    const [dx, dy] = [Math.abs(to[0] - this.from[0]), Math.abs(to[1] - this.from[1])];
    return dx >= dy ? [to[0], this.from[1]] : [this.from[0], to[1]];
  }

  finish(end) {
    const { editor } = this;
    const key = draw(editor.plan, editor.tool, [...this.from], [...end]);
    // A wall goes on where the last one ended; a door stands for itself.
    this.from = key && editor.tool === "wall" ? [...end] : null;
    editor.canvas.rubber(this.from, end);
    if (key) editor.made(key);
  }

  put(at) {
    const { editor } = this;
    const key = place(editor.plan, editor.tool, [...at], editor.options(), editor.selected);
    if (key) editor.made(key);
    else editor.say(`cannot_${editor.tool}`);
  }

  /* The line that was begun is not drawn. */
  stop() {
    this.from = null;
    this.editor.canvas.rubber(null);
  }

  /* Another tool is in hand. */
  tool() {
    this.stop();
    this.cross = null;
    this.editor.canvas.crosshair(null);
  }

  /* Take the cross into the keys' hand: in the middle of what is seen. */
  aim() {
    const [x, y, width, height] = this.editor.viewport.box;
    this.cross ??= [snap(x + width / 2), snap(y + height / 2)];
    this.editor.canvas.crosshair(this.cross);
    return this.cross;
  }

  /* Keys on the plan (`on`) and on a row of the list of objects. */
  key(event, on = false) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { editor } = this;
    const arrow = ARROWS[event.key];
    const aiming = on && editor.tool !== "select";
    if (arrow) this.arrow(arrow.map((way) => way * (event.shiftKey ? LONG_STEP_MM : STEP_MM)), aiming);
    else if (event.key === "Enter" && aiming) this.set();
    else if (event.key === "Enter" && on) editor.openProperties();
    else if (event.key === "Escape") editor.escape();
    else if (event.key === "Delete" || event.key === "Backspace") editor.remove();
    else if (!this.letter(event.key.toLowerCase(), on)) return;
    event.preventDefault();
  }

  letter(key, on) {
    const { editor } = this;
    if (key === "r") editor.rotate();
    else if (key === "n") editor.again();
    else if (!on) return false;
    else if (key === "+" || key === "=") editor.viewport.zoom(1.25);
    else if (key === "-") editor.viewport.zoom(0.8);
    else if (key === "0") editor.fit();
    else if (key === "[" || key === "]") editor.next(key === "]" ? 1 : -1);
    else if (TOOL_KEYS[key]) editor.use(TOOL_KEYS[key]);
    else return false;
    return true;
  }

  arrow([dx, dy], aiming) {
    const { editor } = this;
    if (aiming) {
      const [x, y] = this.aim();
      this.cross = [x + dx, y + dy];
      editor.canvas.crosshair(this.cross);
      editor.viewport.reveal(this.cross);
      if (this.from) editor.canvas.rubber(this.from, this.cross);
      editor.where(this.cross);
    } else if (editor.selected) {
      editor.plan.moveBy(editor.selected, dx, dy);
      editor.canvas.one(editor.selected);
      this.moving = true;
    } else editor.viewport.pan(dx * 4, dy * 4);
  }

  /* A held arrow is one step to be undone. */
  keyUp(event) {
    if (ARROWS[event.key] && this.moving) this.editor.settle();
  }

  set() {
    const at = [...this.aim()];
    if (!LINES.includes(this.editor.tool)) this.put(at);
    else if (this.from) this.finish(at);
    else {
      this.from = at;
      this.editor.say("line_begun");
    }
    if (this.cross) this.editor.canvas.crosshair(this.cross);
  }
}
