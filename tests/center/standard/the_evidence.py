"""Areas with verdicts on a clause, for tests of the evidence for revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from tests.center.hall import Hall
from tests.center.standard.the_project import edition

from budayang.center.platform.models import Place
from budayang.center.standard import queries
from budayang.center.standard.models import Assessment, ClauseVerdict, Edition

OCTOBER = date(2026, 10, 1)


def places(hall: Hall, count: int) -> list[Place]:
    """So many areas of the city."""
    rows = [
        Place(code=f"T{n:04}", name=f"测试区{n:04}", kind="area", parent=hall.city, path=f"{hall.city.path}T{n:04}/")
        for n in range(count)
    ]
    Place.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Place.objects.filter(code__startswith="T").order_by("code")[:count])


def judge_areas(
    where: Sequence[Place], code: str, numbers: Sequence[float], now: datetime, *, text: Edition | None = None,
    months: Sequence[date] = (OCTOBER,), threshold: float = 0.98,
) -> None:  # fmt: skip
    """Each area's number against "≥ threshold", as the assessment of a month writes it."""
    clause = (text or edition()).clauses.get(code=code)
    for month in months:
        start, end = queries.month_bounds(month)
        ClauseVerdict.objects.bulk_create(
            ClauseVerdict(
                clause=clause, place=place, place_path=place.path, period_start=start, period_end=end, sample=9,
                answer="met" if number >= threshold else "not_met", number=number, threshold=threshold,
                comparison=">=", unit="ratio", why="x", computed_at=now,
            )
            for place, number in zip(where, numbers, strict=True)
        )  # fmt: skip
        for place in where:
            Assessment.objects.update_or_create(place=place, month=month, defaults={"computed_at": now})
