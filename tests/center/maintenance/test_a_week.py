"""A week of an area's life, at speed: at its end nothing hangs in the air, and the figures are what the rows say."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from django.db import connection
from tests.center.hall import PASSWORD, SYSTEM, Hall
from tests.center.maintenance import week_figures
from tests.center.maintenance.the_week import DAY, HOUR, IDLE, Fault, Week

from budayang.center.maintenance import duty_actions, hours_ledger, queries
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import (
    FINAL_ORDER_STATES,
    Incident,
    Notice,
    NoticeDelivery,
    NoticeLine,
    Report,
    Round,
    RoundAnswer,
    RoundPlan,
    WorkOrder,
)
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Delivery
from budayang.center.terminals.models import Inbox, Terminal
from budayang.rules.duty import Days
from budayang.rules.hours import tally
from budayang.rules.rounds import Plan, Rhythm

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)  # Monday 2026-11-23, 00:00 in the hall
END = MONDAY + 7 * DAY
AFTER = END + 2 * DAY
"""Nothing new happens after END; until here people finish what they have."""
KINDS = {
    ("printer", "paper.upper", "out", "full"): "paper_out",
    ("printer", "media", "jammed", "notPresent"): "paper_jam",
    ("printer", "device", "hardwareError", "online"): "printer_offline",
    ("terminal", "link", "silent", "online"): "terminal_silent",
}
WINDOWS = (("daily", time(8, 30), time(11, 30)), ("night", time(22), time(23, 30)), ("night", time(2), time(3, 30)))
GRACE, ANSWER = timedelta(minutes=15), 4 * HOUR
"""round_grace_s and report_answer_s of the reference edition."""
RS_TURNS = ("ren", "ran")
ENDS_ITSELF = ("round_missed", "terminal_silent")
"""Kinds that need no other proof than that the fact is gone."""


def troubles(hall: Hall, chance: Random) -> list[Fault]:
    """Twenty faults, no two at one machine within eight hours of each other; a third end before anybody comes."""
    found: list[Fault] = []
    for machine in (hall.terminal, hall.other):
        at = MONDAY + timedelta(minutes=chance.uniform(30, 400))
        while at < END - DAY:
            subject, prop, bad, good = chance.choice(sorted(KINDS))
            alone = prop == "link" or chance.random() < 0.3
            end = at + timedelta(minutes=chance.uniform(12, 180)) if alone else None
            found.append(Fault(machine, subject, prop, bad, good, at, end, heals_itself=alone))
            at += timedelta(hours=chance.uniform(10, 20))
    return found


@pytest.fixture
def week(hall: Hall) -> Week:
    """The area with plans for its rounds, a roster and a channel."""
    before, first = MONDAY - HOUR, date(2026, 11, 23)
    Terminal.objects.update(last_seen_at=MONDAY, enrolled_at=MONDAY - DAY)
    planning.adopt_check_lists(SYSTEM, hall.city, now=before - DAY, today=date(2026, 11, 22))
    second = platform.add_staff(SYSTEM, username="ran", name="测试辛", password=PASSWORD)
    platform.grant_role(SYSTEM, second, Role.OWNER_UNIT, hall.city, organization=hall.bodies["RS"], now=before)
    hall.staff["ran"] = second
    for code, opens, closes in WINDOWS:
        planning.set_plan(
            SYSTEM, None, area=hall.area, code=code, who="keeper", now=before, person=hall.staff["lin"],
            plan=Plan(Rhythm.DAILY, ((opens, closes),), first),
        )  # fmt: skip
    for body, people in (("RS", RS_TURNS), ("ZW1", ["lin"]), ("VN1", ["mo"]), ("SW", ["shui"])):
        duty_actions.add_shift(
            SYSTEM, organization=hall.bodies[body], place=hall.city, name="值班", days=Days.EVERY, opens=time(0),
            closes=time(0), people=[hall.staff[one] for one in people], starts_on=first, now=before,
        )  # fmt: skip
    chance = Random(7)
    made = Week(hall, MONDAY, chance)
    channel = made.alarm.channel("mail", "邮件")
    for name in ("lin", "ren", "ran", "mo", "shui"):
        made.alarm.address(name, channel, f"{name}@example.cn")
    for one in troubles(hall, chance):
        made.breaks(one)
    for kind in ("light", "dirty", "sticker", "print", "door", "help"):
        moment = MONDAY + timedelta(minutes=chance.uniform(60, 6 * 24 * 60))
        made.reports(moment, kind, of_area=kind in ("door", "light"))
    return made


@pytest.mark.long
def test_after_a_week_no_thread_is_open_and_the_figures_agree(week: Week, hall: Hall) -> None:
    week.run(END)
    assert Round.objects.count() == 7 * len(WINDOWS), "one a window"
    RoundPlan.objects.update(next_at=None)  # the plans end with the week
    week.run(AFTER)
    nothing_hangs()
    each_fault_was_found_once(week)
    each_round_is_accounted_for(week)
    each_report_was_heard(week)
    each_closed_order_was_proven()
    each_alarm_reached_who_was_on_duty(hall)
    figures_agree(hall)


def nothing_hangs() -> None:
    assert not Delivery.objects.filter(done_at__isnull=True).exists(), "news that nobody read"
    assert not Inbox.objects.filter(done_at__isnull=True).exists()
    assert list(WorkOrder.objects.exclude(state__in=FINAL_ORDER_STATES).values_list("number", "state")) == []
    assert not WorkOrder.objects.filter(next_due_at__isnull=False).exists(), "no clock of a finished order goes on"
    assert list(Incident.objects.filter(state="open").values_list("kind", "subject")) == []
    assert set(Round.objects.values_list("state", flat=True)) <= {"done", "done_late"}
    assert set(Notice.objects.values_list("state", flat=True)) == {"closed"}
    assert set(NoticeDelivery.objects.values_list("state", flat=True)) == {"sent"}
    assert not NoticeLine.objects.filter(state="pending").exists()


def each_fault_was_found_once(week: Week) -> None:
    rows = Incident.objects.filter(kind__in=KINDS.values()).values_list(
        "terminal__code", "kind", "opened_at", "closed_at"
    )
    truth = [
        (one.terminal.code, KINDS[one.subject, one.prop, one.bad, one.good], one.start, one.end)
        for one in week.truth.faults
    ]
    assert len(truth) >= 15
    assert sorted(rows) == sorted(truth)


def each_round_is_accounted_for(week: Week) -> None:
    truth = week.truth
    in_time = {pk for pk, at in truth.walked.items() if at <= Round.objects.get(pk=pk).closes_at + GRACE}
    late = Round.objects.exclude(pk__in=in_time)
    assert late.exists(), "somebody has to miss one"
    missed = Incident.objects.filter(kind="round_missed").values_list("opened_at", flat=True)
    assert sorted(missed) == sorted(late.values_list("closes_at", flat=True))
    assert truth.found_bad, "somebody has to find something"
    failed = RoundAnswer.objects.filter(source="person", failed=True)
    assert failed.count() == truth.found_bad
    assert not failed.filter(incident__isnull=True).exists(), "what was found is somebody's"


def each_report_was_heard(week: Week) -> None:
    assert set(Report.objects.values_list("number", flat=True)) == set(week.truth.reports)
    for report in Report.objects.all():
        assert report.state == "fixed"
        assert report.answer_due_at is None, "no clock of a finished report goes on"
        heard_at = min(one for one in (report.answered_at, report.ended_at) if one is not None)
        overdue = report.events.filter(event="overdue").exists()
        took = heard_at - report.made_at
        assert took > ANSWER if overdue else took <= ANSWER + IDLE, report.kind


def each_closed_order_was_proven() -> None:
    proofs = ("test_passed", "photo_after", "called_back")
    for order in WorkOrder.objects.filter(state="closed"):
        events = set(order.events.values_list("event", flat=True))
        assert {"verified", "closed"} <= events
        assert events & set(proofs) or order.incident.kind in ENDS_ITSELF, (order.incident.kind, events)


def each_alarm_reached_who_was_on_duty(hall: Hall) -> None:
    """By the roster as it was written, not as the house reads it: RS's two people take turns by days from Monday on."""
    told = NoticeLine.objects.filter(kind="alarm", on_duty=True, staff__isnull=False).order_by("made_at", "pk")
    lines = told.filter(notice__incident__orders__organization=hall.bodies["RS"]).select_related("staff")
    # Whoever is called after nobody answered is the roster's next.
    first = {line.notice_id: line for line in reversed(lines)}.values()
    assert {one.staff.username for one in first if one.staff} == set(RS_TURNS)
    for line in first:
        assert line.staff is not None
        assert line.staff.username == RS_TURNS[(line.made_at - MONDAY) // DAY % 2], line.made_at


def figures_agree(hall: Hall) -> None:
    start, end = MONDAY, AFTER
    machines = (hall.terminal, hall.other)
    with connection.cursor() as cursor:
        orders = week_figures.orders(cursor)
        lost = {one.pk: week_figures.lost_s(cursor, one.pk, start, end) for one in machines}
    facts = queries.order_facts("/", start - DAY, end, end)
    assert len(facts) == orders.orders
    assert sum(one.responded_in_time is True for one in facts) == orders.responded
    assert sum(one.repaired_in_time is True for one in facts) == orders.repaired
    assert 0 < orders.repaired < orders.orders, "a week in which all or none is in time shows nothing"
    ledger = hours_ledger.load([one.pk for one in machines], start, end)
    for one in machines:
        found = tally(ledger.pieces_of(one.pk))
        assert found.promised / 1e6 == (end - start).total_seconds()
        assert (found.promised - found.usable) / 1e6 == pytest.approx(lost[one.pk], abs=0.001)
        assert lost[one.pk] > 3600
