"""Ratings for the tests of this room, given at the machine or from home."""

from __future__ import annotations

from datetime import datetime

from tests.center.hall import Hall, number

from budayang.center.evaluation import actions
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.platform.actors import Actor

PHONE = "13900001234"


def rate(
    hall: Hall, counter: int, level: str, at: datetime, *, reasons: tuple[str, ...] = (), phone: str = "",
    channel: str = "terminal", now: datetime | None = None,
) -> Rating:  # fmt: skip
    """A rating of one case of KBS-01."""
    made = actions.record_rating(
        Actor.public(), number=number(counter), level=level, reasons=reasons, terminal_code="KBS-01", at=at,
        now=now or at, channel=channel, phone=phone,
    )  # fmt: skip
    assert made is not None
    return made


def bad(hall: Hall, counter: int, at: datetime, *, phone: str = "") -> NegativeCase:
    """A negative rating's case."""
    rate(hall, counter, "unsatisfied", at, reasons=("no_paper",), phone=phone)
    return NegativeCase.objects.select_related("rating__terminal__area").get(rating__case_number=number(counter))
