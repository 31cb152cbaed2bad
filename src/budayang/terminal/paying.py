"""Paying, from the journey's side: the code is shown, the center watches the provider, the person may stop at any
moment.

The terminal never asks the provider and never knows a key of it. What it shows is what the center told last; without a
line it says so, and the money is safe: the center goes on without this machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from budayang.rules.payer_codes import payer_code_problem
from budayang.terminal.cases import LiveCases
from budayang.terminal.journey import Event, Journey, Outcome
from budayang.terminal.rating import to_ask
from budayang.terminal.screens.language import _
from budayang.uplink.errors import CenterRefused, CenterUnreachable, NotEnrolled
from budayang.wire.messages import CaseAnswer
from budayang.wire.paying import CasePay
from budayang.wire.sealing import CannotOpen, open_text, pay_info

log = structlog.get_logger(__name__)
AGAIN_S = 1.5
NOT_TAKEN = "这个付款码没有扣成，没有收费。可以换一个付款码，或用手机扫屏幕上的码"
CALM_S = 0.2  # a center that does not hold the wait is not asked without a pause


class Scanner(Protocol):
    """What paying needs of a scanner of payers' codes."""

    async def next_code(self) -> str: ...


class Paying:
    """Runs the state `pay` of a journey."""

    def __init__(self, live: LiveCases) -> None:
        self.scanner: Scanner | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.touched: Callable[[], None] = lambda: None
        self._live = live

    async def run(self, journey: Journey) -> Event:
        """Follow the payment until the money came, or the matter came to an end without it (`journey.outcome`); payers'
        codes are read meanwhile, where there is a scanner.
        """
        scanning = asyncio.get_running_loop().create_task(self._scan(journey))
        try:
            return await self._follow(journey)
        finally:
            scanning.cancel()

    async def _follow(self, journey: Journey) -> Event:
        if journey.pay is not None and journey.pay.state == "none":
            text = _("这台自助终端所在的地方还没有接入缴费。请到部门窗口缴费，不用重新申请")
            journey.outcome = Outcome("refused", _("这里不能缴费"), text, _("没有收任何钱"))
            return Event.ENDED
        while True:
            try:
                answer = await self._live.wait(journey.number, journey.reply_key.public, seen=journey.pay_mark)
            except CenterRefused as refused:
                log.warning("journey.pay_refused", number=journey.number, error=refused.code)
                if refused.status in (403, 404):  # this journey may not look any more, and asking again changes nothing
                    text = _("时间太久，本机不能再查看这笔缴费了。再刷一次证件，可以接着缴费或取结果")
                    journey.outcome = Outcome("later", _("请再刷一次证件"), text, _("已经付了的不会丢，也不会重复收费"))
                    return Event.ENDED
                await asyncio.sleep(AGAIN_S)
            except (CenterUnreachable, NotEnrolled):
                self._say(journey, _("网络不通，正在重试。已经付了的不会丢，也不会重复收费"))
                await asyncio.sleep(AGAIN_S)
            else:
                self._say(journey, "")
                journey.paid = journey.paid or answer.paid or answer.state == "paid"
                if answer.state == "due":
                    before = journey.pay.refused if journey.pay is not None else 0
                    if take_pay(journey, answer):
                        if journey.pay is not None and journey.pay.refused > before:
                            journey.scan_text = _(
                                "这个付款码没有扣成，没有收费。可以换一个付款码，或用手机扫屏幕上的码"
                            )
                        self.on_change()
                    else:
                        await asyncio.sleep(CALM_S)
                    continue
                if answer.state == "withdrawn":
                    journey.rating = to_ask(journey, answer)
                    journey.outcome = stopped(answer.message, paid=journey.paid)
                    return Event.ENDED
                return Event.PAID  # the result, whatever it is, is fetched as any other

    async def _scan(self, journey: Journey) -> None:
        """Read payers' codes for as long as the page stands; each is sent once, and what comes of it `run` hears."""
        if self.scanner is None:
            return
        while True:
            code = await self.scanner.next_code()
            self.touched()
            if journey.pay is None or journey.pay.state != "open":
                continue
            if problem := payer_code_problem(code):
                journey.scan_text = _(problem)
                self.on_change()
                continue
            journey.scan_text = _("已读到付款码，正在扣款，请稍候")
            self.on_change()
            await self._act(journey, "pay", payer_code=code)

    async def begin(self, journey: Journey) -> None:
        """Another code, after the first one expired."""
        await self._act(journey, "pay")

    async def stop(self, journey: Journey) -> None:
        """The person does not go on. Until the center says that nothing can be paid any more the page stays."""
        self._say(journey, _("正在取消，请稍候"))
        await self._act(journey, "stop")

    async def _act(self, journey: Journey, verb: str, *, payer_code: str = "") -> None:
        try:
            await self._live.act(journey.number, verb, journey.reply_key.public, payer_code=payer_code)
        except CenterRefused as refused:
            log.info("journey.pay_act_refused", number=journey.number, verb=verb, error=refused.code)
            self._say(journey, _("已经付款，正在办理，不能取消了") if refused.code == "too_late" else "")
        except (CenterUnreachable, NotEnrolled):
            self._say(journey, _("网络不通，请再试一次。没有付款就没有收费"))

    def _say(self, journey: Journey, text: str) -> None:
        if journey.pay_text != text:
            journey.pay_text = text
            self.on_change()


def take_pay(journey: Journey, answer: CaseAnswer) -> bool:
    """Keep what is to be paid; False when it is what the screen shows already, or cannot be read."""
    if answer.pay is None or answer.mark == journey.pay_mark:
        return False
    try:
        plain = open_text(journey.reply_key.private, answer.pay, pay_info(journey.number))
        journey.pay = msgspec.json.decode(plain, type=CasePay)
    except (CannotOpen, msgspec.DecodeError):
        log.warning("journey.pay_unreadable", number=journey.number)
        return False
    journey.pay_mark = answer.mark
    return True


def stopped(message: str, *, paid: bool) -> Outcome:
    """The person did not pay. `paid`: a bill before this one was paid, and the message says where that money is."""
    safe = _("没有办理，这一笔没有收钱") if paid else _("没有办理，也没有收任何钱")
    return Outcome("refused", _("没有缴费，已取消"), message, safe, again=True)
