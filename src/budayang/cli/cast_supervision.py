"""The demonstration's supervision visits: one of a delegate that found two things, one that an experience officer will
make. All of it is invented, and marked so by the pages.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from budayang.center.areas import queries as areas
from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation.supervision_actions import Given, Planned
from budayang.center.evaluation.supervision_queries import questions_of, visits_visible_to
from budayang.center.maintenance import round_plan_actions, round_queries
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.data.check_lists import check_lists

SYSTEM = Actor.system()
CITY, AREA, LIST = "150600", "KBS", "visit"
FAULTS = {
    "visit_devices": Given("no", "演示：一台机器屏幕是黑的，没有告示"),
    "own1": Given("演示：门口的灯有一盏不亮"),
}


def load(now: datetime) -> None:
    """Once. Without the demonstration's city and area nothing is made."""
    places = {one.code: one for one in platform.places_visible_to(SYSTEM)}
    area = areas.visible_to(SYSTEM).filter(code=AREA).first()
    if CITY not in places or area is None or visits_visible_to(SYSTEM).exists():
        return
    today = now.astimezone(ZoneInfo(area.place.zone)).date()
    if round_queries.edition_in_force(LIST, area.place.path, today) is None:
        found = next(one for one in check_lists() if one.code == LIST)
        round_plan_actions.write_edition(
            SYSTEM, place=places[CITY], code=LIST, name=found.name, basis=found.basis,
            rows=[one.plain() for one in found.questions], valid_from=today, now=now, today=today,
        )  # fmt: skip
    last = today + timedelta(days=14)
    row, _token = actions.plan(SYSTEM, area, Planned("delegate", LIST, today, last, role="演示代表"), now=now)
    sheet = {one.code: Given("yes") for one in questions_of(row)} | FAULTS
    actions.save_sheet(row, sheet, "演示：找得到，也办得成；晚上可以再亮一些。", now)
    actions.hand_in(row, now)
    actions.plan(SYSTEM, area, Planned("experience", LIST, today, last, role="演示体验官"), now=now)
