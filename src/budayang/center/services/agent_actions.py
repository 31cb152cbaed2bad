"""Who acts for whom (帮办代办): checked against what the item allows, recorded with the person's consent."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import seal_field
from budayang.center.services import codes, material_actions
from budayang.center.services.case_accepting import CaseRefused, identity_hash
from budayang.center.services.models import Case, CaseAgent
from budayang.rules.acting import agent_problem
from budayang.wire.messages import CaseAgent as AgentOnTheWire
from budayang.wire.messages import CasePrivate

TABLE = "services_caseagent"


def check_agent(who_acts: str, person: CasePrivate) -> None:
    """Raises CaseRefused: agent_not_allowed, agent_is_person, consent_missing."""
    agent = person.agent
    if agent is None:
        return
    if agent_problem(who_acts, agent.relation):
        raise CaseRefused("agent_not_allowed")
    if identity_hash(agent.id_kind, agent.id_number) == identity_hash(person.id_kind, person.id_number):
        raise CaseRefused("agent_is_person")
    if not agent.id_number.strip() or not agent.consent.version or not agent.consent.at or not agent.signature:
        raise CaseRefused("consent_missing")


def contract_of(agent: AgentOnTheWire) -> dict[str, str]:
    """The agent as the department's contract has it."""
    return {"name": agent.name, "id_number": agent.id_number, "relation": agent.relation}


def record_agent(
    actor: Actor, case: Case, agent: AgentOnTheWire, materials: Sequence[Mapping[str, Any]], now: datetime
) -> CaseAgent:
    """Write down who acted, in the transaction that accepts the case.

    Raises:
        CaseRefused: consent_missing (the signature's sheet is not among the materials).
    """
    signature = material_actions.signature_of([dict(one) for one in materials], agent.signature)
    if signature is None:
        raise CaseRefused("consent_missing")
    row = CaseAgent.objects.create(
        case=case,
        identity_hash=identity_hash(agent.id_kind, agent.id_number),
        masked={"name": codes.mask_name(agent.name), "id_number": codes.mask_id_number(agent.id_number)},
        identity_sealed=seal_field(TABLE, case.number, "identity", f"{agent.name}\n{agent.id_number}"),
        signature_sealed=seal_field(TABLE, case.number, "signature", base64.b64encode(signature).decode()),
        relation=agent.relation[:40],
        consent_version=agent.consent.version[:40],
        consent_at=agent.consent.at[:40],
        at=now,
    )
    record(
        actor,
        "services.record_agent",
        subject=f"case:{case.number}",
        place_path=case.place_path,
        details={"relation": row.relation, "consent": row.consent_version},
        at=now,
    )
    return row
