"""How a matter stands behind the counter at a moment: one function of what the department noted and the time.

Nothing is stored about progress. A clerk looks at what came in at the next office hour, accepts it (受理) or tells once
all that is missing (一次性补正告知), and decides after the plan's working days.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from budayang import data
from budayang.rules.calendars import add_workdays
from budayang.sandbox.departments.counter import ZONE, Desk, Office, Plan, Visit, refused
from budayang.sandbox.departments.desks import find_person
from budayang.sandbox.departments.hours import OFFICE
from budayang.sandbox.departments.ledger import Record
from budayang.sandbox.departments.matters import Correcting, Matter, Outcome, read_matter
from budayang.sandbox.departments.slots import slot_start

LOOKED_AT_AFTER = timedelta(minutes=30)
CORRECT_WITHIN_WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """`state` and steps as GET /v1/matters/{case} has them; `outcome` where there is one."""

    state: str
    at: datetime
    steps: tuple[tuple[str, datetime, str], ...]
    outcome: Outcome | None = None
    correction: tuple[datetime, list[str], str] | None = None
    asks: tuple[str, ...] = ()

    def as_contract(self) -> dict[str, Any]:
        asked = self.correction
        return {
            "state": self.state,
            "at": self.at.isoformat(),
            "outcome": json.loads(msgspec.json.encode(self.outcome)) if self.outcome is not None else None,
            "steps": [{"step": step, "at": at.isoformat(), "text": text} for step, at, text in self.steps],
            "correction": {
                "asked_at": asked[0].isoformat(),
                "items": asked[1],
                "asks": list(self.asks),
                "until": asked[2],
            }
            if asked
            else None,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """What the department has said of a matter: at first, to the money, and as its decision once asked."""

    first: Outcome
    paid: Outcome | None = None
    decided: Outcome | None = None


def stand(office: Office, desk: Desk, record: Record, said: Said, now: datetime) -> Progress:
    """How the matter of a record stands."""
    first, paid = said.first, said.paid
    received = datetime.fromisoformat(record.received_at)
    steps = [("received", received, "已收到申请")]
    if record.withdrawn_at:
        return Progress("withdrawn", datetime.fromisoformat(record.withdrawn_at), tuple(steps))
    if first.outcome == "due":
        if paid is None or record.paid_at is None:
            return Progress("due", received, tuple(steps), first)
        at = datetime.fromisoformat(record.paid_at)
        return Progress(paid.outcome, at, (*steps, ("decided", at, "已缴费")), paid)
    if first.outcome != "handed_in" or desk.plan is None:
        return Progress(first.outcome, received, (*steps, ("decided", received, "当场办结")), first)
    return _planned(office, desk.plan, record, said, tuple(steps), now)


def _planned(
    office: Office,
    plan: Plan,
    record: Record,
    said: Said,
    steps: tuple[tuple[str, datetime, str], ...],
    now: datetime,
) -> Progress:
    received, first = datetime.fromisoformat(record.received_at), said.first
    matter = read_matter(record.body)
    citizen = find_person(matter)
    looked_at = OFFICE.opens_at(received + LOOKED_AT_AFTER)
    if citizen is None or looked_at is None or now < looked_at:
        return Progress("handed_in", received, steps, first)
    visit = Visit(matter, citizen, office, looked_at)
    missing = plan.missing(visit)
    accepted_at = looked_at
    if missing:
        steps = (*steps, ("correction", looked_at, "材料不齐，已一次性告知"))
        until = _workdays(looked_at, CORRECT_WITHIN_WORKDAYS)
        if record.corrected_at is None:
            day = until.astimezone(ZONE).date().isoformat()
            if now > until:
                late = refused("逾期没有补正，视为撤回申请")
                return Progress("refused", until, (*steps, ("decided", until, "逾期未补正")), late)
            asks = tuple(plan.fields.get(one, "sheet") for one in missing)
            return Progress("correction", looked_at, steps, first, (looked_at, missing, day), asks)
        again = OFFICE.opens_at(datetime.fromisoformat(record.corrected_at) + LOOKED_AT_AFTER)
        if again is None or now < again:
            return Progress("handed_in", datetime.fromisoformat(record.corrected_at), steps, first)
        accepted_at = again
        visit = replace(visit, matter=corrected(matter, record.correction))
    steps = (*steps, ("accepted", accepted_at, "已受理，从今天起计算办理时限"))
    decided_at = _workdays(accepted_at, plan.days)
    if now < decided_at:
        return Progress("accepted", accepted_at, steps, first)
    outcome = said.decided or plan.decide(replace(visit, now=decided_at))
    return Progress(outcome.outcome, decided_at, (*steps, ("decided", decided_at, outcome.message)), outcome)


def corrected(matter: Matter, correction: bytes | None) -> Matter:
    """The matter with what was handed in later."""
    if correction is None:
        return matter
    more = msgspec.json.decode(correction, type=Correcting)
    return msgspec.structs.replace(
        matter, form={**matter.form, **more.form}, materials=[*matter.materials, *more.materials]
    )


def expected(plan: Plan, received: datetime) -> str | None:
    """The day on which the decision is due when nothing is missing."""
    looked_at = OFFICE.opens_at(received + LOOKED_AT_AFTER)
    return _workdays(looked_at, plan.days).astimezone(ZONE).date().isoformat() if looked_at else None


def may_withdraw(progress: Progress, now: datetime, slot: str = "") -> bool:
    """Nothing is decided yet, or the booked hour has not come."""
    if slot:
        return progress.state != "withdrawn" and now < slot_start(slot)
    return progress.state in ("handed_in", "correction", "accepted", "due")


def _workdays(at: datetime, days: int) -> datetime:
    """The same time of day, so many working days later."""
    here = at.astimezone(ZONE)
    day = add_workdays(here.date(), days, data.day_table()) if days else here.date()
    return datetime.combine(day, here.timetz()).astimezone(UTC)
