"""What opened orders in a known quarter, what became of each, and what the clauses have to say of them: plain loops,
none of the product's rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.center.standard.the_reckoning import NOTHING, Month, Told, at_most, office, share

from budayang.center.maintenance import actions as maintenance
from budayang.center.maintenance import order_transfers
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform.actors import Actor

HOUR = timedelta(hours=1)
ARRIVE = {"general": 4 * HOUR, "serious": 2 * HOUR, "urgent": HOUR}
REPAIR = {"general": 8 * HOUR, "serious": 4 * HOUR, "urgent": 2 * HOUR}


@dataclass
class Trouble:
    """One fault with its order. `key`: what it is of; `subject`: by which its order is found. `public`: power, network
    or site; `machine`: of which terminal, "" for the area. `repaired`: somebody said so, or it was seen to be well;
    `ended`: nobody finds it again as the same fault.
    """

    area: str
    key: tuple[str, ...]
    started: datetime
    opened: datetime
    grave: str
    public: bool = False
    machine: str = ""
    subject: str = ""
    accepted: datetime | None = None
    arrived: datetime | None = None
    handed_on: datetime | None = None
    repaired: datetime | None = None
    verified: datetime | None = None
    ended: bool = False

    @property
    def worked(self) -> bool:
        """People worked on its order."""
        return self.accepted is not None


def together(*parts: Told) -> Told:
    """A clause of several parts: what is not met decides, then what nobody knows; of equals the first with a number."""
    for answer in ("not_met", "no_evidence", "met"):
        of = [one for one in parts if one[0] == answer]
        if of:
            return next((one for one in of if one[1] is not None), of[0])
    raise ValueError("a clause has parts")


def responded(one: Trouble) -> datetime | None:
    """Whoever came, or repaired it, had answered."""
    return min((at for at in (one.accepted, one.arrived, one.repaired) if at is not None), default=None)


def reckon_orders(month: Month, troubles: Sequence[Trouble], *, manager: bool) -> dict[str, Told]:
    """WH-15 … WH-22, of orders that were opened in the month; all clocks have run out by now or were stopped."""
    mine = [one for one in troubles if month.holds(one.opened)]
    answered = [one for one in mine if _within(responded(one), one.opened, HOUR / 2)]
    came = [min((at for at in (one.arrived, one.repaired) if at is not None), default=None) for one in mine]
    arrived = [at for one, at in zip(mine, came, strict=True) if _within(at, one.opened, ARRIVE[one.grave])]
    repaired = [one for one in mine if _within(one.repaired, one.opened, REPAIR[one.grave])]
    loops = [one for one in mine if one.verified is not None or one not in repaired]
    used = [(one.repaired - one.opened).total_seconds() for one in mine if one.repaired is not None]
    moved = [(one.handed_on - one.arrived).total_seconds() for one in mine if one.handed_on and one.arrived]
    public = [one for one in mine if one.public]
    kept = [one for one in public if not (one.handed_on and one.machine)]
    off = [one for one in mine if not office(one.opened)]
    return {
        "WH-15": share(len(answered), len(mine)),
        "WH-16": share(len(arrived), len(mine)),
        "WH-17": share(len(repaired), len(mine)),
        "WH-18": at_most(sum(used) / len(used), 7200, len(used)) if used else NOTHING,
        "WH-19": at_most(max(moved, default=0.0), 1800, len(moved)),
        "WH-20": share(len(kept), len(public)) if manager else NOTHING,
        "WH-21": share(len([one for one in off if one in answered]), len(off)),
        "WH-22": share(len([one for one in loops if one.verified is not None]), len(loops)),
    }


def in_time_share(month: Month, troubles: Sequence[Trouble]) -> Told:
    """The part of PJ-24 that is about orders."""
    mine = [one for one in troubles if month.holds(one.opened)]
    answered = [one for one in mine if _within(responded(one), one.opened, HOUR / 2)]
    return share(len(answered), len(mine), 0.95)


def _within(at: datetime | None, since: datetime, limit: timedelta) -> bool:
    return at is not None and at - since <= limit


# How it happens -------------------------------------------------------------------------------------------------------


def order_of(one: Trouble) -> WorkOrder:
    rows = WorkOrder.objects.select_related("incident", "organization", "assignee")
    return rows.get(incident__subject=one.subject, opened_at=one.opened)


def accept(actor: Actor, one: Trouble, now: datetime) -> None:
    maintenance.accept_order(actor, order_of(one), now=now)


def arrive(actor: Actor, one: Trouble, now: datetime) -> None:
    maintenance.arrive(actor, order_of(one), now=now)


def hand_on(actor: Actor, one: Trouble, now: datetime) -> None:
    """To the body whose machine it is, else to the managing unit without a person."""
    order = order_of(one)
    to = order.incident.owner_id if one.machine else order.organization_id
    assert to is not None
    order_transfers.transfer(actor, order, organization_id=to, staff_id=None, reason="没有备件", now=now)


def repair(actor: Actor, one: Trouble, now: datetime) -> None:
    maintenance.repair(actor, order_of(one), note="已修好", now=now)


def verify(actor: Actor, one: Trouble, now: datetime) -> None:
    maintenance.call_back(actor, order_of(one), works=True, note="大厅值班员：能用", now=now)
    maintenance.verify(actor, order_of(one), now=now)
