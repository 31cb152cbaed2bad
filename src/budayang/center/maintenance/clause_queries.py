"""What rounds, tests, registers and things with a day say of the clauses of a standard, for one area and a period.

Counts and references only: the standard room turns them into answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from budayang.center.maintenance.models import (
    Asset,
    AssetAcceptance,
    Camera,
    CameraCheck,
    DueThing,
    Emergency,
    Round,
    RoundAnswer,
    RoundPlan,
    RoundTrace,
    SafetyTest,
    Training,
)
from budayang.rules.rounds import NOT_HERE

NOT_SIGNED = ("blank", "late", "early", "other_person")
"""Traces of a round that was not signed on the spot by who walked it: 空白、补签、代签."""
HANDED = ("done", "done_late")
YEAR = timedelta(days=366)
DRILLS = ("fire", "drill")


@dataclass(frozen=True, slots=True)
class Told:
    """A count of good things among all, and the newest rows that are not good, or else the newest good ones."""

    good: int = 0
    all: int = 0
    rows: tuple[int, ...] = ()


@dataclass(slots=True)
class RoundsOfArea:
    """Rounds by check list (in time, fallen due, rounds to look at), those without a stain, and days by what was done.

    `days`: question → days of the area's clock on which it was answered. `since`: the first day of a plan of the list.
    """

    by_list: dict[str, Told] = field(default_factory=dict)
    clean: Told = Told()
    days: dict[str, frozenset[date]] = field(default_factory=dict)
    since: dict[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What rounds said to a question: good answers, all answers, 不适用, and the newest round with a bad answer or,
    when there is none, with a good one.
    """

    good: int
    all: int
    not_here: int
    round_id: int | None


def rounds_of(
    area_ids: Collection[int], start: datetime, until: datetime, questions: Collection[str]
) -> dict[int, RoundsOfArea]:
    """Rounds of areas that fell due in [start, until): one whose time is not over yet is nobody's failure. Four
    queries, however many areas.
    """
    found = {pk: RoundsOfArea() for pk in area_ids}
    rows = Round.objects.filter(area_id__in=list(found), opens_at__gte=start, opens_at__lt=until)
    rows = rows.exclude(state="cancelled").exclude(state="open", closes_at__gt=until)
    tallies: dict[int, dict[str, list[tuple[int, bool]]]] = {}
    handed: dict[int, list[tuple[int, bool]]] = {}
    for area_id, pk, code, state in rows.order_by("-opens_at").values_list(
        "area_id", "pk", "edition__list_code", "state"
    ):
        tallies.setdefault(area_id, {}).setdefault(code, []).append((pk, state == "done"))
        if state in HANDED:
            handed.setdefault(area_id, []).append((pk, state == "done"))
    given = rows.filter(state__in=HANDED).values("pk")
    stained = set(RoundTrace.objects.filter(round__in=given, event__in=NOT_SIGNED).values_list("round_id", flat=True))
    for area_id, seen in tallies.items():
        found[area_id].by_list = {code: _told(one) for code, one in seen.items()}
    for area_id, mine in handed.items():
        found[area_id].clean = _told([(pk, in_time and pk not in stained) for pk, in_time in mine])
    days = RoundAnswer.objects.filter(round__in=given, question__in=questions, state="current").exclude(value=NOT_HERE)
    by_question: dict[tuple[int, str], set[date]] = {}
    told = days.order_by().values_list("round__area_id", "question", "round__on").distinct()
    for area_id, question, on in told:
        by_question.setdefault((area_id, question), set()).add(on)
    for (area_id, question), dates in by_question.items():
        found[area_id].days[question] = frozenset(dates)
    plans = RoundPlan.objects.filter(area_id__in=list(found))
    for area_id, code, on in plans.values_list("area_id", "list_code", "starts_on"):
        found[area_id].since[code] = min(on, found[area_id].since.get(code, on))
    return found


def _told(seen: list[tuple[int, bool]]) -> Told:
    bad = [pk for pk, good in seen if not good]
    good = [pk for pk, fine in seen if fine]
    return Told(len(good), len(seen), tuple((bad + good)[:8]))


def answers_of(area_ids: Collection[int], since: Mapping[str, datetime], until: datetime) -> dict[int, dict[str, Said]]:
    """Area → what was answered to questions, each from its own moment on, until a moment; only answers that hold. Areas
    in which nothing was answered are missing. One query.
    """
    wanted = Q(pk__in=[])
    for moment in set(since.values()):
        codes = [code for code, from_at in since.items() if from_at == moment]
        wanted |= Q(question__in=codes, answered_at__gte=moment)
    rows = RoundAnswer.objects.filter(wanted, round__area_id__in=list(area_ids), state="current", answered_at__lt=until)
    here = Q(value=NOT_HERE)
    grouped = rows.order_by().values("round__area_id", "question").annotate(
        total=Count("pk"),
        nothing=Count("pk", filter=here),
        bad=Count("pk", filter=Q(failed=True) & ~here),
        bad_round=Max("round_id", filter=Q(failed=True) & ~here),
        good_round=Max("round_id", filter=Q(failed=False) & ~here),
    )  # fmt: skip
    found: dict[int, dict[str, Said]] = {}
    for row in grouped:
        found.setdefault(row["round__area_id"], {})[row["question"]] = Said(
            good=row["total"] - row["nothing"] - row["bad"],
            all=row["total"] - row["nothing"],
            not_here=row["nothing"],
            round_id=row["bad_round"] or row["good_round"],
        )
    return found


def tests_of(area_id: int, kind: str, start: datetime, until: datetime) -> Told:
    """Measured tests (help: 求助按钮, exit: 断电开门) that ended in [start, until)."""
    rows = SafetyTest.objects.filter(area_id=area_id, kind=kind, ended_at__gte=start, ended_at__lt=until)
    return _told([(pk, bool(passed)) for pk, passed in rows.order_by("-ended_at").values_list("pk", "passed")])


@dataclass(frozen=True, slots=True)
class CamerasOfArea:
    """Cameras that were looked at: on line at the newest look, and days that the shortest reaches back (None: unknown).
    `never`: those that nobody has looked at yet.
    """

    online: int
    all: int
    never: int
    played: int
    days: int | None


def cameras_of(area_id: int, since: datetime, until: datetime) -> CamerasOfArea:
    """By the newest look at each camera in [since, until)."""
    newest: dict[int, CameraCheck] = {}
    for row in CameraCheck.objects.filter(camera__area_id=area_id, at__gte=since, at__lt=until).order_by("at", "pk"):
        newest[row.camera_id] = row
    standing = set(
        Camera.objects.filter(area_id=area_id, made_at__lt=until)
        .filter(Q(retired_at__isnull=True) | Q(retired_at__gte=until))
        .values_list("pk", flat=True)
    )
    looked = [row for camera, row in newest.items() if camera in standing]
    days = [row.days for row in looked if row.days is not None]
    return CamerasOfArea(
        online=sum(row.online for row in looked),
        all=len(looked),
        never=len(standing) - len(looked),
        played=len(days),
        days=min(days, default=None),
    )


def things_of(area_id: int, kind: str, on: date, until: datetime) -> Told:
    """Things with a day (extinguishers, tests) at a moment: those whose day, as it stood then, is not over."""
    rows = DueThing.objects.filter(area_id=area_id, kind=kind, made_at__lt=until)
    rows = rows.filter(Q(retired_at__isnull=True) | Q(retired_at__gte=until))
    return _told([(row.pk, row.due_on_at(until) >= on) for row in rows.order_by("due_on")])


@dataclass(frozen=True, slots=True)
class Practised:
    """Within the year before a moment: drills that were carried out, trainings on fire safety and emergencies."""

    drills: int
    trainings: int
    drill_id: int | None


def practised(area_id: int, until: datetime) -> Practised:
    """Drills of emergency cards that ran to their end, and trainings that stand in the register."""
    drills = Emergency.objects.filter(
        area_id=area_id, drill=True, started_at__isnull=False, ended_at__gte=until - YEAR, ended_at__lt=until
    )
    trainings = Training.objects.filter(
        area_id=area_id, kind__in=DRILLS, at__gte=until - YEAR, at__lt=until, corrected_by__isnull=True
    )
    newest = drills.order_by("-ended_at").values_list("pk", flat=True).first()
    return Practised(drills.count(), trainings.count(), newest)


def machines_filed(terminal_ids: Collection[int], on: date, until: datetime) -> tuple[set[int], set[int]]:
    """(terminals that had a file before `until`: owner, make and day of purchase; those whose acceptance had passed on
    `on`). What was scrapped with a machine that is retired was its file.
    """
    rows = Asset.objects.filter(terminal__in=terminal_ids, component="", kind="terminal")
    rows = rows.exclude(state="scrapped", terminal__retired_at__isnull=True)
    written = rows.filter(registered_at__lt=until)
    filed = {one.terminal_id for one in written if one.make and one.bought_on is not None}
    passed = AssetAcceptance.objects.filter(asset__in=rows, passed=True, accepted_on__lte=on)
    accepted = passed.values_list("asset__terminal_id", flat=True)
    return {one for one in filed if one is not None}, {one for one in accepted if one is not None}


def local_days(start: datetime, until: datetime, zone: str) -> frozenset[date]:
    """The days of a zone that lie whole in [start, until)."""
    here = ZoneInfo(zone)
    first, last = start.astimezone(here), until.astimezone(here)
    day = first.date() if first.time() == datetime.min.time() else first.date() + timedelta(days=1)
    found = set()
    while day < last.date():
        found.add(day)
        day += timedelta(days=1)
    return frozenset(found)
