"""Plates to PDF: time and memory of our sheets beside bare typst on the same pages.

Usage: .venv/bin/python bench/signs.py --plates 1000   (one process; needs no database)

"ours": `papers.draw_sheet` for each plate: data checked, glyphs looked up, a code drawn, page boxes added.
"bare": the same template and the same data through one `typst.Compiler` call each, nothing else.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable

import typst

from budayang.papers import Sheet, SheetText, draw_sheet, sheets
from budayang.papers.rendering import _fonts

BLOCK = 100


def plate(number: int) -> Sheet:
    """A device card as an area has one for each terminal, no two alike."""
    code = f"KBS-{number:04d}"
    return Sheet(
        code="terminal_card",
        width_mm=148,
        height_mm=105,
        ground="#ffffff",
        ink="#142235",
        accent="#0f4c81",
        texts=(
            SheetText("设备管理卡", "zh", (0, 0, 1, 0.62)),
            SheetText("Device card", "en", (0, 0.67, 1, 0.33), 0.5),
        ),
        rows=(
            ("设备编号", code),
            ("功能", "人社演示部门、税务演示部门、医保演示部门"),
            ("责任人", f"测试{number}"),
            ("承诺", "故障30分钟内响应"),
            ("监督电话", "0477-12345"),
        ),
        qr=f"http://127.0.0.1:8800/r/t/{code}/0123456789abcdef0123/",
        qr_word="扫码报修、提意见",
        outside=f"{code} · 设备管理卡",
    )


def bare(inputs: dict[str, str], source: bytes, folder: str) -> bytes:
    """One page by typst alone."""
    made = typst.Compiler(
        source, root=folder, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs, package_path=folder,
        package_cache_path=folder,
    ).compile(format="pdf")  # fmt: skip
    assert isinstance(made, bytes)
    return made


def timed(numbers: range, draw: Callable[[int], bytes]) -> tuple[float, float, int]:
    """(seconds, processor seconds, bytes) for these pages."""
    began, worked = time.perf_counter(), time.process_time()
    size = sum(len(draw(number)) for number in numbers)
    return time.perf_counter() - began, time.process_time() - worked, size


def main() -> None:
    """Both in turn, a hundred pages at a time: what else runs on the machine then burdens both alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=int, default=1000)
    count = parser.parse_args().plates
    ready = [dict(sheets._inputs(plate(number))) for number in range(count)]
    sums: dict[str, list[float]] = {"bare typst": [0.0, 0.0, 0.0], "ours": [0.0, 0.0, 0.0]}
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[int], bytes]] = {
            "bare typst": lambda number: bare(ready[number], sheets._source(), folder),
            "ours": lambda number: draw_sheet(plate(number)),
        }
        for draw in ways.values():
            draw(0)  # fonts are read once, before the clock starts
        for first in range(0, count, BLOCK):
            for name, draw in ways.items():
                found = timed(range(first, min(first + BLOCK, count)), draw)
                sums[name] = [one + more for one, more in zip(sums[name], found, strict=True)]
    for name, (took, worked, size) in sums.items():
        print(
            f"{name}: {count} pages in {took:.1f} s ({worked:.1f} s of processor time), "
            f"{1000 * worked / count:.1f} ms of it a page, {size / count / 1024:.1f} KB a page"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"ours / bare: {sums['ours'][1] / sums['bare typst'][1]:.2f} in processor time; peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
