"""`budayang search-eval`: how well the search answers a file of questions whose item is known."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from budayang.cli.messages import Stop, warn
from budayang.cli.search import shipped_index
from budayang.search.evaluating import NONE, Figures, Outcome, figures, read_cases, report, run_cases

KEYS = ("top1", "top5", "mrr", "out_of_scope_found", "false_refusals", "median_ms")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV：query,item,type；item 为 NONE 表示目录外 / NONE: out of scope")
    parser.add_argument("--alternatives", type=Path, help="CSV：query,also_acceptable / what else counts as right")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    parser.add_argument("--misses", action="store_true", help="逐条列出答错的 / list the questions answered wrongly")


def run(arguments: Namespace) -> int:
    try:
        cases = read_cases(arguments.file, arguments.alternatives)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Stop(f"读不了问题文件：{error}", f"cannot read the questions: {error}") from error
    index = shipped_index()
    known = {entry.item_code for entry in index.entries} | {NONE}
    strange = sorted({code for case in cases for code in case.right} - known)
    if strange:
        warn(f"目录里没有这些编码：{', '.join(strange)}", "these codes are not in the catalogue")
    outcomes = run_cases(index, cases)
    if arguments.json:
        print(json.dumps(report(outcomes), ensure_ascii=False, indent=2))
    else:
        print(_table(outcomes))
    if arguments.misses:
        for one in outcomes:
            if one.place != 1:
                line = f"{one.case.sort}\t{one.case.query}\t{' '.join(one.case.right)}\t{' '.join(one.given)}"
                print(line, file=sys.stderr)
    return 0


def _table(outcomes: list[Outcome]) -> str:
    sorts = sorted({one.case.sort for one in outcomes})
    rows = [("overall", figures(outcomes))]
    rows += [(sort, figures([one for one in outcomes if one.case.sort == sort])) for sort in sorts]
    head = f"{'':<14}{'n':>6}" + "".join(f"{key:>20}" for key in KEYS)
    return "\n".join([head, *(_line(name, row) for name, row in rows)])


def _line(name: str, row: Figures) -> str:
    count = (row["queries"] or 0) + (row["out_of_scope"] or 0)
    return f"{name:<14}{count:>6}" + "".join(f"{'-' if row[key] is None else row[key]:>20}" for key in KEYS)
