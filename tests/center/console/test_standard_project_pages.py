"""Pages of the standard's project: what each says, to whom, and what a press of a button does."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk
from tests.center.hall import Hall, build
from tests.center.standard.the_project import CODE, begin, consult, edition, furnish, own_edition, step

from budayang.center.platform import works
from budayang.center.standard import opinion_actions, queries
from budayang.center.standard.models import ClauseVerdict, Consultation, Opinion, Project, WrittenFile
from budayang.center.standard.opinion_actions import Said

AT = f"/console/standard-projects/{CODE}/"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14 in Ordos, in the cast's own night."""
    moment = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


@pytest.fixture
def house(db: None, now: datetime) -> Hall:
    """A project in consultation, with three opinions, one of them decided."""
    cache.clear()
    hall = build(now)
    found = consult(hall, furnish(hall, begin(hall, now), now), now)
    rows = [
        opinion_actions.take_opinion(found, Said(f"意见{n}", clause="4.9"), client=f"c{n}", now=now) for n in range(3)
    ]
    opinion_actions.decide(hall.actor("zhu"), rows[0], "partly", "只改一半。", now)
    return hall


def sign_in(hall: Hall, name: str) -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_list_and_the_project_say_how_it_stands(house: Hall) -> None:
    client = sign_in(house, "zhu")
    assert "政务服务24小时自助服务区运行规范" in page(client, "/console/standard-projects/")
    text = page(client, AT)
    for words in (
        "征求意见稿", "参照版", "某市政数局", "第5章硬件设备", "启动会", "夜里有机器关着", "第 1 轮", "部分采纳 1",
        "待处理 2",
        "留存这一稿", "推进阶段",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    "address",
    ["", "text/", "wording/", "opinions/consultation/", "opinions/review/"],
)
def test_readers_read_and_are_offered_nothing_to_write(house: Hall, address: str) -> None:
    text = page(sign_in(house, "ning"), AT + address)
    for words in ("推进阶段", "登记会议", "录入一条", "改写 4.1", "留存这一稿"):
        assert words not in text
    assert sign_in(house, "ou").get(AT + address).status_code == 404
    assert sign_in(house, "sys").get(AT + address).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["texts/", "meetings/new/", "findings/new/", "clauses/JB-01/", "opinions/consultation/import/"],
)
def test_only_the_group_writes(house: Hall, address: str) -> None:
    assert sign_in(house, "lin").get(AT + address).status_code == 200
    assert sign_in(house, "ning").get(AT + address).status_code == 403


@pytest.mark.parametrize("address", ["step/", "units/new/", "members/new/", "milestones/", "rounds/new/"])
def test_only_who_leads_moves_it_on(house: Hall, address: str) -> None:
    assert sign_in(house, "zhu").get(AT + address).status_code == 200
    assert sign_in(house, "lin").get(AT + address).status_code == 403


def test_an_application_by_the_form(house: Hall) -> None:
    client = sign_in(house, "zhu")
    typed = {
        "code": "second", "title": "第二个", "place": str(house.city.pk), "edition": str(edition().pk),
        "applied_on": "2026-11-01",
    }  # fmt: skip
    answer = client.post("/console/standard-projects/new/", typed | {"code": "Zweites!"})
    assert answer.status_code == 422
    assert "第二个" in answer.content.decode(), "what was typed stays"
    answer = client.post("/console/standard-projects/new/", typed)
    assert answer["Location"] == "/console/standard-projects/second/"
    assert Project.objects.get(code="second").stage == "applied"


def test_a_step_that_cannot_be_says_why_and_one_that_can_is_taken(house: Hall) -> None:
    client = sign_in(house, "zhu")
    answer = client.post(AT + "step/", {"event": "submit", "on": "2026-11-24", "note": ""})
    assert answer.status_code == 422
    assert "意见汇总处理表" in answer.content.decode()
    for one in Opinion.objects.filter(state="open"):
        client.post(f"{AT}opinions/{one.pk}/", {"decision": "accepted", "reason": ""})
    answer = client.post(AT + "step/", {"event": "submit", "on": "2026-11-24", "note": ""})
    assert answer.status_code == 422
    assert "2026-12-24 截止" in answer.content.decode()
    Consultation.objects.update(opens_on=date(2026, 10, 1), closes_on=date(2026, 11, 23))
    assert client.post(AT + "step/", {"event": "submit", "on": "2026-11-24", "note": ""}).status_code == 302
    assert Project.objects.get(code=CODE).stage == "review"


def test_parts_are_added_and_taken_off(house: Hall) -> None:
    client = sign_in(house, "zhu")
    client.post(AT + "units/new/", {"role": "drafts", "name": "第二单位"})
    client.post(AT + "members/new/", {"staff": house.staff["mo"].pk, "part": "第7章", "since_on": "2026-11-20"})
    client.post(AT + "milestones/", {"stage": "review", "due_on": "2026-11-01"})
    client.post(
        AT + "meetings/new/",
        {"held_on": "2026-11-20", "kind": "seminar", "present": "9", "subject": "定数值", "outcome": "照附录。"},
    )
    client.post(
        AT + "findings/new/",
        {
            "found_on": "2026-11-20",
            "place": house.far_area.place.pk,
            "kind": "need",
            "text": "要夜间客服。",
            "clause_code": "",
        },
    )
    text = page(client, AT)
    for words in ("第二单位", "第7章", "已逾期", "定数值", "要夜间客服。"):
        assert words in text, words
    project = Project.objects.get(code=CODE)
    client.post(f"{AT}units/{project.units.get(name='第二单位').pk}/drop/")
    client.post(f"{AT}members/{project.members.get(staff=house.staff['mo']).pk}/end/")
    text = page(client, AT)
    assert "第二单位" not in text
    assert project.members.get(staff=house.staff["mo"]).until_on == date(2026, 11, 24)


def test_a_decision_needs_its_reason_and_stays_typed(house: Hall) -> None:
    client, one = sign_in(house, "lin"), Opinion.objects.filter(state="open").first()
    assert one is not None
    answer = client.post(f"{AT}opinions/{one.pk}/", {"decision": "rejected", "reason": "", "note": "备注甲"})
    assert answer.status_code == 422
    assert "理由" in answer.content.decode()
    assert "备注甲" in answer.content.decode()
    answer = client.post(f"{AT}opinions/{one.pk}/", {"decision": "rejected", "reason": "另有规定。", "major": "on"})
    assert answer.status_code == 302
    one.refresh_from_db()
    assert (one.state, one.major, one.decided_by) == ("decided", True, "lin")


def test_an_opinion_is_typed_in_set_aside_and_let_in_again(house: Hall) -> None:
    client = sign_in(house, "zhu")
    answer = client.post(f"{AT}opinions/review/new/", {"clause": "5.1", "text": "专家意见", "wish": "", "unit": "某院"})
    one = Opinion.objects.get(kind="review")
    assert answer["Location"] == f"{AT}opinions/{one.pk}/"
    client.post(f"{AT}opinions/{one.pk}/move/", {"event": "set_aside", "why": "重复"})
    assert "重复" in page(client, f"{AT}opinions/{one.pk}/")
    client.post(f"{AT}opinions/{one.pk}/move/", {"event": "admit"})
    one.refresh_from_db()
    assert one.state == "open"


def test_the_table_goes_through_excel_by_the_pages(house: Hall) -> None:
    client = sign_in(house, "zhu")
    client.post(f"{AT}make/opinions/xlsx/")
    row = WrittenFile.objects.get(kept=False)
    works.run_work.call(row.work_id)
    content = client.get(f"/console/standard-text/files/{row.pk}/").content
    address = f"{AT}opinions/consultation/import/"
    answer = client.post(address, {"table": SimpleUploadedFile("a.xlsx", content)}).content.decode()
    assert "没有新的行可以导入" in answer
    template = client.get(f"{AT}opinions/consultation/template/")
    assert "xlsx" in template["Content-Disposition"]
    cells = [cell for row in load_workbook(io.BytesIO(template.content)).worksheets[0].iter_rows() for cell in row]
    assert {cell.number_format for cell in cells[8:]} == {"@"}, "a spreadsheet program would make 4.1 of 4.10"
    answer = client.post(address, {"table": SimpleUploadedFile("b.xlsx", template.content)})
    assert "会这样导入" in answer.content.decode()
    payload = answer.context["payload"]
    assert client.post(address, {"payload": payload})["Location"] == f"{AT}opinions/consultation/"
    assert Opinion.objects.filter(source="excel", decision="partly").count() == 1


def test_a_document_is_made_followed_and_taken_away(house: Hall) -> None:
    client = sign_in(house, "zhu")
    assert client.post(f"{AT}make/standard/docx/").status_code == 302
    assert "hx-get" in page(client, f"/console/standard-text/files/?project={CODE}")
    row = WrittenFile.objects.get(kept=False)
    for one in WrittenFile.objects.all():  # the text was kept when the public was asked
        works.run_work.call(one.work_id)
    part = page(client, f"/console/standard-text/files/?project={CODE}")
    assert "hx-get" not in part
    answer = client.get(f"/console/standard-text/files/{row.pk}/")
    assert "attachment" in answer["Content-Disposition"]
    assert any("参照版" in one.text for one in Document(io.BytesIO(answer.content)).paragraphs)
    assert sign_in(house, "ning").get(f"/console/standard-text/files/{row.pk}/").status_code == 404


def test_the_stage_is_kept_by_one_press_and_others_may_read_it(house: Hall) -> None:
    client = sign_in(house, "zhu")
    client.post(f"{AT}keep/")
    for row in WrittenFile.objects.all():
        works.run_work.call(row.work_id)
    text = page(sign_in(house, "ning"), AT)
    assert "留存的各稿" in text
    answer = sign_in(house, "ning").get(f"{AT}kept/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        whats = [name.split("_")[4] for name in packed.namelist()]
        assert whats == ["标准文本", "编制说明", "编制说明"], "as it was asked about, and its note now"
        assert all("征求意见稿" in name for name in packed.namelist())
    assert answer.content == sign_in(house, "zhu").get(f"{AT}kept/").content
    assert "SHA-256" in text


def test_the_text_in_force_says_that_it_is_a_reference_edition(house: Hall) -> None:
    text = page(sign_in(house, "ning"), "/console/standard-text/")
    assert "参照版，不是已发布标准的文本" in text
    assert "GB 50763" in text
    assert sign_in(house, "ren").get("/console/standard-text/").status_code == 403


def test_wording_is_checked_mended_and_exported(house: Hall) -> None:
    client = sign_in(house, "lin")
    said = {"text": "终端必须开放不少于。", "note": "各区应公示。"}
    asked = client.post(f"{AT}clauses/JB-01/", said).content.decode()
    assert "正在公开征求意见" in asked
    assert "终端必须开放不少于。" in asked, "what was typed stays in the form"
    Consultation.objects.update(opens_on=date(2026, 1, 1), closes_on=date(2026, 1, 31))
    client.post(f"{AT}clauses/JB-01/", said)
    text = page(client, f"{AT}wording/")
    for words in ("能愿动词不对", "缺数值或单位", "注、前言、范围里有要求", "4.1 JB-01"):
        assert words in text
    assert "缺数值或单位</span>" not in page(client, f"{AT}wording/?rule=banned")
    answer = client.get(f"{AT}wording/?export=xlsx")
    assert answer.status_code == 200
    assert answer["Content-Type"].endswith("sheet")
    client.post(f"{AT}clauses/JB-01/", {"text": "终端应全天开放。", "note": ""})
    assert "没有查到问题" in page(client, f"{AT}wording/")


def test_texts_of_the_note_are_written_by_the_group(house: Hall) -> None:
    client = sign_in(house, "lin")
    client.post(f"{AT}texts/", {"title": "新名称", "purpose": "夜里也能办。"})
    project = Project.objects.get(code=CODE)
    assert (project.title, project.purpose) == ("新名称", "夜里也能办。")


def test_evidence_counts_areas_and_opens_their_months(house: Hall, now: datetime) -> None:
    clause = edition().clauses.get(code="YJ-07")
    for at, (place, number) in enumerate(((house.area.place, 0.999), (house.far_area.place, 0.5))):
        for back in range(3):
            start, end = queries.month_bounds(queries.month_of(now - timedelta(days=31 * back)))
            ClauseVerdict.objects.create(
                clause=clause, place=place, place_path=place.path, period_start=start, period_end=end,
                answer="met" if number > 0.98 else "not_met", number=number, threshold=0.98, comparison=">=",
                unit="ratio",
                sample=at + 1, why="x", computed_at=now,
            )  # fmt: skip
    client = sign_in(house, "zhu")
    text = page(client, "/console/clause-evidence/?q=YJ-07")
    assert "1/2" in text
    assert "样本不足" in text
    text = page(client, "/console/clause-evidence/YJ-07/")
    assert "/console/conformity/HJ/YJ-07/?month=2026-10" in text
    assert "month=2026-11" not in text, "a month that runs is no month yet"
    assert "50%" in text.replace("50.00%", "50%")
    assert "杭锦旗自助区" not in page(sign_in(house, "lin"), "/console/clause-evidence/YJ-07/")
    answer = client.get("/console/clause-evidence/?export=xlsx")
    assert answer.status_code == 200
    client.post("/console/standard-text/make/evidence/docx/")
    row = WrittenFile.objects.get(what="evidence")
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    texts = [one.text for one in Document(io.BytesIO(bytes(row.content or b""))).paragraphs]
    assert "条款实施证据报告" in texts
    assert any("149 条没有证据" in one for one in texts)


def test_pages_of_the_standard_call_people_by_their_names(desk: Desk, today: datetime) -> None:
    zhu = desk.client("zhu")
    project = furnish(desk.hall, begin(desk.hall, today), today)
    step(desk.hall, project, "plan", today)
    page = zhu.get(f"/console/standard-projects/{project.code}/").content.decode().split("<main")[1]
    assert "测试zhu" in page
    assert '<span class="muted">zhu</span>' not in page


def test_another_text_is_taken_up_by_the_page_and_compared_clause_by_clause(desk: Desk, today: datetime) -> None:
    zhu = desk.client("zhu")
    project = step(desk.hall, begin(desk.hall, today), "plan", today)
    text = own_edition(today)
    address = f"/console/standard-projects/{project.code}/edition/"
    assert desk.client("ning").get(address).status_code == 403
    assert zhu.post(address, {"edition": ""}).status_code == 422
    assert zhu.post(address, {"edition": text.pk}).status_code == 302
    page = zhu.get(f"/console/standard-projects/{project.code}/").content.decode()
    compare = f"/console/editions/{text.code}/compare/?with={edition().code}"
    assert compare in page
    assert zhu.get(compare).status_code == 200
    step(desk.hall, Project.objects.get(), "consult", today)
    page = zhu.get(f"/console/standard-projects/{project.code}/").content.decode()
    assert f"文本 {edition().code} → {text.code}，逐条看差异" in page
    shown = zhu.get(f"/console/editions/{text.code}/").content.decode()
    assert "文本的状态随标准项目" in shown
    assert "文本往下走一步" not in shown
    assert zhu.post(f"/console/editions/{text.code}/move/submit/", {"note": "x"}).status_code == 302
    text.refresh_from_db()
    assert text.state == "comments"
