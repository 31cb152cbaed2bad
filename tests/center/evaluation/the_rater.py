"""Ratings for the tests of this room, given at the machine or from home."""

from __future__ import annotations

from datetime import datetime

from tests.center.hall import SYSTEM, Hall, number
from tests.center.services_cast import catalogue_rows

from budayang.center.evaluation import actions, queries
from budayang.center.evaluation.models import Invitation, NegativeCase, Rating
from budayang.center.platform.actors import Actor
from budayang.center.services import actions as services
from budayang.center.services.case_actions import code_hash
from budayang.center.services.codes import make_code
from budayang.center.services.models import Case, Item
from budayang.center.terminals.models import Terminal

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


def finished_case(terminal: Terminal, counter: int, finished_at: datetime, *, state: str = "done") -> tuple[Case, str]:
    """A case of the terminal that came to its end, and the code on its receipt."""
    if not Item.objects.filter(code="ZZ001").exists():
        rows = [row for row in catalogue_rows() if row["item_id"] == "ZZ001"]
        assert not services.import_items(SYSTEM, rows, is_demo=True).errors
    code = make_code()
    case = Case.objects.create(
        number=number(counter), terminal=terminal, item=Item.objects.get(code="ZZ001"),
        place_path=terminal.area.place.path, state=state, identity_hash=f"h{counter}", code_hash=code_hash(code),
        masked={}, accepted_at=finished_at, finished_at=finished_at,
    )  # fmt: skip
    return case, code


def counted(start: datetime, end: datetime, place_path: str, now: datetime) -> queries.Counts:
    """Everything that was rated under a place in a period."""
    return queries.count(
        Rating.objects.filter(place_path__startswith=place_path, at__gte=start, at__lt=end),
        Invitation.objects.filter(place_path__startswith=place_path, shown_at__gte=start, shown_at__lt=end),
        now,
    )
