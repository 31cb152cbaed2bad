"""`budayang search`: what a question finds in the shipped catalogue, or why it finds nothing."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from budayang import data
from budayang.rules.search import SearchVerdict
from budayang.search import Answer, Index, SearchItem
from budayang.search.building import build_index


def shipped_items() -> list[SearchItem]:
    """The shipped catalogue as the index takes it."""
    other: dict[str, list[str]] = {}
    for row in data.aliases():
        other.setdefault(row.item_code, []).append(row.alias)
    return [
        SearchItem(item.code, item.name, tuple(other.get(item.code, ())), (item.department_kind, item.office))
        for item in data.service_items()
    ]


def shipped_index() -> Index:
    """The index of the shipped catalogue, built as the center builds it."""
    return build_index(shipped_items())


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("query", help="要办的事，照平常说话写 / what a person would say or type")
    parser.add_argument("--limit", type=int, default=5, help="最多列几项 / at most so many items (5)")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: Namespace) -> int:
    """Nothing found is an answer too: the exit code is 0."""
    answer = shipped_index().ask(arguments.query, max(arguments.limit, 1))
    names = {item.code: item.name for item in data.service_items()}
    print(_json(answer, names) if arguments.json else _text(answer, names))
    return 0


def _json(answer: Answer, names: dict[str, str]) -> str:
    hits = [
        {"item": hit.item_code, "name": names[hit.item_code], "score": hit.score, "why": hit.why} for hit in answer.hits
    ]
    told = {"verdict": answer.verdict.value, "reason": answer.reason, "advice": answer.advice}
    return json.dumps({**told, "read_as": answer.read_as, "items": hits}, ensure_ascii=False, indent=2)


def _text(answer: Answer, names: dict[str, str]) -> str:
    if answer.verdict is SearchVerdict.REFUSED:
        return f"不能办理：{answer.reason}"
    if answer.verdict is SearchVerdict.NOT_FOUND:
        return f"没有找到。{answer.advice or '换个说法试试，或按部门查看全部事项。'}"
    lines = [f"按“{answer.read_as}”查找"] if answer.read_as else []
    lines += [f"{hit.item_code}  {hit.score:.2f}  {names[hit.item_code]}（{hit.why}）" for hit in answer.hits]
    return "\n".join(lines)
