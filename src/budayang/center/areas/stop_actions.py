"""Planning, changing and calling off stops. What was announced and has passed is never rewritten.

A change ends the announced stop from now on and announces another that `replaces` it; leaving out one occurrence or
ending one early is a row of its own. Every action locks its stop first: its rival is the due loop that tells
beginnings and ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas.models import PlannedStop, StopException
from budayang.center.areas.occurrences import LONGEST, next_occurrence, occurrences
from budayang.center.areas.recurrence import (
    WEEKDAYS,
    BadRecurrence,
    clock_of,
    closing,
    first_on_or_after,
    last_start,
    parse,
    settled,
    starts,
)
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place
from budayang.rules.areas import wall_window

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
# Occurrences that are looked through for an overlap: more than a year of weeks, five years of months.
LOOKED_AT = 60


def may_change(actor: Actor, stop: PlannedStop) -> bool:
    """Whether the actor may change or call off this stop; pages ask, actions require."""
    return actor.may(*_roles(stop.department, stop.owner_id), place_path=stop.place.path, organizations=_bodies(stop))


def _roles(department: str, owner_id: int | None) -> tuple[Role, ...]:
    return (*KEEPERS, Role.OWNER_UNIT) if department or owner_id is not None else KEEPERS


def _bodies(stop: PlannedStop) -> tuple[int, ...]:
    """Bodies whose own people may act on it: the terminal's owner, or the department's organization."""
    if stop.owner_id is not None:
        return (stop.owner_id,)
    return (
        tuple(Organization.objects.filter(code=stop.department).values_list("pk", flat=True)) if stop.department else ()
    )


def _require(actor: Actor, stop: PlannedStop) -> None:
    actor.require(*_roles(stop.department, stop.owner_id), place_path=stop.place.path, organizations=_bodies(stop))


@transaction.atomic
def plan_stop(
    actor: Actor,
    *,
    place: Place,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
    kind: str = PlannedStop.Kind.MAINTENANCE,
    terminal_id: int | None = None,
    owner: Organization | None = None,
    subject: str = "",
    component: str = "",
    department: str = "",
    rrule: str = "",
) -> PlannedStop:
    """Announce a stop of a place, of one terminal in it, of a component or a kind of component, or of a department's
    services there; once, or as often as `rrule` (the dialect of `recurrence`) says.

    `starts_at` and `ends_at` are the first occurrence. With `owner`, the body that owns the terminal `terminal_id`,
    its own people may plan too; a department's own people may announce their department's stop: `department` is then
    their organization's code.

    Raises:
        Refused: for a stop that lies in the past, ends before it starts, says no reason, or repeats in a way outside
            the dialect or onto itself.
    """
    return announce(
        actor,
        PlannedStop(
            place=place,
            terminal_id=terminal_id,
            owner=owner if terminal_id is not None else None,
            subject=subject,
            component=component,
            department=department,
            kind=kind,
            starts_at=starts_at,
            ends_at=ends_at,
            rrule=rrule,
            reason=reason.strip(),
            announced_at=now,
            announced_by=actor.name,
        ),
        now=now,
    )


@transaction.atomic
def announce(actor: Actor, stop: PlannedStop, *, now: datetime) -> PlannedStop:
    """Save and tell a stop that a page has put together; checked as `plan_stop` checks."""
    draft_stop(actor, stop, now).save()
    _tell(actor, stop, "stop_planned", now)
    return stop


def draft_stop(actor: Actor, stop: PlannedStop, now: datetime) -> PlannedStop:
    """The unsaved stop with its rule, last end and next change worked out: what a page shows before anything is saved.

    Raises Refused and Forbidden as `plan_stop` does.
    """
    _require(actor, stop)
    if stop.ends_at <= stop.starts_at:
        raise Refused(_("结束时间要晚于开始时间。"))
    if not stop.reason:
        raise Refused(_("请写明原因，市民会看到。"))
    if stop.subject and stop.terminal_id is None:
        raise Refused(_("停一个部件要先选它所在的终端。"))
    if stop.department and (stop.terminal_id is not None or stop.subject or stop.component):
        raise Refused(_("部门停办的是它的事项，不能同时选终端或部件。"))
    stop.last_ends_at = stop.ends_at
    if stop.rrule:
        _repeat(stop)
    if stop.last_ends_at is not None and stop.last_ends_at <= now:
        raise Refused(_("这段时间已经过去。计划停用要事先公告，过去的停用由故障记录说明。"))
    coming = next_occurrence(stop, now)
    stop.next_change_at = coming.start if coming else None
    return stop


def _repeat(stop: PlannedStop) -> None:
    """Settle the rule and the end of the series. Raises Refused with the repair."""
    zone = stop.place.zone
    first = clock_of(stop.starts_at, zone)
    if stop.ends_at - stop.starts_at > LONGEST:
        raise Refused(_("重复的停用每次最长 7 天，请缩短，或分成几次公告。"))
    try:
        rule = settled(parse(stop.rrule), first.date())
        last = last_start(rule, first, zone)
        on = first_on_or_after(rule, first, zone)
    except BadRecurrence as error:
        raise Refused(str(error)) from error
    if on is None:
        raise Refused(_("截止日期在第一次之前，请改晚一些。"))
    if on != first.date():
        raise Refused(
            _("第一次不在重复的日子里，最近的是%(month)d月%(day)d日（%(weekday)s），请改开始日期。")
            % {"month": on.month, "day": on.day, "weekday": WEEKDAYS[on.weekday()]}
        )
    days, closes = closing(stop.starts_at, stop.ends_at, zone)
    for one, after in pairwise(islice(starts(rule, first, zone, first.date()), LOOKED_AT)):
        if (after - one).days < days or ((after - one).days == days and closes > first.time()):
            raise Refused(_("前一次还没结束，后一次就要开始。请缩短每次的时间，或隔得久一些。"))
    stop.rrule = rule.text()
    window = wall_window(last, first.time(), days, closes, zone) if last is not None else None
    stop.last_ends_at = max(window.end if window else stop.ends_at, stop.ends_at) if last is not None else None


def _locked(stop: PlannedStop) -> PlannedStop:
    """The row as it is now, locked until the action's transaction ends."""
    rows = PlannedStop.objects.select_for_update(of=("self",)).select_related("place", "owner")
    return rows.get(pk=stop.pk)


def _refuse_over(stop: PlannedStop, now: datetime) -> None:
    if stop.cancelled_at is not None or next_occurrence(stop, now) is None:
        raise Refused(_("这次停用已经结束或已经取消。"))


@transaction.atomic
def cancel_stop(actor: Actor, stop: PlannedStop, *, now: datetime) -> PlannedStop:
    """Call a stop off, a series with all that was to come. What has passed stays planned: what runs ends now."""
    _require(actor, stop)
    mine = _locked(stop)
    _refuse_over(mine, now)
    _close_from(actor, mine, now)
    _tell(actor, mine, "stop_cancelled", now)
    return mine


def _close_from(actor: Actor, stop: PlannedStop, now: datetime) -> None:
    """No moment from `now` on is stopped any more; every moment before stays as it was announced."""
    if stop.starts_at >= now:
        stop.cancelled_at, stop.next_change_at, stop.running_since_at = now, None, None
        stop.save(update_fields=["cancelled_at", "next_change_at", "running_since_at"])
        return
    if stop.rrule:
        _cut_running(actor, stop, now)
        _end_series(stop, now, now)
    else:
        stop.ends_at = stop.last_ends_at = now
        _reschedule(stop, now)
        stop.save(update_fields=["ends_at", "last_ends_at", "next_change_at"])


def _cut_running(actor: Actor, stop: PlannedStop, now: datetime) -> bool:
    """End the occurrence of a series that runs now; returns whether one did."""
    running = next_occurrence(stop, now)
    if running is None or running.start >= now:
        return False
    StopException.objects.update_or_create(
        stop=stop, occurrence_at=running.start, defaults={"ends_at": now, "set_at": now, "set_by": actor.name}
    )
    return True


def _end_series(stop: PlannedStop, at: datetime, now: datetime) -> None:
    """No occurrence starts at or after `at`."""
    stop.until_at = at
    last = stop.starts_at
    for one in occurrences(stop, stop.starts_at):
        last = one.end
    stop.last_ends_at = max(last, now)
    _reschedule(stop, now)
    stop.save(update_fields=["until_at", "last_ends_at", "next_change_at"])


def _reschedule(stop: PlannedStop, now: datetime) -> None:
    """When the due loop looks next. A beginning that it has not told yet stays due; so does the end that follows."""
    if stop.next_change_at is not None and stop.next_change_at <= now:
        return
    coming = next_occurrence(stop, now)
    if stop.running_since_at is None:
        stop.next_change_at = coming.start if coming else None
    else:
        runs = coming is not None and coming.start == stop.running_since_at
        stop.next_change_at = coming.end if coming is not None and runs else now


@transaction.atomic
def end_now(actor: Actor, stop: PlannedStop, *, now: datetime) -> PlannedStop:
    """The work is done before the time: the occurrence that runs ends now, a series goes on. Raises Refused when none
    runs.
    """
    _require(actor, stop)
    mine = _locked(stop)
    running = next_occurrence(mine, now)
    if running is None or running.start >= now:
        raise Refused(_("现在没有在停，不用提前结束。"))
    if mine.rrule:
        _cut_running(actor, mine, now)
        _reschedule(mine, now)
        mine.save(update_fields=["next_change_at"])
    else:
        _close_from(actor, mine, now)
    _tell(actor, mine, "stop_changed", now, what="ended_early", window=(running.start, now))
    return mine


@transaction.atomic
def skip_occurrence(actor: Actor, stop: PlannedStop, occurrence_at: datetime, *, now: datetime) -> PlannedStop:
    """Leave one occurrence of a series out. One that has begun cannot be left out any more: end it early instead."""
    _require(actor, stop)
    mine = _locked(stop)
    if not mine.rrule:
        raise Refused(_("这次停用只有一次，不需要时请取消它。"))
    if occurrence_at <= now:
        raise Refused(_("这一次已经开始或过去，不能跳过；正在停的可以提前结束。"))
    window = next_occurrence(mine, occurrence_at)
    if window is None or window.start != occurrence_at:
        raise Refused(_("这一天没有停用，或已经跳过。"))
    StopException.objects.create(stop=mine, occurrence_at=occurrence_at, set_at=now, set_by=actor.name)
    _reschedule(mine, now)
    mine.save(update_fields=["next_change_at"])
    _tell(actor, mine, "stop_changed", now, what="skipped", window=(window.start, window.end))
    return mine


@transaction.atomic
def end_series(actor: Actor, stop: PlannedStop, *, from_at: datetime, now: datetime) -> PlannedStop:
    """No occurrence begins at or after `from_at` (now, if that has passed); one that runs then runs to its end."""
    _require(actor, stop)
    mine = _locked(stop)
    if not mine.rrule:
        raise Refused(_("这次停用只有一次，不需要时请取消它。"))
    _refuse_over(mine, now)
    at = max(from_at, now)
    if mine.until_at is not None and mine.until_at <= at:
        raise Refused(_("这个系列已经定在更早的时候结束。"))
    if mine.starts_at >= at:
        raise Refused(_("这样一次也不停了。不需要时请取消它。"))
    _end_series(mine, at, now)
    _tell(actor, mine, "stop_changed", now, what="series_ended")
    return mine


@transaction.atomic
def change_stop(
    actor: Actor,
    stop: PlannedStop,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
    rrule: str = "",
) -> PlannedStop:
    """Other times, rhythm or reason from now on: the announced stop ends, another that replaces it is announced.

    What is stopped stays the same; for something else call off and plan anew. A stop that runs and shall go on is
    announced from now on: a new notice excuses nothing that lies before it.
    """
    _require(actor, stop)
    mine = _locked(stop)
    _refuse_over(mine, now)
    after = successor(mine, starts_at=starts_at, ends_at=ends_at, reason=reason, rrule=rrule, by=actor, now=now)
    draft_stop(actor, after, now)
    _close_from(actor, mine, now)
    after.save()
    _tell(actor, after, "stop_changed", now, what="replaced", replaces=mine.pk)
    return after


def successor(
    stop: PlannedStop, *, starts_at: datetime, ends_at: datetime, reason: str, rrule: str, by: Actor, now: datetime
) -> PlannedStop:
    """What would replace a stop from now on, not saved. A single stop that runs goes on from now."""
    return PlannedStop(
        place=stop.place,
        terminal_id=stop.terminal_id,
        owner=stop.owner,
        subject=stop.subject,
        component=stop.component,
        department=stop.department,
        kind=stop.kind,
        starts_at=starts_at if rrule else max(starts_at, now),
        ends_at=ends_at,
        rrule=rrule,
        reason=reason.strip(),
        announced_at=now,
        announced_by=by.name,
        replaces=stop,
    )


def tell_change(stop: PlannedStop, now: datetime) -> bool:
    """Tell that an occurrence began or ended, once: whose UPDATE counts the row tells. Returns whether this did.

    Called by the due loop `areas.stops` in a transaction of its own for a row whose `next_change_at` has come.
    """
    mine = PlannedStop.objects.select_for_update(of=("self",)).select_related("place").get(pk=stop.pk)
    at, since = mine.next_change_at, mine.running_since_at
    if at is None or at > now:
        return False
    if since is None:
        window = next_occurrence(mine, at)
        if window is not None and window.start > now:
            PlannedStop.objects.filter(pk=mine.pk, next_change_at=at).update(next_change_at=window.start)
            return False
        news, start, end = "stop_began", window.start if window else at, window.end if window else at
        moved: dict[str, Any] = {
            "running_since_at": start if window else None,
            "next_change_at": end if window else None,
        }
    else:
        window = next(
            (one for one in islice(occurrences(mine, at), 2) if one.start >= at),
            None,
        )
        news, start, end = "stop_ended", since, at
        moved = {"running_since_at": None, "next_change_at": window.start if window else None}
    # The rival is another worker that read the same due row: one of them moves the pair on.
    row = PlannedStop.objects.filter(pk=mine.pk, next_change_at=at, running_since_at=since)
    if not row.update(**moved) or (news == "stop_began" and window is None):
        return False
    emit(
        f"areas.{news}",
        subject=f"stop:{mine.pk}",
        place_path=mine.place.path,
        payload=payload(mine, start, end),
        occurred_at=max(start, mine.announced_at) if news == "stop_began" else end,
        now=now,
    )
    return True


def payload(stop: PlannedStop, start: datetime, end: datetime) -> dict[str, Any]:
    """What news of a stop says. `terminal` is the terminal's number (pk): the areas know no codes of terminals."""
    return {
        "stop": stop.pk,
        "place_path": stop.place.path,
        "terminal": stop.terminal_id,
        "subject": stop.subject,
        "component": stop.component,
        "department": stop.department,
        "kind": stop.kind,
        "reason": stop.reason,
        "rrule": stop.rrule,
        "starts_at": start.isoformat(),
        "ends_at": end.isoformat(),
    }


def _tell(
    actor: Actor,
    stop: PlannedStop,
    news: str,
    now: datetime,
    *,
    what: str = "",
    window: tuple[datetime, datetime] | None = None,
    replaces: int | None = None,
) -> None:
    """An audit line and news. The window is the occurrence that is meant: named, else the next, else the first."""
    if window is None:
        coming = next_occurrence(stop, now - timedelta(seconds=1))
        window = (coming.start, coming.end) if coming else (stop.starts_at, stop.ends_at)
    details = payload(stop, *window) | ({"what": what} if what else {})
    if replaces is not None:
        details["replaces"] = replaces
    record(actor, f"areas.{news}", subject=f"stop:{stop.pk}", place_path=stop.place.path, details=details)
    emit(
        f"areas.{news}",
        subject=f"stop:{stop.pk}",
        place_path=stop.place.path,
        payload=details,
        occurred_at=now,
        now=now,
    )
