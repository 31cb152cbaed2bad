"""Writes about the work of an order: photos before and after, and the parts it used."""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance.models import FINAL_ORDER_STATES, PHOTO_MOMENTS, OrderPart, OrderPhoto, WorkOrder
from budayang.center.maintenance.order_actions import DOERS, require, write
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import open_field, seal_field
from budayang.center.platform.uploads import BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.terminals import stock_actions, supply_queries
from budayang.rules.cases import yuan
from budayang.rules.consumables import get_consumable

PHOTO_TABLE = "order_photo"
MOST_PHOTOS = 20  # of one order
MOST_COST_FEN = 100_000_000
MOST_AMOUNT = 10_000


@transaction.atomic
def add_photo(actor: Actor, order: WorkOrder, *, moment: str, content: bytes, now: datetime) -> OrderPhoto:
    """Keep a photograph: decoded, turned upright and written anew, so that no position hides in it. The same picture
    again is the same photo.
    """
    require(actor, order, DOERS)
    _refuse_ended(order)
    if moment not in PHOTO_MOMENTS:
        raise Refused(_("请选择是修复前还是修复后的照片。"))
    try:
        sheet = read_sheet(content)
    except BadUpload as error:
        raise Refused(str(error)) from error
    if sheet.media != "image/jpeg":
        raise Refused(_("这里只收照片，请拍照或选一张图片。"))
    digest = hashlib.sha256(sheet.content).hexdigest()
    known = OrderPhoto.objects.filter(order=order, moment=moment, sha256=digest).first()
    if known is not None:
        return known
    if OrderPhoto.objects.filter(order=order).count() >= MOST_PHOTOS:
        raise Refused(_("一张工单最多放 %(most)d 张照片。") % {"most": MOST_PHOTOS})
    photo = OrderPhoto(order=order, ref=uuid.uuid4().hex, moment=moment, size=len(sheet.content), sha256=digest)
    photo.added_at, photo.by = now, actor.label or actor.name
    sealed = seal_field(PHOTO_TABLE, photo.ref, "content", base64.b64encode(sheet.content).decode())
    photo.content_sealed = sealed
    try:
        with transaction.atomic():
            photo.save()
    except IntegrityError:
        # The same picture was sent twice at once, as a phone does whose answer was lost.
        return OrderPhoto.objects.get(order=order, moment=moment, sha256=digest)
    write(actor, order, f"photo_{moment}", at=now, now=now, details={"photo": photo.ref})
    return photo


def read_photo(photo: OrderPhoto) -> bytes | None:
    """The JPEG, or None when its time is over. The caller has found it among the orders that the reader may see."""
    if photo.content_sealed is None:
        return None
    return base64.b64decode(open_field(PHOTO_TABLE, photo.ref, "content", bytes(photo.content_sealed)))


@transaction.atomic
def use_part(
    actor: Actor, order: WorkOrder, *, name: str, amount: int, unit: str, cost_fen: int, now: datetime
) -> OrderPart:
    """A part or a material that is in no stock book."""
    require(actor, order, DOERS)
    if not name.strip() or not unit.strip():
        raise Refused(_("请写明配件的名称和单位，例如“搓纸轮”“个”。"))
    _check(amount, cost_fen)
    return _add(actor, order, OrderPart(name=name.strip()[:60], unit=unit.strip()[:8]), amount, cost_fen, now)


@transaction.atomic
def use_stock(actor: Actor, order: WorkOrder, *, stock_id: int, amount: int, cost_fen: int, now: datetime) -> OrderPart:
    """What came out of a stock: the line of the stock book and that of the order are written together."""
    require(actor, order, DOERS)
    _check(amount, cost_fen)
    stock = next((one for one in stocks_for(actor, order) if one.pk == stock_id), None)
    if stock is None:
        raise Refused(_("只能用这处自助区里有关单位的库存。"))
    kind = get_consumable(stock.consumable)
    why = _("工单 %(number)s") % {"number": order.number}
    movement = stock_actions.take_out(actor, stock, amount=amount, why=why, now=now)
    part = OrderPart(name=str(words(kind.name))[:60], unit=str(words(kind.unit))[:8], movement=movement)
    return _add(actor, order, part, amount, cost_fen, now)


def stocks_for(actor: Actor, order: WorkOrder) -> list[Any]:
    """Stocks that lie in the order's area and belong to one of its bodies; numbered paper goes by its own way."""
    incident = order.incident
    if incident.area_id is None:
        return []
    bodies = [one for one in (order.organization_id, incident.owner_id, incident.vendor_id) if one is not None]
    rows = supply_queries.stocks_visible_to(actor).filter(
        area_id=incident.area_id, organization_id__in=bodies, balance__gt=0
    )
    return [row for row in rows if not get_consumable(row.consumable).numbered]


def _check(amount: int, cost_fen: int) -> None:
    if not 1 <= amount <= MOST_AMOUNT:
        raise Refused(_("数量写 1 到 %(most)d。") % {"most": MOST_AMOUNT})
    if not 0 <= cost_fen <= MOST_COST_FEN:
        raise Refused(_("金额写 0 到 %(most)s 元。") % {"most": yuan(MOST_COST_FEN)})


def _refuse_ended(order: WorkOrder) -> None:
    if order.state in FINAL_ORDER_STATES:
        raise Refused(_("工单已经结束。要继续处理，请先重新打开。"))


def _add(actor: Actor, order: WorkOrder, part: OrderPart, amount: int, cost_fen: int, now: datetime) -> OrderPart:
    _refuse_ended(order)
    part.order, part.amount, part.cost_fen = order, amount, cost_fen
    part.added_at, part.by = now, actor.label or actor.name
    part.save()
    write(actor, order, "part_used", note=part_words(part), at=now, now=now, details={"part": part.pk})
    return part


def part_words(part: OrderPart) -> str:
    """A line in words: 搓纸轮 1 个，35.00 元."""
    words_ = {"name": part.name, "amount": part.amount, "unit": part.unit, "yuan": yuan(part.cost_fen)}
    return _("%(name)s %(amount)d %(unit)s，%(yuan)s 元") % words_


@transaction.atomic
def take_back_part(actor: Actor, part: OrderPart, *, why: str, now: datetime) -> OrderPart:
    """更正: the line counts no more, and what came out of a stock is back in its book."""
    order = part.order
    require(actor, order, DOERS)
    _refuse_ended(order)
    if not why.strip():
        raise Refused(_("请写明为什么更正。"))
    # Once: of two who take one line back at the same moment the second is refused.
    if not OrderPart.objects.filter(pk=part.pk, taken_back_at__isnull=True).update(taken_back_at=now):
        raise Refused(_("这一行已经更正过。"))
    if part.movement is not None:
        stock_actions.correct(actor, part.movement, why=why, now=now)
    part.refresh_from_db()
    note = _("%(part)s：%(why)s") % {"part": part_words(part), "why": why.strip()}
    write(actor, order, "part_back", note=note, at=now, now=now, details={"part": part.pk})
    return part


def cost_fen(order: WorkOrder) -> int:
    """What the order's parts cost together, in fen."""
    return sum(part.cost_fen for part in order.parts.all() if part.taken_back_at is None)
