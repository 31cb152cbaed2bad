"""Writes of surveys (满意度问卷): opened with a sample plan, answered by anybody without a word about himself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Survey, SurveyArea, SurveySheet
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.limits import count_within
from budayang.center.platform.sealing import lookup_hash
from budayang.center.platform.wording import words
from budayang.center.services.queries import finished_counts
from budayang.rules.evaluation.surveys import TEXTS, WISHES, needed, sheet_problem

OPENERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
JOB = Actor.job("evaluation.surveys")
BACK = timedelta(days=182)
LONGEST_D = 184
HOUR = timedelta(hours=1)


@transaction.atomic
def open_survey(actor: Actor, *, place_path: str, title: str, opens_on: date, closes_on: date, now: datetime) -> Survey:
    """Open a survey of every area of a place; how many answers each needs follows from its matters of the half-year.

    Raises:
        Refused: days that cannot be, no area in the place, or one of these days there already.
    """
    actor.require(*OPENERS, place_path=place_path)
    place = platform.find_place_by_path(place_path)
    if place is None:
        raise Refused(_("请选择地区。"))
    today = now.astimezone(ZoneInfo(place.zone)).date()
    if closes_on < opens_on or closes_on < today:
        raise Refused(_("结束的日子不能早于开始的日子和今天。"))
    if (closes_on - opens_on).days > LONGEST_D:
        raise Refused(_("一次问卷最长半年，请把结束的日子提前。"))
    if not title.strip():
        raise Refused(_("请写一个标题，例如“2026 年下半年满意度问卷”。"))
    rows = list(areas.visible_to(JOB).filter(place__path__startswith=place_path))
    if not rows:
        raise Refused(_("这个地区还没有自助区，请先登记自助区。"))
    end = datetime.combine(opens_on, time(0), ZoneInfo(place.zone))
    counts = finished_counts(end - BACK, end, place_path, by="area")
    margin = float(platform.parameter("survey_margin", place_path, now))
    try:
        with transaction.atomic():
            survey = Survey.objects.create(
                code=f"{place.code}-{opens_on:%Y%m%d}",
                title=title.strip()[:80],
                place_path=place_path,
                texts=TEXTS,
                opens_on=opens_on,
                closes_on=closes_on,
                margin=margin,
                made_at=now,
                made_by=(actor.label or actor.name)[:80],
            )
    except IntegrityError as twice:
        raise Refused(_("这个地区这一天已经有一份问卷，请换一天。")) from twice
    SurveyArea.objects.bulk_create(
        SurveyArea(
            survey=survey, area=one, population=counts.get(one.pk, 0), needed=needed(counts.get(one.pk, 0), margin)
        )
        for one in rows
    )
    subject = f"survey:{survey.code}"
    record(
        actor, "evaluation.open_survey", subject=subject, place_path=place_path, details={"areas": len(rows)}, at=now
    )
    emit("evaluation.survey_opened", subject=subject, place_path=place_path, payload={"survey": survey.code},
         occurred_at=now, now=now)  # fmt: skip
    return survey


def take_sheet(
    survey: Survey, area: Any, answers: Mapping[str, str], wishes: Sequence[str], *, client: str, now: datetime
) -> SurveySheet:
    """Keep a sheet. Beyond the limit of one address it is kept, shown as such, and not counted.

    Raises:
        Refused: the survey is not open, or nothing was answered; the message names the repair.
    """
    today = now.astimezone(ZoneInfo(area.place.zone)).date()
    if not survey.opens_on <= today <= survey.closes_on:
        raise Refused(_("这份问卷现在不收：还没有开始，或已经结束。"))
    problem = sheet_problem(answers)
    if problem:
        raise Refused(words(problem))
    times = count_within(f"survey:{lookup_hash('evaluation.survey_client', client)}:{survey.pk}", HOUR, now)
    most = int(platform.parameter("survey_client_hour", survey.place_path, now))
    with transaction.atomic():
        return SurveySheet.objects.create(
            survey=survey,
            area=area,
            answers=dict(answers),
            wishes=[one for one in dict.fromkeys(wishes) if one in WISHES],
            beyond=times > most,
            at=now,
        )
