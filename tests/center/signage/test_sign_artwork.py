"""Artwork of every kind, 未审定 beside what nobody approved, and the sheets of an area as one long work."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.utils import translation
from openpyxl import load_workbook
from tests.center.hall import Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import Work
from budayang.center.platform.works import run_work
from budayang.center.signage import artwork_actions
from budayang.center.signage.artwork import Order, Studio
from budayang.center.signage.artwork_orders import find_plate, list_placed
from budayang.center.signage.models import OfficialSymbol, PlanVersion, SignFile, SignPlan, SignText
from budayang.center.signage.plate_data import About
from budayang.center.signage.text_queries import Wording
from budayang.data.composition_rules import rule_sets
from budayang.data.demo_plan import demo_plan
from budayang.data.sign_kinds import SYMBOL_MARK, sign_kinds
from budayang.rules.signs.composing import InForce, Position
from budayang.rules.signs.drawing import Wall
from budayang.rules.signs.kinds import SignKind
from budayang.rules.signs.plan_picture import plan_svg
from budayang.rules.signs.plates import PLATE_KINDS, PlateData

SAMPLE = "ᠨᠣᠮ ᠤᠰᠤ ᠮᠣᠷᠢ"  # a layout sample of common nouns, not the text of any sign
LONGEST = "鄂尔多斯市康巴什区哈巴格希街道滨河社区二十四小时政务自助服务区"
RULE = rule_sets()["mn_1996"]
PLAIN = Studio(None, Wording({}, {}), demo=True)


def full_plate(kind: SignKind) -> PlateData | None:
    """A plate with everything that its kind must have, in long words."""
    if not kind.plate:
        return None
    known = PLATE_KINDS[kind.plate]
    rows = tuple((label, f"{LONGEST}，0477-12345") for label in known.rows) or (
        (("放身份证", "平放在感应区"), ("取纸", "从下面取")) if known.steps else ()
    )
    qr = "http://127.0.0.1:8800/r/t/KBS-09/0123456789abcdef0123/" if known.qr else ""
    picture = plan_svg(demo_plan(), {}, way_out_mm=900) if known.picture else ""
    return PlateData(kind.plate, LONGEST, rows, qr=qr, qr_word="扫码评价" if qr else "", picture=picture)


def said(pdf: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join(page.extract_text().split())


def order(kind: SignKind) -> Order:
    return Order(kind, kind.width_mm, kind.height_mm, "B-01", full_plate(kind))


def test_every_kind_is_drawn_with_the_longest_names() -> None:
    for kind in sign_kinds().values():
        text = said(PLAIN.draw(order(kind), "pdf"))
        assert (SYMBOL_MARK.replace(" ", "") in text) == bool(kind.symbol), kind.code
        assert "演示数据" in text
        assert ("0477-12345" in text) == bool(kind.plate and PLATE_KINDS[kind.plate].rows), kind.code


def test_an_unapproved_text_is_never_without_the_word() -> None:
    kind = sign_kinds()["entrance"]
    rule = InForce(RULE, "/", datetime(2026, 1, 1).date(), "样例〔2026〕1号", Position.ABOVE, 100)  # noqa: DTZ001

    def drawn(state: str) -> str:
        row = SignText(kind=kind.code, language="mn", text=SAMPLE, state=state)
        return said(Studio(rule, Wording({(kind.code, "mn"): (row,)}, {}), demo=False).draw(order(kind), "pdf"))

    assert "未审定" in drawn("written")
    assert "未审定" not in drawn("approved")
    assert "样例〔2026〕1号" in drawn("approved")
    row = SignText(kind=kind.code, language="mn", text=SAMPLE, state="written")
    no_rule = Studio(None, Wording({(kind.code, "mn"): (row,)}, {}), demo=False)
    assert "未审定" not in said(no_rule.draw(order(kind), "pdf")), "without a rule no Mongolian is printed at all"


def test_official_artwork_is_drawn_and_its_source_is_said_outside_the_cut() -> None:
    kind = sign_kinds()["entrance"]
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
    row = OfficialSymbol(symbol="entrance", media="image/svg+xml", content=svg, source="GB/T 10001.1-2023")
    text = said(Studio(None, Wording({}, {"entrance": row}), demo=False).draw(order(kind), "pdf"))
    assert "GB/T10001.1-2023" in text
    assert "示意图形" not in text
    assert "演示数据" not in text


def test_what_is_too_long_is_refused_by_its_part_and_a_plate_without_data_too() -> None:
    kind = sign_kinds()["terminal_card"]
    plate = full_plate(kind)
    assert plate is not None
    crowded = replace(plate, rows=tuple((label, LONGEST * 20) for label, _value in plate.rows))
    with pytest.raises(Refused, match="内容太长"):
        PLAIN.draw(replace(order(kind), plate=crowded), "pdf")
    with pytest.raises(Refused, match="没有这块牌子的数据"):
        PLAIN.draw(replace(order(kind), plate=None), "pdf")
    with pytest.raises(Refused, match="责任人"):
        PLAIN.draw(replace(order(kind), plate=replace(plate, rows=(("功能", "x"),))), "pdf")


@pytest.mark.django_db
def test_a_plan_is_drawn_from_the_areas_own_drawing(hall: Hall, now: datetime) -> None:
    kind = sign_kinds()["floor_plan"]
    about = About(hall.area, None, now)
    assert find_plate(kind, about, None) is None
    plate = find_plate(kind, about, demo_plan())
    assert plate is not None
    assert "安全出口" in plate.picture
    assert find_plate(sign_kinds()["no_smoking"], about, None) is None


@pytest.mark.django_db
def test_an_evacuation_plan_without_a_way_out_is_refused_and_names_the_terminal(hall: Hall, now: datetime) -> None:
    kind, plan = sign_kinds()["evacuation_plan"], demo_plan()
    about = About(hall.area, None, now)
    plate = find_plate(kind, about, plan)
    assert plate is not None
    assert "polyline" in plate.picture
    shut = replace(plan, walls=(*plan.walls, Wall("w-shut", (0, 2000), (16000, 2000))))
    with pytest.raises(Refused, match="终端 TY-03 的正面没有宽 900 毫米的路"):
        find_plate(kind, about, shut)
    refused = [one for one in list_placed(hall.area, shut, {}, now) if "TY-03" in one.refusal]
    assert [one.sign.kind for one in refused] == ["evacuation_plan"]
    with translation.override("en"), pytest.raises(Refused, match="terminal TY-03 no way 900 mm wide"):
        find_plate(kind, about, shut)


@pytest.fixture
def planned(hall: Hall, now: datetime) -> Hall:
    plan = SignPlan.objects.create(area=hall.area, made_at=now)
    drawing: dict[str, Any] = {
        "width_mm": 20000, "depth_mm": 10000,
        "walls": [], "doors": [],
        "things": [{"id": "t1", "kind": "terminal", "code": hall.terminal.code, "at": [3000, 900], "width_mm": 800,
                    "depth_mm": 600, "height_mm": 1700}],
        "signs": [
            {"id": "s1", "kind": "no_smoking", "at": [1000, 0], "bottom_mm": 1500, "width_mm": 175, "height_mm": 175,
             "mounting": "wall"},
            {"id": "s2", "kind": "rating_code", "at": [3000, 900], "bottom_mm": 1000, "width_mm": 105,
             "height_mm": 105, "mounting": "machine", "about": "t1"},
            {"id": "s3", "kind": "direction_board", "at": [9000, 0], "bottom_mm": 2000, "width_mm": 900,
             "height_mm": 300, "mounting": "hung"},
        ],
    }  # fmt: skip
    PlanVersion.objects.create(plan=plan, number=1, drawing=drawing, made_at=now, made_by="lin")
    return hall


@pytest.mark.django_db
def test_the_sheets_of_an_area_are_one_file_with_the_makers_list(planned: Hall, now: datetime) -> None:
    lin = planned.actor("lin")
    row = artwork_actions.ask_for_signs(lin, planned.area, now=now)
    assert artwork_actions.ask_for_signs(lin, planned.area, now=now).pk == row.pk, "not made twice"
    assert row.work is not None
    run_work.call(row.work.pk)
    row.refresh_from_db()
    work = Work.objects.get(pk=row.work_id)
    assert (work.state, work.done, work.total) == (Work.State.DONE, 4, 4), work.error
    assert (row.made, row.not_made) == (2, 1)
    assert row.content is not None
    kept = zipfile.ZipFile(io.BytesIO(bytes(row.content)))
    assert kept.namelist() == [
        "标志制作清单.xlsx", "盲文平面图文字.txt", "001-no_smoking.pdf", "002-rating_code.pdf",
    ]  # fmt: skip
    plan = kept.read("盲文平面图文字.txt").decode()
    assert "这是文字，不是盲文" in plan
    assert "康巴什区自助区。房间长" in plan
    assert SYMBOL_MARK in said(kept.read("001-no_smoking.pdf"))
    sheet = load_workbook(io.BytesIO(kept.read("标志制作清单.xlsx"))).worksheets[0]
    lines = [list(one) for one in sheet.iter_rows(values_only=True)]
    assert lines[0][0] == "演示数据"
    head, first, _second, third = lines[1:5]
    told = dict(zip(head, first, strict=True))
    assert (told["标志"], told["图形宽（mm）"], told["数量"], told["位置横（mm）"]) == ("禁止吸烟", 175, 1, 1000)
    assert told["牌宽（mm）"] > 175
    assert told["安装方式"] == "墙面"
    assert dict(zip(head, third, strict=True))["未制作的原因"] == "平台没有这块牌子的数据，先不能制作。"
    artwork_actions.forget(now + timedelta(days=8))
    row.refresh_from_db()
    assert row.content is None


@pytest.mark.django_db
def test_who_may_ask_who_may_cancel_and_what_has_to_be_there_first(planned: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        artwork_actions.ask_for_signs(planned.actor("ou"), planned.area, now=now)
    with pytest.raises(Refused, match="平面图"):
        artwork_actions.ask_for_signs(planned.actor("ou"), planned.far_area, now=now)
    row = artwork_actions.ask_for_signs(planned.actor("lin"), planned.area, now=now)
    with pytest.raises(Refused, match="取消"):
        artwork_actions.cancel(planned.actor("ou"), row, now=now)
    artwork_actions.cancel(planned.actor("lin"), row, now=now)
    assert row.work is not None
    run_work.call(row.work.pk)
    assert SignFile.objects.get().content is None
