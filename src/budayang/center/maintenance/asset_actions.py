"""Writes of assets: written down, changed, moved, stopped and scrapped, and tied to orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance import asset_queries
from budayang.center.maintenance.due_things import keep_asset_day
from budayang.center.maintenance.models import Asset, AssetEvent, AssetOrder, AssetStay, Contract
from budayang.center.maintenance.queries import orders_visible_to
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.rules.assets import AT_A_TERMINAL, FINAL_STATES, FIRST_STATE, KIND_NAMES, STATE_NAMES, TRANSITIONS

JOB = Actor.job("maintenance.assets")
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing is: the codes of its area and terminal, the part's name in the terminal, the spot in words."""

    area: str
    terminal: str = ""
    component: str = ""
    spot: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is written down of a thing besides code, kind and place."""

    name: str
    owner: Organization
    supplier: str = ""
    make: str = ""
    serial: str = ""
    bought_on: date | None = None
    warranty_until: date | None = None
    life_until: date | None = None
    contract: Contract | None = None


def require(actor: Actor, asset: Asset) -> None:
    """Keepers and supervisors of the place, and the owner unit's people for what is theirs."""
    actor.require(*KEEPERS, place_path=asset.area.place.path, organizations=(asset.owner_id,))


@transaction.atomic
def register(actor: Actor, *, code: str, kind: str, place: Place, facts: Facts, now: datetime) -> Asset:
    """Write a thing down. It waits to be accepted."""
    code = code.strip()
    if not code or len(code) > 40:
        raise Refused(_("请写资产编号，最多 40 个字。"))
    if kind not in KIND_NAMES:
        raise Refused(_("请选择是哪一类资产。"))
    area, terminal = _where(place)
    asset = Asset(code=code, kind=kind, area=area, terminal=terminal, component=place.component.strip())
    asset.spot, asset.state = place.spot.strip()[:80], FIRST_STATE
    asset.registered_at, asset.registered_by = now, actor.label or actor.name
    _take(asset, facts, now)
    require(actor, asset)
    _check_place(asset)
    try:
        with transaction.atomic():
            asset.save()
    except IntegrityError as rival:
        raise Refused(_("编号 %(code)s 已被占用，请换一个。") % {"code": code}) from rival
    _begin_stay(asset, _since(asset, now))
    note_event(actor, asset, "register", now=now)
    _days(asset, now)
    _audit(actor, "register_asset", asset, now, {"kind": kind, "owner": facts.owner.code})
    return asset


@transaction.atomic
def change(actor: Actor, asset: Asset, facts: Facts, *, now: datetime) -> Asset:
    """Correct what is written down; what it was before stays in the history."""
    held = hold(actor, asset)
    before = _plain(held)
    _take(held, facts, now)
    require(actor, held)  # nobody gives a thing to a body that is not his
    if held.state not in FINAL_STATES:
        _check_place(held)
    changed = {name: [old, new] for name, old in before.items() if (new := _plain(held)[name]) != old}
    if not changed:
        return held
    held.save()
    note_event(actor, held, "change", now=now, details=changed)
    _days(held, now)
    _audit(actor, "change_asset", held, now, {"changed": sorted(changed)})
    return held


@transaction.atomic
def move(actor: Actor, asset: Asset, place: Place, *, note: str, now: datetime) -> Asset:
    """It stands elsewhere from now on. What happened before belongs to where it was."""
    held = hold(actor, asset)
    _refuse_gone(held)
    was = _stands(held)
    held.area, held.terminal = _where(place)
    held.component, held.spot = place.component.strip(), place.spot.strip()[:80]
    require(actor, held)
    if _stands(held) == was:
        raise Refused(_("它已经在那里了。"))
    AssetStay.objects.filter(asset=held, until_at__isnull=True).update(until_at=now)
    _check_place(held)
    held.save()
    _begin_stay(held, now)
    note_event(actor, held, "move", note=note, now=now, details={"from": was, "to": _stands(held)})
    _days(held, now)
    _audit(actor, "move_asset", held, now, {"from": was, "to": _stands(held)})
    return held


@transaction.atomic
def step(actor: Actor, asset: Asset, event: str, *, note: str, now: datetime) -> Asset:
    """停用, 恢复使用, 报废, 退回供应商, each with its reason."""
    held = hold(actor, asset)
    if not note.strip():
        raise Refused(_("请写明原因。"))
    if event in ("accept", "refuse"):
        raise Refused(_("验收要逐项填写，请用“验收”。"))
    advance(held, event)
    note_event(actor, held, event, note=note, now=now)
    if held.state in FINAL_STATES:
        AssetStay.objects.filter(asset=held, until_at__isnull=True).update(until_at=now)
    _days(held, now)
    _audit(actor, f"{event}_asset", held, now, {})
    return held


def advance(asset: Asset, event: str) -> None:
    """Move the state along the table, by whoever is first; the caller holds the row."""
    after = TRANSITIONS.get((asset.state, event))
    if after is None:
        raise Refused(_("现在是“%(state)s”，不能这样做。") % {"state": words(STATE_NAMES[asset.state])})
    if not Asset.objects.filter(pk=asset.pk, state=asset.state).update(state=after):
        raise Refused(_("别人刚刚改过它的状态，请刷新再看。"))
    asset.state = after


@transaction.atomic
def tie_order(actor: Actor, asset: Asset, number: str, *, now: datetime) -> AssetOrder:
    """Say that an order is about this thing, where neither its place nor its part tells."""
    held = hold(actor, asset)
    order = orders_visible_to(actor).filter(number=number.strip(), place_path__startswith=held.area.place.path).first()
    if order is None:
        raise Refused(_("这处自助区没有编号为 %(number)s 的工单。") % {"number": number.strip()[:24]})
    row, made = AssetOrder.objects.get_or_create(
        asset=held, order=order, defaults={"at": now, "by": actor.label or actor.name}
    )
    if made:
        note_event(actor, held, "order", note=order.number, now=now)
        _audit(actor, "tie_asset_order", held, now, {"order": order.number})
    return row


def note_event(
    actor: Actor, asset: Asset, event: str, *, now: datetime, note: str = "", details: dict[str, Any] | None = None
) -> AssetEvent:
    """A line of the thing's history."""
    return AssetEvent.objects.create(
        asset=asset, event=event, state=asset.state, at=now, by=actor.label or actor.name, note=note.strip()[:300],
        details=details or {},
    )  # fmt: skip


def hold(actor: Actor, asset: Asset) -> Asset:
    """The row, locked, after the scope was checked: two people change one thing one after the other."""
    row = Asset.objects.select_for_update(of=("self",)).select_related("area__place", "owner").get(pk=asset.pk)
    require(actor, row)
    return row


def _refuse_gone(asset: Asset) -> None:
    if asset.state in FINAL_STATES:
        raise Refused(_("它已经“%(state)s”，不能再动。") % {"state": words(STATE_NAMES[asset.state])})


def _where(place: Place) -> tuple[Any, Any]:
    area = areas.visible_to(JOB).filter(code=place.area).first()
    if area is None:
        raise Refused(_("没有代码为 %(code)s 的自助区。") % {"code": place.area})
    terminal = terminals.find_terminal(JOB, place.terminal) if place.terminal else None
    if place.terminal and (terminal is None or terminal.area_id != area.pk):
        raise Refused(_("终端 %(code)s 不在这处自助区。") % {"code": place.terminal})
    return area, terminal


def _check_place(asset: Asset) -> None:
    """A terminal is itself, a part sits in a terminal, other things in neither; two things never in one place."""
    if asset.kind == "component" and (asset.terminal is None or not asset.component):
        raise Refused(_("终端部件要写明在哪台终端、是哪个部件（例如 printer）。"))
    if asset.kind == "terminal" and (asset.terminal is None or asset.component):
        raise Refused(_("自助终端要选对应的终端，部件留空。"))
    if asset.kind not in AT_A_TERMINAL:
        if asset.terminal is not None:
            raise Refused(_("只有自助终端和终端部件要选终端，其他设施请写位置。"))
        return
    if asset.terminal is None or asset.terminal.owner_id != asset.owner_id:
        raise Refused(_("归属单位与这台终端的不一致，请核对。"))
    there = AssetStay.objects.filter(terminal=asset.terminal, component=asset.component, until_at__isnull=True)
    other = there.exclude(asset_id=asset.pk).select_related("asset").first()
    if other is not None:
        raise Refused(_("那里登记的是 %(code)s，请先把它移走或报废。") % {"code": other.asset.code})


def _begin_stay(asset: Asset, since_at: datetime) -> None:
    try:
        with transaction.atomic():
            AssetStay.objects.create(
                asset=asset, area=asset.area, terminal=asset.terminal, component=asset.component, spot=asset.spot,
                since_at=since_at,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("别人刚刚把另一件资产登记在那里，请核对。")) from error


def _since(asset: Asset, now: datetime) -> datetime:
    """From when on what happened there is this thing's: the day it was bought, never while another was there."""
    if asset.bought_on is None:
        return now
    bought = datetime.combine(asset.bought_on, time(), ZoneInfo(asset.area.place.zone)).astimezone(UTC)
    before = AssetStay.objects.filter(terminal=asset.terminal, component=asset.component, until_at__isnull=False)
    last = before.order_by("-until_at").first() if asset.terminal else None
    return min(now, max(bought, last.until_at if last and last.until_at else bought))


def _take(asset: Asset, facts: Facts, now: datetime) -> None:
    if not facts.name.strip():
        raise Refused(_("请写资产名称。"))
    today = asset_queries.today(asset, now)
    if facts.bought_on is not None and facts.bought_on > today:
        raise Refused(_("购置日期不能在今天以后。"))
    for until in (facts.warranty_until, facts.life_until):
        if until is not None and facts.bought_on is not None and until < facts.bought_on:
            raise Refused(_("质保和使用年限不能早于购置日期。"))
    if facts.contract is not None:
        path = asset.area.place.path
        if not asset_queries.contracts_for(path, facts.owner.pk).filter(pk=facts.contract.pk).exists():
            raise Refused(_("合同 %(number)s 不是这里的合同。") % {"number": facts.contract.number})
    asset.name, asset.owner, asset.contract = facts.name.strip()[:80], facts.owner, facts.contract
    asset.supplier, asset.make = facts.supplier.strip()[:80], facts.make.strip()[:80]
    asset.serial, asset.bought_on = facts.serial.strip()[:80], facts.bought_on
    asset.warranty_until, asset.life_until = facts.warranty_until, facts.life_until


def _plain(asset: Asset) -> dict[str, str]:
    days = {name: getattr(asset, name) for name in ("bought_on", "warranty_until", "life_until")}
    return {
        "name": asset.name,
        "owner": asset.owner.code,
        "supplier": asset.supplier,
        "make": asset.make,
        "serial": asset.serial,
        "contract": asset.contract.number if asset.contract else "",
        **{name: day.isoformat() if day else "" for name, day in days.items()},
    }


def _stands(asset: Asset) -> str:
    parts = (asset.area.code, asset.terminal.code if asset.terminal else "", asset.component, asset.spot)
    return " ".join(part for part in parts if part)


def _days(asset: Asset, now: datetime) -> None:
    """Warranty and life warn by the things with a day; an extinguisher's life is an extinguisher's day."""
    here = asset.state not in FINAL_STATES
    keep_asset_day(asset, "warranty", asset.warranty_until if here else None, now=now)
    kind = "extinguisher" if asset.kind == "extinguisher" else "life"
    keep_asset_day(asset, kind, asset.life_until if here else None, now=now)


def _audit(actor: Actor, what: str, asset: Asset, now: datetime, details: dict[str, Any]) -> None:
    record(
        actor, f"maintenance.{what}", subject=f"asset:{asset.pk}", place_path=asset.area.place.path,
        details={"code": asset.code, **details}, at=now,
    )  # fmt: skip
