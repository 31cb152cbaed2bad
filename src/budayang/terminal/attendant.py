"""Leads one person at a time through the journey: applies touches, cards, devices, the center's answers and the
clock to the table.

The one place that holds a live journey. Each state that waits for something has one task; leaving the state ends
the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog

from budayang.forms import clean, validate
from budayang.rules.evaluation import rating_problem
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
from budayang.wire.sealing import identity_info, seal_text

log = structlog.get_logger(__name__)

PENDING_S = 6.0
CODE_TRIES = 5
CODE_MOST = 32
TICK_S = 0.25


class Reader(Protocol):
    """What the journey needs of a card reader."""

    phase: Any
    on_phase: Callable[[], None]

    async def next_card(self) -> Card: ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post: `error` is what the person reads when it did not fit."""

    ok: bool
    error: str = ""


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
        self._clock = clock
        self._outbox = outbox
        self._catalogue = catalogue
        self._identity = identity
        self._live = live
        self._printing = printing
        self._suspended = suspended
        self._submitting = Submitting(clock, outbox, catalogue, identity, live, printing)
        self._submitting.on_change = self.changed
        self._work: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[Any]] = set()
        self._touched_s = clock.monotonic()
        self._entered_s = clock.monotonic()
        self._warned = False
        self._pulse = asyncio.Event()
        printing.on_change = self._printing_changed
        if reader is not None:
            reader.on_phase = self.changed

    # What the screens ask

    def idle(self) -> dict[str, Any]:
        """Whether the warning is up, and the seconds to the end."""
        limit = idle_limit(self.state, self.prefs)
        if limit is None:
            return {"warning": False, "ends_in_s": 0, "total_s": 0}
        left = max(0.0, limit - (self._clock.monotonic() - self._touched_s))
        return {"warning": left <= WARNING_S, "ends_in_s": round(left), "total_s": round(limit)}

    def touch(self) -> None:
        """The person is there."""
        self._touched_s = self._clock.monotonic()
        if self._warned:
            self._warned = False
            self._pulse.set()

    def changed(self) -> None:
        """What is shown has changed: held requests answer, pages draw themselves anew."""
        self.page += 1
        self._pulse.set()

    async def wait_change(self, seconds: float) -> None:
        """Until something changes from now on, or the time is over."""
        if self._pulse.is_set():
            self._pulse = asyncio.Event()  # it has told its news to all who waited for it
        try:
            async with asyncio.timeout(seconds):
                await self._pulse.wait()
        except TimeoutError:
            return

    # What people do

    async def post(self, name: str, form: Mapping[str, str], many: Callable[[str], list[str]]) -> Posted:
        """Apply one post of a screen. `many` gives all values of a repeated field. What does not fit changes
        nothing.
        """
        self.touch()
        handler = self._handlers().get(name)
        if handler is not None:
            return handler(form, many)
        try:
            event = Event(name)
        except ValueError:
            return Posted(False, _("没有这个操作"))
        return self._plain(event)

    def _handlers(self) -> dict[str, Callable[[Mapping[str, str], Callable[[str], list[str]]], Posted]]:
        return {
            "stay": lambda form, many: Posted(True),
            "prefs": lambda form, many: self._prefs(form),
            "help": lambda form, many: self._help(form.get("kind", "")),
            "choose": lambda form, many: self._choose(form.get("item", "")),
            "agree": lambda form, many: self._agree(),
            "card_code": lambda form, many: self._card_code(form.get("code", "")),
            "card_again": lambda form, many: self._card_again(),
            "reprint": lambda form, many: self._reprint(form.get("number", "")),
            "carry_on": lambda form, many: self._carry_on() if self.state is State.RESUME else self._unfit(),
            "filled": lambda form, many: self._filled(form),
            "retry": lambda form, many: self._retry(),
            "taken": lambda form, many: self._taken(),
            "misprint": lambda form, many: self._misprint(),
            "again": lambda form, many: self._again(),
            "rated": lambda form, many: self._rated(form.get("level", ""), many("reasons")),
        }

    PLAIN = frozenset(
        {
            Event.START, Event.DECLINE, Event.BACK, Event.EDIT, Event.SUBMIT,
            Event.LEAVE_PAPER, Event.FINISH, Event.SKIP, Event.EXIT, Event.HOME,
        }
    )  # fmt: skip

    def _plain(self, event: Event) -> Posted:
        if event not in self.PLAIN:
            return Posted(False, _("没有这个操作"))
        if event is Event.BACK and self.state is State.CONFIRM and self._schema().get("properties"):
            event = Event.EDIT
        return Posted(True) if self._go(event) else self._unfit()

    def _unfit(self) -> Posted:
        return Posted(False, _("屏幕已经到了下一步，请看新的页面"))

    def _fail(self, text: str) -> Posted:
        self.journey.error = text
        self.changed()
        return Posted(False, text)

    def _prefs(self, form: Mapping[str, str]) -> Posted:
        try:
            self.prefs = self.prefs.changed(form.get("name", ""), form.get("value", ""))
        except ValueError:
            return Posted(False, _("没有这个设置"))
        if self.state is State.ATTRACT:
            self._go(Event.START)
        self.changed()
        return Posted(True)

    def _help(self, kind: str) -> Posted:
        if kind == "off":
            self.help = None
        elif kind in {"help", "sos"}:
            self.help = {"kind": kind, "at": self._clock.now()}
            self._outbox.append("help", {"kind": kind, "step": self.state.value, "item": self.journey.item})
            self.wake()
        else:
            return Posted(False, _("没有这个操作"))
        self.changed()
        return Posted(True)

    def _choose(self, code: str) -> Posted:
        if move(self.state, Event.CHOOSE) is None:
            return self._unfit()
        item = self._catalogue.item(code)
        if item is None:
            return self._fail(_("没有找到这个事项"))
        if self._suspended():
            return self._fail(_("这台自助终端已停用"))
        if not item["can_start"]:
            return self._fail(item["text"])
        self.journey = Journey(self._clock.now(), item=code)
        self._go(Event.CHOOSE)
        return Posted(True)

    def _agree(self) -> Posted:
        if self.state is not State.CONSENT:
            return self._unfit()
        self.journey.consented_at = self._clock.now()
        self._go(Event.AGREE)
        return Posted(True)

    def _card_again(self) -> Posted:
        if self.state is not State.IDENTITY:
            return self._unfit()
        self.journey.error, self.journey.identity_phase = "", "waiting"
        self.changed()
        return Posted(True)

    def _card_code(self, code: str) -> Posted:
        if self.state is not State.IDENTITY or not self.card_code:
            return self._unfit()
        code = code.strip().upper().replace(" ", "")
        if not 4 <= len(code) <= CODE_MOST or not code.replace("-", "").isalnum() or not code.isascii():
            return self._fail(_("卡上的码由字母和数字组成，请对照卡面重新输入"))
        self.journey.code_tries += 1
        if self.journey.code_tries > CODE_TRIES:
            self._go(Event.DECLINE)  # somebody is guessing: the next try begins at the beginning
            return Posted(False, _("输错次数太多，请重新开始"))
        self.journey.error = ""
        self._start(self._identified(Person.of_code(code)))
        return Posted(True)

    def _reprint(self, number: str) -> Posted:
        known = {str(paper["number"]): paper for paper in self.journey.papers}
        if self.state is not State.RESUME or number not in known:
            return self._unfit()
        self.journey.number, self.journey.submitted = number, True
        self.journey.item = str(known[number]["item"])
        self._go(Event.REPRINT)
        return Posted(True)

    def _filled(self, form: Mapping[str, str]) -> Posted:
        if self.state is not State.FILL:
            return self._unfit()
        schema = self._schema()
        values = clean(schema, form)
        today = self._clock.now().astimezone(self._catalogue.zone).date()
        self.journey.typed = {name: form.get(name, "") for name in schema.get("properties", {})}
        self.journey.errors = validate(schema, values, today=today)
        if self.journey.errors:
            self.changed()
            return Posted(False, next(iter(self.journey.errors.values())))
        self.journey.form = values
        self._go(Event.FILLED)
        return Posted(True)

    def _retry(self) -> Posted:
        if self.state is not State.PRINT or self.act is None or not self.act.failed:
            return self._unfit()
        self._start(self._print(self.act))
        return Posted(True)

    def _taken(self) -> Posted:
        if self.state is not State.TAKE:
            return self._unfit()
        self._printing.taken(self.journey.number)
        self._go(Event.TAKEN)
        return Posted(True)

    def _misprint(self) -> Posted:
        if self.state is not State.TAKE or self.act is None:
            return self._unfit()
        if not self._printing.misprint(self.act):
            return self._fail(_("已经重打两次，请呼叫帮办"))
        self._go(Event.MISPRINT)
        return Posted(True)

    def _again(self) -> Posted:
        if self.state is not State.OUTCOME or self.journey.outcome is None or not self.journey.outcome.again:
            return self._unfit()
        self.journey.number, self.journey.submitted, self.journey.outcome = "", False, None
        self._go(Event.AGAIN)
        return Posted(True)

    def _rated(self, level: str, reasons: list[str]) -> Posted:
        if self.state is not State.RATE:
            return self._unfit()
        problem = rating_problem(level, reasons)
        if problem:
            return self._fail(problem)
        self._outbox.append("rating", {"number": self.journey.number, "level": level, "reasons": reasons})
        self.wake()
        self._go(Event.RATED)
        return Posted(True)

    # Moving

    def _go(self, event: Event) -> bool:
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
        self._touched_s = self._entered_s = self._clock.monotonic()
        self._warned = False
        log.info("journey.moved", event_name=event.value, before=before.value, state=target.value)
        self._enter(target)
        self.changed()
        return True

    def _enter(self, state: State) -> None:
        if state is State.IDENTITY and self.reader is not None:
            self._start(self._read_card(self.reader))
        elif state is State.SUBMIT:
            self._start(self._submit())
        elif state is State.PRINT and self.act is not None:
            self._start(self._print(self.act))
        elif state is State.RATE and self.journey.number:
            self._outbox.append("rating.shown", {"number": self.journey.number})
            self.wake()
        elif state is State.ATTRACT:
            self.prefs, self.help = Prefs(), None

    def _forget(self, before: State, event: Event) -> None:
        """Drop everything of the person; what remains are counts and codes."""
        journey = self.journey
        self.journey, self.act = Journey(self._clock.now()), None
        self.ended = {Event.EXIT: "exit", Event.IDLE: "idle", Event.RATED: "done", Event.SKIP: "done"}.get(
            event, "home"
        )
        if self.state is State.CLEAR:
            self.help = None
        if not journey.item:
            return
        events: list[tuple[str, dict[str, Any]]] = []
        if not journey.submitted:
            events.append(("case.abandoned", {"number": journey.number or None, "step": before.value}))
        steps = dict(journey.steps)
        steps[self.state.value] = steps.get(self.state.value, 0) + 1
        seconds = round((self._clock.now() - journey.started_at).total_seconds())
        events.append(
            (
                "session",
                {"steps": steps, "end": self.ended, "step": before.value, "seconds": seconds, "item": journey.item},
            )
        )
        self._outbox.append_all(events)
        self.wake()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._stop()
        self._work = asyncio.get_running_loop().create_task(self._guarded(work))

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
        await self._printing.settle(number, "left")

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
                self._go(Event.ENDED)
            else:
                self.journey.identity_phase = "failed"
                if self.act is not None:
                    self.act.failed, self.act.phase, self.act.trouble = True, Phase.TROUBLE, "other"
                self.changed()

    # What the states wait for

    async def _read_card(self, reader: Reader) -> None:
        await self._identified(Person.of_card(await reader.next_card()))

    async def _identified(self, person: Person) -> None:
        journey = self.journey
        journey.identity_phase = "checking"
        self.touch()
        self.changed()
        try:
            async with asyncio.timeout(PENDING_S):
                papers = await self._pending(person, journey)
        except CenterRefused as refused:
            if person.id_kind == "card_code" and refused.status in {404, 422}:
                journey.identity_phase = "failed"
                self._fail(_("没有找到这张卡，请对照卡面重新输入"))
                if self.reader is not None:
                    await self._read_card(self.reader)
                return
            log.warning("journey.pending_refused", error=refused.code)
            papers = []
        except (TerminalError, TimeoutError):
            papers = []
        journey.person, journey.papers = person, papers
        if papers:
            self._go(Event.HAS_PAPERS)
        else:
            self._carry_on()

    async def _pending(self, person: Person, journey: Journey) -> list[dict[str, Any]]:
        enrolled = self._identity.enrolled
        plain = msgspec.json.encode({"id_number": person.id_number, "id_kind": person.id_kind})
        sealed = seal_text(from_text(enrolled.seal_key, 32), plain, identity_info(enrolled.terminal))
        found = await self._live.pending(sealed, journey.reply_key.public)
        return [msgspec.to_builtins(paper) for paper in found if self._printing.may_print(paper.number)]

    def _carry_on(self) -> Posted:
        self._go(Event.HAS_FORM if self._schema().get("properties") else Event.NO_FORM)
        return Posted(True)

    def _schema(self) -> dict[str, Any]:
        return (self._catalogue.raw(self.journey.item) or {}).get("schema") or {}

    async def _submit(self) -> None:
        act = await self._submitting.run(self.journey, lang=self.prefs.lang)
        if act is None:
            self._go(Event.ENDED)
            return
        self.act = act
        self._go(Event.DONE)

    async def _print(self, act: Act) -> None:
        if await self._printing.run(act):
            self._go(Event.CONFIRMED)

    def _printing_changed(self) -> None:
        if self.act is not None and self.act.phase is not Phase.TROUBLE:
            self._touched_s = self._clock.monotonic()  # a machine that works is no idle person
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
        now = self._clock.monotonic()
        if self.state is State.CLEAR and now - self._entered_s >= CLEAR_S:
            self._go(Event.CLEARED)
            return
        limit = idle_limit(self.state, self.prefs)
        if limit is None:
            return
        left = limit - (now - self._touched_s)
        if left <= 0:
            self._go(Event.IDLE)
        elif (left <= WARNING_S) != self._warned:
            self._warned = left <= WARNING_S
            self._pulse.set()

    async def close(self) -> None:
        """End the journey's work; what is beside it is given a moment."""
        self._stop()
        if self._aside:
            await asyncio.wait(self._aside, timeout=1.0)
