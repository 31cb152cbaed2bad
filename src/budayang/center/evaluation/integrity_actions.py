"""Whether ratings look like people's (PJ-04): flags with their reason, and what a person judged of each.

A rating is looked at some time after it came (late visits), with its neighbours of the last days. Nothing is dropped: a
flag is a row, and only a supervisor sets a rating aside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.flag_judging import NOTE_LENGTH, write_judgement
from budayang.center.evaluation.models import Invitation, Rating, RatingFlag, Visit
from budayang.center.evaluation.negative_actions import JUDGES, set_aside_rating
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform.actions import Refused, audit_line, emit, emit_many, record, record_many
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.platform.queries import parameter
from budayang.center.services.queries import known_numbers
from budayang.rules.evaluation import LEVEL_BY_CODE, TextEdition, reason_names
from budayang.rules.evaluation.integrity import Flag, Limits, Seen, flags_of, second_answer
from budayang.rules.intervals import Interval, maybe, union

JOB = Actor.job("evaluation.integrity")
AT_ONCE, WRITTEN = 200, 100
A_DAY = timedelta(days=1)
BACK = timedelta(days=30)
SLACK = timedelta(minutes=2)


def look(now: datetime) -> int:
    """Judge the ratings whose time has come, terminal by terminal; returns how many were looked at."""
    due = Rating.objects.filter(look_at__lte=now).order_by("look_at", "pk")[:AT_ONCE]
    by_terminal: dict[int, list[Rating]] = {}
    for row in due:
        by_terminal.setdefault(row.terminal_id, []).append(row)
    for terminal_id, rows in by_terminal.items():
        limits, start = limits_at(rows[0].place_path, now), min(row.at for row in rows) - BACK
        found = flags_of(seen_at(terminal_id, start, now), limits)
        known = set(
            RatingFlag.objects.filter(rating__terminal_id=terminal_id, rating__at__gte=start).values_list(
                "rating_id", "kind"
            )
        )
        # One that came a moment ago waits for its visit: a neighbour of the others, judged in its own time.
        waiting = set(Rating.objects.filter(terminal_id=terminal_id, look_at__gt=now).values_list("pk", flat=True))
        fresh = [one for one in found if (one.key, one.kind) not in known and one.key not in waiting]
        # Short transactions: others wait for one. What a killed process left is found again, and is not written twice.
        for first in range(0, len(fresh), WRITTEN):
            with transaction.atomic():
                _write(fresh[first : first + WRITTEN], now)
        Rating.objects.filter(pk__in=[row.pk for row in rows], look_at__lte=now).update(look_at=None)
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
        .order_by("at")
        .values_list("pk", "case_number", "level", "reasons", "channel", "at", "terminal__area__place__zone")
    )
    cases = known_numbers([row[1] for row in rows])
    pages = Invitation.objects.filter(
        terminal_id=terminal_id, channel="terminal", shown_at__gte=start - A_DAY, shown_at__lte=end
    )
    shown = dict(pages.values_list("case_number", "shown_at"))
    ended = Visit.objects.filter(terminal_id=terminal_id, at__gte=start - SLACK, at__lte=end + A_DAY)
    visits = union(
        Interval(at - timedelta(seconds=seconds) - SLACK, at + SLACK)
        for at, seconds in ended.values_list("at", "seconds")
    )
    staffed = union(
        one for since, until in maintenance.on_site_times(terminal_id, start, end) for one in maybe(since, until)
    )
    visited_from, staffed_from = [one.start for one in visits], [one.start for one in staffed]
    found = []
    for pk, number, level, reasons, channel, at, zone in rows:
        at_machine = channel == "terminal"
        found.append(
            Seen(
                key=pk,
                terminal=str(terminal_id),
                level=level,
                at=at.astimezone(ZoneInfo(zone)),
                reasons=tuple(reasons),
                shown_at=shown.get(number) if at_machine else None,
                journey=(number in cases or _within(at, visits, visited_from)) if at_machine else None,
                staffed=at_machine and _within(at, staffed, staffed_from),
            )
        )
    return found


def _within(at: datetime, spans: Sequence[Interval], starts: Sequence[datetime]) -> bool:
    """Whether a moment lies in one of some disjoint spans in order, whose starts are given."""
    place = bisect_right(starts, at) - 1
    return place >= 0 and at < spans[place].end


def _write(found: Sequence[Flag], now: datetime) -> None:
    """New flags with their audit lines and their news; one that a rival wrote at this moment stays as it is."""
    ratings = Rating.objects.in_bulk([one.key for one in found])
    RatingFlag.objects.bulk_create(
        [
            RatingFlag(
                rating_id=one.key,
                kind=one.kind,
                why=one.why,
                place_path=ratings[one.key].place_path,
                found_at=now,
            )
            for one in found
        ],
        ignore_conflicts=True,
    )
    record_many(
        [
            audit_line(
                JOB,
                "evaluation.flagged",
                subject=f"case:{ratings[one.key].case_number}",
                place_path=ratings[one.key].place_path,
                details={"kind": one.kind},
                at=now,
            )
            for one in found
        ]
    )
    emit_many(
        [
            Transition(
                kind="evaluation.flagged",
                subject=f"case:{ratings[one.key].case_number}",
                place_path=ratings[one.key].place_path,
                payload={"number": ratings[one.key].case_number, "kind": one.kind},
                occurred_at=ratings[one.key].at,
                recorded_at=now,
            )
            for one in found
        ]
    )


def flag_second(rating: Rating, level: str, reasons: Sequence[str], texts: TextEdition, now: datetime) -> None:
    """Somebody answered for a matter that was rated, and said something else. The first answer counts; what came
    after it is in the flag (the first time) and in the audit (each time).
    """
    said = second_answer(LEVEL_BY_CODE[level].name, reason_names(reasons, texts.code))
    _flag, created = RatingFlag.objects.get_or_create(
        rating=rating,
        kind="second",
        defaults={"why": said[:200], "place_path": rating.place_path, "found_at": now},
    )
    subject, details = f"case:{rating.case_number}", {"kind": "second", "level": level, "reasons": list(reasons)}
    record(JOB, "evaluation.flagged", subject=subject, place_path=rating.place_path, details=details, at=now)
    if created:
        emit(
            "evaluation.flagged", subject=subject, place_path=rating.place_path,
            payload={"number": rating.case_number, "kind": "second"}, occurred_at=rating.at, now=now,
        )  # fmt: skip


@transaction.atomic
def judge_genuine(actor: Actor, flag: RatingFlag, *, note: str, now: datetime) -> RatingFlag:
    """属实: the rating counts as before; the flag stays to be seen, judged."""
    return _judge(actor, flag, "genuine", note, now)


@transaction.atomic
def judge_set_aside(actor: Actor, flag: RatingFlag, *, reason: str, note: str, now: datetime) -> RatingFlag:
    """剔除 for a reason of SET_ASIDE_REASONS. Other flags of the same rating are judged with it."""
    if flag.rating.set_aside_at is not None:  # one that was raised of a rating that had been removed
        return _judge(actor, flag, "set_aside", note, now)
    _said(note)
    if not RatingFlag.objects.filter(pk=flag.pk, state="open").exists():
        raise Refused(_judged_already())
    set_aside_rating(actor, flag.rating, reason=reason, note=note, now=now)
    flag.refresh_from_db()
    return flag


def _said(note: str) -> str:
    said = note.strip()[:NOTE_LENGTH]
    if not said:
        raise Refused(_("请写明怎样判断的，例如“当天是宣传活动，逐件核对过”。"))
    return said


def _judged_already() -> str:
    return _("这条异常刚刚已被别人判断，请刷新页面再看。")


def _judge(actor: Actor, flag: RatingFlag, state: str, note: str, now: datetime) -> RatingFlag:
    actor.require(*JUDGES, place_path=flag.place_path)
    if not write_judgement(actor, flag, state, _said(note), now):
        raise Refused(_judged_already())
    return flag
