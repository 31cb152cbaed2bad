/* What a tool puts on the plan at a point: with the sizes of its kind, turned away from the wall, told what it belongs to. */
const NEAR_WALL_MM = 500;
const NEAR_THING_MM = 2000;
const SIZES = { terminal: [600, 600, 1600], facility: [500, 500, 1200], obstacle: [1000, 600, 1200] };

export const LINES = ["wall", "door"];

/* Put one object down; `options` are the choices of the tool. The key of what is there now, "" when nothing can be. */
export function place(plan, tool, at, options, selected) {
  if (tool === "path" || tool === "turn") return plan.addPoint(tool, at);
  if (tool === "seen") return setSeen(plan, at, selected);
  if (tool === "sign") return options.kind ? plan.add("sign", newSign(plan, at, options.kind)) : "";
  const [width_mm, depth_mm, height_mm] = SIZES[tool];
  const code = { terminal: options.terminal, facility: options.facility }[tool] ?? "";
  if (tool === "terminal" && !code) return "";
  const wall = nearestWall(plan, at);
  const size = { width_mm, depth_mm, height_mm };
  const facing = wall ? wall.facing : 90;
  return plan.add(tool, { kind: tool, code, at, ...size, facing, low: false });
}

/* A wall or a door between two points. */
export function draw(plan, tool, start, end) {
  if (start[0] === end[0] && start[1] === end[1]) return "";
  if (tool === "wall") return plan.add("wall", { start, end, clear: false });
  return plan.add("door", { start, end, kind: plan.drawing.doors.length ? "inner" : "entrance", clear_mm: null });
}

/* Walls around the whole plan. */
export function frame(plan) {
  const { width_mm: w, depth_mm: d } = plan.drawing;
  const corners = [[0, 0], [w, 0], [w, d], [0, d]];
  corners.forEach((start, place) => plan.add("wall", { start, end: [...corners[(place + 1) % 4]], clear: false }));
}

function setSeen(plan, at, selected) {
  const found = plan.find(selected);
  if (!found?.row || !["sign", "seen"].includes(found.type)) return "";
  found.row.seen_from = at;
  return `seen/${found.row.id}`;
}

function newSign(plan, at, kind) {
  const wall = nearestWall(plan, at);
  const { width_mm, height_mm } = kind;
  const mounting = kind.mountings[0] ?? "wall";
  const low = kind.middle_mm ? Math.round((kind.middle_mm[0] + kind.middle_mm[1]) / 2 - height_mm / 2) : 1500;
  return {
    kind: kind.code, at, facing: wall ? wall.facing : 90, bottom_mm: Math.max(kind.bottom_mm ?? low, 0),
    width_mm, height_mm, mounting, seen_from: null, about: belongsTo(plan, at, kind.where), group: "", place: 0,
    edition: kind.edition,
  };
}

function distanceTo([x, y], [x1, y1], [x2, y2]) {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const at = length ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)) : 0;
  const foot = [x1 + at * (x2 - x1), y1 + at * (y2 - y1)];
  return { by: Math.hypot(x - foot[0], y - foot[1]), foot };
}

/* The nearest wall and where something before it looks: away from it, on the side of the point. */
function nearestWall(plan, at) {
  let best = null;
  for (const { start, end } of plan.drawing.walls) {
    const { by, foot } = distanceTo(at, start, end);
    if (by < NEAR_WALL_MM && (!best || by < best.by)) best = { by, foot, start, end };
  }
  if (!best) return null;
  const { width_mm, depth_mm } = plan.drawing;
  const inner = best.by > 1 ? at : [width_mm / 2, depth_mm / 2];
  const [nx, ny] = [-(best.end[1] - best.start[1]), best.end[0] - best.start[0]];
  const side = (inner[0] - best.foot[0]) * nx + (inner[1] - best.foot[1]) * ny >= 0 ? 1 : -1;
  const degrees = Math.round((Math.atan2(ny * side, nx * side) * 180) / Math.PI);
  return { facing: (degrees + 360) % 360 };
}

/* The thing or door that a sign of this kind speaks of, when one stands near. */
function belongsTo(plan, at, where) {
  const { doors, things } = plan.drawing;
  const middleOf = (row) => row.at ?? [(row.start[0] + row.end[0]) / 2, (row.start[1] + row.end[1]) / 2];
  const wanted = {
    each_terminal: () => things.filter((one) => one.kind === "terminal"),
    each_low: () => things.filter((one) => one.low),
    each_entrance: () => doors.filter((one) => one.kind === "entrance"),
    each_exit: () => doors.filter((one) => one.kind === "exit"),
    each_emergency: () => doors.filter((one) => one.kind === "emergency"),
  }[where] ?? (() => things.filter((one) => where === `facility:${one.code}`));
  let best = ["", NEAR_THING_MM];
  for (const row of wanted()) {
    const [x, y] = middleOf(row);
    const by = Math.hypot(at[0] - x, at[1] - y);
    if (by < best[1]) best = [row.id, by];
  }
  return best[0];
}

/* A copy beside the thing that is chosen: twenty terminals in a row are not drawn one by one. */
export function again(plan, key) {
  const found = plan.find(key);
  if (!found?.row || found.type === "seen" || found.type === "terminal") return "";
  const copy = structuredClone(found.row);
  delete copy.id;
  for (const point of [copy.start, copy.end, copy.at, copy.seen_from]) if (point) point[0] += 500;
  return plan.add(found.type, copy);
}
