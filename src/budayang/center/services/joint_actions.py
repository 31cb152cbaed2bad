"""Writes of joint matters (联办): one number for the person, a case for each department that can be reached from here.

All parts come into being in one transaction, so that a terminal which sends the matter again finds all of them or none.
What a part becomes later is its own case's business; what cannot be a case is told as a visit to the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import seal_field
from budayang.center.services import agent_actions, case_actions, codes
from budayang.center.services.case_accepting import CaseRefused, accept_case, identity_hash
from budayang.center.services.item_forms import form_of
from budayang.center.services.models import Case, Item, JointCase, JointPart, Offering
from budayang.center.terminals import queries as terminals
from budayang.data.joint_matters import JointDefinition, PartDefinition, joint_matters
from budayang.forms import validate
from budayang.forms.conditions import holds
from budayang.forms.joint import part_form
from budayang.forms.materials import SIGNATURE
from budayang.rules.acting import may_be_acted_for
from budayang.wire.messages import CasePrivate
from budayang.wire.numbers import BadNumber, parse_number

log = structlog.get_logger(__name__)

TABLE = "services_jointcase"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a terminal hands in: the joint matter's number, who, the sheets, and how the person is answered."""

    number: str
    person: CasePrivate
    materials: Sequence[Mapping[str, Any]]
    reply_key: str
    consent: tuple[str, str]
    lang: str
    filled_on: date
    extra: Mapping[str, Any] = field(default_factory=dict)


def find_definition(code: str) -> JointDefinition | None:
    return joint_matters().get(code)


def accept_joint(
    actor: Actor, terminal_id: int, definition: JointDefinition, given: HandedIn, now: datetime
) -> JointCase:
    """Store a joint matter with all its parts; the same number again is the same matter.

    Raises:
        CaseRefused: bad_number, number_in_use, unknown_item (no part of it can be done here).
    """
    _check_number(actor, given.number)
    owner = identity_hash(given.person.id_kind, given.person.id_number)
    known = JointCase.objects.filter(number=given.number).first()
    if known is None:
        try:
            with transaction.atomic():
                known = _store(actor, terminal_id, definition, given, owner, now)
        except IntegrityError:
            known = JointCase.objects.get(number=given.number)
    if (known.identity_hash, known.definition, known.terminal_id) != (owner, definition.code, terminal_id):
        raise CaseRefused("number_in_use")
    for part in known.parts.filter(case__isnull=False).select_related("case"):
        assert part.case is not None, "the rows were chosen so"
        case_actions.grant_reply(part.case, terminal_id, given.reply_key, now)
    return known


def _check_number(actor: Actor, number: str) -> None:
    try:
        if actor.kind != "terminal" or parse_number(number).terminal != actor.name.replace("-", "").upper():
            raise CaseRefused("bad_number")
    except BadNumber as error:
        raise CaseRefused("bad_number") from error


def _store(
    actor: Actor, terminal_id: int, definition: JointDefinition, given: HandedIn, owner: str, now: datetime
) -> JointCase:
    place_path: str = terminals.in_service().select_related("area__place").get(pk=terminal_id).area.place.path
    wanted = [part for part in definition.parts if holds(part.when, given.person.form)]
    code = codes.make_code()
    joint = JointCase.objects.create(
        number=given.number,
        definition=definition.code,
        title=definition.name,
        terminal_id=terminal_id,
        place_path=place_path,
        identity_hash=owner,
        code_hash=case_actions.code_hash(code),
        code_sealed=seal_field(TABLE, given.number, "code", code),
        lang=given.lang[:16],
        accepted_at=now,
    )
    made = [
        _store_part(actor, joint, position, len(wanted), part, given, now)
        for position, part in enumerate(wanted, start=1)
    ]
    if all(part.case_id is None for part in made):
        raise CaseRefused("unknown_item")  # nothing of it can be done here: no number for a list of windows
    record(
        actor,
        "services.accept_joint",
        subject=f"joint:{given.number}",
        place_path=place_path,
        details={"definition": definition.code, "parts": [part.item_code for part in made]},
        at=now,
    )
    return joint


def _store_part(
    actor: Actor, joint: JointCase, position: int, of: int, part: PartDefinition, given: HandedIn, now: datetime
) -> JointPart:
    item = Item.objects.select_related("department").filter(code=part.item).first()
    row = JointPart(
        joint=joint,
        position=position,
        item_code=part.item,
        title=part.title,
        department=item.office or item.department.name if item else "",
        kind="window",
        bring=(part.bring or (item.materials if item else ""))[:300],
    )
    form = part_form(part.form, given.person.form)
    row.why = _window_reason(joint.terminal_id, item, part, form, given)
    if not row.why:
        row.kind = "case"
        row.case = _accept_part(actor, joint, position, of, part, form, given, now)
    row.save()
    return row


def _window_reason(
    terminal_id: int, item: Item | None, part: PartDefinition, form: Mapping[str, Any], given: HandedIn
) -> str:
    """Why this part cannot be a case from here; "" when it can."""
    if item is None or part.window:
        return _("这一部分需到窗口办理")
    offered = Offering.objects.filter(terminal_id=terminal_id, item=item, active=True, driven=True).exists()
    if not offered or not given.person.parts.get(part.item):
        return _("这台自助终端不能办这一部分，需到窗口办理")
    if given.person.agent is not None and not may_be_acted_for(item.who_acts):
        return _("这一部分只能本人办理，需本人到终端或窗口")
    problems = validate(form_of(part.item) or {"properties": {}}, form, today=given.filled_on)
    if problems:
        log.error("a joint form does not fill a department's", item=part.item, fields=sorted(problems))
        return _("这一部分还要补充内容，需到窗口办理")
    return ""


def _accept_part(
    actor: Actor, joint: JointCase, position: int, of: int, part: PartDefinition, form: dict[str, Any],
    given: HandedIn, now: datetime,
) -> Case:  # fmt: skip
    agent = given.person.agent
    kinds = {*part.materials, SIGNATURE} if agent else set(part.materials)
    materials = [dict(one) for one in given.materials if one["kind"] in kinds]
    extra: dict[str, Any] = {"joint": {"number": joint.number, "part": position, "of": of}}
    if materials:
        extra["materials"] = materials
    if agent is not None:
        extra["agent"] = agent_actions.contract_of(agent)
    person = CasePrivate(
        name=given.person.name, id_number=given.person.id_number, id_kind=given.person.id_kind, form=form
    )
    case = accept_case(
        actor,
        number=given.person.parts[part.item],
        terminal_id=joint.terminal_id,
        item_code=part.item,
        person=person,
        reply_key=given.reply_key,
        consent=given.consent,
        lang=given.lang,
        now=now,
        extra=extra,
    )
    if agent is not None:
        agent_actions.record_agent(actor, case, agent, materials, now)
    return case


def part_numbers(joint_number: str) -> list[str]:
    """The cases of a joint matter, in the order of its parts; empty for a number that is none."""
    rows = JointPart.objects.filter(joint__number=joint_number, case__isnull=False).order_by("position")
    return list(rows.values_list("case__number", flat=True))
