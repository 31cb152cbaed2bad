"""`budayang standard check EDITION.xlsx`: every faulty cell of an edition's workbook, without touching any database."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from budayang.center.platform.uploads import BadUpload, read_book
from budayang.center.platform.wording import words
from budayang.center.standard.edition_queries import known
from budayang.cli.messages import Stop, say
from budayang.rules.standard.edition_reading import read_edition


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", type=Path, metavar="EDITION.xlsx", help="标准版本的工作簿 / workbook of an edition")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when the workbook could be loaded, 1 when it has faults."""
    path: Path = arguments.file
    try:
        book = read_book(path.read_bytes())
    except OSError as error:
        raise Stop(f"打不开 {path.name}。", f"{path.name} cannot be opened ({error.strerror}).", code=2) from error
    except BadUpload as bad:
        raise Stop(str(bad), f"{path.name} is no workbook that can be read.", code=2) from bad
    text, faults = read_edition(book, known())
    if arguments.json:
        rows = [{"cell": one.cell, "column": one.title, "message": one.message, "value": one.value} for one in faults]
        print(json.dumps({"faults": rows}, ensure_ascii=False))
        return 1 if faults else 0
    for one in faults:
        told = f"{one.title}：" if one.title else ""
        print(f"{one.cell}  {told}{words(one.message)}")
    if text is None:
        say(f"有 {len(faults)} 处错误", f"{len(faults)} faults")
        return 1
    mark = "（参照版，不是任何已发布标准的条文）" if text.about.is_reference else ""
    say(
        f"没有错误：{text.about.title}{mark}，{len(text.clauses)} 条条款，{len(text.terms)} 个术语",
        f"no faults: {len(text.clauses)} clauses, {len(text.terms)} terms",
    )
    return 0
