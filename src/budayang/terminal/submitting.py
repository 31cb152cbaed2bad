"""Handing a case in and waiting for its result, from the journey's side: stored first, sent, followed to its end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable

import msgspec
import structlog

from budayang.forms.materials import SIGNATURE, wanted
from budayang.rules.acting import ACTING_CONSENT_VERSION
from budayang.rules.services import AfterHours
from budayang.terminal.cases import LiveCases
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.checking import told
from budayang.terminal.handing_over import HandingOver
from budayang.terminal.journey import Journey, Outcome
from budayang.terminal.outbox import CaseRowState, Outbox
from budayang.terminal.paying import take_pay
from budayang.terminal.printing import Act, Printing
from budayang.terminal.rating import parts_to_ask, to_ask
from budayang.terminal.screens.language import _
from budayang.terminal.way import schema_of
from budayang.uplink.clock import Clock
from budayang.uplink.errors import CenterRefused, CenterUnreachable, NotEnrolled
from budayang.uplink.identity import Identity
from budayang.wire.journeys import SheetHead
from budayang.wire.mac import from_text
from budayang.wire.messages import CaseAgent, CaseAnswer, CaseConsent, CaseResult, CaseSubmit, SheetRef
from budayang.wire.sealing import CannotOpen, case_info, open_text, result_info, seal_text

log = structlog.get_logger(__name__)

SEND_S = 45.0  # so long the person waits for the network; then the case goes without them
RESULT_S = 180.0
AGAIN_S = 1.5
UNCHECKED = frozenset({"identity_unavailable", "too_many_codes"})  # of a code on a card
FINAL = frozenset(
    {"done", "failed", "handed_in", "review", "deferred", "withdrawn", "in_process", "correction", "window"}
)
HANDED_IN = frozenset({"handed_in", "in_process", "correction"})


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
        handing: HandingOver,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._clock = clock
        self._outbox = outbox
        self._catalogue = catalogue
        self._identity = identity
        self._live = live
        self._printing = printing
        self._handing = handing

    async def run(self, journey: Journey, *, lang: str) -> Act | None:
        """The papers to print, or None with `journey.outcome` set. A journey with a number is a reprint: nothing
        is sent.
        """
        fresh, journey.rating = not journey.submitted, []
        self._show(journey, "saving", _("正在保存"))
        if fresh:
            self.store(journey, lang)
            if not await self._send(journey):
                return None
        if journey.correction is not None:
            journey.number = journey.correction.number  # from here on it is the case that is followed
        text = _("部门正在办理") if fresh else _("正在取回您的材料")
        self._show(journey, "working", _("已收到您的缴费，部门正在出结果") if journey.paid else text)
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
        sheets, refs = self._sealed_sheets(journey, number)
        parts = {}
        if journey.item in self._catalogue.joints:
            items = self._catalogue.joints.numbers_for(journey.item, journey.form)
            parts = {item: self._outbox.new_number(enrolled.terminal) for item in items}
        corrects = ""
        if journey.correction is not None:
            corrects, journey.correction.handed = journey.correction.number, number
        private = msgspec.json.encode(
            journey.person.private(
                journey.form,
                agent=self._agent(journey),
                materials=refs,
                parts=parts,
                corrects=corrects,
                check=told(journey.check),
            )
        )
        consented_at = (journey.consented_at or self._clock.now()).isoformat(timespec="seconds")
        request = CaseSubmit(
            number=number,
            item=journey.item,
            sealed=seal_text(from_text(enrolled.seal_key, 32), private, case_info(number)),
            reply_key=journey.reply_key.public,
            consent=CaseConsent(version=str(self._catalogue.consent.get("version", "1")), at=consented_at),
            lang=lang,
        )
        self._outbox.store_case(number, journey.item, msgspec.json.encode(request), sheets)
        journey.number, journey.submitted = number, True

    def _sealed_sheets(self, journey: Journey, number: str) -> tuple[list[bytes], list[SheetRef]]:
        """The materials in their order as they are kept and sent; the person's signature comes last."""
        schema = schema_of(self._catalogue, journey)
        names = {want.kind: want.title for want in wanted(schema, journey.form)}
        given = [
            (SheetHead(kind=one.kind, name=names.get(one.kind, one.kind), media=one.media), one.content)
            for kind in names
            for one in journey.sheets
            if one.kind == kind
        ]
        if journey.agent is not None and journey.agent.signature:
            given.append((SheetHead(kind=SIGNATURE, name="委托签名", media="image/jpeg"), journey.agent.signature))
        sealed = [self._handing.seal_sheet(number, position, *one) for position, one in enumerate(given)]
        hashes = [hashlib.sha256(content).hexdigest() for _head, content in given]
        refs = [SheetRef(position=position, sha256=one) for position, one in enumerate(hashes)]
        return sealed, refs

    def _agent(self, journey: Journey) -> CaseAgent | None:
        agent = journey.agent
        if agent is None or agent.person is None:
            return None
        at = (agent.signed_at or self._clock.now()).isoformat(timespec="seconds")
        return CaseAgent(
            name="" if agent.person.by_code else agent.person.name,
            id_number=agent.person.id_number,
            id_kind=agent.person.id_kind,
            relation=agent.relation,
            consent=CaseConsent(version=ACTING_CONSENT_VERSION, at=at),
            signature=hashlib.sha256(agent.signature).hexdigest(),
        )

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
                    text = refused.text or _("管理平台没有收下这份申请，没有办理，也没有收费")
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
                answer = await self._ask(journey)
            except CenterRefused as refused:
                if refused.status not in {401, 429}:
                    log.warning("journey.wait_refused", number=journey.number, error=refused.code)
                    journey.outcome = self.lost()
                    return None
            except (CenterUnreachable, NotEnrolled):
                self._show(journey, "working", _("网络不通，正在重试"))
            else:
                if answer.state in FINAL or (answer.state == "due" and take_pay(journey, answer)):
                    return answer
                self._show(journey, "working", answer.message or _("部门正在办理"))
                continue
            await asyncio.sleep(AGAIN_S)
        text = _("部门还没有办完。办好以后，带同一张身份证到任何一台自助终端都能取")
        journey.outcome = Outcome("later", _("请稍后再来取"), text, safe_words())
        return None

    async def _ask(self, journey: Journey) -> CaseAnswer:
        if journey.item in self._catalogue.joints:
            return await self._handing.wait_joint(journey.number, journey.reply_key.public)
        return await self._live.wait(journey.number, journey.reply_key.public)

    def _finish(self, journey: Journey, answer: CaseAnswer) -> Act | None:
        message = answer.message
        journey.case_state = answer.state
        journey.paid = journey.paid or answer.paid
        if answer.state == "due":
            return None  # journey.pay says what is to be paid
        journey.rating = to_ask(journey, answer)
        if answer.state == "withdrawn":
            safe = _("没有办理，已缴的钱会退回") if journey.paid else _("没有办理，也没有收费")
            journey.outcome = Outcome("refused", _("已撤回"), message, safe, again=True)
            return None
        unsure = journey.correction is not None and answer.state == "correction"
        if answer.state == "review" or unsure:
            journey.rating = []
            if unsure:
                message = _("部门没有说清有没有收到补正材料。工作人员会核实，不用再交一次")
            text = message or _("部门的答复不完整，工作人员正在核实，不用重办")
            journey.outcome = Outcome("review", _("待核"), text, safe_words())
            return None
        if answer.state == "failed" or answer.result is None:
            text = message or _("部门没有办理这份申请")
            safe = _("您缴的钱会原路退回") if journey.paid else _("没有收费，也没有重复办理")
            again, window = journey.correction is None, answer.state == "failed"
            journey.outcome = Outcome("refused", _("没有办成"), text, safe, again=again, window=window)
            return None
        try:
            plain = open_text(journey.reply_key.private, answer.result, result_info(journey.number))
            journey.result = msgspec.json.decode(plain, type=CaseResult)
            journey.rating = parts_to_ask(journey.result) if journey.result.parts else journey.rating
            documents = _documents(journey.result)
        except (CannotOpen, msgspec.DecodeError, ValueError):
            log.exception("journey.result_unreadable", number=journey.number)
            journey.rating, journey.outcome = [], self.lost()
            return None
        if not documents:
            title = _("已提交") if answer.state in HANDED_IN else _("已办好")
            journey.outcome = Outcome("handed_in", title, journey.result.message or message, safe_words())
            return None
        # A correction's receipt is a paper of its own: that of the case was printed when it was handed in.
        number = journey.correction.handed if journey.correction is not None else journey.number
        return self._printing.entitle(number, documents)

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
    texts = (result.paper_pdf, *result.papers, result.receipt_pdf)
    found = [base64.b64decode(text, validate=True) for text in texts if text]
    if not all(pdf.startswith(b"%PDF-") for pdf in found):
        raise ValueError("not a PDF")
    return tuple(found)
