"""`budayang connector check URL`: a department tries its own service against the contract, rule by rule."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from budayang.cli.contract_item_rules import ITEM_RULES, ItemRule
from budayang.cli.contract_rules import SERVICE_RULES, Rule, declared
from budayang.cli.contract_session import TIMEOUT_S, Failed, Session, Skipped
from budayang.cli.messages import Stop

WORDS = {"passed": "通过", "failed": "不合", "skipped": "未试"}


@dataclass(frozen=True, slots=True)
class Result:
    """How one rule went: passed, failed or skipped, and why; `repair` says what to do about a failure."""

    rule: str
    item: str
    result: str
    why: str
    zh: str
    repair: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=["check"], help="核验 / check a service")
    parser.add_argument("url", help="部门接口地址，不含 /v1 / the service's address without /v1")
    parser.add_argument("--key", default="", help="接口密钥 / the connector's key")
    parser.add_argument(
        "--item",
        action="append",
        default=[],
        metavar="CODE",
        help="只试这个事项，可多次 / try this item only, may be repeated",
    )
    parser.add_argument(
        "--forms",
        type=Path,
        help='表单取值的 JSON 文件：{"事项编码": {…}} / a JSON file with values of forms by item',
    )
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT_S, metavar="S", help="每次最多等几秒 / seconds to wait for an answer"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when no rule is broken, 1 when one is, 2 when nothing could be tried."""
    url = arguments.url.rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise Stop(
            f"地址 {url} 看不懂：写成 https://主机/路径。", f"{url} is no address: write https://host/path.", code=2
        )
    session = Session(url, arguments.key, _forms(arguments.forms), arguments.timeout)
    session.knock()
    results = check(session, set(arguments.item), tell=(lambda one: None) if arguments.json else _print)
    counts = {word: sum(one.result == word for one in results) for word in WORDS}
    if arguments.json:
        rules = [{key: value for key, value in asdict(one).items() if key != "zh"} for one in results]
        print(json.dumps({"url": url, "contract": "1", **counts, "rules": rules}, ensure_ascii=False))
    else:
        print(
            f"\n{counts['passed']} 条通过，{counts['failed']} 条不合，{counts['skipped']} 条未试 / "
            f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} not tried"
        )
    if counts["failed"]:
        return 1
    return 0 if counts["passed"] else 2


def check(session: Session, wanted: set[str], tell: Callable[[Result], None]) -> list[Result]:
    """Try every rule, those of the items for the wanted ones (empty: all that are declared)."""
    results: list[Result] = []

    def attempt(rule: Rule | ItemRule, item: str, work: Callable[[], None]) -> None:
        results.append(_try(rule, item, work))
        tell(results[-1])

    for rule in SERVICE_RULES:
        attempt(rule, "", partial(rule.check, session))
    try:
        items = declared(session)
    except Failed:
        return results  # the rule "items" says so
    for code in sorted(wanted - {item.code for item in items}):
        results.append(
            Result(
                "declared",
                code,
                "failed",
                "GET /v1/items does not declare it",
                "说明了这个事项",
                "在 /v1/items 里说明它，或改正 --item 的编码",
            )
        )
        tell(results[-1])
    for item in items:
        if wanted and item.code not in wanted:
            continue
        for one in ITEM_RULES:
            if one.when(item):
                attempt(one, item.code, partial(one.check, session, item))
    return results


def _try(rule: Rule | ItemRule, item: str, work: Callable[[], None]) -> Result:
    try:
        work()
    except Failed as error:
        return Result(rule.name, item, "failed", str(error), rule.zh, rule.repair)
    except Skipped as error:
        return Result(rule.name, item, "skipped", str(error), rule.zh)
    return Result(rule.name, item, "passed", "", rule.zh)


def _print(one: Result) -> None:
    why = f"  {one.why}" if one.why else ""
    print(f"{WORDS[one.result]} {one.result:<8}{one.item:<8}{one.rule:<24}{one.zh}{why}", flush=True)
    if one.repair:
        print(f"     怎么改：{one.repair}", flush=True)


def _forms(path: Path | None) -> dict[str, dict[str, Any]]:
    if path is None:
        return {}
    try:
        forms: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(forms, dict) or not all(isinstance(one, dict) for one in forms.values()):
            raise ValueError
    except (OSError, ValueError):
        raise Stop(
            f'{path} 读不了：应为 {{"事项编码": {{…}}}} 的 JSON。',
            f'{path} cannot be read: it should be JSON {{"item": {{…}}}}.',
            code=2,
        ) from None
    return forms
