"""Handing a case in and waiting for its result, from the journey's side: stored first, sent, followed to its end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import msgspec
import structlog

from budayang.rules.services import AfterHours
from budayang.terminal.cases import LiveCases
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.clock import Clock
from budayang.terminal.errors import CenterRefused, CenterUnreachable, NotEnrolled
from budayang.terminal.identity import Identity
from budayang.terminal.journey import Journey, Outcome
from budayang.terminal.outbox import CaseRowState, Outbox
from budayang.terminal.printing import Act, Printing
from budayang.terminal.screens.language import _
from budayang.wire.mac import from_text
from budayang.wire.messages import CaseAnswer, CaseConsent, CaseResult, CaseSubmit
from budayang.wire.sealing import CannotOpen, case_info, open_text, result_info, seal_text

log = structlog.get_logger(__name__)

SEND_S = 45.0  # so long the person waits for the network; then the case goes without them
RESULT_S = 180.0
AGAIN_S = 1.5
UNCHECKED = frozenset({"identity_unavailable", "too_many_codes"})  # of a code on a card
FINAL = frozenset({"done", "failed", "handed_in", "review"})


class Submitting:
    """Runs the state `submit` of a journey."""

    def __init__(
        self,
        clock: Clock,
        outbox: Outbox,
        catalogue: Catalogue,
        identity: Identity,
        live: LiveCases,
        printing: Printing,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._clock = clock
        self._outbox = outbox
        self._catalogue = catalogue
        self._identity = identity
        self._live = live
        self._printing = printing

    async def run(self, journey: Journey, *, lang: str) -> Act | None:
        """The papers to print, or None with `journey.outcome` set. A journey with a number is a reprint: nothing
        is sent.
        """
        fresh = not journey.submitted
        self._show(journey, "saving", _("正在保存"))
        if fresh:
            self.store(journey, lang)
            if not await self._send(journey):
                return None
        self._show(journey, "working", _("部门正在办理") if fresh else _("正在取回您的材料"))
        answer = await self._wait(journey)
        if answer is None:
            return None
        return self._finish(journey, answer)

    def store(self, journey: Journey, lang: str) -> None:
        """Write the case, sealed, before anything is sent: from here on it is handed in, whatever happens to this
        machine.
        """
        assert journey.person is not None
        enrolled = self._identity.enrolled
        number = self._outbox.new_number(enrolled.terminal)
        private = msgspec.json.encode(journey.person.private(journey.form))
        consented_at = (journey.consented_at or self._clock.now()).isoformat(timespec="seconds")
        request = CaseSubmit(
            number=number,
            item=journey.item,
            sealed=seal_text(from_text(enrolled.seal_key, 32), private, case_info(number)),
            reply_key=journey.reply_key.public,
            consent=CaseConsent(version=str(self._catalogue.consent.get("version", "1")), at=consented_at),
            lang=lang,
        )
        self._outbox.store_case(number, journey.item, msgspec.json.encode(request))
        journey.number, journey.submitted = number, True

    def lost(self) -> Outcome:
        """Our own fault in the middle of it: the case is stored and goes on without the person."""
        return Outcome("review", _("请稍后再来取"), _("本机刚才出了差错，工作人员会核实"), safe_words())

    async def _send(self, journey: Journey) -> bool:
        row = self._outbox.find_case(journey.number)
        assert row is not None
        self._show(journey, "sending", _("正在提交到管理平台"))
        until = self._clock.monotonic() + SEND_S
        while True:
            try:
                await self._live.submit(row)
                self._show(journey, "accepted", _("管理平台已收到"))
                return True
            except CenterRefused as refused:
                log.warning("journey.case_refused", number=journey.number, error=refused.code)
                if refused.code in UNCHECKED:
                    self._withdraw(journey)
                    return False
                stored = self._outbox.find_case(journey.number)
                if stored is not None and stored.state is CaseRowState.REFUSED:
                    text = _("管理平台没有收下这份申请，没有办理，也没有收费")
                    journey.outcome = Outcome("failed", _("没有办成"), text, _("请换一台终端，或呼叫帮办"), again=True)
                    return False
            except (CenterUnreachable, NotEnrolled):
                self._show(journey, "sending", _("网络不通，正在重试"))
            if self._clock.monotonic() >= until or (self._submits(journey) and self._clock.monotonic() >= until - 30):
                self._later(journey)
                return False
            await asyncio.sleep(AGAIN_S)

    def _withdraw(self, journey: Journey) -> None:
        """The center could not check whose card it is and took nothing; nothing is sent behind the person's back."""
        self._outbox.settle_case(journey.number, CaseRowState.REFUSED)
        text = _("现在核对不了卡上的码，没有提交，也没有收费")
        journey.outcome = Outcome("failed", _("没有办成"), text, _("请过一会儿再试，或刷身份证办理"), again=True)

    async def _wait(self, journey: Journey) -> CaseAnswer | None:
        until = self._clock.monotonic() + RESULT_S
        while self._clock.monotonic() < until:
            try:
                answer = await self._live.wait(journey.number, journey.reply_key.public)
            except CenterRefused as refused:
                if refused.status not in {401, 429}:
                    log.warning("journey.wait_refused", number=journey.number, error=refused.code)
                    journey.outcome = self.lost()
                    return None
            except (CenterUnreachable, NotEnrolled):
                self._show(journey, "working", _("网络不通，正在重试"))
            else:
                if answer.state in FINAL:
                    return answer
                self._show(journey, "working", answer.message or _("部门正在办理"))
                continue
            await asyncio.sleep(AGAIN_S)
        text = _("部门还没有办完。办好以后，带同一张身份证到任何一台自助终端都能取")
        journey.outcome = Outcome("later", _("请稍后再来取"), text, safe_words())
        return None

    def _finish(self, journey: Journey, answer: CaseAnswer) -> Act | None:
        message = answer.message
        if answer.state == "review":
            text = message or _("部门的答复不完整，工作人员正在核实，不用重办")
            journey.outcome = Outcome("review", _("待核"), text, safe_words())
            return None
        if answer.state == "failed" or answer.result is None:
            text = message or _("部门没有办理这份申请")
            journey.outcome = Outcome("refused", _("没有办成"), text, _("没有收费，也没有重复办理"), again=True)
            return None
        try:
            plain = open_text(journey.reply_key.private, answer.result, result_info(journey.number))
            journey.result = msgspec.json.decode(plain, type=CaseResult)
            documents = _documents(journey.result)
        except (CannotOpen, msgspec.DecodeError, ValueError):
            log.exception("journey.result_unreadable", number=journey.number)
            journey.outcome = self.lost()
            return None
        if not documents:
            title = _("已提交") if answer.state == "handed_in" else _("已办好")
            journey.outcome = Outcome("handed_in", title, journey.result.message or message, safe_words())
            return None
        return self._printing.entitle(journey.number, documents)

    def _submits(self, journey: Journey) -> bool:
        item = self._catalogue.raw(journey.item) or {}
        return item.get("after_hours") == AfterHours.SUBMIT

    def _later(self, journey: Journey) -> None:
        text = _("网络恢复后本机自动提交，不用再来办一次。有结果后，带同一张身份证到任何一台自助终端都能取")
        journey.outcome = Outcome("later", _("已保存"), text, safe_words())

    def _show(self, journey: Journey, phase: str, text: str) -> None:
        if (phase, text) != (journey.submit_phase, journey.submit_text) or journey.since is None:
            if journey.since is None:
                journey.since = self._clock.now()
            journey.submit_phase, journey.submit_text = phase, text
            self.on_change()


def safe_words() -> str:
    """What the person may rely on, in the words of all these pages."""
    return _("已保存，断网断电也不会丢，也不会重复办理")


def _documents(result: CaseResult) -> tuple[bytes, ...]:
    """The PDFs of a result in the order of printing: the paper, then the receipt. Raises ValueError when one is no
    PDF.
    """
    found = [base64.b64decode(text, validate=True) for text in (result.paper_pdf, result.receipt_pdf) if text]
    if not all(pdf.startswith(b"%PDF-") for pdf in found):
        raise ValueError("not a PDF")
    return tuple(found)
