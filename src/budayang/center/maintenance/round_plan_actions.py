"""Writes of what rounds are made from: editions of check lists, and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import CheckListEdition, RoundPlan
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.wording import words
from budayang.center.services.queries import calendar_days
from budayang.data.check_lists import check_lists
from budayang.rules.round_lists import Question, read_questions
from budayang.rules.rounds import WHO_NAMES, Plan, Rhythm, next_round, problems

PLANNERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
EDITORS = (Role.SUPERVISOR,)
BODIES = frozenset({"owner", "vendor"})
"""Who walks only the machines of a body: the plan has to name it."""


@transaction.atomic
def write_edition(
    actor: Actor,
    *,
    place: Place,
    code: str,
    name: str,
    basis: str,
    rows: Sequence[Mapping[str, object]],
    valid_from: date,
    now: datetime,
    today: date,
) -> CheckListEdition:
    """Write an edition that comes into force on a later day, or write that one anew until it does.

    From its day on an edition stands: rounds were opened by it. The first one of a list may begin today.
    """
    actor.require(*EDITORS, place_path=place.path)
    same = CheckListEdition.objects.filter(place=place, list_code=code)
    first = not same.exists()
    if valid_from < today or (valid_from == today and not first):
        raise Refused(_("新版本最早从明天起生效：已生效的检查表不能改。"))
    if not code.isascii() or not code.replace("_", "").isalnum() or len(code) > 24:
        raise Refused(_("检查表的代码须是字母、数字和下划线，最多 24 个。"))
    if not name.strip():
        raise Refused(_("请写检查表的名称。"))
    try:
        questions = read_questions(rows)
    except ValueError as error:
        raise Refused(words(f"{error}。")) from error
    row, _made = CheckListEdition.objects.update_or_create(
        place=place,
        list_code=code,
        valid_from=valid_from,
        defaults={
            "name": name.strip()[:40],
            "basis": basis.strip()[:200],
            "questions": [one.plain() for one in questions],
            "made_at": now,
            "made_by": actor.name,
        },
    )
    _audit(actor, "write_check_list", f"check_list:{code}", place.path, now, from_=valid_from, questions=len(questions))
    return row


@transaction.atomic
def adopt_check_lists(actor: Actor, place: Place, *, now: datetime, today: date) -> int:
    """Put the lists that ship in force at a place, those that it has none of; returns how many."""
    actor.require(*EDITORS, place_path=place.path)
    known = set(CheckListEdition.objects.filter(place=place).values_list("list_code", flat=True))
    new = [one for one in check_lists() if one.code not in known]
    for one in new:
        write_edition(
            actor, place=place, code=one.code, name=one.name, basis=one.basis,
            rows=[_row(question) for question in one.questions], valid_from=today, now=now, today=today,
        )  # fmt: skip
    return len(new)


def _row(question: Question) -> dict[str, object]:
    return question.plain()


@transaction.atomic
def set_plan(
    actor: Actor,
    kept: RoundPlan | None,
    *,
    area: Any,
    code: str,
    who: str,
    plan: Plan,
    now: datetime,
    organization: Organization | None = None,
    person: Staff | None = None,
    stops: Sequence[str] = (),
) -> RoundPlan:
    """Plan rounds of a list in an area, or change such a plan; rounds that were opened stay as they are."""
    actor.require(*PLANNERS, place_path=area.place.path)
    if kept is not None and kept.area_id != area.pk:
        raise Refused(_("计划不能换到别的自助区，请结束它，再为那里新建一个。"))
    wrong = problems(plan)
    if wrong:
        raise Refused("；".join(words(one) for one in wrong) + "。")
    if who not in WHO_NAMES:
        raise Refused(_("请选择由谁巡查。"))
    if who in BODIES and organization is None:
        raise Refused(_("由设备归属单位或运维商检查的，请选择是哪个单位：只查它的机器。"))
    edition = queries.edition_in_force(code, area.place.path, plan.starts_on)
    if edition is None:
        raise Refused(_("开始那天这里还没有这份检查表，请先采用检查表，或改晚开始日期。"))
    row = kept or RoundPlan(area=area)
    row.list_code, row.name, row.who, row.organization, row.person = code, edition.name, who, organization, person
    row.rhythm = plan.rhythm.value
    row.windows = [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in plan.windows]
    row.weekdays = "".join("1" if day in plan.weekdays else "0" for day in range(7))
    row.day, row.first_month, row.starts_on, row.ends_on = plan.day, plan.first_month, plan.starts_on, plan.ends_on
    row.stops = list(dict.fromkeys(stops))
    row.next_at = next_round(plan, now, calendar_days())
    row.made_at, row.made_by = now, actor.name
    row.save()
    strange = set(row.stops) - set(queries.stops_of(row))
    if strange:
        raise Refused(_("这些终端不在这个计划里：%(codes)s。") % {"codes": "、".join(sorted(strange))})
    _audit(
        actor, "set_round_plan", f"round_plan:{row.pk}", area.place.path, now, list=code, rhythm=row.rhythm,
        windows=row.windows, stops=row.stops, ends_on=row.ends_on,
    )  # fmt: skip
    return row


@transaction.atomic
def end_plan(actor: Actor, row: RoundPlan, *, on: date, now: datetime) -> RoundPlan:
    """The last day on which the plan opens rounds."""
    actor.require(*PLANNERS, place_path=row.area.place.path)
    row.ends_on = max(on, row.starts_on)
    plan = queries.plan_of(row)
    row.next_at = next_round(plan, now, calendar_days())
    row.save(update_fields=["ends_on", "next_at"])
    _audit(actor, "end_round_plan", f"round_plan:{row.pk}", row.area.place.path, now, ends_on=row.ends_on)
    return row


def suggested(code: str, today: date) -> Plan | None:
    """The plan that a list that ships starts from; None for a list of one's own."""
    found = next((one for one in check_lists() if one.code == code), None)
    if found is None:
        return None
    return Plan(
        found.rhythm,
        found.windows,
        today,
        weekdays=frozenset({0}) if found.rhythm is Rhythm.WEEKLY else frozenset(),
        day=found.day,
        first_month=found.first_month,
    )


def walked_by(code: str) -> str:
    """Who walks a list that ships; the keeper for one of one's own."""
    return next((one.who for one in check_lists() if one.code == code), "keeper")


def _audit(actor: Actor, what: str, subject: str, place_path: str, now: datetime, **details: object) -> None:
    record(actor, f"maintenance.{what}", subject=subject, place_path=place_path, details=details, at=now)
