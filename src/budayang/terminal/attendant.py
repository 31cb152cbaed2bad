"""Leads one person at a time through the journey: applies touches, cards, devices, the center's answers and the
clock to the table.

The one place that holds a live journey. Each state that waits for something has one task; leaving the state ends
the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol

import structlog

from budayang.rules.profiles import DEFAULTS
from budayang.rules.services import AfterHours
from budayang.terminal import filling
from budayang.terminal.asking import Asking
from budayang.terminal.booking import Times
from budayang.terminal.cases import LiveCases
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.checking import Checking
from budayang.terminal.correcting import Correcting
from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.errors import TerminalError
from budayang.terminal.handing_over import HandingOver
from budayang.terminal.identifying import code_words, find_papers, sealed_words
from budayang.terminal.journey import (
    CLEAR_S,
    FORGETTING,
    Event,
    Journey,
    Person,
    Prefs,
    State,
    idle_limits,
    move,
)
from budayang.terminal.launching import Launching, not_opened_words
from budayang.terminal.outbox import Outbox
from budayang.terminal.paying import Paying
from budayang.terminal.printing import Act, Phase, Printing
from budayang.terminal.screens.language import _
from budayang.terminal.sheets import Sheets
from budayang.terminal.stays import Stay, leaving_events
from budayang.terminal.submitting import Submitting
from budayang.terminal.way import after_identity, schema_of
from budayang.uplink.clock import Clock
from budayang.uplink.errors import CenterRefused, UplinkError
from budayang.uplink.identity import Identity

log = structlog.get_logger(__name__)

PENDING_S = 6.0
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
        self.stay = Stay()
        self.page = 1
        self.help: dict[str, Any] | None = None
        self.ended = ""
        self.reader = reader
        self.card_code = card_code
        self.wake: Callable[[], None] = lambda: None
        self.idle_s: Callable[[], tuple[float, float]] = lambda: (DEFAULTS["idle_warn_s"], DEFAULTS["idle_clear_s"])
        self.clock = clock
        self.outbox = outbox
        self.catalogue = catalogue
        self._identity = identity
        self._live = live
        self.printing = printing
        self.suspended = suspended
        self.handing = HandingOver(live, identity)
        self._submitting = Submitting(clock, outbox, catalogue, identity, live, printing, self.handing)
        self._submitting.on_change = self.changed
        self.paying, self.asking = Paying(live), Asking(live)
        self.sheets = Sheets(clock, self.handing)
        self.sheets.on_change, self.sheets.touched = self.changed, self.touch
        self.times, self.correcting = Times(self.handing, clock), Correcting(self.handing, clock)
        self.checking = Checking(clock, catalogue, outbox)
        self.launching = Launching()
        self.launching.touched = self.touch
        self.online: Callable[[], bool] = lambda: True
        self.paying.on_change, self.paying.touched = self.changed, self.touch
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
        limits = self.limits()
        if limits is None:
            return {"warning": False, "ends_in_s": 0, "total_s": 0}
        (warn_at, end_at), still = limits, self.clock.monotonic() - self._touched_s
        left = max(0.0, end_at - still)
        return {"warning": still >= warn_at, "ends_in_s": round(left), "total_s": round(end_at)}

    def limits(self) -> tuple[float, float] | None:
        """Seconds without a touch until the warning and until the end, as the place has set them."""
        return idle_limits(self.state, self.prefs, *self.idle_s())

    def touch(self) -> None:
        """The person is there."""
        self._touched_s = self.clock.monotonic()
        if self._warned:
            self._warned = False
            self._pulse.set()

    def answered(self, call: str) -> None:
        """Somebody answers a call for help. One that was taken back, or was another person's, changes nothing."""
        if self.help is not None and self.help["call"] == call and not self.help["answered"]:
            self.help["answered"] = True
            self.changed()

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
        if target is State.RATE and not self.journey.rating:
            # Nothing has come to its end, or it was asked about before: the page is passed over.
            event, target = Event.SKIP, State.CLEAR
        before, self.state = self.state, target
        left, act = self._stop(), self.act
        self.checking.moved(self.journey, target)
        if before is State.SHEETS:
            self.sheets.leave(self.journey)
        elif before is State.LAUNCH:
            self._beside(self.launching.shut())
        if act is not None and before is State.PRINT and target is not State.TAKE:
            self.stay.leave_paper()
            self._beside(self._leave_print(left, act.number))
        if target in FORGETTING and before not in {State.ATTRACT, State.CLEAR}:
            self._forget(before, event)
        if target in {State.CLEAR, State.ATTRACT}:
            self._tell_stay()
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
        elif state is State.SHEETS:
            self.sheets.enter(self.schema(), self.journey)
        elif state is State.SUBMIT:
            self.start_work(self._submit())
        elif state is State.PAY:
            self.start_work(self._pay())
        elif state is State.LAUNCH:
            self.start_work(self._launch())
        elif state is State.PRINT and self.act is not None:
            self.start_work(self.print_paper(self.act))
        elif state is State.RATE:
            self.ask_rating()
        elif state in {State.CLEAR, State.ATTRACT}:
            self.prefs, self.help = Prefs(), None

    def ask_rating(self) -> None:
        """The rating page stands there: told for the matter, or the part of one, that it asks about, and no other."""
        self.outbox.append("rating.shown", {"number": self.journey.rating[0][0]})
        self.wake()

    def _forget(self, before: State, event: Event) -> None:
        """Drop everything of the person; what remains are counts and codes."""
        journey = self.journey
        self.journey, self.act = Journey(self.clock.now()), None
        raw = self.catalogue.raw(journey.item) or {}
        self.stay.end(journey, before, hands_in=raw.get("after_hours") == AfterHours.SUBMIT)
        self.ended = {Event.EXIT: "exit", Event.IDLE: "idle", Event.RATED: "done", Event.SKIP: "done"}.get(
            event, "home"
        )
        if not journey.item:
            return
        steps = dict(journey.steps)
        steps[self.state.value] = steps.get(self.state.value, 0) + 1
        seconds = round((self.clock.now() - journey.started_at).total_seconds())
        events = leaving_events(journey, before, steps, self.ended, seconds)
        self.outbox.append_all(events)
        self.wake()

    def _tell_stay(self) -> None:
        """The person is gone: what was tried in this stay, and how it ended, in codes (白跑率)."""
        if told := self.stay.tell(partial(sealed_words, self._identity)):
            self.outbox.append_all(told)
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
            if self.state is State.LAUNCH:
                self.go(Event.DECLINE)
            elif self.state in {State.SUBMIT, State.PAY}:
                self.journey.outcome = self._submitting.lost()
                self.go(Event.ENDED)
            else:
                self.journey.identity_phase = "failed"
                if self.journey.check is not None and self.state is State.CHECK:
                    self.checking.again(self.journey.check)
                if self.act is not None:
                    self.act.failed, self.act.phase, self.act.trouble = True, Phase.TROUBLE, "other"
                self.changed()

    # What the states wait for

    async def _read_card(self, reader: Reader) -> None:
        card = await reader.next_card(self._laid_after_s())
        self.checking.keep(self.journey, card)
        await self.identify(Person.of_card(card))

    def _laid_after_s(self) -> float:
        """Only a card that was laid since counts. One that did not open a correction is not read again as it lies."""
        again = self.journey.correction is not None and self.journey.identity_phase == "code"
        return self.clock.monotonic() if again else self.journey.started_s

    async def identify(self, person: Person) -> None:
        """The person showed who they are: look for papers of theirs that wait, then go on."""
        journey = self.journey
        journey.identity_phase = "checking"
        self.touch()
        self.changed()
        if journey.correction is not None:
            await self._open_correction(person, journey)
            return
        papers: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(PENDING_S):
                papers, person = await find_papers(self._identity, self._live, self.printing, person, journey)
        except (TerminalError, UplinkError, TimeoutError) as error:
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
        """Say why nobody goes on by this code; after three wrong ones the journey goes back."""
        log.warning("journey.code_refused", error=error or "unreachable")
        journey.identity_phase = "code"
        text, give_up = code_words(journey, error)
        if give_up:
            self.go(Event.DECLINE)
        self.fail(text)

    async def _open_correction(self, person: Person, journey: Journey) -> None:
        """The card opens what a case lacks, or not: then another card may be laid."""
        problem = await self.correcting.open(journey, person)
        if not problem:
            self.go(Event.ASKED)
            return
        journey.identity_phase = "code"
        self.fail(problem)
        if self.state is State.IDENTITY and self.reader is not None:
            await self._read_card(self.reader)

    def carry_on(self) -> None:
        """The person is known: on to the questions of the item, or straight to the confirmation."""
        check = self.checking.wanted(self.journey)
        event = after_identity(self.schema(), self.journey, online=self.online(), check=check)
        if event is Event.HAS_FORM:
            filling.start(self.schema(), self.journey)
        self.go(event)

    async def check_face(self) -> None:
        """Compare the face; on when it is the person, else back to the choice of the way."""
        if self.journey.check is not None and await self.checking.by_face(self.journey.check):
            self.carry_on()
        self.touch()
        self.changed()

    def take_check(self, told: Mapping[str, Any]) -> None:
        """Somebody of the staff said whether it is the person."""
        if self.state is State.CHECK and self.checking.take(self.journey, told):
            self.carry_on()
        self.touch()
        self.changed()

    def schema(self) -> dict[str, Any]:
        """The form of this journey; empty when it asks nothing."""
        return schema_of(self.catalogue, self.journey)

    async def _submit(self) -> None:
        act = await self._submitting.run(self.journey, lang=self.prefs.lang)
        if act is None and await self.times.went(self.schema(), self.journey):
            self.go(Event.SLOT_GONE)
            return
        if act is None:
            self.go(Event.ENDED if self.journey.outcome is not None else Event.DUE)
            return
        self.act = act
        self.go(Event.DONE)

    async def _renew_times(self) -> None:
        if await self.times.begin(self.schema(), self.journey):
            self.changed()

    async def _pay(self) -> None:
        self.go(await self.paying.run(self.journey))

    async def _launch(self) -> None:
        event = await self.launching.run(self.journey)
        if self.go(event) and event is Event.DECLINE:
            self.fail(not_opened_words())

    async def send_to_window(self) -> None:
        """The matter goes to the window, and its slip is printed as a result is. The person may have left before the
        center has answered: nothing of it is the next one's.
        """
        journey, failed = self.journey, False
        try:
            await self._live.act(journey.number, "window", journey.reply_key.public)
        except UplinkError as error:
            log.warning("journey.window_failed", error=type(error).__name__)
            failed = True
        if self.journey is not journey or self.state is not State.OUTCOME:
            return
        if failed:
            self.fail(_("现在转不了窗口，请记下办件编号，到部门窗口出示"))
            return
        journey.outcome, journey.pay_mark = None, ""
        self.go(Event.REPRINT)

    def beside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let `work` go on beside what the state waits for; the page is drawn anew when it ends."""

        async def then_draw() -> None:
            await work
            self.changed()

        self._beside(then_draw())

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
        if self.state is State.ATTRACT and self.stay.over(self._touched_s, now):
            self._tell_stay()
        if self.state is State.FILL and self.times.due(self.schema(), self.journey):
            self._beside(self._renew_times())
        limits = self.limits()
        if limits is None:
            return
        (warn_at, end_at), still = limits, now - self._touched_s
        if still >= end_at:
            self.go(Event.IDLE)
        elif (still >= warn_at) != self._warned:
            self._warned = still >= warn_at
            self._pulse.set()

    async def close(self) -> None:
        """End the journey's work; what is beside it is given a moment."""
        self._stop()
        await self.sheets.close()
        if self._aside:
            await asyncio.wait(self._aside, timeout=1.0)
