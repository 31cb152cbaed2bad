"""The rules of a department's service as a whole that `budayang connector check` tries, one row each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from budayang.cli.contract_session import MARK, Declared, Failed, Session, Skipped, refused

LARGE = 13 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` raises Failed or Skipped, and returns nothing when the rule is kept. `repair`: what to do when it is not,
    for the department's engineer.
    """

    name: str
    zh: str
    check: Callable[[Session], None]
    repair: str


# the service


def _health(session: Session) -> None:
    session.get("health", "Health")


def _wrong_key(session: Session) -> None:
    for key in ("wrong-key", ""):
        answer = session.call("GET", "health", key=key)
        if answer.status_code != 401:
            raise Failed(f"status {answer.status_code} instead of 401 {'without a' if not key else 'with a wrong'} key")


def _wrong_key_acts(session: Session) -> None:
    body = _any_matter(session)
    answer = session.call("POST", "matters", body, key="wrong-key", headers={"Idempotency-Key": body["case"]})
    if answer.status_code != 401:
        raise Failed(f"status {answer.status_code} instead of 401")


def _items(session: Session) -> None:
    session.get("items", "Declaration")


def _health_lists(session: Session) -> None:
    served = {item.code for item in declared(session) if item.served}
    missing = served - set(session.get("health", "Health")["items"])
    if missing:
        raise Failed(f"declared and not listed by health: {', '.join(sorted(missing)[:5])}")


def _hours(session: Session) -> None:
    session.get("hours", "Hours")


def _confirmed(session: Session) -> None:
    said = session.get("hours", "Hours")
    if not said["confirmed_by"].strip():
        raise Failed("confirmed_by is empty: hours that nobody confirmed stay 待部门确认")
    missing = {item.code for item in declared(session) if item.served} - set(said["items"])
    if missing:
        raise Failed(f"no hours for {', '.join(sorted(missing)[:5])}: they stay 待部门确认")


def _unknown_item(session: Session) -> None:
    body = {**_any_matter(session), "item": "NO-SUCH-ITEM"}
    refused(session.hand_in(body), 404)


def _unknown_case(session: Session) -> None:
    if not any(item.can_be_asked for item in declared(session)):
        raise Skipped("no item declares can_be_asked")
    refused(session.call("GET", f"matters/{session.number()}"), 404, error="unknown_case")


def _bad_key(session: Session) -> None:
    body = _any_matter(session)
    refused(session.hand_in(body, key="another-number"), 400)


def _no_key(session: Session) -> None:
    refused(session.call("POST", "matters", _any_matter(session)), 400)


def _not_json(session: Session) -> None:
    body = f'{{"case": "{MARK}", '.encode()
    refused(session.call("POST", "matters", body, headers={"Idempotency-Key": session.number()}), 400)


def _no_person(session: Session) -> None:
    body = _any_matter(session)
    refused(session.hand_in({**body, "person": {"name": MARK}}), 400)


def _wrong_types(session: Session) -> None:
    for change in ({"form": MARK}, {"paper": [MARK]}, {"case": {"x": MARK}}):
        body = _any_matter(session)
        key = body["case"]
        refused(session.call("POST", "matters", {**body, **change}, headers={"Idempotency-Key": key}), 400)


def _content_type(session: Session) -> None:
    body = _any_matter(session)
    headers = {"Idempotency-Key": body["case"], "Content-Type": "text/plain"}
    answer = session.call("POST", "matters", json.dumps(body).encode(), headers=headers)
    if answer.status_code not in (400, 415):
        raise Failed(f"status {answer.status_code} instead of 400 or 415 for text/plain")


def _too_large(session: Session) -> None:
    body = _any_matter(session)
    body["form"] = {"x": "x" * LARGE}
    try:
        answer = session.hand_in(body)
    except Failed:
        return  # it closed the line while we were still sending, which is a refusal too
    if answer.status_code != 413:
        raise Failed(f"status {answer.status_code} instead of 413 for {LARGE} bytes")


def _any_matter(session: Session) -> dict[str, Any]:
    """A body that would be right, of the first item that has a test identity."""
    item = next((one for one in declared(session) if one.served and one.identity is not None), None)
    if item is None:
        raise Skipped("no item declares a test identity")
    return session.matter(item, session.number())


def declared(session: Session) -> list[Declared]:
    """What the service declares of its items.

    Raises:
        Failed: it declares nothing that could be read.
    """
    said = session.get("items", "Declaration")
    return [
        Declared(
            code,
            one["kind"],
            one.get("honours_key", True),
            one.get("can_be_asked", False),
            one.get("can_withdraw", False),
            one.get("names_person", False),
            one.get("test_identity"),
            one.get("form"),
        )
        for code, one in sorted(said["items"].items())
    ]


SERVICE_RULES: tuple[Rule, ...] = (
    Rule(
        "health",
        "健康检查有答复",
        _health,
        'GET /v1/health 答 200，内容为 {"status": "ok", "items": [事项编码]}。先看地址（不含 /v1）和 --key 对不对',
    ),
    Rule(
        "wrong_key",
        "密钥不对或没有密钥：401",
        _wrong_key,
        "每次先比较 Authorization: Bearer 密钥，不符一律答 401，健康检查也一样",
    ),
    Rule("wrong_key_acts", "密钥不对的办件：401", _wrong_key_acts, "办件也先看密钥，再读内容"),
    Rule(
        "items",
        "说明每个事项怎样办、承诺什么",
        _items,
        'GET /v1/items 答 {"contract": "1", "items": {编码: {"kind": …}}}，字段见 openapi.json 的 Declaration',
    ),
    Rule(
        "health_lists_items",
        "健康检查列出所说明的事项",
        _health_lists,
        "把 /v1/items 里的事项编码都写进 /v1/health 的 items",
    ),
    Rule(
        "hours",
        "办理时间的写法",
        _hours,
        'weekly 每行写 [星期（0 为周一）, "08:30", "17:30"]，见 openapi.json 的 Hours',
    ),
    Rule(
        "hours_confirmed", "办理时间有人确认，没有缺漏", _confirmed, "confirmed_by 写明由谁确认；每个事项都要有办理时间"
    ),
    Rule("unknown_item", "没有的事项：404", _unknown_item, '不认识的事项答 404 {"error": "unknown_item"}'),
    Rule(
        "unknown_case",
        "没有收到过的办件：404 unknown_case",
        _unknown_case,
        '没有收到过的编号答 404 {"error": "unknown_case"}：平台凭这一句才敢再发',
    ),
    Rule("key_is_the_case", "幂等键不是办件编号：400", _bad_key, "Idempotency-Key 与 case 不同，答 400，什么也不办"),
    Rule("key_is_required", "没有幂等键：400", _no_key, "没有 Idempotency-Key，答 400"),
    Rule(
        "not_json",
        "不是 JSON：400，不重复内容",
        _not_json,
        '读不懂的内容答 400 {"error": "malformed"}，不要把内容写进答复',
    ),
    Rule("no_person", "缺少身份证号：400，不重复内容", _no_person, "缺字段答 400；detail 只写字段名，不写值"),
    Rule("wrong_types", "类型不对：400，不重复内容", _wrong_types, "case、form、paper 的类型不对也答 400，不要出 500"),
    Rule(
        "content_type", "不是 application/json：400 或 415", _content_type, "只收 application/json，别的答 400 或 415"
    ),
    Rule("too_large", "超过 12 MiB：413", _too_large, "超过 12 MiB 的不读，答 413"),
)
