"""What time does with rounds: opens them, reminds of them, and makes a missed one an incident, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_findings as findings
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import Round, RoundPlan, RoundTrace
from budayang.center.maintenance.round_signs import sign_questions
from budayang.center.platform import queries as platform
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Staff, Transition
from budayang.center.platform.queries import parameter
from budayang.center.services.queries import calendar_days
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact
from budayang.rules.rounds import TRANSITIONS, due_rounds, next_round

AT_ONCE = 50
A_MOMENT = timedelta(microseconds=1)


def open_rounds(now: datetime) -> int:
    """Open the rounds whose windows have begun, also those that began while nothing ran."""
    done, days = 0, calendar_days()
    due = RoundPlan.objects.filter(next_at__lte=now).select_related("area__place").order_by("next_at", "pk")
    for row in due[:AT_ONCE]:
        assert row.next_at is not None
        plan = queries.plan_of(row)
        with transaction.atomic():
            # Taken by a compare-and-set: a second worker that read the same row gets nothing.
            later = next_round(plan, now + A_MOMENT, days)
            if not RoundPlan.objects.filter(pk=row.pk, next_at=row.next_at).update(next_at=later):
                continue
            for window in due_rounds(plan, row.next_at, now + A_MOMENT, days):
                done += _open(row, window.start, window.end, now) is not None
    return done


def _open(plan: RoundPlan, opens_at: datetime, closes_at: datetime, now: datetime) -> Round | None:
    on = opens_at.astimezone(ZoneInfo(plan.area.place.zone)).date()
    edition = queries.edition_in_force(plan.list_code, plan.area.place.path, on)
    if edition is None:
        return None
    remind_s = float(parameter("round_remind_s", plan.area.place.path, now))
    try:
        with transaction.atomic():
            row = Round.objects.create(
                plan=plan,
                area=plan.area,
                edition=edition,
                place_path=plan.area.place.path,
                on=on,
                opens_at=opens_at,
                closes_at=closes_at,
                stops=queries.stops_of(plan),
                signs=sign_questions(plan, edition, now),
                due_at=max(opens_at, closes_at - timedelta(seconds=remind_s)),
            )
    except IntegrityError:
        return None  # maintenance_round_once: the plan was changed, and its window had been opened before
    RoundTrace.objects.create(round=row, event="opened", at=now, by="maintenance.rounds")
    actions.fill_known(row, now)
    actions.tell(row, "opened", opens_at, now)
    return row


def watch_rounds(now: datetime) -> int:
    """Remind of rounds that end soon, and count those as missed whose time is over."""
    done = 0
    for row in (
        Round.objects.filter(due_at__lte=now).order_by("due_at", "pk").select_related("plan", "area__place")[:200]
    ):
        over_at = row.closes_at + timedelta(seconds=float(parameter("round_grace_s", row.place_path, now)))
        with transaction.atomic():
            # The compare-and-set holds off a second worker, and a person who hands the round over at this moment.
            mine = Round.objects.filter(pk=row.pk, due_at=row.due_at, state="open")
            if now >= over_at:
                if mine.update(state=TRANSITIONS["open", "miss"], due_at=None):
                    _miss(row, over_at, now)
                    done += 1
            elif row.reminded_at is None:
                if mine.update(reminded_at=now, due_at=over_at):
                    row.refresh_from_db()
                    RoundTrace.objects.create(round=row, event="reminded", at=now, by="maintenance.rounds")
                    actions.tell(row, "reminded", now, now)
                    done += 1
            else:
                mine.update(due_at=over_at)
    return done


def _miss(row: Round, at: datetime, now: datetime) -> None:
    row.refresh_from_db()
    RoundTrace.objects.create(round=row, event="missed", at=at, by="maintenance.rounds")
    findings.open_missed(row, now)
    actions.tell(row, "missed", at, now)


def hear_reminders(news: Sequence[Transition], now: datetime) -> None:
    """Tell those who walk a round that it ends soon: the plan's person, else the keeper or the body's people."""
    for one in news:
        row = (
            Round.objects.filter(pk=int(one.payload["round"]), state="open")
            .select_related("plan__person", "area__place", "area__keeper")
            .first()
        )
        if row is None:
            continue
        fact = Fact(
            title=row.plan.name,
            where=row.area.name,
            severity=Severity.GENERAL.value,
            since=row.opens_at,
            until=row.closes_at,
            note=_("请在结束前交上"),
        )
        for receiver in runs.people_of(_walkers(row)):
            messages.add_line(
                receiver, kind="round", place_path=row.place_path, severity=Severity.GENERAL.value, now=now,
                topic=f"round:{row.pk}", fact=fact,
            )  # fmt: skip


def _walkers(row: Round) -> list[Staff]:
    plan = row.plan
    if plan.person is not None and plan.person.is_active:
        return [plan.person]
    if plan.organization_id is not None:
        here = Q(
            grants__organization_id=plan.organization_id, grants__place__path__in=platform.place_chain(row.place_path)
        )
        return list(platform.staff_visible_to(queries.JOB).filter(here, is_active=True).distinct())
    for role, who in queries.FIELD_TASKS.items():
        if plan.who == who:
            here = Q(grants__role=role.value, grants__place__path__in=platform.place_chain(row.place_path))
            if found := list(platform.staff_visible_to(queries.JOB).filter(here, is_active=True).distinct()):
                return found
    keeper = row.area.keeper
    return [keeper] if keeper is not None and keeper.is_active else []


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.rounds", ("maintenance.round_reminded",), hear_reminders),)
DUES: tuple[Due, ...] = (
    Due("maintenance.open_rounds", 5.0, open_rounds),
    Due("maintenance.watch_rounds", 5.0, watch_rounds),
)
