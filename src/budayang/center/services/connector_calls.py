"""Each call to a department: may it go out, and what did it prove. Rows, no audit lines: facts of machines.

Rivals are the web process and the worker, which call the same department: the circuit moves by compare-and-set, and the
one trial of a half-open line belongs to whoever's UPDATE counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import emit
from budayang.center.services.connector_queries import (
    Capability,
    capability,
    circuit_of,
    circuit_policy,
    served_path,
)
from budayang.center.services.models import Connector, ConnectorCall, Department
from budayang.center.services.threads import in_thread
from budayang.rules.connectors import CallClass, Circuit, after_call, line_is_up, may_call

DOWN_AFTER_FAILURES = 2
FORGET_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Made:
    """A call as it went, without a word of what was said. `status` is None when there was no reply."""

    department: str
    kind: str
    item: str
    number: str
    result: CallClass
    status: int | None
    ms: int


class Journal(Protocol):
    """What a line asks before a call and tells after it."""

    async def capability(self, item: str) -> Capability: ...

    async def begin(self, department: str, now: datetime) -> bool: ...

    async def end(self, made: Made, now: datetime) -> None: ...


class DatabaseJournal:
    """The journal that every process shares."""

    async def capability(self, item: str) -> Capability:
        return await in_thread(capability, item)

    async def begin(self, department: str, now: datetime) -> bool:
        return await in_thread(begin_call, department, now)

    async def end(self, made: Made, now: datetime) -> None:
        await in_thread(note_call, made, now)


def begin_call(department_code: str, now: datetime) -> bool:
    """Whether a call may go out now. A department without a connector row has no circuit that could be open."""
    row = Connector.objects.select_related("department__organization__place").filter(department__code=department_code)
    connector = row.first()
    if connector is None:
        return True
    before = circuit_of(connector)
    permit = may_call(before, circuit_policy(served_path(connector.department), now), now)
    if permit.circuit == before:
        return permit.allowed
    return _move(connector, before, permit.circuit, now)


def note_call(made: Made, now: datetime) -> None:
    """Write the call's row and move the circuit by what it proved; a changed state is told upwards."""
    department = Department.objects.filter(code=made.department).first()
    if department is None:
        return
    with transaction.atomic():
        ConnectorCall.objects.create(
            department=department,
            kind=made.kind,
            item_code=made.item[:64],
            number=made.number[:40],
            at=now - timedelta(milliseconds=made.ms),
            ms=made.ms,
            status=made.status,
            result=made.result,
        )
        # Twice: a rival may have moved the circuit between our look and our step; then we look again.
        for _attempt in range(2):
            connector = Connector.objects.select_related("department__organization__place").filter(
                department=department
            )
            found = connector.first()
            if found is None:
                return
            before = circuit_of(found)
            policy = circuit_policy(served_path(found.department), now)
            after = after_call(before, made.result, made.number, policy, now)
            if after == before or _move(found, before, after, now):
                break


def _move(connector: Connector, before: Circuit, after: Circuit, now: datetime) -> bool:
    """Compare-and-set of the circuit, with the state that follows from it; True when this process moved it."""
    standing = Connector.objects.filter(
        pk=connector.pk,
        circuit=before.state,
        circuit_failures=before.failures,
        circuit_until_at=before.until,
        circuit_last=before.last,
    )
    with transaction.atomic():
        moved = standing.update(
            circuit=after.state,
            circuit_failures=after.failures,
            circuit_opened=after.opened,
            circuit_until_at=after.until,
            circuit_why=after.why,
            circuit_last=after.last,
            **({"circuit_since_at": now} if after.state != before.state else {}),
        )
        if moved != 1:
            return False
        state = state_of(connector.state, connector.failures, after, now)
        if state != connector.state:
            tell_state(connector, state, after.why if state == "down" else "", now)
    return True


def state_of(state: str, failures: int, circuit: Circuit, now: datetime) -> str:
    """ok, down or unknown, by health checks and circuit. Never checked and nothing against it: still unknown."""
    if not line_is_up(failures < DOWN_AFTER_FAILURES, circuit, now):
        return "down"
    return "unknown" if state == "unknown" else ("ok" if failures == 0 else state)


def tell_state(connector: Connector, state: str, why: str, now: datetime) -> bool:
    """Move `state` by compare-and-set and tell it upwards once."""
    rows = Connector.objects.filter(pk=connector.pk, state=connector.state)
    if rows.update(state=state, since_at=now, why=why[:120]) != 1:
        return False
    code = connector.department.code
    emit(
        "services.connector",
        subject=f"department:{code}",
        place_path=served_path(connector.department),
        payload={"department": code, "before": connector.state, "state": state, "why": why[:120]},
        occurred_at=now,
        now=now,
    )
    return True


def forget_calls(now: datetime) -> int:
    """Retention of the log of calls (parameter calls_keep_d), oldest first, some thousands at once."""
    kept_d = float(platform.parameter("calls_keep_d", "/", now))
    old = ConnectorCall.objects.filter(at__lt=now - timedelta(days=kept_d)).order_by("at")
    return ConnectorCall.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:FORGET_AT_ONCE])).delete()[0]
