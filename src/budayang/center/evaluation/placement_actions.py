"""Writes of placement suggestions: computed anew each month by the worker, judged by a person.

A judgement stays while the numbers stay: what was set aside stays aside, what sleeps wakes on its day, what was
accepted comes back when its improvement item is closed and the numbers are as before. What no longer holds is `gone`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation import improvement_actions
from budayang.center.evaluation.models import Improvement, PlacementStanding, PlacementSuggestion
from budayang.center.evaluation.placement_gather import JOB, Gathered, gather
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.rules.placement import Suggestion

JUDGES = (Role.SUPERVISOR, Role.AREA_KEEPER)
AT_ONCE = 5
COMPUTED_AT = time(5, 30)
LONGEST_SLEEP_D = 366
LEASE = timedelta(minutes=10)
"""For how long an area that is being computed is held off: after a failure it is due again then."""
EARLIEST_CLOCK = timedelta(hours=14)
FIGURES = ("title", "numbers", "sample", "thresholds", "first_on", "last_on", "computed_at")
"""What computing writes of a suggestion, whatever a person has decided of it."""


def next_due(now: datetime, zone: str) -> datetime:
    """The first day of the next month, early in the morning of the place."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return datetime.combine(first, COMPUTED_AT, ZoneInfo(zone))


def run_due(now: datetime) -> int:
    """Compute the areas that are due, a few a turn; a new area is due at once. Returns how many."""
    known = PlacementStanding.objects.values("area_id")
    new = areas.visible_to(JOB).exclude(pk__in=known).order_by("pk").values_list("pk", flat=True)[:100]
    PlacementStanding.objects.bulk_create(
        [PlacementStanding(area_id=pk, due_at=now) for pk in new], ignore_conflicts=True
    )  # fmt: skip
    PlacementStanding.objects.filter(area_id__in=_awake(now), due_at__gt=now + LEASE).update(due_at=now)
    due = PlacementStanding.objects.filter(due_at__lte=now).select_related("area__place").order_by("due_at", "pk")
    done = 0
    for one in due[:AT_ONCE]:
        # The compare-and-set holds off a second worker.
        leased = now + LEASE
        if PlacementStanding.objects.filter(pk=one.pk, due_at=one.due_at).update(due_at=leased):
            compute(one.area, now, leased)
            done += 1
    return done


def _awake(now: datetime) -> list[int]:
    """Areas with a suggestion that was put off until today or before, by the area's clock."""
    slept = PlacementSuggestion.objects.filter(state="snoozed", snoozed_until__lte=(now + EARLIEST_CLOCK).date())
    first = slept.order_by().values_list("area_id", "area__place__zone").annotate(until=Min("snoozed_until"))
    return [area for area, zone, until in first if until <= now.astimezone(ZoneInfo(zone)).date()]


def ask_again(actor: Actor, area: Any, now: datetime) -> None:
    """Have an area computed by the worker's next turn."""
    actor.require(*JUDGES, place_path=area.place.path)
    with transaction.atomic():
        PlacementStanding.objects.update_or_create(area=area, defaults={"due_at": now})
        record(actor, "evaluation.placement_asked", subject=f"area:{area.code}", place_path=area.place.path, at=now)


def compute(area: Any, now: datetime, leased: datetime | None = None) -> int:
    """Write what the area's numbers suggest now; returns how many stand open. `leased`: until when the worker holds the
    area; unless it was asked for anew meanwhile, it is due again next month.
    """
    (seen,) = gather([area], now)
    found = seen.suggestions(area.pk)  # read before the transaction: it takes the longest
    with transaction.atomic():
        held = {
            (one.kind, one.key): one
            for one in PlacementSuggestion.objects.filter(area=area).select_related("improvement").order_by("pk")
        }
        for one in found:
            row = held.pop((one.kind, one.key[:120]), None) or PlacementSuggestion(
                area=area, place_path=area.place.path, kind=one.kind, key=one.key[:120], found_at=now
            )
            _write(row, one, seen, now)
        for row in held.values():
            if row.state in ("open", "snoozed"):
                _as_read(row).update(state="gone", snoozed_until=None, computed_at=now)
        if leased is not None:
            standing = PlacementStanding.objects.filter(area=area)
            standing.filter(due_at=leased).update(due_at=next_due(now, area.place.zone))
            standing.update(computed_at=now)
    return PlacementSuggestion.objects.filter(area=area, state="open").count()


def _write(row: PlacementSuggestion, one: Suggestion, seen: Gathered, now: datetime) -> None:
    row.title, row.numbers, row.sample = seen.title(one)[:200], dict(one.numbers), one.sample
    row.thresholds, row.first_on, row.last_on = seen.thresholds(row.area_id, one.kind), seen.span.first, seen.span.last
    row.computed_at = now
    if row._state.adding:
        row.save()
        return
    row.save(update_fields=FIGURES)
    today = now.astimezone(ZoneInfo(seen.span.zone)).date()
    slept = row.state == "snoozed" and row.snoozed_until is not None and row.snoozed_until <= today
    again = row.state == "accepted" and row.improvement is not None and row.improvement.closed_at is not None
    if row.state == "gone" or slept or again:
        _as_read(row).update(state="open", snoozed_until=None, found_at=now)


def _as_read(row: PlacementSuggestion) -> QuerySet[PlacementSuggestion]:
    """The row while nobody has decided otherwise since it was read: a person's decision stands before the numbers."""
    return PlacementSuggestion.objects.filter(
        pk=row.pk, state=row.state, snoozed_until=row.snoozed_until, improvement=row.improvement_id
    )


def _decide(row: PlacementSuggestion, actor: Actor, now: datetime, **also: object) -> None:
    told = {"decided_at": now, "decided_by": (actor.label or actor.name)[:80], **also}
    if not PlacementSuggestion.objects.filter(pk=row.pk, state="open").update(**told):
        raise Refused(_("这条建议刚刚已有人处理，或不再成立，请刷新页面再看。"))
    row.refresh_from_db()
    record(actor, f"evaluation.placement_{row.state}", subject=f"placement:{row.pk}", place_path=row.place_path,
           details={"kind": row.kind, "key": row.key if row.kind != "unfound" else ""}, at=now)  # fmt: skip


@transaction.atomic
def accept(
    actor: Actor, row: PlacementSuggestion, *, plan: str, owner: Organization, due_on: date, problem: str, now: datetime
) -> Improvement:
    """Take a suggestion up: it becomes an improvement item."""
    actor.require(*JUDGES, place_path=row.place_path)
    item = improvement_actions.propose(
        actor, row.area.place, title=row.title[:80], problem=problem, plan=plan, owner=owner, due_on=due_on, now=now
    )
    _decide(row, actor, now, state="accepted", improvement=item)
    return item


@transaction.atomic
def set_aside(actor: Actor, row: PlacementSuggestion, *, reason: str, now: datetime) -> PlacementSuggestion:
    """Not taken up, for a reason; it is not made again while the numbers stay."""
    actor.require(*JUDGES, place_path=row.place_path)
    if not reason.strip():
        raise Refused(_("请写明为什么不采纳。"))
    _decide(row, actor, now, state="aside", reason=reason.strip()[:300])
    return row


@transaction.atomic
def snooze(actor: Actor, row: PlacementSuggestion, *, until: date, now: datetime) -> PlacementSuggestion:
    """Look at it again from a day on, should it still hold then."""
    actor.require(*JUDGES, place_path=row.place_path)
    today = now.astimezone(ZoneInfo(row.area.place.zone)).date()
    if not today < until <= today + timedelta(days=LONGEST_SLEEP_D):
        raise Refused(_("请选一年以内、今天以后的日期。"))
    _decide(row, actor, now, state="snoozed", snoozed_until=until)
    return row


@transaction.atomic
def reopen(actor: Actor, row: PlacementSuggestion, now: datetime) -> PlacementSuggestion:
    """Judge one anew that was set aside or sleeps."""
    actor.require(*JUDGES, place_path=row.place_path)
    mine = PlacementSuggestion.objects.filter(pk=row.pk, state__in=("aside", "snoozed"))
    if not mine.update(state="open", snoozed_until=None, reason=""):
        raise Refused(_("只有不采纳的和以后再看的可以重新看。"))
    row.refresh_from_db()
    record(actor, "evaluation.placement_open", subject=f"placement:{row.pk}", place_path=row.place_path,
           details={"kind": row.kind}, at=now)  # fmt: skip
    return row
