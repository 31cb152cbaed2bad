/* The drawing that is edited, and its past. Lengths are whole millimetres, angles degrees clockwise from the x axis; the
   JSON is that of rules/signs/drawing.py. An object is named by a key: "row/<id>", "seen/<id of the sign>" for a viewing
   point, "path/<n>" and "turn/<n>" for points. */
export const GRID = 50;
const KEPT_STEPS = 200;
const ROWS = ["walls", "doors", "things", "signs"];
const LETTER = { wall: "w", door: "d", terminal: "t", facility: "f", obstacle: "o", sign: "s" };

export const snap = (value) => Math.round(value / GRID) * GRID;
export const rowKey = (row) => `row/${row.id}`;

export class Plan {
  constructor(drawing) {
    this.past = [];
    this.future = [];
    this.put(drawing);
    this.now = JSON.stringify(this.drawing);
    this.saved = this.now;
  }

  put(drawing) {
    const empty = { walls: [], doors: [], things: [], signs: [], path: [], turns: [], measured: {} };
    this.drawing = { width_mm: 20000, depth_mm: 10000, ...empty, ...drawing };
    this.index();
    // Never falls in this page, whatever is undone: what was saved in between may have been looked at.
    this.lastNumber = Math.max(this.lastNumber ?? 0, this.drawing.last_number ?? 0, ...[...this.rows.keys()].map(numberOf));
  }

  /* Rows by id: a pointer that moves asks for the same row a hundred times a second. */
  index() {
    this.rows = new Map();
    for (const name of ROWS) for (const row of this.drawing[name]) this.rows.set(row.id, { name, row });
  }

  get dirty() {
    return this.now !== this.saved;
  }

  /* What was changed becomes one step that can be undone. True when anything differs. */
  commit() {
    const next = JSON.stringify(this.drawing);
    if (next === this.now) return false;
    this.past.push(this.now);
    if (this.past.length > KEPT_STEPS) this.past.shift();
    this.future = [];
    this.now = next;
    this.index();
    return true;
  }

  /* A step back or forward. False when there is none. */
  step(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    this.put(JSON.parse(this.now));
    return true;
  }

  undo() {
    return this.step(this.past, this.future);
  }

  redo() {
    return this.step(this.future, this.past);
  }

  /* Take another drawing in place of this one, as a step that can be undone. */
  take(drawing) {
    this.put(drawing);
    return this.commit();
  }

  has(key) {
    return this.find(key) !== null;
  }

  /* {type, row, name}: what a key names, null when it is not there. Points have themselves as `at`. */
  find(key) {
    const cut = key.indexOf("/");
    const [space, rest] = [key.slice(0, cut), key.slice(cut + 1)];
    if (space === "row") {
      const found = this.rows.get(rest);
      return found ? { type: typeOf(found), row: found.row } : null;
    }
    if (space === "seen") {
      const sign = this.rows.get(rest)?.row;
      return sign?.seen_from ? { type: "seen", row: sign, at: sign.seen_from } : null;
    }
    const points = this.drawing[space === "path" ? "path" : "turns"];
    const at = points[Number(rest)];
    return at ? { type: space, row: null, at } : null;
  }

  /* All keys in the order of the list: rooms first, then what stands in them, then signs each with its viewing point. */
  keys() {
    const { walls, doors, things, signs, path, turns } = this.drawing;
    return [
      ...[...walls, ...doors, ...things].map(rowKey),
      ...signs.flatMap((sign) => (sign.seen_from ? [rowKey(sign), `seen/${sign.id}`] : [rowKey(sign)])),
      ...path.map((_point, place) => `path/${place}`),
      ...turns.map((_point, place) => `turn/${place}`),
    ];
  }

  count() {
    return this.rows.size;
  }

  /* No id comes twice, not even that of something removed: looks at an old sign would speak of the new one. The number
     goes with the drawing; the center keeps it from falling between versions. */
  newId(type) {
    this.lastNumber += 1;
    this.drawing.last_number = this.lastNumber;
    return `${LETTER[type]}${this.lastNumber}`;
  }

  add(type, row) {
    const name = { wall: "walls", door: "doors", sign: "signs" }[type] ?? "things";
    const made = { id: this.newId(type), ...row };
    this.drawing[name].push(made);
    this.index();
    return rowKey(made);
  }

  addPoint(space, point) {
    const points = this.drawing[space === "path" ? "path" : "turns"];
    points.push(point);
    return `${space}/${points.length - 1}`;
  }

  /* The points of an object that move with it; each is [x, y] itself and not a copy. */
  points(key) {
    const found = this.find(key);
    if (!found) return [];
    if (found.at) return [found.at];
    return found.row.start ? [found.row.start, found.row.end] : [found.row.at];
  }

  moveBy(key, dx, dy) {
    for (const point of this.points(key)) {
      point[0] = within(point[0] + dx);
      point[1] = within(point[1] + dy);
    }
  }

  /* A quarter turn clockwise: of a wall or a door about its middle, of everything else where it looks. */
  rotate(key) {
    const found = this.find(key);
    if (!found?.row || found.type === "seen") return false;
    const { row } = found;
    if (!row.start) {
      row.facing = ((row.facing ?? 90) + 90) % 360;
      return true;
    }
    const [x, y] = [(row.start[0] + row.end[0]) / 2, (row.start[1] + row.end[1]) / 2];
    for (const point of [row.start, row.end]) {
      [point[0], point[1]] = [Math.round(x - (point[1] - y)), Math.round(y + (point[0] - x))];
    }
    return true;
  }

  remove(key) {
    const found = this.find(key);
    if (!found) return false;
    if (found.type === "seen") found.row.seen_from = null;
    else if (found.at) {
      const points = this.drawing[found.type === "path" ? "path" : "turns"];
      const place = points.indexOf(found.at);
      points.splice(place, 1);
      this.forget((id, number) => id === found.type && number >= place - 1);
    } else this.removeRow(found.row);
    this.index();
    return true;
  }

  /* Signs that belonged to it, and what was measured of it, do not speak of it any longer. */
  removeRow(row) {
    for (const name of ROWS) this.drawing[name] = this.drawing[name].filter((one) => one !== row);
    for (const sign of this.drawing.signs) if (sign.about === row.id) sign.about = "";
    this.forget((id) => id === row.id);
  }

  /* What was measured of what is no longer so: "d1.clear_mm" of a door, "path.3.clear_mm" of a stretch. */
  forget(gone) {
    for (const name of Object.keys(this.drawing.measured)) {
      const [id, number] = name.split(".");
      if (gone(id, Number(number))) delete this.drawing.measured[name];
    }
  }
}

/* The number of an id that `newId` gave, 0 of another. As `largest_number` of rules/signs/drawing.py. */
function numberOf(id) {
  return Number(id.match(/^[a-z](\d{1,9})$/)?.[1] ?? 0);
}

function typeOf({ name, row }) {
  return { walls: "wall", doors: "door", signs: "sign" }[name] ?? row.kind;
}

function within(value) {
  return Math.max(-200000, Math.min(200000, value));
}

/* A finding names rows by their id and points as "path.<n>", "turn.<n>". */
export function keyOfElement(element) {
  const point = element.match(/^(path|turn)\.(\d+)$/);
  return point ? `${point[1]}/${point[2]}` : `row/${element}`;
}

/* The middle of an object, for marks and for scrolling to it. */
export function middle(points) {
  const of = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return [of(0), of(1)];
}
