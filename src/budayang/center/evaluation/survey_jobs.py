"""A survey each half-year is somebody's duty: from the middle of it on, the supervisors of places whose areas have none
are told, once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import SurveyArea, SurveyReminder
from budayang.center.evaluation.negative_jobs import handlers_of
from budayang.center.evaluation.survey_actions import JOB
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.platform.actions import record
from budayang.center.platform.models import Place
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.evaluation.surveys import half_of
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact

MIDDLE = timedelta(days=91)


def remind(now: datetime) -> int:
    """Tell of the places that owe a survey of the running half-year; returns of how many. One that nobody answers for
    waits until somebody does.
    """
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    first, last = half_of(today)
    if today < first + MIDDLE:
        return 0
    told = set(SurveyReminder.objects.filter(first_on=first).values_list("place_path", flat=True))
    owing = {place: n for place, n in _owing(first, last).items() if place.path not in told}
    return sum(_tell(place, n, first, now) for place, n in owing.items())


def _owing(first: date, last: date) -> dict[Place, int]:
    """Region → how many of its own areas no survey of these days asks about."""
    asked = SurveyArea.objects.filter(survey__opens_on__lte=last, survey__closes_on__gte=first).values("area_id")
    found: dict[Place, int] = {}
    for area in areas.visible_to(JOB).exclude(pk__in=asked).select_related("place__parent"):
        place = area.place.parent or area.place
        found[place] = found.get(place, 0) + 1
    return found


@transaction.atomic
def _tell(place: Place, n: int, first: date, now: datetime) -> bool:
    receivers = runs.people_of(handlers_of(place.path, None, None, late=True, own=False))
    if (
        not receivers
        or not SurveyReminder.objects.get_or_create(place_path=place.path, first_on=first, defaults={"told_at": now})[1]
    ):
        return False
    fact = Fact(
        title=_("这半年还没有满意度问卷"),
        where=place.name,
        severity=Severity.GENERAL.value,
        since=now,
        note=_("%(n)d 个自助区没有问卷，每半年要做一次。请在“满意度问卷”里新建") % {"n": n},
    )
    for receiver in receivers:
        messages.add_line(
            receiver, kind="rating", place_path=place.path, severity=Severity.GENERAL.value, now=now,
            topic=f"survey:{place.pk}:{first}", fact=fact,
        )  # fmt: skip
    record(
        JOB, "evaluation.survey_owed", subject=f"place:{place.code}", place_path=place.path,
        details={"areas": n, "from": first.isoformat()}, at=now,
    )  # fmt: skip
    return True
