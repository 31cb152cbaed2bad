"""Supervision visits for tests: the shipped lists in force, a visit planned, its sheet filled in."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from PIL import Image
from tests.center.hall import SYSTEM, Hall

from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.models import SupervisionVisit
from budayang.center.evaluation.supervision_actions import Given, Planned
from budayang.center.maintenance import round_plan_actions
from budayang.center.platform.actors import Actor

ROLE, NAME = "市人大代表", "演示代表"


def adopt(hall: Hall, now: datetime, today: date) -> None:
    """The check lists that ship, for the city."""
    round_plan_actions.adopt_check_lists(SYSTEM, hall.city, now=now, today=today)


def planned(
    actor: Actor, hall: Hall, now: datetime, today: date, kind: str = "delegate", **more: Any
) -> tuple[SupervisionVisit, str]:
    wanted = {"list_code": "visit", "opens_on": today, "closes_on": today, "role": ROLE, "name": NAME, **more}
    return actions.plan(actor, hall.area, Planned(kind, **wanted), now=now)


def sheet(row: SupervisionVisit, **faults: Given) -> dict[str, Given]:
    """Every question well, but for `faults`."""
    return {one.code: Given("yes") for one in queries.questions_of(row)} | faults


def picture() -> bytes:
    """A JPEG as phones write it, with the phone's name in it."""
    made, out = Image.new("RGB", (90, 60), "green"), io.BytesIO()
    exif = made.getexif()
    exif[271] = "SECRET-PHONE"
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()
