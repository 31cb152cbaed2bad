"""Assets: written down, accepted, moved, scrapped; whose orders, parts and downtime are a thing's; days warn ahead."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from PIL import Image
from tests.center.hall import Hall
from tests.center.maintenance.test_order_contracts import contract

from budayang.center.maintenance import (
    asset_acceptance,
    asset_actions,
    asset_queries,
    book_keeping,
    due_things,
    work_actions,
)
from budayang.center.maintenance.asset_actions import Facts, Place
from budayang.center.maintenance.models import (
    Asset,
    AssetAcceptance,
    AssetEvent,
    AssetFile,
    AssetStay,
    DueThing,
    Incident,
    OrderPart,
    WorkOrder,
)
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine
from budayang.rules.assets import Warranty, check_items

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AT = Place("KBS", "KBS-01", "printer", "凭条口下方")


def register(
    hall: Hall, now: datetime, code: str = "ZC-1", *, kind: str = "component", place: Place = AT, owner: str = "RS",
    who: str = "lin", **facts: object,
) -> Asset:  # fmt: skip
    known = Facts(name="凭条打印机", owner=hall.bodies[owner], **facts)  # type: ignore[arg-type]  # dates and texts
    return asset_actions.register(hall.actor(who), code=code, kind=kind, place=place, facts=known, now=now)


def accept(hall: Hall, asset: Asset, now: datetime, *, passed: bool = True, **more: object) -> AssetAcceptance:
    answers = {one.code: "yes" for one in check_items(asset.kind)}
    notes: dict[str, str] = {}
    if not passed:
        answers["looks"], notes["looks"] = "no", "外壳有裂纹"
    given = {"answers": answers, "notes": notes, "people": "测试甲、供应商测试员", "note": "", "files": ()} | more
    return asset_acceptance.accept(
        hall.actor("lin"),
        asset,
        accepted_on=now.date(),
        passed=passed,
        now=now,
        **given,  # type: ignore[arg-type]
    )


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((320, 240), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_a_life_from_the_delivery_to_the_scrapyard(hall: Hall, now: datetime) -> None:
    asset, lin = register(hall, now), hall.actor("lin")
    assert asset.state == "waiting"
    refused = accept(hall, asset, now, passed=False)
    assert (refused.findings[2]["answer"], refused.findings[2]["note"]) == ("no", "外壳有裂纹")
    passed = accept(hall, asset, now + MINUTE, files=(("验收单.jpg", photo()),))
    asset.refresh_from_db()
    assert (asset.state, passed.files.count()) == ("in_use", 1)
    with pytest.raises(Refused, match="在用"):
        accept(hall, asset, now + MINUTE)
    with pytest.raises(Refused, match="原因"):
        asset_actions.step(lin, asset, "stop", note=" ", now=now)
    asset_actions.step(lin, asset, "stop", note="等配件", now=now + 2 * MINUTE)
    asset_actions.step(lin, asset, "scrap", note="修不好", now=now + 3 * MINUTE)
    events = list(AssetEvent.objects.order_by("pk").values_list("event", "state"))
    assert events == [
        ("register", "waiting"), ("refuse", "waiting"), ("accept", "in_use"), ("stop", "stopped"),
        ("scrap", "scrapped"),
    ]  # fmt: skip
    assert AssetStay.objects.get().until_at == now + 3 * MINUTE
    with pytest.raises(Refused, match="报废"):
        asset_actions.step(lin, asset, "start", note="又好了", now=now)
    with pytest.raises(Refused, match="不能再动"):
        asset_actions.move(lin, asset, Place("KBS", "KBS-02", "printer"), note="", now=now)
    assert AuditLine.objects.filter(action="maintenance.accept_asset").count() == 2


def test_files_are_sealed_and_go_two_years_after_the_thing(hall: Hall, now: datetime) -> None:
    asset, lin, raw = register(hall, now), hall.actor("lin"), photo()
    row = asset_acceptance.add_file(lin, asset, name="铭牌.jpg", content=raw, now=now)
    again = asset_acceptance.add_file(lin, asset, name="铭牌2.jpg", content=raw, now=now)
    assert row.pk == again.pk
    kept = asset_queries.read_file(row)
    assert kept is not None
    assert kept[:2] == b"\xff\xd8"
    assert kept not in bytes(AssetFile.objects.get().content_sealed or b"")
    with pytest.raises(Refused, match="照片或 PDF"):
        asset_acceptance.add_file(lin, asset, name="x.exe", content=b"MZ" + bytes(100), now=now)
    rule = next(one for one in book_keeping.RETENTION if one.name == "maintenance.asset_files")
    assert rule.erase(rule.due(rule.held(), now + 4000 * DAY)) == 0, "in use: it stays"
    accept(hall, asset, now)
    asset_actions.step(lin, asset, "scrap", note="修不好", now=now)
    assert rule.erase(rule.due(rule.held(), now + 729 * DAY)) == 0
    assert rule.erase(rule.due(rule.held(), now + 730 * DAY)) == 1
    row.refresh_from_db()
    assert asset_queries.read_file(row) is None


@pytest.mark.parametrize(
    ("kind", "place", "owner", "word"),
    [
        ("component", Place("KBS", "KBS-01"), "RS", "哪个部件"),
        ("component", Place("KBS", "", "printer"), "RS", "哪台终端"),
        ("terminal", Place("KBS", "KBS-01", "printer"), "RS", "部件留空"),
        ("furniture", Place("KBS", "KBS-01"), "ZW1", "只有自助终端"),
        ("component", Place("HJ", "KBS-01", "printer"), "RS", "不在这处"),
        ("component", AT, "SW", "不一致"),
        ("spaceship", Place("KBS"), "RS", "哪一类"),
        ("furniture", Place("XX"), "RS", "没有代码"),
    ],
)
def test_a_thing_is_where_it_can_be(hall: Hall, now: datetime, kind: str, place: Place, owner: str, word: str) -> None:
    with pytest.raises(Refused, match=word):
        register(hall, now, kind=kind, place=place, owner=owner)
    assert not Asset.objects.exists()


def test_two_things_are_never_in_one_place(hall: Hall, now: datetime) -> None:
    first = register(hall, now)
    with pytest.raises(Refused, match="ZC-1"):
        register(hall, now, "ZC-2")
    with pytest.raises(Refused, match="已被占用"):
        register(hall, now, place=Place("KBS", "KBS-01", "scanner"))
    accept(hall, first, now)
    asset_actions.step(hall.actor("lin"), first, "scrap", note="换新", now=now + 10 * MINUTE)
    second = register(hall, now + 20 * MINUTE, "ZC-2", bought_on=now.date() - timedelta(days=30))
    assert AssetStay.objects.get(asset=second).since_at == now + 10 * MINUTE, "not while the first one was there"


def test_orders_parts_and_downtime_are_those_of_the_thing_that_stood_there(hall: Hall, now: datetime) -> None:
    """Two faults of one printer, one after it was changed: each thing has its own; the terminal has both."""
    old = register(hall, now - DAY, make="A1")
    whole = register(hall, now - DAY, "ZC-9", kind="terminal", place=Place("KBS", "KBS-01"))
    lin = hall.actor("lin")
    accept(hall, old, now)
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    first = WorkOrder.objects.get()
    work_actions.use_part(lin, first, name="搓纸轮", amount=1, unit="个", cost_fen=3500, now=now + MINUTE)
    wrong = work_actions.use_part(lin, first, name="误记", amount=1, unit="个", cost_fen=999, now=now + MINUTE)
    work_actions.take_back_part(lin, wrong, why="记错", now=now + MINUTE)
    hall.tell(hall.terminal, "printer", "media", "ok", now + 30 * MINUTE, now + 30 * MINUTE)
    assert Incident.objects.get().state == "closed"
    asset_actions.step(lin, old, "scrap", note="换新", now=now + 60 * MINUTE)
    new = register(hall, now + 61 * MINUTE, "ZC-2")
    hall.tell(hall.terminal, "printer", "media", "jammed", now + 90 * MINUTE, now + 90 * MINUTE)
    second = WorkOrder.objects.order_by("pk").last()
    assert second is not None
    later = now + 100 * MINUTE
    assert [one.pk for one in asset_queries.orders_of(lin, old)] == [first.pk]
    assert [one.pk for one in asset_queries.orders_of(lin, new)] == [second.pk]
    assert {one.pk for one in asset_queries.orders_of(lin, whole)} == {first.pk, second.pk}
    assert [one.code for one in asset_queries.assets_of_order(lin, first)] == ["ZC-1", "ZC-9"]
    assert [one.code for one in asset_queries.assets_of_order(lin, second)] == ["ZC-2", "ZC-9"]
    found = asset_queries.totals_of(lin, old, later)
    assert (found.orders, found.parts, found.cost_fen) == (1, 1, 3500)
    assert found.cost_fen == OrderPart.objects.filter(taken_back_at=None).aggregate(sum=Sum("cost_fen"))["sum"]
    closed = Incident.objects.get(state="closed")
    assert closed.closed_at is not None
    assert found.down_s == (closed.closed_at - closed.opened_at).total_seconds() > 0
    opened = Incident.objects.get(state="open").opened_at
    assert asset_queries.totals_of(lin, new, later).down_s == (later - opened).total_seconds()


def test_an_order_is_tied_by_hand_where_nothing_tells(hall: Hall, now: datetime) -> None:
    chair = register(hall, now, kind="furniture", place=Place("KBS", spot="等候区"), owner="ZW1")
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    order, lin = WorkOrder.objects.get(), hall.actor("lin")
    assert not asset_queries.orders_of(lin, chair).exists()
    for _twice in range(2):
        asset_actions.tie_order(lin, chair, order.number, now=now)
    assert [one.pk for one in asset_queries.orders_of(lin, chair)] == [order.pk]
    assert chair in asset_queries.assets_of_order(lin, order)
    with pytest.raises(Refused, match="没有编号"):
        asset_actions.tie_order(lin, chair, "GD-0", now=now)


def test_warranty_and_life_warn_by_the_days_that_are_there(hall: Hall, now: datetime) -> None:
    """One mechanism: the same things with a day, the same sixty days ahead; a warranty ends without alarm."""
    today = now.astimezone(ZoneInfo("Asia/Shanghai")).date()
    ends, worn = today + timedelta(days=61), today + timedelta(days=90)
    asset = register(hall, now, warranty_until=ends, life_until=worn)
    lin = hall.actor("lin")
    accept(hall, asset, now)
    assert set(DueThing.objects.values_list("kind", "due_on")) == {("warranty", ends), ("life", worn)}
    due_things.judge_things(now)
    assert not Incident.objects.exists()
    due_things.judge_things(now + 2 * DAY)
    soon = Incident.objects.get()
    assert (soon.kind, soon.owner_id, WorkOrder.objects.get().organization.code) == ("due_soon", asset.owner_id, "RS")
    assert "ZC-1" in soon.title
    assert [one.code for one in asset_queries.assets_of_order(lin, WorkOrder.objects.get())] == ["ZC-1"]
    assert asset_queries.totals_of(lin, asset, now + 3 * DAY).down_s == 0, "a day that fell due is no fault"
    due_things.judge_things(now + 63 * DAY)
    assert [(one.kind, one.state) for one in Incident.objects.filter(subject=soon.subject)] == [("due_soon", "closed")]
    due_things.judge_things(now + 92 * DAY)
    assert Incident.objects.filter(kind="due_over", state="open").count() == 1, "past its life: somebody has to look"
    longer = Facts(name=asset.name, owner=asset.owner, warranty_until=ends, life_until=today + timedelta(days=400))
    asset_actions.change(lin, asset, longer, now=now + 93 * DAY)
    assert not Incident.objects.filter(state="open").exists()
    asset_actions.step(lin, asset, "scrap", note="换新", now=now + 94 * DAY)
    assert not DueThing.objects.filter(retired_at=None).exists()


def test_an_extinguisher_s_life_is_an_extinguisher_s_day(hall: Hall, now: datetime) -> None:
    until = now.date() + timedelta(days=400)
    register(hall, now, kind="extinguisher", place=Place("KBS", spot="入口左侧"), owner="ZW1", life_until=until)
    assert DueThing.objects.values_list("kind", "due_on").get() == ("extinguisher", until)


def test_what_was_changed_stays_readable_and_a_contract_is_one_of_the_place(hall: Hall, now: datetime) -> None:
    asset, lin = register(hall, now, make="A1"), hall.actor("lin")
    kept = contract(hall, "VN1", now)
    changed = asset_actions.change(
        lin, asset, Facts(name="凭条打印机", owner=asset.owner, make="A2", contract=kept), now=now
    )
    assert changed.contract == kept
    event = AssetEvent.objects.get(event="change")
    assert event.details == {"make": ["A1", "A2"], "contract": ["", kept.number]}
    asset_actions.change(lin, changed, Facts(name="凭条打印机", owner=asset.owner, make="A2", contract=kept), now=now)
    assert AssetEvent.objects.filter(event="change").count() == 1, "nothing changed, nothing written"
    other = contract(hall, "SW", now, number="HT-2")
    with pytest.raises(Refused, match="不是这里的合同"):
        asset_actions.change(lin, asset, Facts(name="x", owner=asset.owner, contract=other), now=now)
    assert asset_queries.warranty_of(changed, now) is Warranty.UNKNOWN


def test_owner_units_see_and_change_their_own_only(hall: Hall, now: datetime) -> None:
    mine = register(hall, now, who="ren")
    chair = register(hall, now, "ZC-3", kind="furniture", place=Place("KBS"), owner="ZW1")
    theirs = register(hall, now, "ZC-4", place=Place("KBS", "KBS-02", "printer"), owner="SW")
    seen = {
        name: set(asset_queries.assets_visible_to(hall.actor(name)).values_list("code", flat=True))
        for name in ("lin", "ning", "ren", "shui", "mo", "ou")
    }
    every = {mine.code, chair.code, theirs.code}
    assert seen["lin"] == seen["ning"] == every
    assert (seen["ren"], seen["shui"], seen["ou"]) == ({"ZC-1"}, {"ZC-4"}, set())
    assert seen["mo"] == {"ZC-1", "ZC-4"}, "the vendor looks after both terminals, not after the chair"
    for name in ("ren", "mo", "ning", "ou"):
        with pytest.raises(Forbidden):
            asset_actions.step(hall.actor(name), theirs, "return", note="坏的", now=now)
    with pytest.raises(Forbidden):
        register(hall, now, "ZC-5", place=Place("KBS", "KBS-02", "scanner"), owner="SW", who="ren")
    with pytest.raises(Forbidden):
        asset_actions.change(hall.actor("ren"), mine, Facts(name="x", owner=hall.bodies["SW"]), now=now)
    mine.refresh_from_db()
    assert mine.owner == hall.bodies["RS"]


def test_a_move_keeps_the_past_where_it_was(hall: Hall, now: datetime) -> None:
    ups = register(hall, now - DAY, kind="ups", place=Place("KBS", spot="弱电间"), owner="ZW1")
    lin = hall.actor("lin")
    moved = asset_actions.move(lin, ups, Place("KBS", spot="门厅"), note="方便检修", now=now)
    assert moved.spot == "门厅"
    assert list(AssetStay.objects.order_by("since_at").values_list("spot", "since_at", "until_at")) == [
        ("弱电间", now - DAY, now), ("门厅", now, None),
    ]  # fmt: skip
    with pytest.raises(Refused, match="已经在那里"):
        asset_actions.move(lin, ups, Place("KBS", spot="门厅"), note="", now=now)
    with pytest.raises(Forbidden):
        asset_actions.move(lin, ups, Place("HJ", spot="门厅"), note="", now=now)
