"""Reads of monthly reports. Bodies' people see their own machines only; a report tells of a whole place: not theirs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from budayang.center.evaluation.models import MonthlyCorrection, MonthlyPlan, MonthlyReport
from budayang.center.evaluation.monthly_rows import Month
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place, Work
from budayang.center.platform.queries import places_visible_to, scope_q
from budayang.center.platform.roles import BODY_ROLES, OPERATING_ROLES
from budayang.rules.monthly import Change, Report, digest, month_before, read

READERS = OPERATING_ROLES - BODY_ROLES
ON_THE_WAY = (Work.State.WAITING.value, Work.State.RUNNING.value)
FIRST_MONTHS = 24


def reports_visible_to(actor: Actor) -> QuerySet[MonthlyReport]:
    """Reports of the actor's places, without their content: lists need none."""
    rows = MonthlyReport.objects.filter(scope_q(actor, "place_path", roles=READERS))
    return rows.select_related("place", "work").defer("content")


def plans_visible_to(actor: Actor) -> QuerySet[MonthlyPlan]:
    """Places whose reports are made by themselves."""
    return MonthlyPlan.objects.filter(scope_q(actor, "place__path", roles=READERS)).select_related("place")


def places_to_report(actor: Actor) -> QuerySet[Place]:
    """Places of which the actor may read a report: areas, banners, the city."""
    return places_visible_to(actor).filter(scope_q(actor, "path", roles=READERS)).order_by("path")


def content_of(row: MonthlyReport) -> Report | None:
    """The report as it is kept; None while it was never made."""
    return read(row.content) if row.content is not None else None


def is_whole(row: MonthlyReport) -> bool:
    """Whether the kept content is what was hashed."""
    return row.content is not None and digest(row.content) == row.sha256


def month_of(row: MonthlyReport) -> Month:
    """The month as the report's rows are read: up to the moment of its facts."""
    return Month(row.place, row.month, row.made_at or row.asked_at)


def corrections_of(row: MonthlyReport) -> list[tuple[MonthlyCorrection, list[Change]]]:
    """What was found after it was published, the newest first."""
    return [(one, [_change(change) for change in one.changes]) for one in row.corrections.all()]


def _change(kept: dict[str, Any]) -> Change:
    return Change(**kept)


def months_to_choose(now: datetime, zone: str) -> list[date]:
    """This month and those before it, the newest first."""
    month = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    found = []
    for _back in range(FIRST_MONTHS):
        found.append(month)
        month = month_before(month)
    return found


def published() -> QuerySet[MonthlyReport]:
    """What everybody may read."""
    return MonthlyReport.objects.filter(state="published").select_related("place")
