/* What part of the plan is seen: zoom about a point, pan, and from pixels of the screen to millimetres of the hall. */
const LEAST_MM = 1500;
const MOST_MM = 400000;
const MARGIN = 0.06;

export class Viewport {
  /* `over`: what lies upon it shows the same part. */
  constructor(root, over) {
    this.root = root;
    this.over = over;
    this.box = [0, 0, 20000, 10000];
    new ResizeObserver(() => this.put()).observe(root);
  }

  /* The whole plan with a margin. */
  fit(width, height) {
    const margin = Math.max(width, height) * MARGIN;
    this.box = [-margin, -margin, width + 2 * margin, height + 2 * margin];
    this.put();
  }

  put() {
    const box = this.box.map((value) => Math.round(value)).join(" ");
    for (const picture of [this.root, this.over]) picture.setAttribute("viewBox", box);
  }

  /* Millimetres that one pixel shows. */
  get scale() {
    const { width, height } = this.root.getBoundingClientRect();
    return Math.max(this.box[2] / Math.max(1, width), this.box[3] / Math.max(1, height));
  }

  /* The point of the hall under a pixel of the window; the drawing stands in the middle of its frame. */
  point(clientX, clientY) {
    const frame = this.root.getBoundingClientRect();
    const [x, y, width, height] = this.box;
    const { scale } = this;
    return [
      x + width / 2 + (clientX - frame.left - frame.width / 2) * scale,
      y + height / 2 + (clientY - frame.top - frame.height / 2) * scale,
    ];
  }

  zoom(factor, [px, py] = [this.box[0] + this.box[2] / 2, this.box[1] + this.box[3] / 2]) {
    const [x, y, width, height] = this.box;
    const wide = Math.max(LEAST_MM, Math.min(MOST_MM, width / factor));
    const by = wide / width;
    this.box = [px - (px - x) * by, py - (py - y) * by, wide, height * by];
    this.put();
  }

  pan(dx, dy) {
    this.box[0] += dx;
    this.box[1] += dy;
    this.put();
  }

  /* Bring a point into sight when it is out of it. */
  reveal([px, py]) {
    const [x, y, width, height] = this.box;
    if (px >= x && px <= x + width && py >= y && py <= y + height) return;
    this.pan(px - (x + width / 2), py - (y + height / 2));
  }
}
