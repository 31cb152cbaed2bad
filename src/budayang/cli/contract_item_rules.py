"""The rules of each item of a department's service that `budayang connector check` tries, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from budayang import data
from budayang.cli.contract_session import Declared, Failed, Session, Skipped, read, refused
from budayang.forms.declaring import read_form

TWINS = 5


@dataclass(frozen=True, slots=True)
class ItemRule:
    """The same for one item. `when`: whether the rule is about the item at all."""

    name: str
    zh: str
    check: Callable[[Session, Declared], None]
    repair: str
    when: Callable[[Declared], bool] = lambda item: item.served


def _form(session: Session, item: Declared) -> None:
    try:
        read_form(item.form)
    except ValueError as error:
        raise Failed(str(error)) from None
    if item.form is None and data.find_form(item.code) is None:
        raise Skipped(
            'no form is declared and none ships for the code: no terminal offers the item; "form": {} asks nothing'
        )


def _answers(session: Session, item: Declared) -> None:
    said = _outcome(session, item)
    if said["outcome"] == "refused":
        raise Failed("the declared test identity is refused: nothing can be tried with it")


def _bound(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    said = read(session.hand_in(body), "Outcome")
    named = said.get("for")
    if said["outcome"] == "refused":
        raise Skipped("a refusal names nobody")
    if not named:
        raise Failed("names_person is declared and `for` is missing")
    if named["name"] != body["person"]["name"] or named["id_number"] != body["person"]["id_number"]:
        raise Failed("`for` is not the person who was asked for")
    if named.get("case", body["case"]) != body["case"]:
        raise Failed("`for.case` is not the case that was asked")


def _same_bytes(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    first = _good(session.hand_in(body))
    if _good(session.hand_in(body)).content != first.content:
        raise Failed("the same key got other bytes")
    turned = session.hand_in(dict(reversed(body.items())))
    if turned.status_code == 409:
        raise Failed("the same body with its fields in another order was taken for another one (409)")
    if _good(turned).content != first.content:
        raise Failed("the same body in another order of its fields got other bytes")


def _other_body(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    _good(session.hand_in(body))
    other = {**body, "person": {"name": "另一人", "id_number": "999999200001010011"}}
    refused(session.hand_in(other), 409)


def _twins(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    answers = [_good(one) for one in session.at_once(body, TWINS)]
    if len({one.content for one in answers}) != 1:
        raise Failed(f"{TWINS} calls with one key at one moment got different answers")


def _after_cut(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    session.send_and_hang_up(body)
    first = _good(session.hand_in(body))
    if _good(session.hand_in(body)).content != first.content:
        raise Failed("after a cut line the same key got different answers")


def _known(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    _good(session.hand_in(body))
    said = read(session.call("GET", f"matters/{body['case']}"), "Standing")
    if said["outcome"] is not None and said["state"] not in ("handed_in", "accepted", "correction"):
        first = read(session.hand_in(body), "Outcome") if item.honours_key else said["outcome"]
        if said["state"] in ("done", "refused") and first["outcome"] != said["outcome"]["outcome"]:
            raise Failed("the standing tells another outcome than the answer")


def _known_after_cut(session: Session, item: Declared) -> None:
    """It cannot be repeated, so the department must be able to say whether it has it."""
    body = session.matter(item, session.number())
    session.send_and_hang_up(body)
    answer = session.call("GET", f"matters/{body['case']}")
    if answer.status_code == 404:
        refused(answer, 404, error="unknown_case")
        raise Skipped("the cut call did not arrive; nothing is proved")
    read(answer, "Standing")


def _withdraw(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    _good(session.hand_in(body))
    path, why = f"matters/{body['case']}/withdraw", {"reason": "接口检查"}
    refused(session.call("POST", path, why, headers={"Idempotency-Key": body["case"]}), 400)
    for _time in range(2):
        answer = session.call("POST", path, why, headers={"Idempotency-Key": f"{body['case']}-W"})
        if answer.status_code == 409:
            refused(answer, 409, error="too_late")
        else:
            read(answer, "Withdrawn")


def _slots(session: Session, item: Declared) -> None:
    session.get(f"slots?item={item.code}", "Slots")


def _paid(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    said = read(session.hand_in(body), "Outcome")
    if said["outcome"] != "due":
        raise Failed("an item to be paid answers the test identity without a bill")
    due, path = said["due"], f"matters/{body['case']}/paid"
    told = {"bill": due["bill"], "amount_fen": due["amount_fen"], "paid_at": "2026-01-07T12:00:00+08:00"}

    def pay(payment: str, **change: Any) -> httpx.Response:
        return session.call("POST", path, {**told, "payment": payment, **change}, headers={"Idempotency-Key": payment})

    first = session.number()
    if read(pay(f"{first}-A", amount_fen=due["amount_fen"] + 1), "Outcome")["outcome"] != "refused":
        raise Failed("a wrong amount was taken")
    paid = _good(pay(f"{first}-B"))
    if read(paid, "Outcome")["outcome"] != "done":
        raise Failed("the right amount was not taken")
    if _good(pay(f"{first}-B")).content != paid.content:
        raise Failed("the same payment again got other bytes")
    if read(pay(f"{first}-C"), "Outcome")["outcome"] != "refused":
        raise Failed("one bill was settled twice")


def _correct(session: Session, item: Declared) -> None:
    body = session.matter(item, session.number())
    _good(session.hand_in(body))
    path = f"matters/{body['case']}/correct"
    refused(session.call("POST", path, {"materials": [], "form": {}}, headers={"Idempotency-Key": "wrong"}), 400)
    standing = read(session.call("GET", f"matters/{body['case']}"), "Standing")
    answer = session.call("POST", path, {"materials": [], "form": {}}, headers={"Idempotency-Key": f"{body['case']}-C"})
    if standing["state"] != "correction" and answer.status_code == 409:
        refused(answer, 409, error="too_late")
        raise Skipped("nothing is asked of the test identity: let one try of it lack something, and this can be tried")
    read(answer, "Outcome")


def _says_it_is_a_try(session: Session, item: Declared) -> None:
    if "拨测" not in _outcome(session, item)["message"]:
        raise Failed("the message of a try does not say 拨测")


def _good(answer: httpx.Response) -> httpx.Response:
    read(answer, "Outcome")
    return answer


def _outcome(session: Session, item: Declared) -> dict[str, Any]:
    return read(session.hand_in(session.matter(item, session.number())), "Outcome")


def _keyed(item: Declared) -> bool:
    return item.served and item.honours_key


ITEM_RULES: tuple[ItemRule, ...] = (
    ItemRule(
        "form",
        "表单写得对，终端问得出来",
        _form,
        '表单是带终端提示的 JSON Schema，写法见 docs/departments/forms.md；不用填表的写 "form": {}',
    ),
    ItemRule(
        "answers",
        "测试身份能办，答复合乎约定",
        _answers,
        "测试身份要在业务库里查得到、能办成；表单要真实取值时用 --forms",
    ),
    ItemRule(
        "says_it_is_a_try", "拨测的答复说明是拨测", _says_it_is_a_try, '办件带 "test": true 时，message 里写“拨测”'
    ),
    ItemRule(
        "bound",
        "答复说明是谁的记录、哪个办件",
        _bound,
        "除了不予办理，答复都带 for：姓名、证件号从查到的记录里取，case 是这次的编号",
        lambda item: item.served and item.names_person,
    ),
    ItemRule(
        "same_key_same_bytes",
        "同一个键得到同样的字节",
        _same_bytes,
        "第一次的答复按编号存好，同一个键原样发回，不要重新生成；比较内容时先把字段排序（顺序不同仍是同一份）",
        _keyed,
    ),
    ItemRule(
        "other_body",
        "同一个键、另一份内容：409",
        _other_body,
        '同一个键、内容不同，答 409 {"error": "key_used"}，什么也不办',
        _keyed,
    ),
    ItemRule("twins", "同时来的两次只办一次", _twins, "按编号加锁或用唯一键：只办一次，两次都给同一个答复", _keyed),
    ItemRule(
        "after_a_cut_line", "断线之后再问，答复还在", _after_cut, "先存好答复再发；对方断线也要办完、存好", _keyed
    ),
    ItemRule(
        "can_be_asked",
        "能问到办件进展",
        _known,
        "GET /v1/matters/编号 答 Standing；办结的结果与先前的答复一致",
        lambda item: item.served and item.can_be_asked,
    ),
    ItemRule(
        "known_after_a_cut_line",
        "断线之后能问到有没有收到",
        _known_after_cut,
        "收到后 5 秒内要能查到这个编号",
        lambda item: item.served and item.can_be_asked and not item.honours_key,
    ),
    ItemRule(
        "withdraw",
        "可以撤回，重复撤回也一样",
        _withdraw,
        '撤回的键是 编号-W，别的键答 400；答 {"withdrawn": true}，来不及了答 409 {"error": "too_late"}',
        lambda item: item.served and item.can_withdraw,
    ),
    ItemRule(
        "slots",
        "列出可约的时间",
        _slots,
        "GET /v1/slots?item=编码 答 Slots，时刻带时区",
        lambda item: item.kind == "book",
    ),
    ItemRule(
        "paid",
        "一张账单只收一次，金额不符不收",
        _paid,
        "键是缴费单号；账单和金额都对才收，一张账单只收一次，不符答 refused",
        lambda item: item.kind == "pay",
    ),
    ItemRule(
        "correct",
        "补正只凭补正的键",
        _correct,
        "补正的键是 编号-C，别的键答 400；收下后答 Outcome",
        lambda item: item.kind == "apply" and item.can_be_asked,
    ),
)
