"""日对账: a day of a provider on which the books differ, or whose statement does not come, is an order for a person.

The services room compares and tells; a person settles line by line on the day's page, and the last line closes it here.
A statement that comes after all closes the order for it, whatever it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.settling import add_lines
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Transition
from budayang.rules.cases import MOVEMENTS, VERDICTS, yuan
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.balancing")
DIFFERS, LATE = "reconciliation_differs", "statement_late"
NEWS = ("services.reconciliation_differs", "services.reconciliation_even", "services.statement_late")


def hear_days(news: Sequence[Transition], now: datetime) -> None:
    """Days that differ, days without a statement, and days that are even now."""
    for one in news:
        if one.kind == "services.statement_late":
            title = _("没有对账单（%(provider)s %(on)s）") % one.payload
            why = _why_late(one.payload)
            _open(one, LATE, title, (Line(one.occurred_at, one.payload["provider"], "late", why),), now)
            continue
        _close(one, (LATE,) if one.kind == "services.reconciliation_differs" else (LATE, DIFFERS), now)
        if one.kind == "services.reconciliation_differs":
            title = _("日对账有 %(differing)s 笔差异（%(provider)s %(on)s）") % one.payload
            lines = tuple(
                Line(one.occurred_at, row["number"], "difference", _words(row)) for row in one.payload["lines"]
            )
            _open(one, DIFFERS, title, lines, now)


def _close(news: Transition, kinds: Sequence[str], now: datetime) -> None:
    for row in Incident.objects.filter(subject=subject_of(news), kind__in=kinds, state="open"):
        close_incident(JOB, row, closed_at=news.occurred_at, now=now)


def subject_of(news: Transition) -> str:
    """The subject of a day's incident; the number is that of the day's row in the services room."""
    return f"reconciliation:{news.payload['day']}"


def _open(news: Transition, kind: str, title: str, lines: tuple[Line, ...], now: datetime) -> None:
    manager_id = manager_of(news.place_path)
    found = NewIncident(
        kind=get_cause(kind),
        subject=subject_of(news),
        component="reconciliation",
        opened_at=news.occurred_at,
        place_path=news.place_path,
        owner_id=manager_id,
        responsible_id=manager_id,
        title=title[:80],
        evidence=lines,
    )
    row = open_incident(JOB, found, cause=None, now=now)
    add_lines(row, lines)


def _why_late(told: dict[str, Any]) -> str:
    known = {"not_ready": _("账单还没有出"), "not_compared": _("账单来了，但平台没能比对，请系统维护人员查看日志")}
    return known.get(told["why"]) or _("没有应答：%(why)s") % told


def _words(line: dict[str, Any]) -> str:
    def fen(value: int | None) -> str:
        return "—" if value is None else yuan(value)

    return _("%(movement)s%(verdict)s：我们 %(ours)s 元，对方 %(theirs)s 元") % {
        "movement": MOVEMENTS[line["kind"]],
        "verdict": VERDICTS[line["verdict"]],
        "ours": fen(line["ours_fen"]),
        "theirs": fen(line["theirs_fen"]),
    }


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.balancing", NEWS, hear_days),)
