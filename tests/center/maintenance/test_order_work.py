"""Photos, parts and hand-overs: what the work of an order leaves behind."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from PIL import Image
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import actions, handover_actions, order_keeping, work_actions
from budayang.center.maintenance.models import Handover, OrderPart, OrderPhoto, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.terminals import stock_actions
from budayang.center.terminals.models import Stock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(hall: Hall, now: datetime) -> WorkOrder:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    return WorkOrder.objects.get()


def picture(shade: int = 90) -> bytes:
    """A photograph as a phone makes it: with its position."""
    image = Image.effect_noise((320, 240), shade).convert("RGB")
    exif = image.getexif()
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 36.0, 0.0), 3: "E", 4: (109.0, 46.0, 0.0)})
    exif[0x010F] = "a phone"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_photo_is_written_anew_and_proves_the_repair(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin, raw = hall.actor("lin"), picture()
    assert Image.open(io.BytesIO(raw)).getexif().get_ifd(0x8825), "the phone wrote its position"
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    photo = work_actions.add_photo(lin, order, moment="after", content=raw, now=now + 2 * MINUTE)
    again = work_actions.add_photo(lin, order, moment="after", content=raw, now=now + 2 * MINUTE)
    assert photo.pk == again.pk
    kept = work_actions.read_photo(photo)
    assert kept is not None
    assert not dict(Image.open(io.BytesIO(kept)).getexif())
    assert kept not in bytes(OrderPhoto.objects.get().content_sealed or b""), "sealed"
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now + 2 * MINUTE, now + 2 * MINUTE)
    order.refresh_from_db()
    actions.verify(lin, order, now=now + 3 * MINUTE)
    assert order.state == "closed"
    with pytest.raises(Refused, match="结束"):
        work_actions.add_photo(lin, order, moment="after", content=picture(120), now=now + 4 * MINUTE)


def test_a_photo_from_before_proves_nothing(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    work_actions.add_photo(lin, order, moment="before", content=picture(), now=now)
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now + 2 * MINUTE, now + 2 * MINUTE)
    order.refresh_from_db()
    with pytest.raises(Refused, match="凭据"):
        actions.verify(lin, order, now=now + 3 * MINUTE)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"<svg/>", b"\xff\xd8\xff not a picture"])
def test_only_photos_are_taken(hall: Hall, order: WorkOrder, now: datetime, content: bytes) -> None:
    with pytest.raises(Refused, match="照片"):
        work_actions.add_photo(hall.actor("lin"), order, moment="after", content=content, now=now)
    with pytest.raises(Forbidden):
        work_actions.add_photo(hall.actor("shui"), order, moment="after", content=picture(), now=now)
    assert not OrderPhoto.objects.exists()


def test_photos_go_two_years_after_the_end(hall: Hall, order: WorkOrder, now: datetime) -> None:
    photo = work_actions.add_photo(hall.actor("lin"), order, moment="before", content=picture(), now=now)
    (rule,) = (one for one in order_keeping.RETENTION if one.name == "order_photos")
    later = now + timedelta(days=order_keeping.PHOTO_DAYS + 1)
    assert not rule.due(rule.held(), later).exists(), "an open order keeps its photos"
    actions.step(SYSTEM, order, "cancelled", at=now, now=now)
    assert rule.erase(rule.due(rule.held(), later)) == 1
    photo.refresh_from_db()
    assert work_actions.read_photo(photo) is None


def test_parts_add_up_and_are_taken_back(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    first = work_actions.use_part(ren, order, name="搓纸轮", amount=2, unit="个", cost_fen=3550, now=now)
    work_actions.use_part(ren, order, name="清洁布", amount=1, unit="块", cost_fen=0, now=now)
    assert work_actions.cost_fen(order) == 3550
    assert order.events.filter(event="part_used").first().note == "搓纸轮 2 个，35.50 元"  # type: ignore[union-attr]
    with pytest.raises(Refused, match="为什么"):
        work_actions.take_back_part(ren, first, why="", now=now)
    work_actions.take_back_part(ren, first, why="记错工单", now=now + MINUTE)
    with pytest.raises(Refused, match="已经更正"):
        work_actions.take_back_part(ren, first, why="又一次", now=now + MINUTE)
    assert work_actions.cost_fen(order) == 0
    assert OrderPart.objects.count() == 2, "nothing is removed"


@pytest.mark.parametrize(("amount", "cost"), [(0, 0), (10_001, 0), (1, -1), (1, 100_000_001)])
def test_amounts_have_bounds(hall: Hall, order: WorkOrder, now: datetime, amount: int, cost: int) -> None:
    with pytest.raises(Refused):
        work_actions.use_part(hall.actor("ren"), order, name="x", amount=amount, unit="个", cost_fen=cost, now=now)


def test_what_comes_out_of_a_stock_leaves_its_book(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    stock_actions.receive(SYSTEM, organization=hall.bodies["RS"], area="KBS", consumable="a4", amount=5, now=now)
    stock = Stock.objects.get()
    part = work_actions.use_stock(ren, order, stock_id=stock.pk, amount=3, cost_fen=6000, now=now)
    assert part.movement is not None
    assert (Stock.objects.get().balance, part.movement.why) == (2, f"工单 {order.number}")
    with pytest.raises(Refused):
        work_actions.use_stock(ren, order, stock_id=stock.pk, amount=3, cost_fen=0, now=now)
    assert OrderPart.objects.count() == 1, "neither book has it"
    work_actions.take_back_part(ren, part, why="没用上", now=now + MINUTE)
    assert Stock.objects.get().balance == 5


def test_a_stock_elsewhere_is_not_used(hall: Hall, order: WorkOrder, now: datetime) -> None:
    stock_actions.receive(SYSTEM, organization=hall.bodies["SW"], area="KBS", consumable="a4", amount=5, now=now)
    with pytest.raises(Refused, match="库存"):
        work_actions.use_stock(hall.actor("lin"), order, stock_id=Stock.objects.get().pk, amount=1, cost_fen=0, now=now)


def test_a_shift_is_handed_over_with_its_open_orders(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren, mo = hall.actor("ren"), hall.actor("mo")
    place, body = hall.city, hall.bodies["RS"]
    with pytest.raises(Refused, match="无异常"):
        handover_actions.hand_over(ren, organization=body, place=place, taker=hall.staff["mo"], note=" ", now=now)
    with pytest.raises(Refused, match="自己"):
        handover_actions.hand_over(ren, organization=body, place=place, taker=hall.staff["ren"], note="x", now=now)
    row = handover_actions.hand_over(
        ren, organization=body, place=place, taker=hall.staff["mo"], note="纸在门后", now=now
    )
    assert [one["number"] for one in row.orders] == [order.number]
    assert [one.pk for one in handover_actions.waiting_for(mo)] == [row.pk]
    assert handover_actions.waiting_for(ren) == []
    with pytest.raises(Refused, match="本人"):
        handover_actions.take_over(ren, row, answer="", now=now)
    handover_actions.take_over(mo, row, answer="收到", now=now + MINUTE)
    with pytest.raises(Refused, match="已经确认"):
        handover_actions.take_over(mo, Handover.objects.get(), answer="", now=now + MINUTE)
    assert (row.taken_at, row.answer) == (now + MINUTE, "收到")
    assert handover_actions.waiting_for(mo) == []


def test_a_keeper_hands_over_everybodys_orders_of_the_area(hall: Hall, order: WorkOrder, now: datetime) -> None:
    assert order.organization.code == "RS"
    row = handover_actions.hand_over(
        hall.actor("lin"), organization=hall.bodies["ZW1"], place=hall.area.place, taker=hall.staff["ren"],
        note="无异常", now=now,
    )  # fmt: skip
    assert [one["number"] for one in row.orders] == [order.number]


def test_of_too_many_open_orders_tonights_are_listed_and_the_rest_is_counted(
    hall: Hall, order: WorkOrder, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover_actions, "MOST_ORDERS", 2)
    for minute, (prop, state) in enumerate((("media", "jammed"), ("toner", "out")), 1):
        hall.tell(hall.terminal, "printer", prop, state, now + minute * MINUTE, now + minute * MINUTE)
    newest = list(WorkOrder.objects.order_by("-opened_at").values_list("number", flat=True))
    assert len(newest) == 3
    row = handover_actions.hand_over(
        hall.actor("ren"), organization=hall.bodies["RS"], place=hall.city, taker=hall.staff["mo"], note="x", now=now
    )
    assert ([one["number"] for one in row.orders], row.left_out) == (newest[:2], 1)


def test_nobody_hands_over_for_another_body(hall: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        handover_actions.hand_over(
            hall.actor("shui"), organization=hall.bodies["RS"], place=hall.city, taker=hall.staff["mo"], note="x",
            now=now,
        )  # fmt: skip
    assert not handover_actions.handovers_visible_to(hall.actor("shui")).exists()
