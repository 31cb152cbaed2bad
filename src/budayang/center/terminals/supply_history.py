"""History of use that was not counted by this center: for the demonstration, whose months are invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.terminals import supply_forecasts
from budayang.center.terminals.models import SupplyCount, SupplyFill, SupplyLevel, Terminal
from budayang.rules.consumables import consumed_by
from budayang.rules.terminals import kind_of

REFILL_AT = 0.16
"""The share of the capacity that is left when somebody of the invented month fills up."""


@transaction.atomic
def load_history(
    actor: Actor,
    *,
    terminal: str,
    subject: str,
    counter: str,
    uses: Mapping[datetime, int],
    left: Mapping[str, int],
    note: str,
    now: datetime,
) -> int:
    """Write invented use by the hour for a machine of the demonstration, with refills so that `left` units are there
    now. Returns how many supplies have got a history.

    Raises Refused for a machine that is not the demonstration's: real use is counted, never entered.
    """
    machine = Terminal.objects.select_related("area__place").get(code=terminal)
    actor.require(Role.SUPERVISOR, place_path=machine.area.place.path)
    if not machine.is_demo:
        raise Refused(_("用量只能由终端计数，不能录入；只有演示终端可以装入虚构的历史。"))
    made = []
    for kind in consumed_by(kind_of(subject), counter):
        if kind.code not in left:
            continue
        row, _created = SupplyLevel.objects.get_or_create(
            terminal=machine, subject=subject, consumable=kind.code, defaults={"capacity": kind.capacity}
        )
        if row.counted_since is not None:
            continue
        SupplyCount.objects.bulk_create(
            [SupplyCount(supply=row, hour_at=at, amount=n * kind.per_count) for at, n in uses.items() if n], 500
        )
        fills = _fills(row, uses, left[kind.code], note)
        SupplyFill.objects.bulk_create(fills)
        last = max(fills, key=lambda one: one.at)
        used = sum(n for at, n in uses.items() if at >= last.at)
        SupplyLevel.objects.filter(pk=row.pk).update(
            counted_since=min(uses, default=now), filled=last.after, fill_at=last.at, fill_source="person", used=used
        )
        made.append(row.pk)
    supply_forecasts.judge(made, now)
    record(
        actor,
        "terminals.load_history",
        subject=f"terminal:{machine.code}/{subject}",
        place_path=machine.area.place.path,
        details={"hours": len(uses), "note": note},
        at=now,
    )
    return len(made)


def _fills(row: SupplyLevel, uses: Mapping[datetime, int], left: int, note: str) -> list[SupplyFill]:
    """Refills to the brim, told backwards: each when the tray before it was nearly empty."""
    found: list[SupplyFill] = []
    hour = timedelta(hours=1)
    spent, ends_with = 0, left
    before = int(row.capacity * REFILL_AT)
    for at in sorted(uses, reverse=True):
        if spent + uses[at] + ends_with > row.capacity:
            found.append(_fill(row, at + hour, before, ends_with + spent, note))
            spent, ends_with = 0, before
        spent += uses[at]
    # The oldest one says what was there when counting began.
    found.append(_fill(row, min(uses) - hour, None, ends_with + spent, note))
    return found


def _fill(row: SupplyLevel, at: datetime, before: int | None, after: int, note: str) -> SupplyFill:
    return SupplyFill(supply=row, at=at, before=before, after=after, source="person", by="演示", note=note)
