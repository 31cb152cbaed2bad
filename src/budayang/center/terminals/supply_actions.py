"""Writes of consumables: readings of meters, refills by people, and what a device's word says of a refill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Transition
from budayang.center.platform.wording import words
from budayang.center.terminals import stock_actions, supply_forecasts
from budayang.center.terminals.inbox import InboxRow
from budayang.center.terminals.models import (
    Stock,
    SupplyCount,
    SupplyFill,
    SupplyLevel,
    SupplyMeter,
    Terminal,
)
from budayang.center.terminals.news import told_of
from budayang.center.terminals.queries import StateNow, current_states
from budayang.rules.consumables import BY_CODE, consumed_by, filled_to, get_consumable, meter_step, told_by
from budayang.rules.run_outs import floor_hour
from budayang.rules.terminals import kind_of

NEWS = ("terminals.status", "terminals.reported", "terminals.corrected")
FILLERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
SAME_FILL = timedelta(hours=2)
"""A person's word and the device's within this time are about one fill."""
UNCOUNTED = timedelta(hours=1)
COUNT_WAITS = timedelta(minutes=10)
"""How long a forecast may wait for more counts: at each reading it would be the same work ten times an hour."""
DEVICE = Actor.job("terminals.supplies")
LONGEST = (64, 32)  # subject and counter, as their columns are
MOST_READ = 2**62


# What devices say ----------------------------------------------------------------------------------------------------


def take_news(news: Sequence[Transition], now: datetime) -> None:
    """Take the coarse level from devices' words; a word that went from low or out to full is a fill.

    The words of now are read, not believed from the message; of the message only the moment of a fill is taken, once.
    """
    codes = {
        str(one.payload["terminal"])
        for one in news
        if one.kind == "terminals.corrected" or any(_is_told(told) for told in told_of(one))
    }
    machines = {one.code: one for one in Terminal.objects.filter(code__in=codes)}
    if not machines:
        return
    look(machines.values(), now)
    fills = sorted((one for one in news if one.kind == "terminals.status" and _is_fill(one)), key=_moment)
    for one in fills:
        machine = machines.get(str(one.payload["terminal"]))
        kind = told_by(str(one.payload["kind"]), str(one.payload["property"]))
        if machine is not None and kind is not None:
            _assume_full(machine, str(one.payload["subject"]), kind.code, one.occurred_at, now)


def _moment(news: Transition) -> datetime:
    return news.occurred_at


def _is_told(told: Mapping[str, Any]) -> bool:
    return told_by(str(told.get("kind") or ""), str(told.get("property") or "")) is not None


def _is_fill(news: Transition) -> bool:
    kind = told_by(str(news.payload.get("kind")), str(news.payload.get("property")))
    if kind is None:
        return False
    before, after = kind.word(str(news.payload.get("before"))), kind.word(str(news.payload.get("state")))
    return before in ("low", "out") and after == "full"


@transaction.atomic
def look(terminals: Iterable[Terminal], now: datetime) -> int:
    """Make the rows of what these terminals have, and take their devices' words; returns how many changed."""
    states = current_states([one.pk for one in terminals])
    found = {
        (terminal_id, subject, kind.code): kind.word(state.state)
        for terminal_id, mine in states.items()
        for (subject, prop), state in mine.items()
        if (kind := told_by(state.kind or kind_of(subject), prop)) and state.state != "notSupported"
    }
    SupplyLevel.objects.bulk_create(
        [
            SupplyLevel(terminal_id=terminal_id, subject=subject, consumable=code, capacity=BY_CODE[code].capacity)
            for terminal_id, subject, code in found
        ],
        ignore_conflicts=True,
    )
    words: dict[str, list[int]] = {}
    changed: list[int] = []
    rows = SupplyLevel.objects.filter(terminal_id__in=list(states)).order_by("pk")
    for row in rows:
        word = found.get((row.terminal_id, row.subject, row.consumable), "")
        if word != row.word or row.judged_at is None:
            changed.append(row.pk)
            words.setdefault(word, []).append(row.pk)
    for word, ids in words.items():
        SupplyLevel.objects.filter(pk__in=ids).update(word=word)
    supply_forecasts.judge(changed, now)
    return len(changed)


@transaction.atomic
def _assume_full(machine: Terminal, subject: str, code: str, at: datetime, now: datetime) -> None:
    """The device says full after low: somebody filled it up and told nobody. Assumed to be full to the brim."""
    found = SupplyLevel.objects.select_for_update()
    row = found.filter(terminal=machine, subject=subject, consumable=code).first()
    if row is None or (row.fill_at is not None and row.fill_at + _patience(row) >= at):
        return
    _fill(row, at=at, after=row.capacity, source="device", by=machine.code, note="")
    supply_forecasts.judge([row.pk], now)
    _tell_fill(DEVICE, machine, row, at, now, {"source": "device", "after": row.capacity})


def _patience(row: SupplyLevel) -> timedelta:
    return SAME_FILL if row.fill_source == "person" else timedelta(0)


def _fill(row: SupplyLevel, *, at: datetime, after: int, source: str, by: str, note: str) -> SupplyFill:
    fill = SupplyFill.objects.create(supply=row, at=at, before=row.amount, after=after, source=source, by=by, note=note)
    # What was counted after the fill but read before this line stays used.
    later = SupplyCount.objects.filter(supply=row, hour_at__gte=floor_hour(at) + timedelta(hours=1))
    used = sum(later.values_list("amount", flat=True))
    SupplyLevel.objects.filter(pk=row.pk).update(filled=after, fill_at=at, fill_source=source, used=used, gap=False)
    if row.counted_since is None and get_consumable(row.consumable).numbered:
        SupplyLevel.objects.filter(pk=row.pk).update(counted_since=at)  # by their numbers, from the first issue on
    return fill


# What people do ------------------------------------------------------------------------------------------------------


@transaction.atomic
def refill(
    actor: Actor,
    supply: SupplyLevel,
    *,
    added: int,
    full: bool = False,
    stock: Stock | None = None,
    first: str = "",
    last: str = "",
    note: str = "",
    now: datetime,
) -> SupplyFill:
    """登记补充: `added` units went into the terminal, and out of `stock` if they came from there. One transaction.

    `full`: it is filled to the brim now. Numbered sheets are named by `first` and `last` and come from a stock.
    """
    machine = Terminal.objects.select_related("area__place").get(pk=supply.terminal_id)
    path = machine.area.place.path
    actor.require(*FILLERS, place_path=path, organizations=(machine.owner_id, machine.vendor_id))
    kind = get_consumable(supply.consumable)
    if added < 1:
        raise Refused(_("请写明加了多少%(unit)s。") % {"unit": words(kind.unit)})
    if kind.numbered and stock is None:
        raise Refused(_("带编号的纸要从库存领用，请选择库存并写明起止编号。"))
    row = SupplyLevel.objects.select_for_update().get(pk=supply.pk)
    if added > row.capacity:
        raise Refused(
            _("%(name)s一次最多装 %(capacity)d %(unit)s，请核对数量；装得更多的机器请先改容量。")
            % {"name": words(kind.name), "capacity": row.capacity, "unit": words(kind.unit)}
        )
    if stock is not None:
        if (stock.consumable, stock.area_id) != (row.consumable, machine.area_id):
            raise Refused(_("这个库存里不是%(name)s，或者不在这个自助区。") % {"name": words(kind.name)})
        stock_actions.take_for_terminal(actor, stock, machine, amount=added, first=first, last=last, now=now)
    assumed = SupplyFill.objects.filter(supply=row, source="device", at__gt=now - SAME_FILL).order_by("at").last()
    if assumed is not None and row.fill_source == "device":
        row.amount = assumed.before  # the same fill, told by the device first
    after = filled_to(before=row.amount, added=None if full else added, capacity=row.capacity)
    fill = _fill(row, at=now, after=after, source="person", by=actor.label or actor.name, note=note.strip()[:120])
    supply_forecasts.judge([row.pk], now)
    details = {"added": added, "after": after, "source": "person", "stock": stock.pk if stock else None}
    _tell_fill(actor, machine, row, now, now, details)
    return fill


def _tell_fill(
    actor: Actor, machine: Terminal, row: SupplyLevel, at: datetime, now: datetime, details: dict[str, object]
) -> None:
    subject = f"terminal:{machine.code}/{row.subject}"
    path = machine.area.place.path
    record(actor, "terminals.refill", subject=subject, place_path=path, details=details, at=now)
    emit(
        "supplies.filled",
        subject=subject,
        place_path=path,
        payload={"terminal": machine.code, "supply": row.pk, "consumable": row.consumable},
        occurred_at=at,
        now=now,
    )


@transaction.atomic
def set_capacity(actor: Actor, supply: SupplyLevel, *, capacity: int, now: datetime) -> SupplyLevel:
    """How much this machine holds; a usual size stands until somebody says otherwise."""
    machine = Terminal.objects.select_related("area__place").get(pk=supply.terminal_id)
    path = machine.area.place.path
    actor.require(*FILLERS, place_path=path, organizations=(machine.owner_id, machine.vendor_id))
    if not 1 <= capacity <= 100_000:
        raise Refused(_("容量写 1 到 100000。"))
    SupplyLevel.objects.filter(pk=supply.pk).update(capacity=capacity)
    supply_forecasts.judge([supply.pk], now)
    subject = f"terminal:{machine.code}/{supply.subject}"
    record(actor, "terminals.supply_capacity", subject=subject, place_path=path, details={"capacity": capacity}, at=now)
    supply.refresh_from_db()
    return supply


# What meters say -----------------------------------------------------------------------------------------------------


def take_counts(row: InboxRow, now: datetime) -> None:
    """Take one event `counts`. A reading that makes no sense is left out; the others of the event count.

    Runs in the transaction in which the inbox marks the event done, so each reading counts once.
    """
    states = current_states([row.terminal_id])[row.terminal_id]
    told = row.body.get("counts")
    for one in told if isinstance(told, list) else []:
        reading = _reading(one)
        if reading is not None:
            _take_reading(row, *reading, states, now)


def _reading(told: object) -> tuple[str, str, int] | None:
    """(subject, counter, value) of what a terminal says; None when it makes no sense."""
    if not isinstance(told, dict):
        return None
    subject, counter, value = told.get("subject"), told.get("counter"), told.get("value")
    if not isinstance(subject, str) or not isinstance(counter, str) or not 0 < len(subject) <= LONGEST[0]:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < len(counter) <= LONGEST[1]:
        return None
    return (subject, counter, value) if 0 <= value < MOST_READ else None


def _take_reading(
    row: InboxRow,
    subject: str,
    counter: str,
    value: int,
    states: dict[tuple[str, str], StateNow],
    now: datetime,
) -> None:
    supplies = _supplies(row.terminal_id, subject, counter, states)
    if not supplies:
        return
    at = min(row.at, now)
    key = {"terminal_id": row.terminal_id, "subject": subject, "counter": counter}
    SupplyMeter.objects.bulk_create([SupplyMeter(**key, value=value, at=at, broken="new")], ignore_conflicts=True)
    meter = SupplyMeter.objects.select_for_update().get(**key)
    first = meter.broken == "new"
    if not first and at <= meter.at and value <= meter.value:
        return  # older than what was read already, which holds it
    step = meter_step(before=None if first else meter.value, value=value, elapsed=at - meter.at)
    meter.value, meter.at = value, max(at, meter.at)
    meter.broken = step.broken
    if step.broken:
        meter.broken_at = at
    meter.save()
    for supply in supplies:
        _use(supply, step.used, bool(step.broken), at, now)


def _supplies(
    terminal_id: int, subject: str, counter: str, states: dict[tuple[str, str], StateNow]
) -> list[SupplyLevel]:
    """What the counter uses up: as far as the device speaks of it, or nobody but people does."""
    kinds = [
        one
        for one in consumed_by(kind_of(subject), counter)
        if not one.prop or ((told := states.get((subject, one.prop))) and told.state != "notSupported")
    ]
    SupplyLevel.objects.bulk_create(
        [
            SupplyLevel(terminal_id=terminal_id, subject=subject, consumable=one.code, capacity=one.capacity)
            for one in kinds
        ],
        ignore_conflicts=True,
    )
    rows = SupplyLevel.objects.select_for_update().filter(terminal_id=terminal_id, subject=subject)
    return list(rows.filter(consumable__in=[one.code for one in kinds]).order_by("pk"))


def _use(supply: SupplyLevel, counted: int, broken: bool, at: datetime, now: datetime) -> None:
    amount = counted * get_consumable(supply.consumable).per_count
    changes: dict[str, object] = {}
    if supply.counted_since is None:
        changes["counted_since"] = at
        # A fill from before anybody counted: what was used in between is not known.
        if supply.fill_at is not None and at - supply.fill_at > UNCOUNTED:
            changes["gap"] = True
    if broken:
        changes["gap"] = True
    if amount:
        hour = SupplyCount.objects.filter(supply=supply, hour_at=floor_hour(at))
        if not hour.update(amount=F("amount") + amount):
            SupplyCount.objects.create(supply=supply, hour_at=floor_hour(at), amount=amount)
        # Use from before the fill came late: the fill holds already what was left then.
        # Numbered sheets leave by number (stock_actions.mark_sheets); the counter then only tells how fast.
        late = supply.fill_at is not None and at < supply.fill_at
        if not late and not get_consumable(supply.consumable).numbered:
            changes["used"] = F("used") + amount
    if changes:
        soon = now + COUNT_WAITS
        if supply.due_at is None or supply.due_at > soon:
            changes["due_at"] = now if broken or supply.judged_at is None else soon
        SupplyLevel.objects.filter(pk=supply.pk).update(**changes)
