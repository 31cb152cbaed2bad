"""The two months of a whole city: the hall of `the_month`, an area beside it, one in another banner, an empty one.

Beyond that what placement looks at: journeys, searches, items that neighbours both offer, thresholds of a place's own,
what a person has decided; and stops of every reach.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.center.evaluation.the_month import BORN, MADE, ZONE, live, live_in, moment
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import window
from budayang.center.areas.models import Area
from budayang.center.areas.stop_actions import plan_stop
from budayang.center.evaluation import placement_actions
from budayang.center.evaluation.models import Invitation, PlacementSuggestion, Rating, Visit
from budayang.center.platform.models import Parameter
from budayang.center.services import search_actions
from budayang.center.services.models import Case, Item, Offering
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Stock, StockMovement, Terminal

FIRST, LAST = date(2026, 9, 2), date(2026, 10, 31)
"""The sixty days that end with October."""
WORDS = {"办港澳通行证": 12, "养猫证": 11, "刚够不着": 9}
DAY = timedelta(days=1)


def live_wide(hall: Hall | None = None) -> Hall:
    """KBS with its life; KBT beside it (open by day); HJ in another banner; KONG, where nothing was ever promised."""
    hall = live(hall)
    banner = hall.area.place.parent
    far = hall.far_area.place.parent
    assert banner is not None
    assert far is not None
    beside = areas.create_area(SYSTEM, code="KBT", name="康巴什二号自助区", parent=banner, is_demo=True)
    areas.create_area(SYSTEM, code="KONG", name="空的自助区", parent=far, is_demo=True)
    by_day = tuple(window(day, time(8), time(20)) for day in range(7))
    areas.set_promised_hours(SYSTEM, beside, by_day, valid_from=BORN.date(), now=BORN)
    Area.objects.filter(code="KBS").update(latitude=39.60, longitude=109.78)
    Area.objects.filter(code="KBT").update(latitude=39.605, longitude=109.78)  # 560 m to the north
    items = list(Item.objects.order_by("code"))
    for number, area in enumerate((beside, hall.far_area), start=1):
        first, second = (_machine(f"{area.code}-0{n}", area, owner) for n, owner in ((1, "RS"), (2, "SW")))
        elsewhere = replace(hall, area=area, terminal=first, other=second)
        luck = random.Random(20261000 + number)
        live_in(elsewhere, luck, items, 90 * number, keeper={"KBT": "lin", "HJ": "ou"}[area.code])
    _machine("KBS-04", hall.area, "RS", datetime(2026, 10, 25, tzinfo=UTC))  # too new to be judged
    _machine("KBT-03", beside, "RS", datetime(2026, 10, 5, 2, tzinfo=UTC))  # there for 26 whole days
    Terminal.objects.create(
        code="KBS-09", name="部门专机", kind="watched", area=hall.area, owner=hall.bodies["SW"], state="active",
        registered_at=BORN,
    )  # fmt: skip
    _offers(items)
    _limits(hall)
    _journeys()
    _searches(hall, beside)
    _stops(hall)
    _taken_from_stock(hall)
    _rated_later(hall, items[0])
    _at_the_edges(hall, items[0])
    hall.area.refresh_from_db()
    for area in (hall.area, beside):
        placement_actions.compute(
            area, datetime(2026, 10, 31, 21, 30, tzinfo=UTC)
        )  # as the worker does it on the first
    row = PlacementSuggestion.objects.get(kind="queue", area=hall.area)
    placement_actions.set_aside(SYSTEM, row, reason="换班", now=MADE)
    return hall


def _machine(code: str, area: Area, owner: str, since: datetime = BORN) -> Terminal:
    made = terminals.register_terminal(
        SYSTEM, code=code, name=f"{code} 号终端", area=area.code, owner=owner, vendor="VN1", now=since, is_demo=True
    )
    Terminal.objects.filter(pk=made.pk).update(enrolled_at=since, state="active")
    made.refresh_from_db()
    return made


def _offers(items: list[Item]) -> None:
    """KBS-02 offers what KBS-01 does, KBT-01 a part of it, HJ-01 three items, one of them by hand only."""
    chosen = {"KBS-02": items, "KBT-01": items[3:], "KBT-02": items[:1], "HJ-01": items[:3]}
    for code, some in chosen.items():
        for number, item in enumerate(some):
            machine = Terminal.objects.get(code=code)
            Offering.objects.create(item=item, terminal=machine, driven=not (code == "HJ-01" and number == 2))


def _limits(hall: Hall) -> None:
    places = {"city": hall.city, "HJ": hall.far_area.place}
    for where, name, value in (
        ("city", "placement_overlap_items", 2), ("HJ", "few_trips_day", 0.5), ("HJ", "placement_searches", 8),
    ):  # fmt: skip
        Parameter.objects.create(name=name, place=places[where], value=value, valid_from=BORN, set_by="试验")


def _journeys() -> None:
    """At KBS-01 people stand in line at 19, at KBS-02 they come one by one at 10; the others come by chance."""
    luck = random.Random(20261102)
    one, other = (Terminal.objects.get(code=code) for code in ("KBS-01", "KBS-02"))
    for machine, hour, gap_s in ((one, 19, 20), (other, 10, 300)):
        for day in range(9):
            start = datetime.combine(FIRST + day * 5 * DAY, time(hour, 1), ZONE)
            for _n in range(5):
                _journey(machine, start, 120)
                start += timedelta(seconds=120 + gap_s)
    for machine in Terminal.objects.filter(kind="own").order_by("code"):
        for _n in range(30):
            _journey(machine, moment(luck, luck.choice((9, 10))), luck.randint(20, 900))
    for start in (datetime.combine(FIRST, time(0), ZONE), datetime.combine(LAST, time(23, 59), ZONE)):
        _journey(one, start - timedelta(minutes=1), 300)  # begins before the days; ends after them


def _journey(machine: Terminal, start: datetime, seconds: int) -> None:
    Visit.objects.create(
        terminal=machine, place_path=machine.area.place.path, end="done", seconds=seconds, cleared=True,
        at=start + timedelta(seconds=seconds),
    )  # fmt: skip


def _searches(hall: Hall, beside: Area) -> None:
    """T06 is offered in KBS and KBT, nowhere in HJ; words that mean nothing were asked in KBS."""
    for area, on, code, times in (
        (hall.area, LAST, "T06", 20), (beside, LAST, "T02", 9), (beside, LAST, "T01", 10),
        (hall.far_area, FIRST, "T06", 8), (hall.far_area, FIRST, "T05", 7),
        (hall.far_area, FIRST - DAY, "T05", 90), (hall.far_area, LAST, "T00", 30),
    ):  # fmt: skip
        for _n in range(times):
            search_actions.record_search(area, item_code=code, on=on, now=MADE)
    for words, times in WORDS.items():
        for _n in range(times):
            search_actions.record_search(hall.area, words=words, on=LAST, now=MADE)


def _stops(hall: Hall) -> None:
    """Of the city, of one machine, of a department; one that began in October, one announced after the report."""
    at, announced = datetime(2026, 11, 10, 2, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)
    hour = timedelta(hours=1)
    shared: dict[str, Any] = {"now": announced, "starts_at": at, "ends_at": at + hour}
    plan_stop(SYSTEM, place=hall.city, reason="全市演练", **shared)
    plan_stop(
        SYSTEM,
        place=hall.far_area.place,
        terminal_id=Terminal.objects.get(code="HJ-01").pk,
        reason="换打印机",
        **shared,
    )
    plan_stop(SYSTEM, place=hall.city, kind="department", department="SW", reason="系统升级", **shared)
    evening = datetime(2026, 10, 31, 14, tzinfo=UTC)
    plan_stop(
        SYSTEM, place=hall.far_area.place, reason="跨月", now=announced, starts_at=evening, ends_at=evening + 4 * hour
    )
    plan_stop(
        SYSTEM, place=hall.far_area.place, reason="报告以后公告", now=MADE + hour, starts_at=at, ends_at=at + hour
    )


def _taken_from_stock(hall: Hall) -> None:
    stock = Stock.objects.create(organization=hall.bodies["RS"], area=hall.area, consumable="toner", balance=6)
    for month, taken, left in ((9, 1, 9), (10, 3, 6)):
        at = datetime(2026, month, 6, tzinfo=UTC)
        StockMovement.objects.create(stock=stock, kind="out", amount=-taken, balance=left, at=at, by="x")


def _rated_later(hall: Hall, item: Item) -> None:
    """Asked in October, answered when the report was made already; a matter that was done only then."""
    asked_at = datetime(2026, 10, 31, 6, tzinfo=UTC)
    about: dict[str, Any] = {"terminal": hall.terminal, "place_path": hall.area.place.path}
    for n in range(4):
        number = f"LATE-{n}"
        Case.objects.create(
            number=number, item=item, state="done", identity_hash="x", code_hash=number, accepted_at=asked_at,
            finished_at=asked_at, **about,
        )  # fmt: skip
        Invitation.objects.create(case_number=number, shown_at=asked_at, **about)
        Rating.objects.create(
            case_number=number, owner=hall.bodies["RS"], item_code=item.code, level="satisfied", channel="qr",
            at=MADE + n * timedelta(hours=1), **about,
        )  # fmt: skip
    Case.objects.create(
        number="LATE-DONE", item=item, state="done", identity_hash="x", code_hash="LATE-DONE", accepted_at=asked_at,
        finished_at=MADE + timedelta(hours=1), **about,
    )  # fmt: skip


def _at_the_edges(hall: Hall, item: Item) -> None:
    """A second before and at the opening and the closing of offices, on a workday; midnight at both ends of October."""
    day, second = datetime(2026, 10, 14, tzinfo=ZONE), timedelta(seconds=1)
    opens, closes = day + timedelta(hours=8, minutes=30), day + timedelta(hours=17, minutes=30)
    first, after = datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE)
    for n, at in enumerate(one - late for one in (opens, closes, first, after) for late in (second, 0 * second)):
        number = f"EDGE-{n}"
        Case.objects.create(
            number=number, terminal=hall.terminal, item=item, place_path=hall.area.place.path, state="working",
            identity_hash="x", code_hash=number, accepted_at=at,
        )  # fmt: skip
