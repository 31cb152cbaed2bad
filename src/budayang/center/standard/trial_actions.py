"""Writes about trials (试算): ask, run again, cancel; the long work that computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place, Work
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.center.standard.models import Edition, Trial
from budayang.center.standard.queries import current_edition
from budayang.center.standard.trial_making import Judges, Question, replay_areas
from budayang.center.standard.trial_queries import ON_THE_WAY, chosen_of
from budayang.rules.monthly import next_month
from budayang.rules.standard.trial_measures import BY_CODE
from budayang.rules.standard.trial_results import AreaResult, Result, plain
from budayang.rules.standard.trials import Chosen

JOB = Actor.job("standard.trial")
RUN = "standard.trial"
MAKERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
MOST_MONTHS = 12
AT_ONCE = 20
"""Areas whose history is read together."""


@transaction.atomic
def ask_trial(
    actor: Actor,
    place: Place,
    *,
    title: str,
    months: tuple[date, date],
    measures: Sequence[Chosen],
    edition: Edition | None,
    once: float,
    monthly: float,
    note: str,
    now: datetime,
) -> Trial:
    """Keep the question and put it on the queue. `months`: first days of the first and the last.

    Raises:
        Refused: when nothing is tried, or the months are not months that have begun.
    """
    actor.require(*MAKERS, place_path=place.path)
    first, last = (one.replace(day=1) for one in months)
    if last < first:
        raise Refused(_("最后一个月不能早于第一个月。"))
    if last > now.astimezone(ZoneInfo(place.zone)).date():
        raise Refused(_("试算用已经发生的月份，请选本月或以前的。"))
    if len(months_between(first, last)) > MOST_MONTHS:
        raise Refused(_("一次最多试算 %(n)d 个月。") % {"n": MOST_MONTHS})
    if not measures and edition is None:
        raise Refused(_("请至少选一项措施，或选一个标准版本来比较。"))
    if any(one.code not in BY_CODE for one in measures):
        raise Refused(_("没有这项措施，请在页面上选。"))
    in_force = current_edition()
    if edition is not None and in_force is not None and edition.pk == in_force.pk:
        raise Refused(_("这个版本就是现在用的，和自己比没有差别；请选另一个版本。"))
    row = Trial.objects.create(
        title=title.strip()[:80], place=place, place_path=place.path, first_month=first, last_month=last,
        measures=[asdict(one) for one in measures], edition=edition, once=once, monthly=monthly,
        note=note.strip()[:300], asked_at=now, asked_by=actor.label or actor.name,
    )  # fmt: skip
    return _queue(actor, row, now)


def _queue(actor: Actor, row: Trial, now: datetime) -> Trial:
    title = _("试算：%(title)s") % {"title": row.title}
    row.work = request_work(actor, RUN, title[:120], {"trial": row.pk}, now=now, place=row.place)
    row.save(update_fields=["work"])
    record(actor, "standard.ask_trial", subject=f"trial:{row.pk}", place_path=row.place_path, at=now)
    return row


@transaction.atomic
def run_again(actor: Actor, row: Trial, *, now: datetime) -> Trial:
    """Compute it anew with what it was asked: late data changes months that were. One on its way is not run twice."""
    actor.require(*MAKERS, place_path=row.place_path)
    row = Trial.objects.select_for_update(of=("self",)).select_related("work", "place").get(pk=row.pk)
    if row.work is not None and row.work.state in ON_THE_WAY:
        return row
    return _queue(actor, row, now)


@transaction.atomic
def cancel_trial(actor: Actor, row: Trial, *, now: datetime) -> None:
    """Stop computing; an earlier result stays."""
    actor.require(*MAKERS, place_path=row.place_path)
    if row.work is None or row.work.state not in (Work.State.WAITING, Work.State.RUNNING):
        raise Refused(_("这次试算已经不在计算，请刷新页面再看。"))
    cancel_work(actor, row.work, now)


def months_between(first: date, last: date) -> list[date]:
    """First days of the months, both included."""
    found = []
    while first <= last:
        found.append(first)
        first = next_month(first)
    return found


@long_work(RUN)
def run(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute and keep the result; a step for each area and month. Started again it computes again."""
    row = Trial.objects.select_related("place", "edition").get(pk=arguments["trial"])
    now, in_force = timezone.now(), current_edition()
    result = compute(row, in_force, now, progress)
    with transaction.atomic():
        Trial.objects.filter(pk=row.pk).update(result=plain(result), made_at=now, in_force=in_force)
        record(JOB, "standard.make_trial", subject=f"trial:{row.pk}", place_path=row.place_path, at=now)
    return {"areas": len(result.areas)}


def compute(row: Trial, in_force: Edition | None, now: datetime, progress: Progress | None = None) -> Result:
    """What a trial comes to from the rows of now."""
    question = Question(chosen_of(row), in_force, row.edition)
    judges = Judges(question)
    here = areas.visible_to(JOB).filter(place__path__startswith=row.place_path)
    found = list(here.select_related("place").order_by("code"))
    months = months_between(row.first_month, row.last_month)
    if progress is not None:
        progress.begin(len(found) * len(months))
    by_zone: dict[str, list[Any]] = {}
    for area in found:
        by_zone.setdefault(area.place.zone, []).append(area)
    sums: dict[int, AreaResult] = {}
    judged = 0
    for same in by_zone.values():
        for first in range(0, len(same), AT_ONCE):
            for month in months:
                tick = progress.step if progress is not None else _nothing
                part, count = replay_areas(same[first : first + AT_ONCE], month, now, question, judges, tick)
                judged += count
                for pk, one in part.items():
                    if pk in sums:
                        sums[pk].plus(one)
                    else:
                        sums[pk] = one
    told = [f"{one:%Y-%m}" for one in months]
    made = [sums[one.pk] for one in found]
    return Result(told, now.astimezone(UTC).isoformat(), judged, made, judges.replayed, judges.left)


def _nothing(_count: int) -> None:
    """Nobody waits for progress."""
