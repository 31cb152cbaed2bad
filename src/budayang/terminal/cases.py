"""Live cases: hand a case in, wait for its result, ask for papers not yet taken (`/wire/v1/cases/`). All
idempotent by case number.
"""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec
import structlog

from budayang.terminal.outbox import CaseRow, CaseRowState, Outbox
from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.uplink.identity import Identity, read_answer
from budayang.wire.journeys import SHEETS, SheetKept
from budayang.wire.mac import case_mac
from budayang.wire.messages import CaseAnswer, CaseWait
from budayang.wire.paying import PayAsk, Progress, ProgressAsk

log = structlog.get_logger(__name__)
T = TypeVar("T")

ROOT = "/wire/v1/cases/"
SESSION_ERRORS = frozenset({"bad_mac", "no_session"})
ANSWER_S = 10.0
SHEET_S = 50.0  # for one sheet of materials on a slow line
SHEETS_MISSING = "sheets_missing"


class PendingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: `sealed` is the identity for the center's eyes, base64 HPKE; later waits with `reply_key` are that
    person's.
    """

    sealed: str
    reply_key: str


class PendingPaper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that the person is entitled to and has not taken."""

    number: str
    item: str
    item_name: str = ""
    at: str = ""
    paper_state: str = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a pending request. `person`: what may be shown of a card's holder, sealed to the reply key."""

    cases: list[PendingPaper] = []
    person: str | None = None


class LiveCases:
    """The client. `client` has the center's address as its base."""

    def __init__(self, client: httpx.AsyncClient, identity: Identity, outbox: Outbox, clock: Clock) -> None:
        self._client = client
        self._identity = identity
        self._outbox = outbox
        self._clock = clock

    async def submit(self, row: CaseRow) -> CaseAnswer:
        """Send a stored case and note what became of it.

        Raises:
            CenterUnreachable: it stays in the outbox and is sent again.
            CenterRefused: it never will be taken (the row says refused), or may not be now (suspended, clock_off,
                a card's code that cannot be checked).
        """
        try:
            await self._send_sheets(row.number)
            answer = await self._post(ROOT, row.request, CaseAnswer)
        except CenterRefused as refused:
            if refused.code == SHEETS_MISSING:
                self._outbox.send_sheets_again(row.number)
            elif refused.status not in {401, 403, 424, 429}:
                log.warning("case.refused", number=row.number, error=refused.code)
                self._outbox.settle_case(row.number, CaseRowState.REFUSED)
            raise
        self._outbox.settle_case(row.number, CaseRowState.ACCEPTED)
        return answer

    async def _send_sheets(self, number: str) -> None:
        """The materials go before their case; each that arrived is noted."""
        for position, sealed in self._outbox.unsent_sheets(number):
            await self.post(f"{ROOT}{SHEETS}{number}/{position}", sealed, SheetKept, patience_s=SHEET_S)
            self._outbox.note_sheet_sent(number, position)

    async def wait(self, number: str, reply_key: str, *, wait_s: int = 20, seen: str = "") -> CaseAnswer:
        """The case's state, held up to `wait_s` until there is more to tell than what the mark `seen` names.

        Raises CenterUnreachable, CenterRefused.
        """
        body = msgspec.json.encode(CaseWait(wait_s=wait_s, reply_key=reply_key, seen=seen))
        return await self._post(f"{ROOT}{number}/wait", body, CaseAnswer, wait_s=wait_s)

    async def act(self, number: str, verb: str, reply_key: str, *, payer_code: str = "") -> CaseAnswer:
        """What the person wants of the case: pay (with what the payer's phone showed), stop, window. Doing it again
        changes nothing.

        Raises CenterUnreachable, CenterRefused (too_late).
        """
        body = msgspec.json.encode(PayAsk(reply_key=reply_key, payer_code=payer_code))
        return await self._post(f"{ROOT}{number}/{verb}", body, CaseAnswer)

    async def progress(self, number: str, code: str, *, lang: str, withdraw: bool = False) -> Progress:
        """How the matter with this number and code stands. Raises CenterUnreachable, CenterRefused."""
        body = msgspec.json.encode(ProgressAsk(number=number[:80], code=code[:80], lang=lang))
        return await self._post(f"{ROOT}progress{'/withdraw' if withdraw else ''}", body, Progress)

    async def pending(self, sealed: str, reply_key: str) -> Pending:
        """The person's papers not yet taken. Raises CenterUnreachable, CenterRefused (an unknown card code)."""
        body = msgspec.json.encode(PendingRequest(sealed=sealed, reply_key=reply_key))
        return await self._post(f"{ROOT}pending", body, Pending)

    async def send_stored(self, *, busy: frozenset[str]) -> int:
        """Send what waits in the outbox, but for the numbers that a journey is sending itself; give how many were
        taken.
        """
        taken = 0
        for row in self._outbox.unsent_cases():
            if row.number in busy:
                continue
            try:
                await self.submit(row)
            except CenterRefused:
                continue
            taken += 1
        return taken

    async def post(self, path: str, body: bytes, answer: type[T], *, wait_s: int = 0, patience_s: float = 0.0) -> T:
        """One question under the session key; `patience_s` beside what a held one waits. Raises CenterUnreachable,
        CenterRefused.
        """
        return await self._post(path, body, answer, wait_s=wait_s + round(patience_s))

    async def _post(self, path: str, body: bytes, answer: type[T], *, wait_s: int = 0) -> T:
        for last in (False, True):
            session = await self._identity.session()
            time_ms = milliseconds(self._clock.now())
            headers = {
                "Content-Type": "application/json",
                "Budayang-Terminal": self._identity.enrolled.terminal,
                "Budayang-Time": str(time_ms),
                "Budayang-Mac": case_mac(session.key, "POST", path, time_ms, body),
            }
            try:
                response = await self._client.post(path, content=body, headers=headers, timeout=wait_s + ANSWER_S)
            except httpx.HTTPError as error:
                raise CenterUnreachable(type(error).__name__) from error
            try:
                return read_answer(response, answer)
            except CenterRefused as refused:
                if last or refused.code not in SESSION_ERRORS:
                    raise
                self._identity.forget_session(session.key)
        raise AssertionError("the second try returns or raises")
