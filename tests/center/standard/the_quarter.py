"""What people said and how much they used, over a quarter of some areas, drawn by lot and written into the tables."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
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

ZONE = ZoneInfo("Asia/Shanghai")
BORN = datetime(2026, 8, 20, tzinfo=UTC)
AREAS = 6
DAY = timedelta(days=1)
STEPS = ("accept", "investigate", "handle", "answer", "file")


def some_moment(luck: random.Random) -> datetime:
    """Some second of September, October or November up to the 23rd."""
    return datetime(2026, 9, 1, tzinfo=ZONE) + timedelta(seconds=luck.randrange(84 * 86400))


def draw(hall: Hall, now: datetime) -> list[Any]:
    """Areas with two machines each and a quarter of voices."""
    luck = random.Random(20261128)
    parent = Place.objects.get(code="150603")
    department = Department.objects.create(code="RS", name="人社")
    item = Item.objects.create(
        code="T1", name="试验事项", department=department, kind="query", audience="个人", live="no", after_hours="no"
    )
    made = []
    for n in range(AREAS):
        area = areas.create_area(SYSTEM, code=f"V{n}", name=f"声音{n}", parent=parent, is_demo=True)
        for m in range(2):
            code = f"V{n}-{m}"
            terminals.register_terminal(
                SYSTEM, code=code, name=code, area=area.code, owner="RS", vendor="VN1", now=BORN, is_demo=True
            )
        Terminal.objects.filter(area=area).update(enrolled_at=BORN, state="active")
        made.append(area)
        _ratings(hall, luck, area, item, now)
        _complaints(luck, area, now)
        _trips(luck, area)
    _reports(hall, made)
    _surveys(luck, made)
    for n in range(40):
        on = date(2026, 9, 1) + timedelta(days=2 * n)
        WindowFigure.objects.create(
            department=department, place_path=made[0].place.path, on=on, called=luck.randint(0, 3), imported_at=now
        )
    return made


def _ratings(hall: Hall, luck: random.Random, area: Any, item: Item, now: datetime) -> None:
    machines = list(Terminal.objects.filter(area=area))
    for n in range(luck.randint(20, 60)):
        at, number, path = some_moment(luck), f"{area.code}-{n:04}", area.place.path
        terminal = luck.choice(machines)
        Case.objects.create(
            number=number, terminal=terminal, item=item, place_path=path, state=luck.choice(["done", "failed"]),
            identity_hash="x", code_hash=number, accepted_at=at, finished_at=at,
        )  # fmt: skip
        level = luck.choice(["satisfied", "very_satisfied", "unsatisfied"])
        aside = luck.random() < 0.04
        rating = Rating.objects.create(
            case_number=number, terminal=terminal, owner=hall.bodies["RS"], place_path=path, level=level, at=at,
            set_aside_at=at if aside else None, set_aside_for="staff" if aside else "",
        )  # fmt: skip
        if luck.random() < 0.05:
            RatingFlag.objects.create(
                rating=rating, kind="burst", why="试验", place_path=path, found_at=at,
                state=luck.choice(["open", "genuine", "set_aside"]),
            )  # fmt: skip
        if level == "unsatisfied":
            _negative(hall, luck, rating, now)


def _negative(hall: Hall, luck: random.Random, rating: Rating, now: datetime) -> None:
    at = rating.at
    state = luck.choice(["open", "fixed", "called_back", "closed"])
    fixed = at + 2 * DAY if state != "open" else None
    called = fixed + DAY if fixed and luck.random() < 0.7 else None
    appealed = at + DAY if luck.random() < 0.3 else None
    case = NegativeCase.objects.create(
        rating=rating, owner=hall.bodies["RS"], place_path=rating.place_path, state=state, opened_at=at,
        verify_due_at=at + DAY, close_due_at=at + 5 * DAY, fixed_at=fixed, called_at=called,
        call_due_at=fixed + 3 * DAY if fixed else None, phone_hint=luck.choice(["", "138****0000"]),
        closed_at=at + 9 * DAY if state == "closed" else None, appealed_at=appealed,
        decide_due_at=appealed + 2 * DAY if appealed else None,
        rerate_until=fixed + 9 * DAY if fixed and luck.random() < 0.8 else None,
    )  # fmt: skip
    if appealed:
        NegativeStep.objects.create(case=case, event="appeal", state="open_appealed", at=appealed, by="测试", note="x")
    if appealed and luck.random() < 0.7:
        NegativeStep.objects.create(
            case=case, event="refuse", state="open", at=appealed + DAY, by="测试", note=luck.choice(["有录像", ""])
        )


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
    for area in made[:4]:
        SurveyArea.objects.create(survey=survey, area=area, population=30, needed=luck.choice([3, 8]))
        for _n in range(luck.randint(0, 10)):
            codes = luck.sample(["way", "machine", "clean", "safe", "access"], luck.randint(1, 5))
            answers = {one: luck.choice(["satisfied", "basically_satisfied", "unsatisfied"]) for one in codes}
            at = datetime(2026, 9, 10, 4, tzinfo=UTC) + timedelta(hours=luck.randrange(900))
            SurveySheet.objects.create(survey=survey, area=area, answers=answers, beyond=luck.random() < 0.1, at=at)
