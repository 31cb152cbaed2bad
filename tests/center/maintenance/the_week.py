"""A week of an area at speed: what happens to it, and the people who keep it, on the house's own wiring.

The clock jumps from one moment to the next; at each, every reader of news reads until nothing waits and every job of
the room that is due runs, as the worker would. Nothing is patched but the sender's transport. What really happened is
kept beside (`Truth`), so that what the center found can be compared with it.
"""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from PIL import Image
from tests.center.hall import Hall
from tests.center.maintenance.the_alarm import Alarm

from budayang.center.maintenance import actions, report_actions, report_following, round_actions, work_actions
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Report, Round, WorkOrder
from budayang.center.maintenance.order_proving import missing_proof
from budayang.center.maintenance.report_actions import Said
from budayang.center.maintenance.round_actions import Given
from budayang.center.maintenance.round_queries import sheet
from budayang.center.platform import deliveries
from budayang.center.platform.actions import Refused, emit
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Delivery
from budayang.center.terminals.models import StatusInterval, Terminal
from budayang.rules.order_proofs import Proof
from budayang.rules.reports import OPEN_STATES
from budayang.rules.round_lists import Answer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
IDLE = HOUR
"""The longest pause between two moments; the jobs that only time moves are looked at that often at least."""
OURS = ("maintenance.", "areas.stops", "platform.seal_audit", "terminals.repair_now")
STORED = "maintenance.hours"
"""Not run: what they keep is computed from the same intervals as the hours that the test asks for."""
WORKERS = {"RS": "ren", "SW": "shui", "VN1": "mo", "ZW1": "lin"}
GIVE_UP = 40


@dataclass(slots=True)
class Fault:
    """Something that broke: `end` is when it was well again."""

    terminal: Terminal
    subject: str
    prop: str
    bad: str
    good: str
    start: datetime
    end: datetime | None = None
    heals_itself: bool = False

    @property
    def silent(self) -> bool:
        return self.prop == "link"


@dataclass(slots=True)
class Truth:
    """What really happened."""

    faults: list[Fault] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    walked: dict[int, datetime] = field(default_factory=dict)
    """Rounds, by when they were handed over."""
    found_bad: int = 0


class Week:
    """The area from `start` on; `chance` decides who comes when."""

    def __init__(self, hall: Hall, start: datetime, chance: Random) -> None:
        self.hall, self.now, self.chance, self.truth = hall, start, chance, Truth()
        self.alarm = Alarm(hall, start)
        self._sender = self.alarm.sender()
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._ran: dict[str, datetime] = {}
        ours = [one for one in deliveries.dues() if one.name.startswith(OURS) and not one.outward]
        self._dues = [one for one in ours if not one.name.startswith(STORED)]
        self._on: set[int] = set()
        self._seen: set[int] = set()
        self._visits: dict[int, int] = {}

    # --- the clock

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        """Put something on the agenda."""
        self._count += 1
        heapq.heappush(self._agenda, (moment, self._count, do))

    def run(self, until: datetime) -> None:
        """Live until then."""
        while self.now < until:
            following = self._agenda[0][0] if self._agenda else until
            self.now = min(max(following, self.now), self.now + IDLE, until)
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            self.turn()

    def turn(self) -> None:
        """What the worker does at this moment, and then what people see of it."""
        self.hall.listen(self.now)
        self.alarm.now = self.now
        self._read()
        for due in self._dues:
            if due.name not in self._ran or (self.now - self._ran[due.name]).total_seconds() >= due.every_s:
                self._ran[due.name] = self.now
                with transaction.atomic():
                    due.run(self.now)
        self._read()
        self._sender.turn()
        self._people_look()

    def _read(self) -> None:
        for _again in range(20):
            names = set(Delivery.objects.filter(done_at__isnull=True).values_list("consumer", flat=True))
            if not names:
                return
            for one in deliveries.consumers():
                if one.name in names:
                    deliveries.deliver(one, self.now)
        raise AssertionError("news without an end")

    # --- what happens

    def breaks(self, fault: Fault) -> None:
        """Put a fault on the agenda; whoever repairs it ends it, or it ends by itself after `end`."""
        self.truth.faults.append(fault)
        self.at(fault.start, lambda: self._tell(fault, fault.bad))
        if fault.heals_itself and fault.end is not None:
            self.at(fault.end, lambda: self._tell(fault, fault.good))

    def _tell(self, fault: Fault, state: str) -> None:
        machine, path = fault.terminal, self.hall.area.place.path
        with transaction.atomic():
            rows = StatusInterval.objects.filter(terminal=machine, subject=fault.subject, property=fault.prop)
            rows.filter(until__isnull=True).update(until=self.now)
            StatusInterval.objects.create(
                terminal=machine, subject=fault.subject, property=fault.prop, kind=fault.subject, state=state,
                since=self.now, received_at=self.now,
            )  # fmt: skip
            kind = "terminals.status"
            if fault.silent:
                silent = state == fault.bad
                Terminal.objects.filter(pk=machine.pk).update(silent_since=self.now if silent else None)
                kind = "terminals.silent" if silent else "terminals.heard"
            payload = {"terminal": machine.code}
            emit(kind, subject="x", place_path=path, payload=payload, occurred_at=self.now, now=self.now)

    def reports(self, moment: datetime, kind: str, *, of_area: bool = False) -> None:
        """A citizen reports by the QR code."""

        def do() -> None:
            spot = report_following.find_spot(
                "area" if of_area else "terminal", self.hall.area.code if of_area else self.hall.terminal.code
            )
            assert spot is not None
            client = f"192.0.2.{len(self.truth.reports)}"
            self.truth.reports.append(
                report_actions.take_report(spot, Said(kind=kind), client=client, now=self.now).number
            )

        self.at(moment, do)

    # --- the people

    def _people_look(self) -> None:
        """Whoever has an order, a round or a report before him that he has not seen decides when he comes."""
        for order in WorkOrder.objects.exclude(state__in=FINAL_ORDER_STATES).exclude(pk__in=self._on):
            self._on.add(order.pk)
            self._later(self._delay(2, 45), lambda pk=order.pk: self._work(pk))  # type: ignore[misc]  # bound now
        for walk in Round.objects.filter(state="open"):
            if walk.pk in self._seen:
                continue
            self._seen.add(walk.pk)
            if self.chance.random() > 0.15:
                self._later(self._delay(5, 50), lambda pk=walk.pk: self._walk(pk))  # type: ignore[misc]  # bound now
        for report in Report.objects.filter(state__in=OPEN_STATES, answered_at__isnull=True):
            if -report.pk not in self._on:
                self._on.add(-report.pk)
                self._later(self._delay(10, 300), lambda pk=report.pk: self._answer(pk))  # type: ignore[misc]  # as above

    def _delay(self, least: float, most: float) -> timedelta:
        """Now and then somebody comes much later."""
        late = 6 if self.chance.random() < 0.1 else 1
        return timedelta(minutes=round(late * self.chance.uniform(least, most), 1))

    def _later(self, delay: timedelta, do: Callable[[], None]) -> None:
        self.at(self.now + delay, do)

    def _answer(self, pk: int) -> None:
        report = Report.objects.get(pk=pk)
        if report.state in OPEN_STATES and report.answered_at is None:
            report_actions.answer_report(self.hall.actor("lin"), report, "已安排人处理。", self.now)

    def _walk(self, pk: int) -> None:
        """Answer every question of a round: nearly all is well, now and then something is not."""
        walk, who = Round.objects.get(pk=pk), self.hall.actor("lin")
        if pk in self.truth.walked:
            return  # made up for meanwhile
        self.truth.walked[pk] = self.now
        for stop in sheet(walk):
            for asked in stop.asked:
                if asked.answered:
                    continue  # telemetry has said it
                question = asked.question
                bad = question.kind is Answer.YES_NO and bool(question.severity) and self.chance.random() < 0.02
                self.truth.found_bad += bad
                value = "no" if bad else "yes" if question.kind is Answer.YES_NO else "na"
                given = Given(round_actions.new_client_id(), stop.code, question.code, value, self.now)
                round_actions.record_answer(who, walk, given, now=self.now)
        round_actions.finish_round(who, walk, note="有的项目没有条件查", at=self.now, now=self.now)

    def _work(self, pk: int) -> None:
        """One visit to an order: what its state asks for; then the next visit, until it is done."""
        order = WorkOrder.objects.select_related("organization", "incident").get(pk=pk)
        if order.state in FINAL_ORDER_STATES:
            return
        self._visits[pk] = self._visits.get(pk, 0) + 1
        assert self._visits[pk] < GIVE_UP, f"{order.number} ({order.incident.kind}, {order.state}) is never done"
        who, pause = self.hall.actor(WORKERS[order.organization.code]), self._delay(5, 90)
        if order.state == "reported":
            actions.accept_order(who, order, now=self.now)
        elif order.state == "accepted":
            if self.chance.random() < 0.1:
                actions.pause(who, order, reason="spare_part", now=self.now)
            else:
                actions.arrive(who, order, now=self.now)
        elif order.state.endswith("_paused"):
            actions.resume(who, order, now=self.now)
        elif order.state == "on_site":
            self._mend(who, order)
        elif order.state == "repaired":
            pause = self._accept(who, order)
        self._later(pause, lambda: self._work(pk))

    def _mend(self, who: Actor, order: WorkOrder) -> None:
        standing = [one for one in self.truth.faults if one.end is None and one.start <= self.now]
        mine = [one for one in standing if one.terminal.pk == order.incident.terminal_id]
        if order.incident.kind == "round_missed":
            missed = Round.objects.filter(state="missed", closes_at=order.incident.opened_at).first()
            if missed is not None:
                self._walk(missed.pk)
        for fault in mine:
            fault.end = self.now
            self._tell(fault, fault.good)
        self._read()
        order.refresh_from_db()
        if order.state == "on_site":
            actions.repair(who, order, note="已处理", now=self.now)

    def _accept(self, who: Actor, order: WorkOrder) -> timedelta:
        """Prove and accept; refused while the fault stands, then again in some hours."""
        for proof in missing_proof(order):
            if proof is Proof.TEST:
                machine = Actor.terminal(self.hall.terminal.code, order.place_path)
                actions.record_test_print(machine, order, ok=True, reason="", at=self.now, now=self.now)
            elif proof is Proof.PHOTO:
                work_actions.add_photo(who, order, moment="after", content=_photo(order.pk), now=self.now)
            elif proof is Proof.CALL_BACK:
                actions.call_back(self.hall.actor("lin"), order, works=True, note="现场群众说可以用了", now=self.now)
            else:
                continue
            break
        order.refresh_from_db()
        if order.state == "repaired":
            try:
                with transaction.atomic():
                    actions.verify(self.hall.actor("lin"), order, now=self.now)
            except Refused:
                return 6 * HOUR
        return MINUTE


def _photo(seed: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, 90, 90)).save(out, "JPEG")
    return out.getvalue()
