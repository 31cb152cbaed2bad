"""What people said and how much they used, over a quarter of some areas, drawn by lot and written into the tables."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.evaluation.keeping import RETENTION
from budayang.center.evaluation.models import (
    Complaint,
    ComplaintStep,
    MonthlyReport,
    NegativeCase,
    NegativeStep,
    Rating,
    RatingFlag,
    Survey,
    SurveyArea,
    SurveySheet,
)
from budayang.center.platform.models import Place
from budayang.center.services.models import Case, Department, Item, Trip, WindowFigure
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Terminal
from budayang.rules.evaluation.negative import SET_ASIDE_REASONS

ZONE = ZoneInfo("Asia/Shanghai")
BORN = datetime(2026, 8, 20, tzinfo=UTC)
AREAS = 6
DAY = timedelta(days=1)
STEPS = ("accept", "investigate", "handle", "answer", "file")


CALL, DECISION = 3 * DAY, 2 * DAY
"""Until when a call, and a decision, are owed."""


@dataclass(frozen=True)
class Handled:
    """What was drawn of a negative rating: whether a number was left, when it was put right, what came of the call ("":
    nobody called), whether its person could rate again, when it was appealed, and the words of the decision (None: not
    decided).
    """

    phone: bool
    fixed_at: datetime | None
    call: str
    asked_again: bool
    appealed_at: datetime | None
    decided: str | None


@dataclass(frozen=True)
class Voice:
    """What was drawn of a rating: why it was removed and how its flag was judged ("": it was not, it had none)."""

    at: datetime
    aside: str
    flag: str
    negative: Handled | None


@dataclass(frozen=True)
class Drawn:
    """The areas, and what was drawn of each one's ratings."""

    areas: list[Any]
    voices: dict[int, list[Voice]]


def some_moment(luck: random.Random) -> datetime:
    """Some second of September, October or November up to the 23rd."""
    return datetime(2026, 9, 1, tzinfo=ZONE) + timedelta(seconds=luck.randrange(84 * 86400))


def draw(hall: Hall, now: datetime) -> Drawn:
    """Areas with two machines each and a quarter of voices, of which what has to be deleted by now is deleted."""
    luck = random.Random(20261128)
    parent = Place.objects.get(code="150603")
    department = Department.objects.create(code="RS", name="人社")
    item = Item.objects.create(
        code="T1", name="试验事项", department=department, kind="query", audience="个人", live="no", after_hours="no"
    )
    made, voices = [], {}
    for n in range(AREAS):
        area = areas.create_area(SYSTEM, code=f"V{n}", name=f"声音{n}", parent=parent, is_demo=True)
        for m in range(2):
            code = f"V{n}-{m}"
            terminals.register_terminal(
                SYSTEM, code=code, name=code, area=area.code, owner="RS", vendor="VN1", now=BORN, is_demo=True
            )
        Terminal.objects.filter(area=area).update(enrolled_at=BORN, state="active")
        made.append(area)
        voices[area.pk] = _ratings(hall, luck, area, item, now)
        _complaints(luck, area, now)
        _trips(luck, area)
    _reports(hall, made)
    _surveys(luck, made)
    for n in range(40):
        on = date(2026, 9, 1) + timedelta(days=2 * n)
        WindowFigure.objects.create(
            department=department, place_path=made[0].place.path, on=on, called=luck.randint(0, 3), imported_at=now
        )
    (rule,) = [one for one in RETENTION if one.name == "evaluation.negative"]
    assert rule.erase(rule.due(rule.held(), now)) > 1, "numbers of closed cases are gone"
    return Drawn(made, voices)


def _ratings(hall: Hall, luck: random.Random, area: Any, item: Item, now: datetime) -> list[Voice]:
    machines, found = list(Terminal.objects.filter(area=area)), []
    for n in range(luck.randint(20, 60)):
        at, number, path = some_moment(luck), f"{area.code}-{n:04}", area.place.path
        terminal = luck.choice(machines)
        Case.objects.create(
            number=number, terminal=terminal, item=item, place_path=path, state=luck.choice(["done", "failed"]),
            identity_hash="x", code_hash=number, accepted_at=at, finished_at=at,
        )  # fmt: skip
        level = luck.choice(["satisfied", "very_satisfied", "unsatisfied"])
        aside = luck.choice(list(SET_ASIDE_REASONS)) if luck.random() < 0.06 else ""
        flag = "set_aside" if aside else luck.choice(["open", "genuine"])
        flag = flag if luck.random() < (0.5 if aside else 0.05) else ""
        rating = Rating.objects.create(
            case_number=number, terminal=terminal, owner=hall.bodies["RS"], place_path=path, level=level, at=at,
            set_aside_at=at if aside else None, set_aside_for=aside,
        )  # fmt: skip
        if flag:
            RatingFlag.objects.create(rating=rating, kind="burst", why="试验", place_path=path, found_at=at, state=flag)
        negative = _negative(hall, luck, rating, now) if level == "unsatisfied" else None
        found.append(Voice(at, aside, flag, negative))
    return found


def _negative(hall: Hall, luck: random.Random, rating: Rating, now: datetime) -> Handled:
    """Draw what happened, then write it as the room keeps it."""
    at, stage = rating.at, luck.choice(["open", "fixed", "called_back", "closed"])
    phone = luck.random() < 0.5
    fixed = at + 2 * DAY if stage != "open" else None
    answered = stage in ("called_back", "closed")
    call = luck.choice(["fixed_satisfied", "unreached", "phone_gone"] if phone else ["no_phone"]) if answered else ""
    appealed = at + DAY if luck.random() < 0.3 else None
    decided = luck.choice(["有录像", ""]) if appealed and appealed + DAY < now and luck.random() < 0.7 else None
    drawn = Handled(phone, fixed, call, answered and luck.random() < 0.8, appealed, decided)
    kept = phone and call != "phone_gone"
    case = NegativeCase.objects.create(
        rating=rating, owner=hall.bodies["RS"], place_path=rating.place_path, state=stage, opened_at=at,
        verify_due_at=at + DAY, close_due_at=at + 5 * DAY, fixed_at=fixed,
        called_at=fixed + DAY if fixed and call else None, call_outcome=call,
        call_due_at=fixed + CALL if fixed else None, left_phone=phone, phone_hint="138****0000" if kept else "",
        phone_sealed=b"sealed" if kept else None, erase_at=at + 16 * DAY if kept and stage == "closed" else None,
        closed_at=at + 9 * DAY if stage == "closed" else None, appealed_at=appealed,
        decide_due_at=appealed + DECISION if appealed else None,
        rerate_until=fixed + 9 * DAY if fixed and drawn.asked_again else None,
    )  # fmt: skip
    if appealed:
        NegativeStep.objects.create(case=case, event="appeal", state="open_appealed", at=appealed, by="测试", note="x")
    if appealed and decided is not None:
        NegativeStep.objects.create(case=case, event="refuse", state="open", at=appealed + DAY, by="测试", note=decided)
    return drawn


def _complaints(luck: random.Random, area: Any, now: datetime) -> None:
    for n in range(luck.randint(0, 12)):
        at, kind = some_moment(luck), luck.choice(["complaint", "complaint", "praise", "suggestion"])
        state = luck.choice(["filed", "filed", "accepted", "declined"])
        limits = {step: (at + (3 + k) * DAY).isoformat() for k, step in enumerate(STEPS)}
        row = Complaint.objects.create(
            number=f"{area.code}{n:03}", kind=kind, area=area, place_path=area.place.path, state=state, made_at=at,
            limits=limits, ended_at=at + DAY if state in ("filed", "declined") else None, erase_at=now + 99 * DAY,
            answered_at=at + DAY if state == "filed" else None,
        )  # fmt: skip
        done = len(STEPS) if state == "filed" and luck.random() < 0.8 else 2
        for step in STEPS[:done]:
            ComplaintStep.objects.create(complaint=row, event=step, state="accepted", at=at + DAY, by="测试")


def _trips(luck: random.Random, area: Any) -> None:
    for terminal in Terminal.objects.filter(area=area):
        for _n in range(luck.randint(0, 120)):
            Trip.objects.create(
                source="terminal", area=area, terminal=terminal, place_path=area.place.path, item_code="T1",
                result="finished", at=some_moment(luck),
            )  # fmt: skip


def _reports(hall: Hall, made: list[Any]) -> None:
    six = ("good_rate", "active_good_rate", "unrated_rate", "negative_reply_rate", "visit_fix_rate",
           "visit_satisfied_rate")  # fmt: skip
    for place, month, codes, state in (
        (hall.city, date(2026, 9, 1), six, "published"),
        (made[0].place, date(2026, 10, 1), six[:4], "published"),
        (made[1].place, date(2026, 10, 1), six, "draft"),
    ):
        MonthlyReport.objects.create(
            place=place, place_path=place.path, month=month, state=state, asked_at=BORN, asked_by="x", sha256="0",
            content={"sections": [{"figures": [{"code": one} for one in ("wasted", *codes)]}]}, made_at=BORN,
            published_at=BORN if state == "published" else None,
        )  # fmt: skip


def _surveys(luck: random.Random, made: list[Any]) -> None:
    survey = Survey.objects.create(
        code="S1", title="半年问卷", place_path="/150600/", texts="参照版-1", opens_on=date(2026, 9, 10),
        closes_on=date(2026, 10, 20), margin=0.1, made_at=BORN, made_by="x",
    )  # fmt: skip
    for n, area in enumerate(made[:4]):
        new = n == 3  # nothing was handled there before, so that no sample is asked for
        SurveyArea.objects.create(
            survey=survey, area=area, population=0 if new else 30, needed=0 if new else luck.choice([3, 8])
        )
        for _n in range(luck.randint(4 * new, 10)):
            codes = luck.sample(["way", "machine", "clean", "safe", "access"], luck.randint(1, 5))
            answers = {one: luck.choice(["satisfied", "basically_satisfied", "unsatisfied"]) for one in codes}
            at = datetime(2026, 9, 10, 4, tzinfo=UTC) + timedelta(hours=luck.randrange(900))
            SurveySheet.objects.create(survey=survey, area=area, answers=answers, beyond=luck.random() < 0.1, at=at)
