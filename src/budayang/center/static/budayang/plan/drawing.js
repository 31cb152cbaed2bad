/* The plan as SVG, in millimetres. Only what changed is drawn anew; a drag moves one group and touches nothing else. */
const SPACE = "http://www.w3.org/2000/svg";
const TURN_RADIUS_MM = 750;
const FIGURE_MM = 150;
const MARK_SCALE = 210;
const LAYERS = ["picture", "floor", "ways", "walls", "things", "signs", "marks", "above"];
const PLACE = { wall: "walls", door: "walls", sign: "signs", seen: "above", path: "ways", turn: "ways" };

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/* A sign's figure: the shape tells its class as the colour does. */
export function figure(shape, size = FIGURE_MM) {
  const s = size;
  const square = (name) => [svg("rect", { class: name, x: -s, y: -s, width: 2 * s, height: 2 * s, rx: s / 6 })];
  switch (shape) {
    case "triangle":
      return [svg("path", { class: "g-warning", d: `M0 ${-s}L${s * 1.1} ${s * 0.85}H${-s * 1.1}Z` })];
    case "barred_circle":
      return [
        svg("circle", { class: "g-ring", r: s * 0.85 }),
        svg("path", { class: "g-bar", d: `M${-s * 0.6} ${-s * 0.6}L${s * 0.6} ${s * 0.6}` }),
      ];
    case "circle":
      return [svg("circle", { class: "g-mandatory", r: s })];
    case "green_square":
      return square("g-green");
    case "red_square":
      return square("g-red");
    case "symbol_square":
      return [...square("g-public"), svg("circle", { class: "g-dot", r: s * 0.4 })];
    default:
      return [
        svg("rect", { class: "g-plate", x: -s * 1.25, y: -s * 0.75, width: s * 2.5, height: s * 1.5, rx: s / 6 }),
        svg("path", { class: "g-words", d: `M${-s * 0.8} ${-s * 0.2}H${s * 0.8}M${-s * 0.8} ${s * 0.25}H${s * 0.3}` }),
      ];
  }
}

function grave(severity) {
  if (severity === "fault") return svg("path", { class: "m-fault", d: "M0-.95L.98.8H-.98Z" });
  if (severity === "advice") return svg("circle", { class: "m-advice", r: 0.85 });
  return svg("rect", { class: "m-unmeasured", x: -0.8, y: -0.8, width: 1.6, height: 1.6, rx: 0.15 });
}

const line = (name, [x1, y1], [x2, y2]) => svg("line", { class: name, x1, y1, x2, y2 });

/* Lines at each metre. Not a pattern: that is painted anew under everything that moves. */
function squares(width, height) {
  const across = Array.from({ length: Math.floor(width / 1000) }, (_one, place) => `M${(place + 1) * 1000} 0V${height}`);
  const down = Array.from({ length: Math.floor(height / 1000) }, (_one, place) => `M0 ${(place + 1) * 1000}H${width}`);
  return [...across, ...down].join("");
}

function ahead([x, y], facing, by) {
  const turned = (facing * Math.PI) / 180;
  return [x + Math.cos(turned) * by, y + Math.sin(turned) * by];
}

export class Canvas {
  /* `over`: a second picture upon the first, for what is carried. `kinds`: sign kinds by code. `labels`: {of(type, row)}
     words for titles. */
  constructor(root, over, plan, kinds, labels) {
    this.root = root;
    this.over = over;
    this.plan = plan;
    this.kinds = kinds;
    this.labels = labels;
    this.layers = Object.fromEntries(LAYERS.map((name) => [name, svg("g", { class: `l-${name}` })]));
    root.replaceChildren(...LAYERS.map((name) => this.layers[name]));
    this.drawn = new Map();
    this.selected = "";
  }

  /* Everything anew: after opening, undoing and another version. */
  all() {
    for (const name of ["floor", "ways", "walls", "things", "signs", "above"]) this.layers[name].replaceChildren();
    this.over.replaceChildren();
    this.drawn.clear();
    const { width_mm: width, depth_mm: height } = this.plan.drawing;
    this.layers.floor.append(
      svg("rect", { class: "floor", width, height }),
      svg("path", { class: "squares", d: squares(width, height) }),
    );
    this.line = svg("polyline", { class: "way" });
    this.layers.ways.append(this.line);
    for (const key of this.plan.keys()) this.one(key);
    this.way();
    this.select(this.selected);
  }

  /* One object anew, or away when it is no longer there. */
  one(key) {
    const before = this.drawn.get(key);
    const found = this.plan.find(key);
    if (!found) {
      before?.remove();
      this.drawn.delete(key);
      return;
    }
    const made = svg("g", { class: `o o-${found.type}`, "data-key": key }, ...this.parts(found));
    if (found.row && found.type !== "seen") made.append(svg("title", {}, this.labels.of(found.type, found.row)));
    if (key === this.selected) made.classList.add("selected");
    if (before && before.parentNode !== this.over) before.replaceWith(made);
    else this.layers[PLACE[found.type] ?? "things"].append(made);
    if (before?.parentNode === this.over) before.remove();
    this.drawn.set(key, made);
    if (found.type === "path") this.way();
    if (key === this.selected) this.handles();
  }

  way() {
    this.line.setAttribute("points", this.plan.drawing.path.map((point) => point.join(",")).join(" "));
  }

  parts({ type, row, at }) {
    switch (type) {
      case "wall":
        return [line("hit", row.start, row.end), line(row.clear ? "wall glass" : "wall", row.start, row.end)];
      case "door":
        return this.door(row);
      case "sign":
        return this.sign(row);
      case "seen":
        return [
          line("sight", row.at, at),
          svg("circle", { class: "hit", cx: at[0], cy: at[1], r: 250 }),
          svg("path", { class: "eye", d: `M${at[0] - 170} ${at[1]}q170 -190 340 0q-170 190 -340 0z` }),
          svg("circle", { class: "pupil", cx: at[0], cy: at[1], r: 55 }),
        ];
      case "path":
        return [svg("circle", { class: "hit", cx: at[0], cy: at[1], r: 250 }), svg("circle", { class: "stone", cx: at[0], cy: at[1], r: 90 })];
      case "turn":
        return [svg("circle", { class: "turn", cx: at[0], cy: at[1], r: TURN_RADIUS_MM })];
      default:
        return this.thing(row);
    }
  }

  door(row) {
    const [[x1, y1], [x2, y2]] = [row.start, row.end];
    const width = Math.hypot(x2 - x1, y2 - y1);
    const [nx, ny] = width ? [-(y2 - y1), x2 - x1] : [0, 0];
    return [
      line("hit", row.start, row.end),
      line("gap", row.start, row.end),
      svg("path", { class: `leaf ${row.kind}`, d: `M${x1} ${y1}L${x1 + nx} ${y1 + ny}A${width} ${width} 0 0 0 ${x2} ${y2}` }),
    ];
  }

  thing(row) {
    const [w, d] = [row.width_mm, row.depth_mm];
    const turned = `translate(${row.at[0]} ${row.at[1]}) rotate(${(row.facing ?? 90) - 90})`;
    const word = row.kind === "obstacle" ? "" : this.labels.short(row);
    const letters = [...word].reduce((sum, one) => sum + (one.charCodeAt(0) > 255 ? 1 : 0.6), 0.6);
    const size = Math.max(110, Math.min(260, d / 2, w / Math.max(1, letters)));
    return [
      svg(
        "g",
        { transform: turned },
        svg("rect", { class: row.low ? "box low" : "box", x: -w / 2, y: -d / 2, width: w, height: d }),
        svg("path", { class: "front", d: `M${-w / 4} ${d / 2}L0 ${d / 2 + 110}L${w / 4} ${d / 2}Z` }),
      ),
      svg("text", { class: "word", x: row.at[0], y: row.at[1], "font-size": size }, word),
    ];
  }

  sign(row) {
    const shape = this.kinds.get(row.kind)?.shape ?? "plate";
    return [
      svg("circle", { class: "hit", cx: row.at[0], cy: row.at[1], r: 260 }),
      line("looks", row.at, ahead(row.at, row.facing ?? 90, 360)),
      svg("g", { transform: `translate(${row.at[0]} ${row.at[1]})` }, ...figure(shape)),
    ];
  }

  select(key) {
    this.drawn.get(this.selected)?.classList.remove("selected");
    this.selected = key;
    this.drawn.get(key)?.classList.add("selected");
    this.handles();
  }

  /* Both ends of a chosen wall or door can be taken by themselves; a chosen sign shows from where it is read. */
  handles() {
    this.layers.above.querySelectorAll(".handle, .sees").forEach((one) => one.remove());
    const found = this.selected ? this.plan.find(this.selected) : null;
    if (found?.type === "sign" && found.row.seen_from) {
      const sees = line("sees", found.row.at, found.row.seen_from);
      this.layers.above.append(sees);
    }
    if (!found?.row?.start) return;
    for (const end of ["start", "end"]) {
      const [cx, cy] = found.row[end];
      this.layers.above.append(svg("circle", { class: "handle", cx, cy, r: 140, "data-end": end, "data-key": this.selected }));
    }
  }

  /* While it is dragged an object is moved as a whole, in a picture of its own: else the browser would go through all
     others at each frame. What belongs to it follows when it is let go. */
  shift(key, dx, dy) {
    const carried = this.drawn.get(key);
    if (!carried) return;
    if (carried.parentNode !== this.over) this.over.append(carried);
    carried.setAttribute("transform", `translate(${dx} ${dy})`);
  }

  /* Numbers of findings where they are; the shape tells how grave it is. `marks`: [{number, severity, at}]. */
  mark(marks) {
    const made = marks.map(({ number, severity, at: [x, y] }) => {
      const word = svg("text", { y: 0.36 }, number);
      return svg("g", { class: "mark", transform: `translate(${x} ${y}) scale(${MARK_SCALE})` }, grave(severity), word);
    });
    this.layers.marks.replaceChildren(...made);
  }

  crosshair(at) {
    this.cross?.remove();
    if (!at) return;
    const [x, y] = at;
    this.cross = svg("path", { class: "cross", d: `M${x - 400} ${y}H${x + 400}M${x} ${y - 400}V${y + 400}` });
    this.layers.above.append(this.cross);
  }

  /* What is being drawn and not yet there: from its first point to the pointer. */
  rubber(from, to) {
    this.band?.remove();
    if (!from) return;
    this.band = line("rubber", from, to);
    this.layers.above.append(this.band);
  }
}
