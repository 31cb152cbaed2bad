"""A bill of a matter was paid before: no screen says that nothing was taken; each payment is shown with its money."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from terminal_stage import play, stage
from test_paying import FORM, PROGRESS, Cashier, at_the_code

from budayang.wire import messages as wire
from budayang.wire import paying


@dataclass
class PaidBefore(Cashier):
    """A center whose every answer says that money was paid for the matter."""

    def _wait(self, number: str, asked: wire.CaseWait) -> httpx.Response:
        answer = super()._wait(number, asked)
        told = msgspec.json.decode(answer.content, type=wire.CaseAnswer)
        content = msgspec.json.encode(msgspec.structs.replace(told, paid=True))
        return httpx.Response(answer.status_code, content=content, headers={"Content-Type": "application/json"})


def test_who_does_not_pay_the_second_bill_is_not_told_that_nothing_was_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=PaidBefore()) as s:
            await at_the_code(s)
            await s.post("stop_paying")
            view = await s.state("outcome")
            assert view["outcome"]["safe"] == "没有办理，这一笔没有收钱"
            assert "没有收任何钱" not in (await s.browser.get("/")).text

    play(scene)


def test_a_matter_that_failed_after_paying_says_that_the_money_goes_back(tmp_path: Path) -> None:
    async def scene() -> None:
        for state, safe in (("failed", "您缴的钱会原路退回"), ("withdrawn", "没有办理，已缴的钱会退回")):
            async with stage(tmp_path / state, center=PaidBefore(pay_state="over", case_state=state)) as s:
                await s.post("start")
                await s.identified()
                await s.post("filled", FORM)
                await s.post("submit")
                assert (await s.state("outcome"))["outcome"]["safe"] == safe

    play(scene)


def test_progress_shows_every_payment(tmp_path: Path) -> None:
    payments = [paying.ProgressPayment(fen=1250, word="已退款"), paying.ProgressPayment(fen=500, word="待付款")]
    found = msgspec.structs.replace(PROGRESS, payments=payments)

    async def scene() -> None:
        center = Cashier(progress={("KBS017F3A000017C", "K7QM4XTD9HWR2PZA1234"): found})
        async with stage(tmp_path, center=center) as s:
            await s.post("start")
            await s.post("progress")
            await s.state("progress")
            await s.post("ask_progress", {"number": "KBS017F3A000017C", "code": "K7QM4XTD9HWR2PZA1234"})
            await s.until(lambda: bool(s.view()["progress"]["found"]))
            page = (await s.browser.get("/")).text
            assert "12.50 元 · 已退款" in page
            assert "5.00 元 · 待付款" in page

    play(scene)
