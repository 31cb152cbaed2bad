"""Paying at the terminal: the code is shown, the center says what became of it, and nothing is lost or taken twice."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from terminal_stage import NIGHT, Center, Stage, good, play, refusal, stage

from budayang.terminal.devices.table import Reading, States
from budayang.wire import messages as wire
from budayang.wire import paying
from budayang.wire.numbers import make_number
from budayang.wire.sealing import pay_info, seal_text

FORM = {"insurance": "all", "months": "12", "purpose": "loan"}
PROGRESS = paying.Progress(
    number="KBS01-7F3A-000017-C",
    item="法律援助申请",
    department="司法",
    state="handed_in",
    word="部门已收件",
    law="收件不是受理",
    steps=[paying.ProgressStep(word="平台已收件", at_ms=1_763_921_640_000, by="platform")],
    legal_workdays=7,
    missing=["户口簿"],
    may_withdraw=True,
)


@dataclass
class Cashier(Center):
    """A center whose department wants money first. `pay_state`: opening, open, closed, none, paid, withdrawn."""

    pay_state: str = "open"
    acts: list[str] = field(default_factory=list)
    too_late: bool = False
    payer_codes: list[str] = field(default_factory=list)
    refused: int = 0
    forgotten: bool = False
    window_held: asyncio.Event | None = None
    progress: dict[tuple[str, str], paying.Progress] = field(default_factory=dict)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if not self.down and path.startswith("/wire/v1/cases/"):
            if path.endswith(("/pay", "/stop", "/window")):
                asked = msgspec.json.decode(request.content, type=paying.PayAsk)
                if path.endswith("/window") and self.window_held is not None:
                    await self.window_held.wait()
                return self._act(path.rsplit("/", 1)[1], path.split("/")[-2], asked.payer_code)
            if "/progress" in path:
                return self._progress(path, msgspec.json.decode(request.content, type=paying.ProgressAsk))
        return await super().handle(request)

    def _act(self, verb: str, number: str, payer_code: str = "") -> httpx.Response:
        self.acts.append(verb)
        if payer_code:
            self.payer_codes.append(payer_code)
            refused = payer_code.startswith("289")
            self.refused += refused
            self.pay_state = self.pay_state if refused else "paid"
            return good(wire.CaseAnswer(number=number, state="due"), 202)
        if self.too_late:
            return refusal("too_late", 409)
        if verb == "stop":
            self.pay_state = "withdrawn"
        elif verb == "pay":
            self.pay_state = "open"
        else:
            self.pay_state, self.case_state, self.paper = "over", "done", None
        return good(wire.CaseAnswer(number=number, state="due"), 202)

    def _progress(self, path: str, asked: paying.ProgressAsk) -> httpx.Response:
        found = self.progress.get((asked.number, asked.code))
        if found is None:
            return refusal("unknown_code", 404)
        if path.endswith("/withdraw"):
            self.acts.append("withdraw")
            return good(msgspec.structs.replace(found, state="withdrawn", word="已撤回", may_withdraw=False))
        return good(found)

    def _wait(self, number: str, asked: wire.CaseWait) -> httpx.Response:
        if self.forgotten:
            return refusal("unknown_reply_key", 403)
        if self.pay_state == "withdrawn":
            return good(wire.CaseAnswer(number=number, state="withdrawn", message="没有缴费", mark="withdrawn"))
        if self.pay_state == "paid" and asked.seen.startswith("due"):
            self.pay_state = "over"
            return good(wire.CaseAnswer(number=number, state="paid", mark="paid"))
        if self.pay_state in ("over", "paid"):
            return super()._wait(number, asked)
        owed = paying.CasePay(
            payment=f"{number}-P1", title="工本费", amount_fen=1250, state=self.pay_state, refused=self.refused,
            qr="https://pay.example/1" if self.pay_state == "open" else "", left_s=300,
        )  # fmt: skip
        sealed = seal_text(base64.b64decode(asked.reply_key), msgspec.json.encode(owed), pay_info(number))
        return good(
            wire.CaseAnswer(number=number, state="due", pay=sealed, mark=f"due:{self.pay_state}:{self.refused}")
        )


async def at_the_code(s: Stage) -> dict[str, Any]:
    await s.post("start")
    await s.identified()
    assert (await s.post("filled", FORM))["ok"]
    await s.post("submit")
    return await s.state("pay")


def test_the_code_is_shown_and_the_matter_goes_on_when_it_is_paid(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier()
        async with stage(tmp_path, center=center) as s:
            view = await at_the_code(s)
            assert (view["pay"]["yuan"], view["pay"]["state"]) == ("12.50", "open")
            page = (await s.browser.get("/")).text
            assert "请用手机扫码付款" in page
            assert "付款二维码" in page
            assert "测试甲" not in page
            center.pay_state = "paid"
            view = await s.state("take")
            assert s.terminal.attendant.journey.paid
            await s.post("taken")
            await s.post("rated", {"level": "satisfied"})
            await s.state("clear")
            assert s.terminal.attendant.journey.pay is None
            assert len(center.cases) == 1, "handed in once"

    play(scene)


def test_an_expired_code_is_made_anew_when_the_person_wants(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier(pay_state="closed")
        async with stage(tmp_path, center=center) as s:
            await at_the_code(s)
            assert "重新生成付款码" in (await s.browser.get("/")).text
            await s.post("pay_again")
            await s.until(lambda: s.view()["pay"]["state"] == "open")
            assert center.acts == ["pay"]

    play(scene)


def test_who_stops_is_told_that_nothing_was_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier()
        async with stage(tmp_path, center=center) as s:
            await at_the_code(s)
            await s.post("stop_paying")
            view = await s.state("outcome")
            assert view["outcome"]["title"] == "没有缴费，已取消"
            assert view["outcome"]["again"]

    play(scene)


def test_who_stops_too_late_gets_the_result(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier(too_late=True)
        async with stage(tmp_path, center=center) as s:
            await at_the_code(s)
            await s.post("stop_paying")
            await s.until(lambda: "不能取消" in s.view()["pay"]["note"] or s.terminal.attendant.state != "pay")
            center.pay_state = "paid"
            await s.state("take")

    play(scene)


def test_without_a_line_the_page_says_that_nothing_is_lost(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier()
        async with stage(tmp_path, center=center) as s:
            await at_the_code(s)
            center.down = True
            await s.until(lambda: "网络不通" in s.view().get("pay", {}).get("note", ""))
            center.down, center.pay_state = False, "paid"
            await s.state("take", 10)

    play(scene)


def test_a_journey_that_may_not_look_any_more_ends_and_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier()
        async with stage(tmp_path, center=center) as s:
            await at_the_code(s)
            center.forgotten = True
            view = await s.state("outcome")
            assert "再刷一次证件" in view["outcome"]["text"]
            assert "不会丢" in view["outcome"]["safe"]

    play(scene)


def test_where_nobody_takes_money_the_person_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Cashier(pay_state="none")) as s:
            await s.post("start")
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            view = await s.state("outcome")
            assert view["outcome"]["title"] == "这里不能缴费"

    play(scene)


def test_leaving_in_the_middle_of_paying_leaves_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Cashier()) as s:
            await at_the_code(s)
            await s.post("exit")
            await s.state("clear")
            assert s.terminal.attendant.journey.pay is None
            assert "pay.example" not in (await s.browser.get("/")).text

    play(scene)


def test_a_refused_matter_goes_to_the_window_with_a_slip(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier(pay_state="over", case_state="failed")
        async with stage(tmp_path, center=center) as s:
            await s.post("start")
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            view = await s.state("outcome")
            assert view["outcome"]["window"]
            await s.post("to_window")
            await s.state("take")
            assert center.acts == ["window"]
            assert len(s.printer.documents) == 1, "the slip"  # type: ignore[union-attr]

    play(scene)


@pytest.mark.parametrize("refused", [False, True])
def test_a_slip_that_comes_late_is_not_the_next_persons(tmp_path: Path, refused: bool) -> None:
    """Who asked for the window went away before the center had answered; the next one is asked what to fetch."""
    paper = {
        "number": make_number("YJHL-01", "0123456789abcdef", 17), "item": "ZZ001", "item_name": "参保证明",
        "at": NIGHT.isoformat(), "paper_state": "failed",
    }  # fmt: skip

    async def scene() -> None:
        center = Cashier(pay_state="over", case_state="failed", window_held=asyncio.Event(), too_late=refused)
        async with stage(tmp_path, center=center) as s:
            await s.post("start")
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("outcome")
            await s.post("to_window")
            await s.post("exit")
            await s.state("attract", 10)
            center.papers, sent = [paper], len(center.cases)
            await s.post("start")
            await s.identified()
            await s.state("resume")
            assert center.window_held is not None
            center.window_held.set()
            await s.until(lambda: center.acts == ["window"])
            await asyncio.sleep(0.3)
            view = s.view()
            assert (view["state"], view["error"]) == ("resume", "")
            assert len(center.cases) == sent, "what nobody confirmed is not handed in"

    play(scene)


def test_progress_is_asked_by_number_and_code_and_forgotten(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Cashier(progress={("KBS017F3A000017C", "K7QM4XTD9HWR2PZA1234"): PROGRESS})
        async with stage(tmp_path, center=center) as s:
            await s.post("start")
            await s.post("progress")
            await s.state("progress")
            assert "办件编号" in (await s.browser.get("/")).text
            assert not (await s.post("ask_progress", {"number": "", "code": ""}))["ok"]
            await s.post("ask_progress", {"number": "KBS017F3A000017C", "code": "WRONG"})
            await s.until(lambda: "对不上" in s.view()["error"])
            await s.post("ask_progress", {"number": "KBS017F3A000017C", "code": "K7QM4XTD9HWR2PZA1234"})
            await s.until(lambda: s.view()["progress"]["found"])
            page = (await s.browser.get("/")).text
            for word in ("部门已收件", "收件不是受理", "户口簿", "平台已收件", "撤回这件事"):
                assert word in page
            await s.post(
                "ask_progress", {"number": "KBS017F3A000017C", "code": "K7QM4XTD9HWR2PZA1234", "withdraw": "1"}
            )
            await s.until(lambda: s.view()["progress"]["found"]["word"] == "已撤回")
            assert center.acts == ["withdraw"]
            await s.post("home")
            await s.state("choose")
            assert s.terminal.attendant.journey.progress is None
            assert "KBS017F3A000017C" not in (await s.browser.get("/")).text

    play(scene)


@pytest.mark.parametrize("touch", ["pay_again", "stop_paying", "to_window", "ask_progress"])
def test_a_touch_of_another_page_changes_nothing(tmp_path: Path, touch: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Cashier()) as s:
            await s.post("start")
            assert not (await s.post(touch, {"number": "A", "code": "B"}))["ok"]

    play(scene)


class HandScanner:
    """A scanner before which a test holds a phone."""

    subject = kind = "payment"
    poll_s = 1.0

    def __init__(self) -> None:
        self.codes: asyncio.Queue[str] = asyncio.Queue()

    async def poll(self) -> States:
        return {"device": Reading("online"), "scanner": Reading("on")}

    async def next_code(self) -> str:
        return await self.codes.get()

    async def close(self) -> None:
        return None


def test_a_code_from_the_payers_phone_pays_the_order_that_is_shown(tmp_path: Path) -> None:
    async def scene() -> None:
        center, scanner = Cashier(), HandScanner()
        async with stage(tmp_path, center=center, more={"payment": scanner}) as s:
            await at_the_code(s)
            assert "也可以让本机扫您的付款码" in (await s.browser.get("/")).text
            scanner.codes.put_nowait("https://elsewhere.example/1")
            await s.until(lambda: "不是付款码" in s.view()["pay"]["note"])
            assert center.payer_codes == []
            scanner.codes.put_nowait("289999999999999999")
            await s.until(lambda: "没有扣成" in s.view()["pay"]["note"])
            scanner.codes.put_nowait("281234567890123456")
            await s.state("take")
            assert center.payer_codes == ["289999999999999999", "281234567890123456"]
            assert s.terminal.attendant.journey.paid
            assert "28123456" not in (await s.browser.get("/")).text

    play(scene)
