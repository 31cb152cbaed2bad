"""Writes of contracts: a new one from a day on, its end, and open orders that learn of either."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance.models import FINAL_ORDER_STATES, Contract, ContractTier, WorkOrder
from budayang.center.maintenance.order_transfers import renew_limits
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.deliveries import Due
from budayang.center.platform.models import Organization
from budayang.rules.calendars import WeeklyWindow
from budayang.rules.causes import Severity
from budayang.rules.parameters import STEPS

KEEPERS = (Role.SUPERVISOR,)
LONGEST_S = 90 * 86400
CONTRACTS_S = 5.0


@dataclass(frozen=True, slots=True)
class Tier:
    """Limits for one severity, in seconds."""

    respond_s: int
    arrive_s: int
    repair_s: int


@transaction.atomic
def add_contract(
    actor: Actor,
    organization: Organization,
    *,
    number: str,
    name: str,
    windows: Sequence[WeeklyWindow],
    steps: Collection[str],
    follows_workdays: bool,
    tiers: Mapping[str, Tier],
    valid_from: date,
    valid_until: date | None,
    now: datetime,
) -> Contract:
    """A contract of a body from the morning of `valid_from` to the end of `valid_until`.

    One that is in force then ends where the new one begins. Nothing begins in the past: clocks that were read would
    be read differently.
    """
    # Two people who write a contract of one body at once come one after the other.
    body = Organization.objects.select_for_update(of=("self",)).select_related("place").get(pk=organization.pk)
    actor.require(*KEEPERS, place_path=body.place.path)
    zone = body.place.zone
    starts_at, ends_at = _morning(valid_from, zone), _evening(valid_until, zone)
    if valid_from < now.astimezone(ZoneInfo(zone)).date():
        raise Refused(_("合同不能从过去开始，已经计过的时间不改写。请选今天或以后。"))
    if ends_at is not None and ends_at <= starts_at:
        raise Refused(_("结束日期不能早于开始日期。"))
    _check(windows, steps, tiers)
    rows = Contract.objects.filter(organization=body)
    if rows.filter(number=number.strip()).exists():
        raise Refused(_("这个单位已有编号为 %(number)s 的合同。") % {"number": number.strip()})
    starts_at = max(starts_at, now)
    _make_room(rows, starts_at, ends_at)
    contract = Contract.objects.create(
        organization=body,
        number=number.strip(),
        name=name.strip(),
        windows=[[one.weekday, f"{one.opens:%H:%M}", f"{one.closes:%H:%M}", one.closes_next_day] for one in windows],
        steps=[step for step in STEPS if step in steps],
        follows_workdays=follows_workdays,
        zone=zone,
        starts_at=starts_at,
        ends_at=ends_at,
        next_due_at=starts_at,
        made_at=now,
        made_by=actor.label or actor.name,
    )
    ContractTier.objects.bulk_create(
        ContractTier(
            contract=contract,
            severity=severity,
            respond_s=one.respond_s,
            arrive_s=one.arrive_s,
            repair_s=one.repair_s,
        )
        for severity, one in tiers.items()
    )
    _record(actor, "maintenance.add_contract", contract, now)
    return contract


def _morning(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(zone))


def _evening(on: date | None, zone: str) -> datetime | None:
    return _morning(date.fromordinal(on.toordinal() + 1), zone) if on is not None else None


def _check(windows: Sequence[WeeklyWindow], steps: Collection[str], tiers: Mapping[str, Tier]) -> None:
    if not windows:
        raise Refused(_("请写明合同的服务时间，例如：周一至周五 08:30-17:30。"))
    if set(steps) - set(STEPS):
        raise Refused(_("只有响应、到场、修复三个时限可以按合同时间计算。"))
    if set(tiers) != {one.value for one in Severity}:
        raise Refused(_("一般、严重、紧急三级的时限都要写。"))
    for one in tiers.values():
        if not 60 <= one.respond_s <= one.arrive_s <= one.repair_s <= LONGEST_S:
            raise Refused(_("每一级里，响应不长于到场，到场不长于修复，最短 1 分钟，最长 90 天。"))


def _make_room(rows: Iterable[Contract], starts_at: datetime, ends_at: datetime | None) -> None:
    """End the contract in which the new one begins; refuse when another one begins later within it."""
    for row in rows:
        if row.starts_at >= starts_at and (ends_at is None or row.starts_at < ends_at):
            raise Refused(_("合同 %(number)s 会在这期间开始，请先写明新合同在它之前结束。") % {"number": row.number})
        if row.starts_at < starts_at and (row.ends_at is None or row.ends_at > starts_at):
            row.ends_at = starts_at
            row.next_due_at = row.next_due_at if row.next_due_at == row.starts_at else None
            row.save(update_fields=["ends_at", "next_due_at"])


@transaction.atomic
def end_contract(actor: Actor, contract: Contract, *, last_day: date, now: datetime) -> Contract:
    """It is in force to the end of `last_day`, today at the earliest."""
    held = Contract.objects.select_for_update(of=("self",)).select_related("organization__place").get(pk=contract.pk)
    actor.require(*KEEPERS, place_path=held.organization.place.path)
    ends_at = _evening(last_day, held.zone)
    assert ends_at is not None
    if ends_at <= max(now, held.starts_at) or (held.ends_at is not None and held.ends_at <= now):
        raise Refused(_("只能从今天起结束还有效的合同，已经过去的不改写。"))
    later = Contract.objects.filter(organization=held.organization, starts_at__gt=held.starts_at)
    if later.filter(starts_at__lt=ends_at).exists():
        raise Refused(_("这一天已有后面的合同，请选更早的日期。"))
    held.ends_at = ends_at
    if held.next_due_at != held.starts_at:
        held.next_due_at = ends_at
    held.save(update_fields=["ends_at", "next_due_at"])
    _record(actor, "maintenance.end_contract", held, now)
    return held


def _record(actor: Actor, word: str, contract: Contract, now: datetime) -> None:
    record(
        actor,
        word,
        subject=f"contract:{contract.pk}",
        place_path=contract.organization.place.path,
        details={
            "organization": contract.organization.code,
            "number": contract.number,
            "starts_at": contract.starts_at.isoformat(),
            "ends_at": contract.ends_at.isoformat() if contract.ends_at else "",
        },
        at=now,
    )


def apply_due(now: datetime) -> int:
    """Contracts that began or ended: each open order of their body learns of the limits in force from that moment on.
    Returns how many contracts there were.
    """
    done = 0
    for row in Contract.objects.filter(next_due_at__lte=now).order_by("next_due_at")[:100]:
        moment = row.next_due_at
        assert moment is not None
        after = row.ends_at if moment == row.starts_at else None
        with transaction.atomic():
            # Taken by its moment: a second worker that read the same row gets nothing.
            if not Contract.objects.filter(pk=row.pk, next_due_at=moment).update(next_due_at=after):
                continue
            orders = WorkOrder.objects.filter(organization_id=row.organization_id).exclude(state__in=FINAL_ORDER_STATES)
            for order in orders.select_related("incident").prefetch_related("events"):
                renew_limits(Actor.job("maintenance.contracts"), order, at=moment, now=now)
            done += 1
    return done


DUES: tuple[Due, ...] = (Due("maintenance.contracts", CONTRACTS_S, apply_due),)
