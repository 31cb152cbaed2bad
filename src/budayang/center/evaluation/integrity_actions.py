"""Whether ratings look like people's (PJ-04): flags with their reason, and what a person judged of each.

A rating is looked at some time after it came (late visits), with its neighbours of the last days. Nothing is dropped: a
flag is a row, and only a supervisor sets a rating aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import Invitation, Rating, RatingFlag, Visit
from budayang.center.evaluation.negative_actions import JUDGES, set_aside_rating
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.services.queries import known_numbers
from budayang.rules.evaluation.integrity import Flag, Limits, Seen, flags_of

JOB = Actor.job("evaluation.integrity")
AT_ONCE = 200
BACK = timedelta(days=30)
SLACK = timedelta(minutes=2)
NOTE_LENGTH = 300


def look(now: datetime) -> int:
    """Judge the ratings whose time has come, terminal by terminal; returns how many were looked at."""
    due = Rating.objects.filter(look_at__lte=now).order_by("look_at", "pk")[:AT_ONCE]
    by_terminal: dict[int, list[Rating]] = {}
    for row in due:
        by_terminal.setdefault(row.terminal_id, []).append(row)
    for terminal_id, rows in by_terminal.items():
        limits = limits_at(rows[0].place_path, now)
        found = flags_of(seen_at(terminal_id, min(row.at for row in rows) - BACK, now), limits)
        with transaction.atomic():
            mine = Rating.objects.filter(pk__in=[row.pk for row in rows], look_at__lte=now)
            if mine.update(look_at=None):
                _write(found, now)
    return sum(len(rows) for rows in by_terminal.values())


def limits_at(place_path: str, now: datetime) -> Limits:
    """The thresholds of a place."""

    def number(name: str) -> float:
        return float(parameter(f"flag_{name}", place_path, now))

    return Limits(
        burst=int(number("burst")),
        burst_s=number("burst_s"),
        fast_s=number("fast_s"),
        same=int(number("same")),
        staffed=int(number("staffed")),
        days=int(number("days")),
    )


def seen_at(terminal_id: int, start: datetime, end: datetime) -> list[Seen]:
    """The ratings of a terminal with what the house knows around each: page, journey, staff at the machine."""
    rows = list(
        Rating.objects.filter(terminal_id=terminal_id, at__gte=start, at__lte=end)
        .select_related("terminal__area__place")
        .order_by("at")
    )
    numbers = [row.case_number for row in rows]
    cases = known_numbers(numbers)
    shown = dict(
        Invitation.objects.filter(case_number__in=numbers, channel="terminal").values_list("case_number", "shown_at")
    )
    visits = [
        (at - timedelta(seconds=seconds) - SLACK, at + SLACK)
        for at, seconds in Visit.objects.filter(
            terminal_id=terminal_id, at__gte=start - SLACK, at__lte=end + timedelta(days=1)
        ).values_list("at", "seconds")
    ]
    staffed = maintenance.on_site_times(terminal_id, start, end)
    found = []
    for row in rows:
        local = row.at.astimezone(ZoneInfo(row.terminal.area.place.zone))
        at_machine = row.channel == "terminal"
        found.append(
            Seen(
                key=row.pk,
                terminal=str(terminal_id),
                level=row.level,
                at=local,
                reasons=tuple(row.reasons),
                shown_at=shown.get(row.case_number) if at_machine else None,
                journey=(row.case_number in cases or _within(row.at, visits)) if at_machine else None,
                staffed=at_machine and _within(row.at, staffed),
            )
        )
    return found


def _within(at: datetime, spans: Sequence[tuple[datetime, datetime]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _write(found: Sequence[Flag], now: datetime) -> None:
    """New flags only: what was judged stays judged."""
    known = set(RatingFlag.objects.filter(rating_id__in=[one.key for one in found]).values_list("rating_id", "kind"))
    ratings = Rating.objects.in_bulk([one.key for one in found])
    for one in found:
        if (one.key, one.kind) in known:
            continue
        known.add((one.key, one.kind))
        rating = ratings[one.key]
        RatingFlag.objects.create(rating=rating, kind=one.kind, why=one.why, place_path=rating.place_path, found_at=now)
        subject = f"case:{rating.case_number}"
        record(JOB, "evaluation.flagged", subject=subject, place_path=rating.place_path,
               details={"kind": one.kind}, at=now)  # fmt: skip
        emit("evaluation.flagged", subject=subject, place_path=rating.place_path,
             payload={"number": rating.case_number, "kind": one.kind}, occurred_at=rating.at, now=now)  # fmt: skip


@transaction.atomic
def judge_genuine(actor: Actor, flag: RatingFlag, *, note: str, now: datetime) -> RatingFlag:
    """属实: the rating counts as before; the flag stays to be seen, judged."""
    return _judge(actor, flag, "genuine", note, now)


@transaction.atomic
def judge_set_aside(actor: Actor, flag: RatingFlag, *, reason: str, note: str, now: datetime) -> RatingFlag:
    """剔除 for a reason of SET_ASIDE_REASONS. Other flags of the same rating are judged with it."""
    if flag.rating.set_aside_at is None:
        set_aside_rating(actor, flag.rating, reason=reason, note=note, now=now)
    judged = _judge(actor, flag, "set_aside", note, now)
    for other in RatingFlag.objects.filter(rating_id=flag.rating_id, state="open"):
        _judge(actor, other, "set_aside", note, now)
    return judged


def _judge(actor: Actor, flag: RatingFlag, state: str, note: str, now: datetime) -> RatingFlag:
    actor.require(*JUDGES, place_path=flag.place_path)
    said = note.strip()[:NOTE_LENGTH]
    if not said:
        raise Refused(_("请写明怎样判断的，例如“当天是宣传活动，逐件核对过”。"))
    by = (actor.label or actor.name)[:80]
    if not RatingFlag.objects.filter(pk=flag.pk, state="open").update(
        state=state, note=said, judged_at=now, judged_by=by
    ):
        raise Refused(_("这条异常刚刚已被别人判断，请刷新页面再看。"))
    flag.refresh_from_db()
    record(
        actor, f"evaluation.flag_{state}", subject=f"case:{flag.rating.case_number}", place_path=flag.place_path,
        details={"kind": flag.kind}, at=now,
    )  # fmt: skip
    return flag
