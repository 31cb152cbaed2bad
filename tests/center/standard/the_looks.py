"""Supervision visits of a known quarter: planned at its beginning, handed in or missed at their moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.center.evaluation.the_visit import adopt, sheet
from tests.center.hall import Hall

from budayang.center.evaluation import supervision_actions, supervision_findings
from budayang.center.evaluation.models import SupervisionVisit
from budayang.center.evaluation.supervision_actions import Planned
from budayang.center.platform.actors import Actor

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Looked:
    """A 督查 of an area that was planned for a day: when it was handed in, or when it counted as missed."""

    area: str
    on: date
    handed: datetime | None = None
    missed: datetime | None = None


def looks(
    hall: Hall, actor: Actor, rows: Iterable[Looked], born: datetime
) -> Iterator[tuple[datetime, Callable[[datetime], None]]]:
    """Plan the visits now; gives what happens to each, by its moment."""
    adopt(hall, born, born.astimezone(ZONE).date())
    for one in rows:
        area = {"KBS": hall.area, "HJ": hall.far_area}[one.area]
        wanted = Planned("inspection", list_code="visit", opens_on=one.on, closes_on=one.on, role="督查")
        row, _token = supervision_actions.plan(actor, area, wanted, now=born)
        if one.handed is not None:
            yield one.handed, lambda now, row=row: hand_in(row, now)
        if one.missed is not None:
            yield one.missed, lambda now: supervision_findings.watch(now) and None


def hand_in(row: SupervisionVisit, now: datetime) -> SupervisionVisit:
    """Everything was well."""
    supervision_actions.save_sheet(row, sheet(row), "", now)
    return supervision_actions.hand_in(row, now)
