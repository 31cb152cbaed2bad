"""Mongolian in columns beside what Chromium makes of the same text: the same words in each column, the same lengths."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path

import pytest
import typst
from playwright.sync_api import sync_playwright

from budayang.papers.glyphs import MONGOLIAN
from budayang.papers.rendering import template_source
from budayang.papers.vertical import pieces

pytestmark = pytest.mark.browser

# Common nouns (Mongol, writing, book, water, earth, person, horse, moon): a layout sample, not the text of any sign.
SAMPLE = "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ ᠨᠣᠮ ᠤᠰᠤ 24 小时 ᠭᠠᠵᠠᠷ ᠬᠦᠮᠦᠨ ᠮᠣᠷᠢ ᠰᠠᠷᠠ ᠨᠣᠮ\u202fᠤᠨ ᠮᠣᠷᠢ"
SIZE, PITCH = 40.0, 52.0
PROBE = """
const found = [];
const walker = document.createTreeWalker(document.getElementById("words"), NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode())
  for (let i = 0; i < node.data.length; i++) {
    if (/\\s/.test(node.data[i]) && node.data[i] !== "\\u202f") continue;
    const range = document.createRange();
    range.setStart(node, i); range.setEnd(node, i + 1);
    const box = range.getBoundingClientRect();
    if (box.height) found.push([node.data[i], (box.left + box.right) / 2, box.top, box.bottom]);
  }
return found;
"""


def by_chromium(chromium: str, flags: tuple[str, ...], height: float) -> list[tuple[str, float, float]]:
    """(letters, middle, length) of each column from left to right."""
    font = base64.b64encode(MONGOLIAN.read_bytes()).decode()
    words = "".join(f'<span class="up">{one}</span>' if one.isdigit() else one for one in SAMPLE)
    page_text = f"""<style>
      @font-face {{ font-family: M; src: url(data:font/ttf;base64,{font}); }}
      #words {{ writing-mode: vertical-lr; font: {SIZE}px/{PITCH}px M, "Noto Sans CJK SC"; height: {height}px; }}
      .up {{ text-orientation: upright; font-family: "Noto Sans CJK SC"; }}
    </style><div id="words" lang="mn">{words}</div>"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(flags))
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.set_content(page_text)
        page.evaluate("document.fonts.ready.then(() => 1)")
        letters = page.evaluate(f"(() => {{{PROBE}}})()")
        browser.close()
    columns: dict[int, list[list[float | str]]] = {}
    left = min(float(one[1]) for one in letters)
    for one in letters:
        columns.setdefault(round((float(one[1]) - left) / PITCH), []).append(one)
    return [
        (
            "".join(str(one[0]) for one in column),
            sum(float(one[1]) for one in column) / len(column),
            max(float(one[3]) for one in column) - min(float(one[2]) for one in column),
        )
        for _number, column in sorted(columns.items())
    ]


def by_typst(tmp_path: Path, height: float) -> list[tuple[str, float]]:
    """(letters, length) of each column from left to right. One point of typst is one pixel here."""
    source = (
        template_source("vertical").decode()
        + "\n#let found = json(bytes(sys.inputs.data))\n#context [#metadata(fill-columns(found, "
        + f"{SIZE}pt, {height}pt).map(one => (one.bundles.map(b => b.pieces).sum()"
        + ".map(p => p.at(1)).sum(), one.length.pt()))) <columns>]"
    )
    path = tmp_path / "columns.typ"
    path.write_text(source, "utf-8")
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[MONGOLIAN.parent])
    told = typst.query(
        str(path), "<columns>", field="value", one=True, font_paths=fonts, ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(pieces(SAMPLE))},
    )  # fmt: skip
    return [(text.replace(" ", ""), length) for text, length in json.loads(told)]


@pytest.mark.parametrize("height", [170.0, 260.0])
def test_columns_are_those_of_chromium(
    tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...], height: float
) -> None:
    theirs, ours = by_chromium(chromium, chromium_flags, height), by_typst(tmp_path, height)
    assert [text for text, _x, _length in theirs] == [text for text, _length in ours]
    for (text, _x, their), (_text, our) in zip(theirs, ours, strict=True):
        assert our == pytest.approx(their, abs=1.0), text
    steps = [right[1] - left[1] for left, right in itertools.pairwise(theirs)]
    assert steps == pytest.approx([PITCH] * len(steps), abs=0.5)
