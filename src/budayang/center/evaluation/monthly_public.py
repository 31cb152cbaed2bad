"""What everybody may read of published monthly reports: their public figures with definition and history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from budayang.center.evaluation.models import MonthlyReport
from budayang.center.evaluation.monthly_queries import content_of, corrections_of, published
from budayang.rules.monthly import Figure, Value, figures_of
from budayang.rules.monthly_figures import BY_CODE

FROZEN = 4096
"""Reports whose figures one process keeps, some kilobytes each."""


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """One figure of one published month. `corrected`: it reads otherwise from later rows, as `corrected_value`."""

    place_code: str
    place: str
    kind: str
    month: date
    published_at: datetime
    sha256: str
    figure: Figure
    corrected: bool
    corrected_value: Value


def is_public(code: str) -> bool:
    """Whether a figure is told to everybody; one that is not known any more is not."""
    return code in BY_CODE and BY_CODE[code].public


def places() -> list[tuple[str, str]]:
    """(code, name) of places with a published report, by path."""
    rows = published().order_by("place__path").values_list("place__code", "place__name").distinct()
    return list(dict.fromkeys(rows))


def figures(place_code: str = "") -> list[PublicFigure]:
    """Every public figure of every published month, newest month first; of one place when it is named."""
    rows = published().defer("content").prefetch_related("corrections").order_by("-month", "place__path")
    if place_code:
        rows = rows.filter(place__code=place_code)
    return [one for row in rows for one in _of(row)]


@lru_cache(maxsize=FROZEN)
def _frozen(pk: int, sha256: str) -> tuple[Figure, ...]:
    """The public figures of a published report, whose hash says which content is meant. It never changes again, and is
    large: everybody may ask, so its content is read once.
    """
    report = content_of(published().get(pk=pk))
    return tuple(one for one in figures_of(report) if is_public(one.code)) if report is not None else ()


def _of(row: MonthlyReport) -> list[PublicFigure]:
    if row.published_at is None:
        return []
    found = corrections_of(row)[:1]
    later = {one.title: one.after for _row, changes in found for one in changes if not one.row and not one.column}
    return [
        PublicFigure(
            row.place.code, row.place.name, row.place.kind, row.month, row.published_at, row.sha256, one,
            one.title in later, later.get(one.title),
        )
        for one in _frozen(row.pk, row.sha256)
    ]  # fmt: skip
