"""Who is told that the day of a planned event of publicity or training is over: who keeps the register there."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Staff
from budayang.center.standard.models import SpreadEvent
from budayang.center.standard.project_telling import KIND
from budayang.center.standard.training_actions import KEEPERS
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact

JOB = Actor.job("standard.spread_events")


def tell_late(now: datetime) -> int:
    """Tell of events that were neither held nor called off by their day, each once. Returns how many."""
    # Everything here lies in one zone; the place's own day decides below.
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    due = SpreadEvent.objects.filter(
        held_on__isnull=True, cancelled_for="", told_on__isnull=True, planned_on__lte=today
    )
    done = 0
    for row in due.select_related("place", "edition").order_by("planned_on", "pk"):
        day = now.astimezone(ZoneInfo(row.place.zone)).date()
        if row.planned_on >= day:
            continue
        with transaction.atomic():
            # The compare-and-set holds off a second worker.
            open_now = SpreadEvent.objects.filter(
                pk=row.pk, told_on__isnull=True, held_on__isnull=True, cancelled_for=""
            )
            if open_now.update(told_on=day):
                _tell(row, now)
                done += 1
    return done


def _tell(row: SpreadEvent, now: datetime) -> None:
    note = _("宣贯计划在 %(on)s，还没有登记办过，也没有取消") % {"on": row.planned_on.isoformat()}
    ends = row.edition.in_force_on
    if ends is not None and row.planned_on < ends:
        note += _("；标准 %(on)s 实施") % {"on": ends.isoformat()}
    fact = Fact(
        title=row.subject, where=row.place.name, severity=Severity.GENERAL.value, note=note,
        since=datetime.combine(row.planned_on, time(0), ZoneInfo(row.place.zone)),
    )  # fmt: skip
    for receiver in runs.people_of(_keepers(row)):
        messages.add_line(
            receiver, kind=KIND, place_path=row.place_path, severity=Severity.GENERAL.value, now=now,
            topic=f"spread:{row.pk}", fact=fact,
        )  # fmt: skip


def _keepers(row: SpreadEvent) -> list[Staff]:
    here = Q(
        grants__role__in=[role.value for role in KEEPERS],
        grants__place__path__in=platform.place_chain(row.place_path),
    )
    rows = platform.staff_visible_to(JOB).filter(here, is_active=True)
    return list(rows.order_by("pk").distinct())
