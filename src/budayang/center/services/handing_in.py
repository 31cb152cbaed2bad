"""A matter is handed in: form, materials and agent looked at, then stored as a case, or as a joint matter's cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from budayang.center.platform.actors import Actor
from budayang.center.services import (
    agent_actions,
    case_actions,
    correction_actions,
    form_checks,
    joint_actions,
    material_actions,
    person_check_actions,
)
from budayang.center.services.case_accepting import CaseRefused
from budayang.center.services.item_forms import form_of
from budayang.center.services.models import Case, Item, JointCase
from budayang.center.services.states import CaseState
from budayang.center.terminals import queries as terminals
from budayang.data.joint_matters import JointDefinition
from budayang.wire.messages import CasePrivate, CaseSubmit

__all__ = ["Accepted", "find_repeated", "hand_in", "refused_fields"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was stored under the number; `cases` are to be carried to their departments."""

    number: str
    state: str
    cases: tuple[tuple[str, str], ...]


def hand_in(
    actor: Actor, terminal_id: int, place_path: str, submit: CaseSubmit, person: CasePrivate, now: datetime
) -> Accepted:
    """Store what a terminal hands in. The same number again is the same matter, whatever became of its sheets.

    Raises:
        CaseRefused: what `accept_case` and `accept_joint` raise, form_refused (with its fields), sheets_missing,
            too_large, agent_not_allowed, agent_is_person, consent_missing, check_missing; of a correction those of
            `hand_in_correction`.
    """
    if person.corrects:
        case = correction_actions.hand_in_correction(actor, terminal_id, place_path, submit, person, now)
        return Accepted(case.number, case.state, ())
    known = _known(submit.number, terminal_id)
    definition = joint_actions.find_definition(submit.item)
    if known is None:
        zone = _zone(terminal_id)
        materials = material_actions.read_sheets(submit.number, person.materials, place_path, now)
        schema = definition.schema if definition is not None else form_of(submit.item)
        kinds = [one["kind"] for one in materials]
        form_checks.check_form(
            schema, person.form, kinds, filled_on=form_checks.filled_on(submit.consent.at, zone, now)
        )
    else:
        materials = []
    if definition is not None:
        return _joint(actor, terminal_id, definition, submit, person, materials, now)
    return _case(actor, terminal_id, submit, person, materials, now)


def _zone(terminal_id: int) -> str:
    return str(terminals.in_service().select_related("area__place").get(pk=terminal_id).area.place.zone)


def _known(number: str, terminal_id: int) -> Case | JointCase | None:
    """What this terminal handed in under the number already: it is not looked at again."""
    case = Case.objects.filter(number=number, terminal_id=terminal_id).first()
    return case or JointCase.objects.filter(number=number, terminal_id=terminal_id).first()


@transaction.atomic
def _case(
    actor: Actor, terminal_id: int, submit: CaseSubmit, person: CasePrivate, materials: list[dict[str, Any]],
    now: datetime,
) -> Accepted:  # fmt: skip
    extra: dict[str, Any] = {}
    fresh = not Case.objects.filter(number=submit.number).exists()
    began_at = submit.consent.at
    made = person_check_actions.read_check(terminal_id, submit.item, person, began_at, now) if fresh else None
    if made is not None:
        extra["person_check"] = person_check_actions.contract_of(made)
    if person.agent is not None:
        item = Item.objects.filter(code=submit.item).first()
        agent_actions.check_agent(item.who_acts if item is not None else "", person)
        extra["agent"] = agent_actions.contract_of(person.agent)
    if materials:
        extra["materials"] = materials
    case = case_actions.accept_case(
        actor,
        number=submit.number,
        terminal_id=terminal_id,
        item_code=submit.item,
        person=person,
        reply_key=submit.reply_key,
        consent=(submit.consent.version, submit.consent.at),
        lang=submit.lang,
        now=now,
        extra=extra,
    )
    if fresh and person.agent is not None:
        agent_actions.record_agent(actor, case, person.agent, materials, now)
    if fresh:
        material_actions.take_sheets(submit.number, now)
    if fresh and made is not None:
        person_check_actions.record_check(actor, case, made, now)
        case.refresh_from_db(fields=["state"])
    return Accepted(case.number, case.state, ((case.number, case.state),))


@transaction.atomic
def _joint(
    actor: Actor, terminal_id: int, definition: JointDefinition, submit: CaseSubmit, person: CasePrivate,
    materials: list[dict[str, Any]], now: datetime,
) -> Accepted:  # fmt: skip
    if any(person_check_actions.needs_check(item) for item in person.parts):
        raise CaseRefused("check_missing")  # such a part is done by itself, or at the window
    if person.agent is not None:
        agent_actions.check_agent("本人或代办人", person)  # each part looks at its own item beside this
    given = joint_actions.HandedIn(
        number=submit.number,
        person=person,
        materials=materials,
        reply_key=submit.reply_key,
        consent=(submit.consent.version, submit.consent.at),
        lang=submit.lang,
        filled_on=form_checks.filled_on(submit.consent.at, _zone(terminal_id), now),
    )
    joint = joint_actions.accept_joint(actor, terminal_id, definition, given, now)
    material_actions.take_sheets(submit.number, now)
    return Accepted(joint.number, CaseState.ACCEPTED.value, _cases_of(joint))


def _cases_of(joint: JointCase) -> tuple[tuple[str, str], ...]:
    rows = joint.parts.filter(case__isnull=False).select_related("case").order_by("position")
    return tuple((row.case.number, row.case.state) for row in rows if row.case is not None)


def find_repeated(number: str, terminal_id: int, item_code: str, reply_key: str) -> Accepted | None:
    """What this very journey has handed in already: its word came again because our answer was lost."""
    case = case_actions.find_repeated(number, terminal_id, item_code, reply_key)
    if case is not None:
        return Accepted(case.number, case.state, ((case.number, case.state),))
    joint = JointCase.objects.filter(number=number, terminal_id=terminal_id, definition=item_code).first()
    if joint is None:
        return None
    granted = joint.parts.filter(case__grants__reply_key=reply_key, case__grants__terminal_id=terminal_id).exists()
    return Accepted(joint.number, CaseState.ACCEPTED.value, _cases_of(joint)) if granted else None


def refused_fields(refusal: CaseRefused) -> dict[str, str]:
    """The fields of a refused form with their repairs; empty for every other refusal."""
    return refusal.fields if isinstance(refusal, form_checks.FormRefused) else {}
