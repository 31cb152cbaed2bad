#!/usr/bin/env python3
"""How smooth the editor of a plan is: frames while one of many objects is dragged, in a real Chromium without GPU.

    python bench/plan_editor.py [--objects 500] [--moves 300] [--port 19900]

The demonstration's center runs in a process of its own; the plan holds walls, terminals and signs in equal parts.
Printed: how long frames took while the mouse moved (p50, p95, longest), how long the page worked on each of them
(p50, p95: the part that the editor can help), and how long it took after letting go until the change stood in the list
and in the history (median of ten). A frame at 60 Hz has 16.7 ms.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from budayang.cli.stage import Stage
from budayang.data import demo

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FRAMES = """() => {
  window.frames_ms = []; window.work_ms = [];
  let last = 0, on = true;
  const tick = (at) => {
    if (last) window.frames_ms.push(at - last);
    last = at;
    if (on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const hand = window.planEditor.hand, frame = hand.frame.bind(hand);
  hand.frame = (event) => {
    const began = performance.now();
    frame(event);
    window.work_ms.push(performance.now() - began);
  };
  window.stop_frames = () => { on = false; hand.frame = frame; };
}"""


def objects(count: int) -> dict[str, Any]:
    """A plan of so many objects on a grid, a third of each sort."""
    walls, things, signs = [], [], []
    for number in range(count):
        x, y = 1000 * (number % 40) + 500, 1000 * (number // 40) + 500
        if number % 3 == 0:
            walls.append({"id": f"w{number}", "start": [x - 400, y], "end": [x + 400, y], "clear": False})
        elif number % 3 == 1:
            size = {"width_mm": 600, "depth_mm": 600, "height_mm": 1600}
            row = {"id": f"t{number}", "kind": "terminal", "code": f"KBS-{number}", "at": [x, y], "facing": 90}
            things.append({**row, **size, "low": False})
        else:
            row = {"id": f"s{number}", "kind": "no_smoking", "at": [x, y], "facing": 90, "bottom_mm": 1500}
            size = {"width_mm": 220, "height_mm": 220, "mounting": "wall", "seen_from": None}
            signs.append({**row, **size, "about": "", "group": "", "place": 0, "edition": "2025"})
    sides = {"width_mm": 40_000, "depth_mm": 1000 * (count // 40 + 1)}
    return {**sides, "walls": walls, "doors": [], "things": things, "signs": signs, "path": [], "turns": []}


def pixel(page: Page, at: list[int]) -> tuple[float, float]:
    """Where a point of the hall is on the screen."""
    script = """([x, y]) => { const matrix = document.getElementById('plan-canvas').getScreenCTM();
        const point = new DOMPoint(x, y).matrixTransform(matrix); return [point.x, point.y]; }"""
    x, y = page.evaluate(script, at)
    return float(x), float(y)


def sign_in(browser: Browser, stage: Stage) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="zh-CN").new_page()
    page.goto(f"{stage.center}/accounts/login/")
    page.fill("[name=login]", "lin")
    page.fill("[name=password]", demo().password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/console/**")
    return page


def drag(page: Page, moves: int) -> dict[str, list[float]]:
    """Take the first terminal round in circles."""
    at = page.evaluate("window.planEditor.plan.drawing.things[0].at")
    page.mouse.move(*pixel(page, at))
    page.mouse.down()
    page.evaluate(FRAMES)
    x, y = pixel(page, at)
    for number in range(moves):
        page.mouse.move(x + 4 * (number % 60), y + 3 * (number % 45))
    page.evaluate("window.stop_frames()")
    page.mouse.up()
    found: dict[str, list[float]] = page.evaluate("({frames: window.frames_ms, work: window.work_ms})")
    return found


def letting_go(page: Page) -> float:
    """Milliseconds of the page for one change: history, redraw, list, properties."""
    script = """() => { const editor = window.planEditor; editor.select('row/t1');
        editor.plan.moveBy('row/t1', 50, 0); const began = performance.now(); editor.changed(['row/t1']);
        return performance.now() - began; }"""
    return float(page.evaluate(script))


def main() -> int:
    """0 when it was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--port", type=int, default=19900)
    args = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not here: apt-get install chromium")
        return 1
    with tempfile.TemporaryDirectory(prefix="budayang-plan-") as folder, sync_playwright() as playwright:
        stage = Stage(Path(folder), args.port)
        stage.take()
        try:
            stage.prepare()
            stage.start_web()
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = sign_in(browser, stage)
            page.goto(f"{stage.center}/console/sign-plans/KBS/edit/")
            page.wait_for_function("window.planEditor !== undefined")
            page.evaluate(
                "plan => { const e = window.planEditor; e.plan.take(plan); e.canvas.all(); e.panel.all(); e.fit(); }",
                objects(args.objects),
            )
            found, after = drag(page, args.moves), [letting_go(page) for _ in range(10)]
            browser.close()
        finally:
            stage.leave()
    for name, values in found.items():
        steps = statistics.quantiles(values, n=20)
        longest = max(range(len(values)), key=values.__getitem__)
        print(
            f"{name}: n={len(values)} p50={statistics.median(values):.1f} p95={steps[18]:.1f} "
            f"max={values[longest]:.1f} ms (number {longest + 1})"
        )
    print(f"letting go: {statistics.median(after):.1f} ms; {args.objects} objects")
    return 0


if __name__ == "__main__":
    sys.exit(main())
