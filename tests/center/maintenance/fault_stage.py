"""A stage for fault stories: an area with many terminals on a clock of its own, and what the center makes of it.

A terminal that is not cut off speaks every 30 s, each at a second of its own. What ingest would write is written as
ingest writes it; consumers and due loops run as the worker runs them, at the moment of each step and of each due time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from tests.center.hall import EPOCH, SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.models import PlannedStop
from budayang.center.maintenance import incident_actions, jobs, judging, own_faults
from budayang.center.maintenance.models import AreaWatch, Incident
from budayang.center.platform.actions import emit
from budayang.center.platform.models import Transition
from budayang.center.services.models import Connector, Department
from budayang.center.terminals.models import Inbox, IngestLease, MonitoringGap, StatusInterval, Terminal

PLAN_S, GRACE_S = 30, 30
COMPONENTS = (
    ("printer", "device", "online"), ("printer", "paper.upper", "full"), ("printer", "toner", "full"),
    ("printer", "media", "notPresent"), ("idReader", "device", "online"), ("idReader", "security", "open"),
    ("receiptPrinter", "device", "online"), ("scanner", "device", "online"), ("camera", "device", "online"),
    ("documentCamera", "device", "online"), ("signaturePad", "device", "online"), ("speaker", "device", "online"),
    ("ups", "supply", "powerIn"), ("network", "uplink", "ok"), ("door", "cabinet", "locked"),
)  # fmt: skip


@dataclass(slots=True)
class Step:
    """Something that happens `at_s` seconds into the story."""

    at_s: float
    do: Callable[[Stage], None]


@dataclass(slots=True)
class Stage:
    """The area KBS of the hall, with `count` terminals of owner RS (the first is the hall's own)."""

    hall: Hall
    start: datetime
    count: int
    now: datetime = field(init=False)
    terminals: list[Terminal] = field(init=False)
    cut_at: dict[int, datetime] = field(default_factory=dict)
    due_silent: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.start
        before = self.start - timedelta(days=1)
        Terminal.objects.filter(pk=self.hall.other.pk).update(area=self.hall.far_area)
        first = self.hall.terminal
        more = [
            Terminal(
                code=f"KBS-{number:03}", name=f"{number} 号", area=self.hall.area, owner=first.owner,
                vendor=first.vendor, state="active", registered_at=before, enrolled_at=before, last_seen_at=self.start,
            )
            for number in range(2, self.count + 1)
        ]  # fmt: skip
        Terminal.objects.bulk_create(more)
        Terminal.objects.filter(area=self.hall.area).update(plan_s=PLAN_S, grace_s=GRACE_S)
        self.terminals = list(Terminal.objects.filter(area=self.hall.area).order_by("code"))
        rows = [
            StatusInterval(
                terminal=one, subject=subject, property=prop, kind=subject, state=state, since=before,
                received_at=before,
            )
            for one in self.terminals
            for subject, prop, state in (*COMPONENTS, ("terminal", "link", "online"))
        ]  # fmt: skip
        StatusInterval.objects.bulk_create(rows)

    # What happens ----------------------------------------------------------------------------------------------------

    def who(self, names: str | int | Sequence[int]) -> list[int]:
        """ "all", one number or several (from 0)."""
        if isinstance(names, int):
            return [names]
        return list(range(self.count)) if isinstance(names, str) else list(names)

    def last_word(self, number: int, at: datetime) -> datetime:
        """When the terminal last spoke before `at`: each has its own second of the half minute."""
        own = (number * 7) % PLAN_S
        passed = (at - self.start).total_seconds() - own
        return self.start + timedelta(seconds=own + (passed // PLAN_S) * PLAN_S)

    def cut(self, names: str | int | Sequence[int]) -> None:
        """They say nothing from now on."""
        for number in self.who(names):
            last = self.last_word(number, self.now)
            self.cut_at[number] = last
            self.due_silent[number] = last + timedelta(seconds=PLAN_S + GRACE_S)

    def fall_silent(self, number: int, at: datetime) -> None:
        """As ingest notes it: the computed moment."""
        one = self.terminals[number]
        Terminal.objects.filter(pk=one.pk).update(silent_since=at, last_seen_at=self.cut_at[number])
        self._state(one, "terminal", "link", "silent", at, self.now)
        self.tell("terminals.silent", {"terminal": one.code}, at)

    def back(self, names: str | int | Sequence[int], events: Sequence[tuple[str, dict[str, object]]] = ()) -> None:
        """They speak again, all in this moment, each with these events. Times in bodies are ages in seconds."""
        for number in self.who(names):
            one = self.terminals[number]
            self.due_silent.pop(number, None)
            silent = Terminal.objects.filter(pk=one.pk, silent_since__isnull=False).exists()
            Terminal.objects.filter(pk=one.pk).update(silent_since=None, last_seen_at=self.now)
            for kind, body in events:
                self.event(number, kind, body)
            if silent:
                self._state(one, "terminal", "link", "online", self.now, self.now)
                self.tell("terminals.heard", {"terminal": one.code}, self.now)

    def event(self, number: int, kind: str, body: dict[str, object], *, age_s: float = 0) -> None:
        """An event of the program as ingest stores it; values that end in _ms are ages in seconds."""
        plain = {
            name: int((self.now - timedelta(seconds=float(str(value)))).timestamp() * 1000)
            if name.endswith("_ms") and value is not None
            else value
            for name, value in body.items()
        }
        at = self.now - timedelta(seconds=age_s)
        Inbox.objects.create(
            terminal=self.terminals[number], epoch=EPOCH, seq=Inbox.objects.count() + 1, kind=kind, body=plain, at=at,
            received_at=self.now,
        )  # fmt: skip

    def say(self, number: int, what: str, *, age_s: float = 0) -> None:
        """A component changed: "printer paper.upper out", `age_s` seconds ago."""
        subject, prop, state = what.split()
        one = self.terminals[number]
        self._state(one, subject, prop, state, self.now - timedelta(seconds=age_s), self.now)
        self.tell("terminals.status", {"terminal": one.code}, self.now)

    def history(self, number: int, what: str, since_s: float, until_s: float) -> None:
        """An interval that was over before it reached us: ages in seconds."""
        subject, prop, state = what.split()
        StatusInterval.objects.create(
            terminal=self.terminals[number], subject=subject, property=prop, kind=subject.partition("-")[0],
            state=state, since=self.now - timedelta(seconds=since_s), until=self.now - timedelta(seconds=until_s),
            received_at=self.now,
        )  # fmt: skip
        self.tell("terminals.corrected", {"terminal": self.terminals[number].code}, self.now)

    def stop(self, after_s: float, length_s: float, *, number: int | None = None, subject: str = "") -> PlannedStop:
        """A planned stop that begins `after_s` from now."""
        more = {"subject": subject} if subject else {}
        return areas.plan_stop(
            SYSTEM, place=self.hall.area.place, starts_at=self.now + timedelta(seconds=after_s),
            ends_at=self.now + timedelta(seconds=after_s + length_s), reason="检修", now=self.now,
            terminal_id=None if number is None else self.terminals[number].pk, **more,
        )  # fmt: skip

    def stop_ended(self) -> None:
        """The areas room tells that an occurrence is over."""
        with transaction.atomic():
            news = emit(
                "areas.stop_ended", subject="x", place_path=self.hall.area.place.path, payload={}, occurred_at=self.now,
                now=self.now,
            )  # fmt: skip
            jobs.hear_stops([news], self.now)

    def connector(self, state: str) -> None:
        """The services room notes that the department 税务 answers or not."""
        department, _made = Department.objects.get_or_create(
            code="SW", defaults={"name": "税务", "organization": self.hall.bodies["SW"]}
        )
        Connector.objects.update_or_create(
            department=department, defaults={"url": "http://127.0.0.1:1", "state": state, "since_at": self.now}
        )
        self.tell("services.connector", {"department": "SW", "state": state}, self.now, self.hall.city.path)

    def clone(self, number: int) -> None:
        """Ingest saw a counter used twice."""
        one = self.terminals[number]
        Terminal.objects.filter(pk=one.pk).update(state="suspended", state_reason="clone", last_seen_at=self.now)
        self.tell("terminals.clone", {"terminal": one.code}, self.now)

    def resume(self, number: int) -> None:
        Terminal.objects.filter(pk=self.terminals[number].pk).update(state="active", state_reason="")
        self.tell("terminals.resumed", {"terminal": self.terminals[number].code}, self.now)

    def suspend(self, number: int) -> None:
        Terminal.objects.filter(pk=self.terminals[number].pk).update(state="suspended", state_reason="巡检")
        self.tell("terminals.suspended", {"terminal": self.terminals[number].code}, self.now)

    def lose_events(self, number: int) -> None:
        payload = {"terminal": self.terminals[number].code, "from_seq": 3, "to_seq": 9}
        self.tell("terminals.lost", payload, self.now)

    def make_relay(self, number: int) -> None:
        Terminal.objects.filter(pk=self.terminals[number].pk).update(kind="relay")

    def relay_speaks(self, number: int) -> None:
        Terminal.objects.filter(pk=self.terminals[number].pk).update(last_seen_at=self.now)

    def ingest_away(self, seconds: float) -> None:
        """Ingest has not said for so long that it listens."""
        IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": self.now - timedelta(seconds=seconds)})
        own_faults.judge_listening(self.now)

    def ingest_back(self, away_s: float) -> None:
        MonitoringGap.objects.create(since=self.now - timedelta(seconds=away_s), until=self.now, cause="ingest_down")
        self.hall.listen(self.now)
        own_faults.judge_listening(self.now)

    # How it is told --------------------------------------------------------------------------------------------------

    def _state(self, one: Terminal, subject: str, prop: str, state: str, since: datetime, received: datetime) -> None:
        open_ones = StatusInterval.objects.filter(terminal=one, subject=subject, property=prop, until__isnull=True)
        open_ones.update(until=since)
        StatusInterval.objects.create(
            terminal=one, subject=subject, property=prop, kind=subject.partition("-")[0], state=state, since=since,
            received_at=received,
        )  # fmt: skip

    def tell(self, kind: str, payload: dict[str, object], at: datetime, place_path: str = "") -> Transition:
        with transaction.atomic():
            row = emit(kind, subject="x", place_path=place_path, payload=payload, occurred_at=at, now=self.now)
        with transaction.atomic():
            jobs.handle_facts([row], self.now)
        return row

    # The clock -------------------------------------------------------------------------------------------------------

    def work(self) -> None:
        """A turn of the worker."""
        judging.judge_due(self.now)
        incident_actions.write_due_orders(self.now)
        jobs.read_evidence(self.now)

    def play(self, steps: Sequence[Step], until_s: float) -> None:
        """Run the steps in their order, and everything that falls due between them."""
        for step in sorted(steps, key=lambda one: one.at_s):
            self._run_to(self.start + timedelta(seconds=step.at_s))
            step.do(self)
            self.work()
        self._run_to(self.start + timedelta(seconds=until_s))

    def _run_to(self, moment: datetime) -> None:
        while True:
            silent = min(self.due_silent.items(), key=lambda one: one[1], default=None)
            dues = [
                one
                for one in (
                    silent[1] if silent else None,
                    AreaWatch.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True)
                    .first(),
                    Incident.objects.filter(order_due_at__isnull=False).order_by("order_due_at")
                    .values_list("order_due_at", flat=True).first(),
                )
                if one is not None
            ]  # fmt: skip
            due = min(dues, default=None)
            if due is None or due > moment:
                self.now = moment
                return
            self.now = max(self.now, due)
            if silent is not None and silent[1] <= self.now:
                del self.due_silent[silent[0]]
                self.fall_silent(silent[0], silent[1])
            self.work()
