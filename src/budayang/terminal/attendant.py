"""Leads one person at a time through the journey: applies touches, cards, devices, the center's answers and the
clock to the table.

The one place that holds a live journey. Each state that waits for something has one task; leaving the state ends
the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

import msgspec
import structlog

from budayang.terminal.cases import LiveCases
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.clock import Clock
from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.errors import CenterRefused, TerminalError
from budayang.terminal.identity import Identity
from budayang.terminal.journey import (
    CLEAR_S,
    FORGETTING,
    WARNING_S,
    Event,
    Journey,
    Person,
    Prefs,
    State,
    idle_limit,
    move,
)
from budayang.terminal.outbox import Outbox
from budayang.terminal.printing import Act, Phase, Printing
from budayang.terminal.screens.language import _
from budayang.terminal.submitting import Submitting
from budayang.wire.mac import from_text
from budayang.wire.sealing import CannotOpen, identity_info, open_text, person_info, seal_text

log = structlog.get_logger(__name__)

PENDING_S = 6.0
CODE_TRIES = 3
TICK_S = 0.25


class Reader(Protocol):
    """What the journey needs of a card reader."""

    phase: Any
    on_phase: Callable[[], None]

    async def next_card(self, laid_after_s: float) -> Card: ...


class Attendant:
    """The journey's leader. `suspended` says whether a new journey may begin."""

    def __init__(
        self,
        *,
        clock: Clock,
        outbox: Outbox,
        catalogue: Catalogue,
        identity: Identity,
        live: LiveCases,
        printing: Printing,
        reader: Reader | None,
        card_code: bool,
        suspended: Callable[[], bool],
    ) -> None:
        self.state = State.ATTRACT
        self.prefs = Prefs()
        self.journey = Journey(clock.now())
        self.act: Act | None = None
        self.page = 1
        self.help: dict[str, Any] | None = None
        self.ended = ""
        self.reader = reader
        self.card_code = card_code
        self.wake: Callable[[], None] = lambda: None
        self.clock = clock
        self.outbox = outbox
        self.catalogue = catalogue
        self._identity = identity
        self._live = live
        self.printing = printing
        self.suspended = suspended
        self._submitting = Submitting(clock, outbox, catalogue, identity, live, printing)
        self._submitting.on_change = self.changed
        self._work: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[Any]] = set()
        self._touched_s = clock.monotonic()
        self._entered_s = clock.monotonic()
        self._warned = False
        self._pulse = asyncio.Event()
        self.ending = False
        printing.on_change = self._printing_moved
        if reader is not None:
            reader.on_phase = self.changed

    # What the screens ask

    def idle(self) -> dict[str, Any]:
        """Whether the warning is up, and the seconds to the end."""
        limit = idle_limit(self.state, self.prefs)
        if limit is None:
            return {"warning": False, "ends_in_s": 0, "total_s": 0}
        left = max(0.0, limit - (self.clock.monotonic() - self._touched_s))
        return {"warning": left <= WARNING_S, "ends_in_s": round(left), "total_s": round(limit)}

    def touch(self) -> None:
        """The person is there."""
        self._touched_s = self.clock.monotonic()
        if self._warned:
            self._warned = False
            self._pulse.set()

    def changed(self) -> None:
        """What is shown has changed: held requests answer, pages draw themselves anew."""
        self.page += 1
        self._pulse.set()

    async def wait_change(self, seconds: float) -> None:
        """Until something changes from now on, or the time is over."""
        if self.ending:
            return
        if self._pulse.is_set():
            self._pulse = asyncio.Event()  # it has told its news to all who waited for it
        try:
            async with asyncio.timeout(seconds):
                await self._pulse.wait()
        except TimeoutError:
            return

    # Moving

    def fail(self, text: str) -> None:
        """Say on this page what was wrong with the last touch or card."""
        self.journey.error = text
        self.changed()

    def go(self, event: Event) -> bool:
        """Move along the table; False when the event does not fit the state, and nothing changes."""
        target = move(self.state, event)
        if target is None:
            return False
        before, self.state = self.state, target
        left, act = self._stop(), self.act
        if act is not None and before is State.PRINT and target is not State.TAKE:
            self._beside(self._leave_print(left, act.number))
        if target in FORGETTING and before not in {State.ATTRACT, State.CLEAR}:
            self._forget(before, event)
        self.journey.error = ""
        self.journey.steps[target.value] = self.journey.steps.get(target.value, 0) + 1
        self._touched_s = self._entered_s = self.clock.monotonic()
        self._warned = False
        log.info("journey.moved", event_name=event.value, before=before.value, state=target.value)
        self._enter(target)
        self.changed()
        return True

    def _enter(self, state: State) -> None:
        if state is State.IDENTITY and self.reader is not None:
            self.start_work(self._read_card(self.reader))
        elif state is State.SUBMIT:
            self.start_work(self._submit())
        elif state is State.PRINT and self.act is not None:
            self.start_work(self.print_paper(self.act))
        elif state is State.RATE and self.journey.number:
            self.outbox.append("rating.shown", {"number": self.journey.number})
            self.wake()
        elif state in {State.CLEAR, State.ATTRACT}:
            self.prefs, self.help = Prefs(), None

    def _forget(self, before: State, event: Event) -> None:
        """Drop everything of the person; what remains are counts and codes."""
        journey = self.journey
        self.journey, self.act = Journey(self.clock.now()), None
        self.ended = {Event.EXIT: "exit", Event.IDLE: "idle", Event.RATED: "done", Event.SKIP: "done"}.get(
            event, "home"
        )
        if not journey.item:
            return
        events: list[tuple[str, dict[str, Any]]] = []
        if not journey.submitted:
            events.append(("case.abandoned", {"number": journey.number or None, "step": before.value}))
        steps = dict(journey.steps)
        steps[self.state.value] = steps.get(self.state.value, 0) + 1
        seconds = round((self.clock.now() - journey.started_at).total_seconds())
        events.append(
            (
                "session",
                {"steps": steps, "end": self.ended, "step": before.value, "seconds": seconds, "item": journey.item},
            )
        )
        self.outbox.append_all(events)
        self.wake()

    def start_work(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the state wait for `work`, in place of what it waited for before."""
        self._stop()
        self._work = asyncio.get_running_loop().create_task(self._guarded(work))
        self._work.add_done_callback(lambda _ended: work.close())  # a task that ended before it began leaves it open

    def _stop(self) -> asyncio.Task[None] | None:
        """End what the state was waiting for; give the task that is ending."""
        work, self._work = self._work, None
        if work is None or work is asyncio.current_task():
            return None
        work.cancel()
        return work

    async def _leave_print(self, work: asyncio.Task[None] | None, number: str) -> None:
        """Nobody waits for this paper now: what is still in the printer must not come out before the next person."""
        if work is not None:
            await asyncio.wait({work})
        await self.printing.settle(number, "left")

    def _beside(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside_ended)

    def _aside_ended(self, task: asyncio.Task[Any]) -> None:
        self._aside.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("journey.aside_failed", exc_info=task.exception())

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            # The person must not stand before a screen that waits for a dead task.
            log.exception("journey.work_failed", state=self.state.value)
            self.journey.error = _("刚才这一步没有完成，请再试一次或呼叫帮办")
            if self.state is State.SUBMIT:
                self.journey.outcome = self._submitting.lost()
                self.go(Event.ENDED)
            else:
                self.journey.identity_phase = "failed"
                if self.act is not None:
                    self.act.failed, self.act.phase, self.act.trouble = True, Phase.TROUBLE, "other"
                self.changed()

    # What the states wait for

    async def _read_card(self, reader: Reader) -> None:
        await self.identify(Person.of_card(await reader.next_card(self.journey.started_s)))

    async def identify(self, person: Person) -> None:
        """The person showed who they are: look for papers of theirs that wait, then go on."""
        journey = self.journey
        journey.identity_phase = "checking"
        self.touch()
        self.changed()
        papers: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(PENDING_S):
                papers, person = await self._pending(person, journey)
        except (TerminalError, TimeoutError) as error:
            if person.by_code:
                self._code_failed(journey, error.code if isinstance(error, CenterRefused) else "")
                if self.state is State.IDENTITY and self.reader is not None:
                    await self._read_card(self.reader)
                return
            if isinstance(error, CenterRefused):
                log.warning("journey.pending_refused", error=error.code)
        journey.person, journey.papers = person, papers
        if papers:
            self.go(Event.HAS_PAPERS)
        else:
            self.carry_on()

    def _code_failed(self, journey: Journey, error: str) -> None:
        """Nobody goes on by a code that the center did not resolve: say why, and after three wrong ones go back."""
        log.warning("journey.code_refused", error=error or "unreachable")
        journey.identity_phase = "code"
        if error == "unknown_person":
            journey.code_tries += 1
            if journey.code_tries >= CODE_TRIES:
                self.go(Event.DECLINE)
                self.fail(_("卡上的码输错了三次，什么都没有提交。请对照卡面再来，或呼叫帮办"))
            elif journey.code_tries == CODE_TRIES - 1:
                self.fail(_("没有找到这张卡，请对照卡面重新输入，还可以再输一次"))
            else:
                self.fail(_("没有找到这张卡，请对照卡面重新输入，还可以再输两次"))
        elif error == "too_many_codes":
            self.fail(_("这台机器上输错的码太多，过十分钟才能再输。请刷身份证，或换一台自助终端"))
        else:
            self.fail(_("现在核对不了卡上的码，什么都没有提交。请刷身份证，或过一会儿再来，也可以呼叫帮办"))

    async def _pending(self, person: Person, journey: Journey) -> tuple[list[dict[str, Any]], Person]:
        """The papers that wait for the person, and the person with what the center lets be shown."""
        enrolled = self._identity.enrolled
        plain = msgspec.json.encode({"id_number": person.id_number, "id_kind": person.id_kind})
        sealed = seal_text(from_text(enrolled.seal_key, 32), plain, identity_info(enrolled.terminal))
        found = await self._live.pending(sealed, journey.reply_key.public)
        if person.by_code and found.person is not None:
            try:
                shown = open_text(journey.reply_key.private, found.person, person_info(enrolled.terminal))
                person = replace(person, name=msgspec.json.decode(shown, type=dict[str, str]).get("name", ""))
            except (CannotOpen, msgspec.DecodeError):
                log.warning("journey.holder_unreadable")
        return [msgspec.to_builtins(one) for one in found.cases if self.printing.may_print(one.number)], person

    def carry_on(self) -> None:
        """The person is known: on to the questions of the item, or straight to the confirmation."""
        self.go(Event.HAS_FORM if self.schema().get("properties") else Event.NO_FORM)

    def schema(self) -> dict[str, Any]:
        """The form of the chosen item; empty when it asks nothing."""
        return (self.catalogue.raw(self.journey.item) or {}).get("schema") or {}

    async def _submit(self) -> None:
        act = await self._submitting.run(self.journey, lang=self.prefs.lang)
        if act is None:
            self.go(Event.ENDED)
            return
        self.act = act
        self.go(Event.DONE)

    async def print_paper(self, act: Act) -> None:
        """Print what is not out yet, and go on when all is."""
        if await self.printing.run(act):
            self.go(Event.CONFIRMED)

    def _printing_moved(self) -> None:
        if self.act is not None and self.act.phase is not Phase.TROUBLE:
            self._touched_s = self.clock.monotonic()  # a machine that works is no idle person
        self.changed()

    def busy_number(self) -> frozenset[str]:
        """The case that this journey is sending itself."""
        return frozenset({self.journey.number}) if self.state is State.SUBMIT and self.journey.number else frozenset()

    # The clock

    async def run(self) -> None:
        """Idle limits and the end of the clearing page, for ever."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        """Look at the clock once."""
        now = self.clock.monotonic()
        if self.ending:
            self._pulse.set()  # held requests are answered, so that the program ends at once
        if self.state is State.CLEAR and now - self._entered_s >= CLEAR_S:
            self.go(Event.CLEARED)
            return
        limit = idle_limit(self.state, self.prefs)
        if limit is None:
            return
        left = limit - (now - self._touched_s)
        if left <= 0:
            self.go(Event.IDLE)
        elif (left <= WARNING_S) != self._warned:
            self._warned = left <= WARNING_S
            self._pulse.set()

    async def close(self) -> None:
        """End the journey's work; what is beside it is given a moment."""
        self._stop()
        if self._aside:
            await asyncio.wait(self._aside, timeout=1.0)
