"""Forms in pages, materials, e-licences, who acts for whom and joint matters, through the terminal's own HTTP."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from journey_center import HandCamera, JourneyCenter, paper, rich_catalogue
from PIL import Image, ImageDraw
from terminal_stage import AVAILABILITY, CARD, NIGHT, PDF, RECEIPT, Stage, play, stage

from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.journey import Journey
from budayang.uplink.clock import ManualClock
from budayang.wire import messages as wire

OTHER = Card("resident", "测试乙", "999999198505050026", "2", None, address="演示市演示路2号")
DAY = NIGHT.replace(hour=2)  # ten in the morning in Ordos


@asynccontextmanager
async def rich(folder: Path, **more: Any) -> AsyncIterator[tuple[Stage, JourneyCenter, HandCamera]]:
    """A terminal with a camera, a rich catalogue and a center that knows what a journey asks beside its case."""
    center, camera = JourneyCenter(), HandCamera()
    center.send("catalogue", rich_catalogue())
    center.send("availability", AVAILABILITY)
    async with stage(folder, center=center, clock=ManualClock(DAY), ready=False, **more) as s:
        await s.until(lambda: len(s.terminal.catalogue) and s.terminal.uplink.line.level == "ok")
        await s.until(lambda: s.terminal.peripherals.reading("printer", "device").state != "unknown")
        s.terminal.attendant.sheets.camera = camera
        yield s, center, camera


def journey(s: Stage) -> Journey:
    return s.terminal.attendant.journey


async def answer(s: Stage, **fields: str) -> dict[str, Any]:
    """Fill the shown page and go on; gives the view of the next one."""
    got = await s.post("filled", {name.replace("__", "."): value for name, value in fields.items()})
    assert got["ok"], (got, s.view().get("errors"))
    return s.view()


async def to_the_form(s: Stage) -> dict[str, Any]:
    await s.identified("ZZ045")
    await s.state("licences")
    await s.post("licences_no")
    return await s.state("fill")


async def fill_birth(s: Stage, kind: str = "natural") -> dict[str, Any]:
    await to_the_form(s)
    await answer(s, birth_date="2026-03-16")
    await answer(s, birth_kind=kind)
    await answer(s, children__0__sex="1", children__0__certificate="Z150000001")
    await answer(s, insured="self")
    await answer(s, pay_to="card")
    await answer(s, phone="13800000000")
    return await answer(s, promise="true")


def test_one_question_a_page_and_what_was_typed_stays(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, _camera):
            view = await to_the_form(s)
            assert (view["step"]["n"], view["step"]["title"]) == (1, "孩子哪天出生？")
            assert [field.name for field in view["fields"]] == ["birth_date"]
            assert not (await s.post("filled", {"birth_date": "2026-13-01"}))["ok"]
            assert s.view()["errors"] == {"birth_date": "日期不存在，请重新选择年、月、日"}
            view = await answer(s, birth_date="2026-03-16")
            assert view["step"]["n"] == 2
            # Half a page and back: what was typed is there again, also on the page that was left.
            await s.post("page_back", {"birth_kind": "caesarean"})
            assert s.view()["values"] == {"birth_date": "2026-03-16"}
            view = await answer(s, birth_date="2026-03-16")
            assert view["values"] == {"birth_kind": "caesarean"}

    play(scene)


def test_a_conditional_page_appears_and_its_answer_is_gone_with_its_reason(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, _camera):
            await to_the_form(s)
            await answer(s, birth_date="2026-03-16")
            await answer(s, birth_kind="natural")
            await answer(s, children__0__sex="1", children__0__certificate="Z150000001")
            view = await answer(s, insured="spouse")
            assert view["step"]["title"] == "配偶是谁？"
            await answer(s, spouse_name="测试乙", spouse_id="11010519491231002X")
            await s.post("page_back", {"pay_to": "card"})
            await s.post("page_back", {"spouse_name": "测试乙", "spouse_id": "11010519491231002X"})
            view = await answer(s, insured="self")
            assert view["step"]["title"] == "津贴打到哪里？"
            await answer(s, pay_to="card")
            await answer(s, phone="13800000000")
            await answer(s, promise="true")
            await s.state("sheets")
            assert "spouse_name" not in journey(s).form

    play(scene)


def test_twins_are_filled_in_one_by_one_and_one_can_be_taken_out(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, _camera):
            await to_the_form(s)
            await answer(s, birth_date="2026-03-16")
            view = await answer(s, birth_kind="natural")
            assert view["step"]["can_add"]
            got = await s.post("more_entry", {"children.0.sex": "1", "children.0.certificate": "wrong"})
            assert not got["ok"], "the first is put right before the second is asked for"
            await s.post("more_entry", {"children.0.sex": "1", "children.0.certificate": "Z150000001"})
            view = s.view()
            assert view["step"]["title"] == "这次生的孩子（第2个）"
            assert [field.name for field in view["fields"]][1:] == ["children.1.sex", "children.1.certificate"]
            await s.post("more_entry", {"children.1.sex": "2", "children.1.certificate": "Z150000002"})
            await s.post("drop_entry")
            assert s.view()["step"]["title"] == "这次生的孩子（第2个）"
            assert s.view()["values"]["children.1.certificate"] == "Z150000002"
            view = await answer(s, children__1__sex="2", children__1__certificate="Z150000002")
            assert view["step"]["title"] == "用谁的生育保险申请？"

    play(scene)


def test_one_answer_is_changed_from_the_summary_and_the_rest_is_not_asked_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, camera):
            await fill_birth(s)
            await photograph(s, camera)
            assert (await s.post("sheets_next"))["ok"]
            view = await s.state("confirm")
            phone = next(one for one in view["answers"] if one["name"] == "phone")
            assert phone["value"] == "138****0000", "a number is masked on a page that others may see"
            await s.post("change", {"name": "phone"})
            view = await s.state("fill")
            assert (view["step"]["title"], view["step"]["returning"]) == ("怎样找到您？", True)
            await s.post("filled", {"phone": "13900000000"})
            await s.state("confirm")
            assert journey(s).form["phone"] == "13900000000"
            # A change that makes new questions needed leads through them, and only through them.
            await s.post("change", {"name": "pay_to"})
            await s.post("filled", {"pay_to": "bank"})
            assert s.view()["step"]["title"] == "那张银行卡"
            await answer(s, bank="演示银行", account="6222000000000000")
            await s.state("confirm")

    play(scene)


async def photograph(s: Stage, camera: HandCamera, content: bytes | None = None) -> dict[str, Any]:
    camera.sees = content or paper()
    before = len(journey(s).sheets)
    assert (await s.post("shoot"))["ok"]
    await s.until(lambda: len(journey(s).sheets) > before or bool(journey(s).error), 20)
    found: dict[str, Any] = s.view()["sheets"]
    return found


def test_materials_are_photographed_looked_at_ordered_and_handed_in_sealed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, camera):
            view = await fill_birth(s, "caesarean")
            assert (view["sheets"]["title"], view["sheets"]["of"]) == ("出生医学证明", 2)
            assert not (await s.post("sheets_next"))["ok"]
            sheets = await photograph(s, camera, paper("一"))
            assert sheets["list"][0]["problems"] == []
            sheets = await photograph(s, camera, paper("二", shift=150))
            assert sheets["list"][1]["problems"] == ["纸的边没有拍全，请把整张纸放进画面，再拍一次"]
            assert not (await s.post("sheets_next"))["ok"], "somebody has to look at it"
            assert (await s.post("sheet_keep", {"sheet": sheets["list"][1]["name"]}))["ok"]
            assert (await s.post("sheet_up", {"sheet": sheets["list"][1]["name"]}))["ok"]
            first = s.view()["sheets"]["list"][0]["name"]
            picture = await s.browser.get(f"/api/sheet/{first}")
            assert picture.headers["content-type"] == "image/jpeg"
            assert picture.headers["cache-control"] == "no-store"
            assert (await s.post("sheets_next"))["ok"]
            assert s.view()["sheets"]["title"] == "出院小结或诊断证明"
            await photograph(s, camera, paper("三"))
            await s.post("sheets_next")
            view = await s.state("confirm")
            assert [one["count"] for one in view["given"]] == [2, 1]
            await s.post("submit")
            await s.until(lambda: center.cases)
            (number,) = center.cases
            private = center.cases[number][1]
            assert [ref["position"] for ref in private["materials"]] == [0, 1, 2]
            assert [center.sheets[number, n][0].kind for n in range(3)] == [
                "birth_certificate", "birth_certificate", "discharge",
            ]  # fmt: skip
            assert all(content.startswith(b"\xff\xd8") for _head, content in center.sheets.values())

    play(scene)


def test_a_blank_sheet_is_not_kept_and_a_dead_camera_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, camera):
            await fill_birth(s)
            sheets = await photograph(s, camera, paper(lines=0))
            assert sheets["list"][0]["refused"]
            name = sheets["list"][0]["name"]
            assert not (await s.post("sheet_keep", {"sheet": name}))["ok"]
            assert (await s.post("sheet_drop", {"sheet": name}))["ok"]
            camera.broken = "offline"
            await s.post("shoot")
            await s.until(lambda: "高拍仪没有拍成" in journey(s).error)

    play(scene)


def test_a_phone_brings_sheets_and_its_link_ends_with_the_page(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            await fill_birth(s)
            await s.post("phone")
            await s.until(lambda: (s.view()["sheets"]["link"] or {}).get("url"))
            assert center.links[0].kinds[0].kind == "birth_certificate"
            assert "/m/token/" in (await s.browser.get("/")).text or "<svg" in (await s.browser.get("/")).text
            center.uploads += [("birth_certificate", "image/jpeg", paper("手机")), ("other", "image/jpeg", paper())]
            await s.until(lambda: journey(s).sheets, 20)
            center.uploads.append(("birth_certificate", "application/pdf", b"%PDF-1.7\n"))
            await s.until(lambda: len(journey(s).sheets) == 2, 20)
            assert [one.by for one in journey(s).sheets] == ["phone", "phone"]
            assert s.view()["sheets"]["list"][1]["pdf"]
            await s.post("sheets_next")
            await s.state("confirm")
            await s.until(lambda: center.closed == 1)

    play(scene)


def test_ending_the_journey_leaves_no_sheet_and_closes_the_link(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, camera):
            await fill_birth(s)
            await photograph(s, camera)
            name = journey(s).sheets[0].name
            await s.post("phone")
            await s.until(lambda: (s.view()["sheets"]["link"] or {}).get("url"))
            await s.post("exit")
            assert journey(s).sheets == []
            assert (await s.browser.get(f"/api/sheet/{name}")).status_code == 404
            await s.until(lambda: center.closed == 1)
            assert not any(b"\xff\xd8\xff" in one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())

    play(scene)


def test_a_case_with_sheets_waits_for_the_network_and_goes_later(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, camera):
            await fill_birth(s)
            await photograph(s, camera, paper("断网"))
            await s.post("sheets_next")
            await s.state("confirm")
            center.down = True
            await s.post("submit")
            await s.until(lambda: s.terminal.outbox.unsent_cases())
            (row,) = s.terminal.outbox.unsent_cases()
            assert len(s.terminal.outbox.unsent_sheets(row.number)) == 1
            stored = (tmp_path / "outbox.sqlite3").read_bytes()
            assert b"\xff\xd8\xff" not in stored
            await s.post("exit")
            center.down = False
            await s.until(lambda: center.cases, 20)
            assert center.sheets[row.number, 0][0].kind == "birth_certificate"
            await s.until(lambda: not s.terminal.outbox.unsent_cases())

    play(scene)


def test_e_licences_are_asked_only_with_consent_and_say_where_they_come_from(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            await s.identified("ZZ045")
            view = await s.state("licences")
            assert [one["title"] for one in view["licences"]["wanted"]] == ["出生医学证明", "结婚证"]
            assert center.asked_licences == []
            await s.post("licences_yes")
            await s.until(lambda: journey(s).licences.phase == "found")
            view = s.view()
            assert view["licences"]["found"][0]["source"] == "市电子证照库"
            (asked,) = center.asked_licences
            assert asked["kinds"] == ["birth", "marriage"]
            assert asked["person"]["id_number"] == CARD.id_number
            await s.post("licences_no")
            await s.state("fill")
            await answer(s, birth_date="2026-03-16")
            await answer(s, birth_kind="natural")
            await answer(s, children__0__sex="1", children__0__certificate="Z150000001")
            view = await answer(s, insured="spouse")
            assert view["values"]["spouse_name"] == "测试乙"
            assert view["sources"]["spouse_name"] == "电子结婚证（市民政局）"
            page = (await s.browser.get("/")).text
            assert "来自电子结婚证（市民政局），不对可以改" in page

    play(scene)


def test_a_silent_licence_source_keeps_nobody_from_typing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            center.licences = None
            await s.identified("ZZ045")
            await s.state("licences")
            await s.post("licences_yes")
            await s.until(lambda: journey(s).licences.phase == "silent")
            assert "电子证照库现在没有应答" in (await s.browser.get("/")).text
            await s.post("licences_no")
            view = await s.state("fill")
            assert view["values"] == {"birth_date": ""}

    play(scene)


def drawn() -> str:
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).line((100, 200, 400, 80, 700, 220), fill="black", width=8)
    out = io.BytesIO()
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def test_somebody_acts_with_both_cards_and_a_signature(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, camera):
            assert (await s.post("choose", {"item": "ZZ045"}))["ok"]
            assert "同意，替别人办" in (await s.browser.get("/")).text
            assert (await s.post("agree_for"))["ok"]
            assert s.reader is not None
            s.reader.lay()
            view = await s.state("agent")
            assert not view["acting"]["signed"]
            assert not (await s.post("sign", {"relation": "spouse", "signature": ""}))["ok"]
            assert not (await s.post("sign", {"relation": "nobody", "signature": drawn()}))["ok"]
            assert (await s.post("sign", {"relation": "spouse", "signature": drawn()}))["ok"]
            s.reader.lay()  # the person's own card again
            await s.until(lambda: "请放代办人的证件" in journey(s).error)
            s.reader.lay(OTHER)
            await s.state("fill")
            assert journey(s).licences.phase == "", "an agent does not open another person's e-licences"
            await answer(s, birth_date="2026-03-16")
            await answer(s, birth_kind="natural")
            await answer(s, children__0__sex="1", children__0__certificate="Z150000001")
            await answer(s, insured="self")
            await answer(s, pay_to="card")
            await answer(s, phone="13800000000")
            await answer(s, promise="true")
            await photograph(s, camera)
            await s.post("sheets_next")
            view = await s.state("confirm")
            assert view["agent"]["relation"] == "配偶"
            await s.post("submit")
            await s.until(lambda: center.cases)
            (number,) = center.cases
            sent = center.cases[number][1]["agent"]
            assert (sent["id_number"], sent["relation"], sent["consent"]["version"]) == (
                OTHER.id_number, "spouse", "代办-2026-11",
            )  # fmt: skip
            heads = [center.sheets[number, n][0].kind for n in range(2)]
            assert heads == ["birth_certificate", "delegation"]
            assert sent["signature"] == center.cases[number][1]["materials"][1]["sha256"]

    play(scene)


def test_an_item_that_only_the_person_may_do_offers_no_agent(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, _center, _camera):
            await s.post("choose", {"item": "ZZ001"})
            assert "替别人办" not in (await s.browser.get("/")).text
            assert not (await s.post("agree_for"))["ok"]

    play(scene)


PARTS = [
    wire.CasePart(item="ZZ001", name="个人参保证明", department="人社", number="N-1", state="done", word="已办好"),
    wire.CasePart(item="ZZ031", name="医保参保凭证", department="医保", number="N-2", state="failed", word="没有办成",
                  message="未查到记录", todo="其他几项不受影响，不用重办。"),
    wire.CasePart(item="ZZ013", name="养老保险关系转移接续", department="人社", state="window", word="需到窗口办理",
                  todo="请带身份证，到人社窗口办理。"),
]  # fmt: skip


def test_the_parts_that_nobody_was_shown_are_not_told_as_asked(tmp_path: Path) -> None:
    """The page of the first part is skipped: the others never stood there. What has not ended, and what was asked
    about before, is not among them.
    """
    more = [
        wire.CasePart(item="ZZ045", name="生育津贴", department="医保", number="N-3", state="to_pay", word="待缴费"),
        wire.CasePart(item="ZZ046", name="社保卡", department="人社", number="N-4", state="unclear", word="待核"),
    ]

    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            asked = msgspec.structs.replace(PARTS[0], number="N-0", asked=True)
            center.joint_parts = [asked, *more, *PARTS]
            await s.identified("YJSJY")
            for one in ({"how": "hired"}, {"left_before": "no"}, {"fund": "no"}, {"phone": "13800000000"}):
                await answer(s, **one)
            await answer(s, promise="true")
            await s.post("submit")
            await s.state("take")
            await s.post("taken")
            view = await s.state("rate")
            assert view["rating"]["part"] == {"name": "个人参保证明", "n": 1, "of": 2}
            await s.post("skip")
            await s.state("clear")
            await s.until(lambda: center.bodies("session"))
            assert center.bodies("rating.shown") == [{"number": "N-1"}]
            assert center.bodies("rating") == []

    play(scene)


def test_a_joint_matter_is_one_form_one_submission_and_a_rating_for_each_part(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            center.joint_parts = PARTS
            page = (await s.browser.get("/events/job")).text
            assert "就业上岗一件事" in page
            page = (await s.browser.get("/items/YJSJY")).text
            assert "填一张表，交一套材料，拿一个编号" in page
            assert "需到窗口办理" in page
            await s.identified("YJSJY")
            view = await s.state("fill")
            assert view["step"]["title"] == "您接下来怎样就业？"
            await answer(s, how="hired")
            await answer(s, left_before="no")
            await answer(s, fund="no")
            await answer(s, phone="13800000000")
            await answer(s, promise="true")
            view = await s.state("confirm")
            assert [part["item"] for part in view["parts"]] == ["ZZ001", "ZZ031"]
            await s.post("submit")
            await s.state("take")
            page = (await s.browser.get("/")).text
            assert "没有办成" in page
            assert "未查到记录" in page
            assert [document for _, document in s.printer.documents] == [PDF, PDF, RECEIPT]
            (number,) = center.cases
            private = center.cases[number][1]
            assert set(private["parts"]) == {"ZZ001", "ZZ031"}
            assert len({number, *private["parts"].values()}) == 3
            await s.post("taken")
            view = await s.state("rate")
            assert view["rating"]["part"] == {"name": "个人参保证明", "n": 1, "of": 2}
            await s.until(lambda: center.bodies("rating.shown"))
            assert center.bodies("rating.shown") == [{"number": "N-1"}], "the other page did not stand there yet"
            await s.post("rated", {"level": "satisfied"})
            assert s.view()["rating"]["part"]["name"] == "医保参保凭证"
            await s.post("rated", {"level": "basically_satisfied"})
            await s.state("clear")
            await s.until(lambda: len(center.bodies("rating")) == 2)
            assert [one["number"] for one in center.bodies("rating")] == ["N-1", "N-2"]
            assert [one["number"] for one in center.bodies("rating.shown")] == ["N-1", "N-2"]

    play(scene)


def test_a_refused_form_is_told_with_its_fields(tmp_path: Path) -> None:
    async def scene() -> None:
        async with rich(tmp_path) as (s, center, _camera):
            center.refuse_case = "form_refused"
            await s.identified("ZZ001")
            await s.post("filled", {"insurance": "all", "months": "12"})
            await s.post("submit")
            view = await s.state("outcome")
            assert view["outcome"]["kind"] == "failed"
            assert view["outcome"]["again"]

    play(scene)


def test_the_card_fills_in_what_it_says() -> None:
    facts = replace(CARD, id_number="999999199003070012")
    assert facts.address == "演示市演示路1号"
