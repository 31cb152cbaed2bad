"""The one way in which a case moves: a counted UPDATE along the table, its step, its audit line, its news, and its
money: what a case took that ends without output goes back in the same transaction, whoever ended it.

Rivals are whoever else works on the same case: another process, a person at the console, the person at a terminal.
The state (and for work under way the worker) stands in the condition; whoever's UPDATE counts one row has moved it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.services.case_telling import note_step, tell
from budayang.center.services.models import Case
from budayang.center.services.payments.returning import end_money
from budayang.center.services.redacting import without_person
from budayang.center.services.states import CASE_TRANSITIONS, CaseState

# News that other rooms wait for; every other move is `services.case_progress` alone.
NEWS = {CaseState.DONE: "services.case_done", CaseState.REVIEW: "services.case_review"}
WITHOUT_OUTPUT = frozenset({CaseState.FAILED, CaseState.WITHDRAWN})


def may(case: Case, event: str) -> bool:
    """Whether the event fits the case's state."""
    return (CaseState(case.state), event) in CASE_TRANSITIONS


def move(
    actor: Actor,
    case: Case,
    event: str,
    *,
    now: datetime,
    step: str = "",
    by: str = "platform",
    at: datetime | None = None,
    action: str = "",
    worker: str | None = None,
    details: Mapping[str, Any] | None = None,
    **changes: Any,
) -> bool:
    """Move a case by an event of the table, in the caller's transaction. False when it does not fit, or a rival
    moved it.

    `at`: the moment of the step, when it is not now (a department's own). `worker`: only while this worker holds it.
    `changes`: further columns. The case is read again after a move.
    """
    state = CASE_TRANSITIONS.get((CaseState(case.state), event))
    if state is None:
        return False
    if "message" in changes:
        changes["message"] = without_person(case, changes["message"])[:300]
    held = {} if worker is None else {"worker": worker}
    moved = Case.objects.filter(pk=case.pk, state=case.state, **held).update(state=state, **changes)
    if moved != 1:
        return False
    before, taken_in = CaseState(case.state), case.department_received_at is not None
    case.refresh_from_db()
    if step:
        note_step(case, step, at or now, by)
    record(
        actor,
        action or f"services.case_{event}",
        subject=f"case:{case.number}",
        place_path=case.place_path,
        details={"state": state.value, "item": case.item.code, **(details or {})},
        at=now,
    )
    _tell(case, before, state, now, again=taken_in)
    if state in WITHOUT_OUTPUT:
        end_money(case, event, now)
    return True


def _tell(case: Case, before: CaseState, state: CaseState, now: datetime, *, again: bool) -> None:
    tell("services.case_progress", case, now, before=before.value)
    if state in NEWS:
        tell(NEWS[state], case, now)
    elif state is CaseState.HANDED_IN and not again:
        # What could be done at a terminal is done. It is told once: what follows is the department's way.
        tell("services.case_done", case, now)
