"""Writes of the stock book (库存台账): what came in, what went out, to which machine, by whom and why.

A line is never changed. The balance moves by one counted UPDATE whose condition keeps it from going below zero, so two
people who take the last packet at once cannot both have it. Numbered sheets are rows of their own, each in one place.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.center.platform.wording import words
from budayang.center.terminals.models import SheetEvent, Stock, StockMovement, StockSheet, SupplyLevel, Terminal
from budayang.rules.consumables import (
    SHEET_EVENT_NAMES,
    SHEET_NAMES,
    SHEET_TRANSITIONS,
    BadNumbers,
    Consumable,
    Sheet,
    Span,
    get_consumable,
    sources_of,
    span_of,
)

BOOKERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
MOST = 100_000


@transaction.atomic
def receive(
    actor: Actor,
    *,
    organization: Organization,
    area: str,
    consumable: str,
    amount: int = 0,
    first: str = "",
    last: str = "",
    why: str = "",
    now: datetime,
) -> StockMovement:
    """入库. `area` is a code. Numbered sheets are named by their first and last number; a gap to the last number known
    needs a reason.
    """
    where = areas.get_area(actor, area)
    actor.require(*BOOKERS, place_path=where.place.path, organizations=(organization.pk,))
    kind = get_consumable(consumable)
    made, _created = Stock.objects.get_or_create(organization=organization, area=where, consumable=consumable)
    stock = Stock.objects.select_for_update().get(pk=made.pk)
    span = _span(kind, first, last) if kind.numbered else None
    amount = len(span) if span else amount
    if not 1 <= amount <= MOST:
        raise Refused(_("入库数量写 1 到 %(most)d。") % {"most": MOST})
    if span is not None:
        _add_sheets(stock, span, why, now)
    return _move(actor, stock, "in", amount, now=now, why=why, span=span)


def _add_sheets(stock: Stock, span: Span, why: str, now: datetime) -> None:
    known = StockSheet.objects.filter(
        organization_id=stock.organization_id, consumable=stock.consumable, series=span.series, width=span.width
    )
    below = known.filter(number__lt=span.first).order_by("-number").values_list("number", flat=True).first()
    if below is not None and below + 1 != span.first and not why.strip():
        missing = Span(span.series, span.width, below + 1, span.first - 1)
        raise Refused(_("%(missing)s 没有入过库，编号不连续，请在说明里写明原因。") % {"missing": missing})
    try:
        with transaction.atomic():
            StockSheet.objects.bulk_create(
                StockSheet(
                    stock=stock,
                    organization_id=stock.organization_id,
                    consumable=stock.consumable,
                    series=span.series,
                    number=number,
                    width=span.width,
                    changed_at=now,
                )
                for number in range(span.first, span.last + 1)
            )
    except IntegrityError as error:
        twice = known.filter(number__gte=span.first, number__lte=span.last).order_by("number").first()
        one = span.text(twice.number) if twice else str(span)
        raise Refused(_("%(number)s 已经登记过，编号不能重复，请核对起止编号。") % {"number": one}) from error


@transaction.atomic
def take_out(actor: Actor, stock: Stock, *, amount: int, why: str, now: datetime) -> StockMovement:
    """出库 to elsewhere than a terminal (another hall, spoilt, given back). Numbered sheets go by `mark_sheets`."""
    _require(actor, stock)
    if get_consumable(stock.consumable).numbered:
        raise Refused(_("带编号的纸请按编号登记领用、作废或短缺。"))
    if not 1 <= amount <= MOST:
        raise Refused(_("出库数量写 1 到 %(most)d。") % {"most": MOST})
    if not why.strip():
        raise Refused(_("请写明出库的原因，例如“调往东胜区自助区”。"))
    return _move(actor, stock, "out", -amount, now=now, why=why)


@transaction.atomic
def take_for_terminal(
    actor: Actor, stock: Stock, terminal: Terminal, *, amount: int, first: str = "", last: str = "", now: datetime
) -> StockMovement:
    """领用: out of the stock into a machine. Part of a refill, which has checked the scope; nothing else calls it."""
    kind = get_consumable(stock.consumable)
    if stock.organization_id not in (terminal.owner_id, terminal.vendor_id):
        raise Refused(_("只能领用这台终端的归属单位或运维商的库存。"))
    span = None
    if kind.numbered:
        span = _span(kind, first, last)
        if len(span) != amount:
            raise Refused(
                _("编号 %(span)s 是 %(count)d 张，和数量 %(amount)d 不一致，请核对。")
                % {"span": span, "count": len(span), "amount": amount}
            )
        _walk(stock, span, "issue", now, terminal)
        _write_event(actor, stock, "issue", span, now, "", terminal)
    return _move(actor, stock, "out", -amount, now=now, terminal=terminal, span=span)


@transaction.atomic
def adjust(actor: Actor, stock: Stock, *, counted: int, why: str, now: datetime) -> StockMovement | None:
    """盘点: what was really there. The difference is a line with its reason; None when there is none."""
    _require(actor, stock)
    if get_consumable(stock.consumable).numbered:
        raise Refused(_("带编号的纸盘点不一致时，请按编号登记短缺或找回。"))
    if not 0 <= counted <= MOST:
        raise Refused(_("盘点数量写 0 到 %(most)d。") % {"most": MOST})
    held = Stock.objects.select_for_update().get(pk=stock.pk)
    if counted == held.balance:
        return None
    if not why.strip():
        raise Refused(_("盘点和账面不一致，请写明原因。"))
    return _move(actor, held, "adjust", counted - held.balance, now=now, why=why)


@transaction.atomic
def correct(actor: Actor, movement: StockMovement, *, why: str, now: datetime) -> StockMovement:
    """更正: a new line that takes a wrong one back. Once; sheets are put right by number."""
    stock = Stock.objects.select_for_update().get(pk=movement.stock_id)
    _require(actor, stock)
    if movement.first_number:
        raise Refused(_("带编号的纸请按编号登记退回、作废或短缺来更正。"))
    if not why.strip():
        raise Refused(_("请写明为什么更正。"))
    if movement.corrects_id or StockMovement.objects.filter(corrects=movement).exists():
        raise Refused(_("这一笔已经更正过。"))
    return _move(actor, stock, "adjust", -movement.amount, now=now, why=why, corrects=movement)


@transaction.atomic
def mark_sheets(
    actor: Actor, stock: Stock, *, event: str, first: str, last: str, why: str = "", now: datetime
) -> SheetEvent:
    """Say of a span of sheets what became of them: used, void, return, lose, find (SHEET_TRANSITIONS).

    All of the span or nothing. What leaves the stock or comes back moves the balance with a line of its own; what was
    used up, spoilt or brought back leaves the machine.
    """
    _require(actor, stock)
    if event not in SHEET_EVENT_NAMES or event == "issue":
        raise Refused(_("请选择要登记什么。"))
    if event in ("void", "lose", "find") and not why.strip():
        raise Refused(_("请写明原因。"))
    span = _span(get_consumable(stock.consumable), first, last)
    held = Stock.objects.select_for_update().get(pk=stock.pk)
    before = list(_sheets(held, span).order_by("number").values_list("state", "terminal_id"))
    _walk(held, span, event, now, None)
    inside = sum(state == Sheet.STOCK for state, _machine in before)
    target = next(after for (_state, name), after in SHEET_TRANSITIONS.items() if name == event)
    moved = len(span) - inside if target is Sheet.STOCK else -inside
    if moved:
        kind = "return" if event == "return" else "adjust"
        _move(actor, held, kind, moved, now=now, why=why or SHEET_EVENT_NAMES[event], span=span)
    for terminal_id in {machine for state, machine in before if state == Sheet.ISSUED}:
        gone = sum(machine == terminal_id for state, machine in before if state == Sheet.ISSUED)
        row = SupplyLevel.objects.filter(terminal_id=terminal_id, consumable=held.consumable)
        row.update(used=F("used") + gone, due_at=now)
    return _write_event(actor, held, event, span, now, why, None)


def _walk(stock: Stock, span: Span, event: str, now: datetime, terminal: Terminal | None) -> None:
    """Move each sheet of the span along the table, or none: counted, so that two people cannot take one sheet."""
    sources = sources_of(event)
    known = dict(_sheets(stock, span).values_list("number", "state"))
    for number in range(span.first, span.last + 1):
        if number not in known:
            raise Refused(_("%(number)s 不在这个库存的账上，请核对起止编号。") % {"number": span.text(number)})
        if known[number] not in sources:
            raise Refused(
                _("%(number)s 现在是“%(state)s”，不能登记为“%(event)s”。整段都没有改动，请核对起止编号。")
                % {
                    "number": span.text(number),
                    "state": words(SHEET_NAMES[Sheet(known[number])]),
                    "event": words(SHEET_EVENT_NAMES[event]),
                }
            )
    if len(set(known.values())) > 1:
        raise Refused(_("这一段有的在库、有的已领到终端，请分开登记。"))
    moved = sum(
        _sheets(stock, span)
        .filter(state=source.value)
        .update(state=SHEET_TRANSITIONS[source, event].value, changed_at=now, terminal=terminal)
        for source in sources
    )
    if moved != len(span):
        raise Refused(_("这些纸刚刚被别人登记过，请刷新页面再看。"))


def _sheets(stock: Stock, span: Span) -> QuerySet[StockSheet]:
    return StockSheet.objects.filter(
        stock=stock, series=span.series, width=span.width, number__gte=span.first, number__lte=span.last
    )


def _span(kind: Consumable, first: str, last: str) -> Span:
    try:
        return span_of(first, last)
    except BadNumbers as error:
        raise Refused(words(f"{kind.name}：{error}")) from error


def _move(
    actor: Actor,
    stock: Stock,
    kind: str,
    amount: int,
    *,
    now: datetime,
    why: str = "",
    terminal: Terminal | None = None,
    span: Span | None = None,
    corrects: StockMovement | None = None,
) -> StockMovement:
    enough = Stock.objects.filter(pk=stock.pk, balance__gte=max(0, -amount))
    if not enough.update(balance=F("balance") + amount):
        left = Stock.objects.values_list("balance", flat=True).get(pk=stock.pk)
        unit = words(get_consumable(stock.consumable).unit)
        raise Refused(_("库存只有 %(left)d %(unit)s，不够。先登记入库，或改少一些。") % {"left": left, "unit": unit})
    movement = StockMovement.objects.create(
        stock=stock,
        kind=kind,
        amount=amount,
        balance=Stock.objects.values_list("balance", flat=True).get(pk=stock.pk),
        at=now,
        by=actor.label or actor.name,
        why=why.strip()[:120],
        terminal=terminal,
        first_number=span.text(span.first) if span else "",
        last_number=span.text(span.last) if span else "",
        corrects=corrects,
    )
    record(
        actor,
        f"terminals.stock_{kind}",
        subject=f"stock:{stock.pk}",
        place_path=stock.area.place.path,
        details={
            "consumable": stock.consumable,
            "amount": amount,
            "balance": movement.balance,
            "terminal": terminal.code if terminal else "",
            "numbers": str(span) if span else "",
        },
        at=now,
    )
    return movement


def _write_event(
    actor: Actor, stock: Stock, event: str, span: Span, now: datetime, why: str, terminal: Terminal | None
) -> SheetEvent:
    row = SheetEvent.objects.create(
        stock=stock,
        event=event,
        first_number=span.text(span.first),
        last_number=span.text(span.last),
        amount=len(span),
        at=now,
        by=actor.label or actor.name,
        why=why.strip()[:120],
        terminal=terminal,
    )
    record(
        actor,
        f"terminals.sheets_{event}",
        subject=f"stock:{stock.pk}",
        place_path=stock.area.place.path,
        details={"numbers": str(span), "terminal": terminal.code if terminal else ""},
        at=now,
    )
    return row


def _require(actor: Actor, stock: Stock) -> None:
    actor.require(*BOOKERS, place_path=stock.area.place.path, organizations=(stock.organization_id,))
