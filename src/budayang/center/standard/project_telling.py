"""Who is told that a milestone of a standard's project is over: who leads the project, and its drafting group."""

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
from budayang.center.platform.wording import words
from budayang.center.standard.models import Milestone, Project
from budayang.center.standard.project_queries import LEADERS
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact
from budayang.rules.standard.stages import ENDED, STAGE_NAMES

JOB = Actor.job("standard.milestones")
KIND = "project"


def tell_late(now: datetime) -> int:
    """Tell of milestones whose day is over, each once; a day that is moved is told of anew. Returns how many."""
    # Everything here lies in one zone; the place's own day decides below.
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    due = Milestone.objects.filter(done_on__isnull=True, told_on__isnull=True, due_on__lte=today)
    done = 0
    for row in due.exclude(project__stage__in=ENDED).select_related("project__place").order_by("due_on", "pk"):
        day = now.astimezone(ZoneInfo(row.project.place.zone)).date()
        if row.due_on >= day:
            continue
        with transaction.atomic():
            # The compare-and-set holds off a second worker.
            if Milestone.objects.filter(pk=row.pk, told_on__isnull=True, done_on__isnull=True).update(told_on=day):
                _tell(row, now)
                done += 1
    return done


def _tell(row: Milestone, now: datetime) -> None:
    project = row.project
    fact = Fact(
        title=project.title,
        where=project.place.name,
        severity=Severity.GENERAL.value,
        since=datetime.combine(row.due_on, time(0), ZoneInfo(project.place.zone)),
        note=_("节点“%(stage)s”应在 %(on)s 前到，已逾期")
        % {"stage": words(STAGE_NAMES[row.stage]), "on": row.due_on.isoformat()},
    )
    for receiver in runs.people_of(_people(project)):
        messages.add_line(
            receiver, kind=KIND, place_path=project.place_path, severity=Severity.GENERAL.value, now=now,
            topic=f"milestone:{row.pk}:{row.due_on:%m%d}", fact=fact,
        )  # fmt: skip


def _people(project: Project) -> list[Staff]:
    leads = Q(
        grants__role__in=[role.value for role in LEADERS],
        grants__place__path__in=platform.place_chain(project.place_path),
    )
    group = Q(pk__in=project.members.filter(until_on__isnull=True).values("staff_id"))
    rows = platform.staff_visible_to(JOB).filter(leads | group, is_active=True)
    return list(rows.order_by("pk").distinct())
