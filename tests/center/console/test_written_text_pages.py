"""What the document of an edition says of its standing, and that it has the edition's annexes: by the buttons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.center.hall import SYSTEM, Hall, build
from tests.center.standard.the_papers import bring, made, texts_of
from tests.center.standard.the_project import TODAY, begin, furnish, leader, own_edition, step

from budayang.center.platform.actions import Refused
from budayang.center.standard import actions, opinion_actions, project_actions, writing_actions
from budayang.center.standard.models import Consultation, Project
from budayang.center.standard.opinion_actions import Said
from budayang.data.check_lists import check_lists
from budayang.rules.standard.edition_text import AnnexRow

IN_FORCE = "/console/standard-text/make/standard/docx/"
DRAFT = "草案，不是已发布标准的文本"
NUMBER = "测试号 12—2025"
LIMITS = (
    AnnexRow("B", "时限", "B.1", "报修时限", "一般故障", "4小时以内", "逐单", "WH-15"),
    AnnexRow("B", "时限", "B.2", "回访时限", "差评回访", "15个工作日以内", "", "PJ-09"),
    AnnexRow("D", "记录样式", "D.1", "巡查记录", "巡查人", "", "", ""),
)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14 in Ordos, in the cast's own night."""
    moment = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


@pytest.fixture
def house(db: None, now: datetime) -> Hall:
    cache.clear()
    hall = build(now)
    leader(hall, now)
    return hall


def sign_in(hall: Hall, name: str = "zhu") -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def cover_of(found: list[str]) -> str:
    return "\n".join(found[: found.index("目　　次")])


def of_project(hall: Hall, project: Project) -> list[str]:
    address = f"/console/standard-projects/{project.code}/make/standard/docx/"
    return texts_of(made(sign_in(hall), address, project=project))


def test_the_text_in_force_holds_every_question_of_its_check_lists(house: Hall) -> None:
    found = texts_of(made(sign_in(house), IN_FORCE))
    questions = [question.text for one in check_lists() for question in one.questions]
    assert len(questions) > 50
    assert set(questions) <= set(found)
    assert any(text.startswith("附录A\n（资料性）\n检查表") for text in found)
    assert [text for text in found if text.startswith(("附录C\n", "附录D\n"))] == [
        "附录C\n（资料性）\n条款的判定准则和检查方法", "附录D\n（资料性）\n条款的依据",
    ]  # fmt: skip
    assert "检查表见表A.1至表A.13。" in found
    assert any("见附录D：A为直接读到" in text for text in found), "the foreword sends to where the bases stand"


def test_an_editions_annexes_keep_their_letters_and_the_houses_take_the_free_ones(house: Hall, now: datetime) -> None:
    says = {"WH-15": "修复应符合表B.1的时限", "WH-16": "应符合附录C的规定", "JB-02": "记录应参见附录D"}
    edition = bring(now, says=says, annexes=LIMITS)
    actions.adopt_edition(SYSTEM, edition, now)
    client = sign_in(house)
    found = texts_of(made(client, IN_FORCE))
    assert [text for text in found if re.match(r"附录[A-Z]\n", text)] == [
        "附录B\n（规范性）\n时限", "附录D\n（资料性）\n记录样式", "附录A\n（资料性）\n条款的判定准则和检查方法",
        "附录C\n（资料性）\n条款的依据",
    ]  # fmt: skip
    assert [text for text in found if re.match(r"表[A-Z]", text)] == [
        "表B.1　报修时限", "表B.2　回访时限", "表D.1　巡查记录", "表A.1　判定准则和检查方法", "表C.1　条款的依据",
    ]  # fmt: skip
    assert "时限见表B.1、表B.2。" in found
    repair, visit, record = (found.index(text) for text in ("一般故障", "差评回访", "巡查人"))
    assert found[repair + 1 : repair + 4] == ["4小时以内", "逐单", "7.15"], "a row leads to its clause in the document"
    assert found[visit + 1] == "15个工作日以内"
    assert "频次" not in found[visit - 4 : visit], "a column in which nothing stands is left out"
    assert found[record - 1] == "项目"
    page = client.get("/console/standard-text/wording/?rule=no_such_number").content.decode()
    assert "提到的章条、附录或表不存在" not in page
    bad = bring(now, code="OWN-2", says={"WH-15": "修复应符合表B.3的时限"}, annexes=LIMITS)
    actions.adopt_edition(SYSTEM, bad, now)
    assert "符合表B.3" in client.get("/console/standard-text/wording/?rule=no_such_number").content.decode()


def test_the_text_in_force_bears_its_number_days_and_makers(house: Hall, now: datetime) -> None:
    project = furnish(house, begin(house, now, text=own_edition(now)), now)
    actions.adopt_edition(SYSTEM, project.edition, now)
    client = sign_in(house)
    draft = cover_of(texts_of(made(client, IN_FORCE)))
    assert DRAFT in draft
    assert "（草案）" in draft
    for event in ("plan", "consult", "submit", "finish"):
        project = step(house, project, event, now)
    project = step(house, project, "publish", now, number=NUMBER, effective_on=TODAY)
    found = texts_of(made(client, IN_FORCE))
    cover = cover_of(found)
    for words in ("鄂　尔　多　斯　市　地　方　标　准", NUMBER, f"{TODAY}发布\t{TODAY}实施"):
        assert words in cover
    for words in ("草案", "待定", "由批准部门给出", "报批时填写"):
        assert words not in cover
    assert "本文件起草单位：某市政务服务中心。" in found
    for event in ("take_effect", "begin_review", "revise"):
        project = step(house, project, event, now)
    project_actions.choose_edition(house.actor("zhu"), project, bring(now), now)
    again = texts_of(made(client, IN_FORCE))
    assert NUMBER in cover_of(again)
    assert "本文件起草单位：某市政务服务中心。" in again, "who made the text in force made it still while it is revised"


def test_an_imported_published_text_says_what_is_known(house: Hall, now: datetime) -> None:
    actions.adopt_edition(SYSTEM, bring(now, state="published", number="DB1506/T 0000—2026"), now)
    cover = cover_of(texts_of(made(sign_in(house), IN_FORCE)))
    assert "DB1506/T 0000—2026" in cover
    assert "草案" not in cover
    assert "发布日期未录入\t实施日期未录入" in cover


def test_the_draft_of_a_revision_has_neither_number_nor_days_of_the_old_text(house: Hall, now: datetime) -> None:
    project = begin(house, now, text=own_edition(now))
    for event in ("plan", "consult", "submit", "finish"):
        project = step(house, project, event, now)
    project = step(house, project, "publish", now, number=NUMBER, effective_on=TODAY)
    for event in ("take_effect", "begin_review"):
        project = step(house, project, event, now)
    assert NUMBER in cover_of(of_project(house, project))
    project = step(house, project, "revise", now)
    before = cover_of(of_project(house, project))
    project_actions.choose_edition(house.actor("zhu"), project, bring(now), now)
    project = step(house, project, "consult", now)
    for cover in (before, cover_of(of_project(house, project))):
        assert DRAFT in cover
        assert "标准号由批准部门给出" in cover
        assert "日期待定　发布\t日期待定　实施" in cover
        assert NUMBER not in cover
        assert str(TODAY) not in cover
    assert "（征求意见稿）" in cover


def test_an_abolished_standard_says_so(house: Hall, now: datetime) -> None:
    project = begin(house, now, text=own_edition(now))
    for event in ("plan", "consult", "submit", "finish"):
        project = step(house, project, event, now)
    project = step(house, project, "publish", now, number=NUMBER, effective_on=TODAY)
    for event in ("take_effect", "begin_review", "abolish"):
        project = step(house, project, event, now)
    cover = cover_of(of_project(house, project))
    assert "本标准已废止" in cover
    assert NUMBER in cover


def test_no_group_rewrites_the_text_of_another(house: Hall, now: datetime) -> None:
    """Two projects stand on the reference edition: what one writes is in its own text and nowhere else."""
    one = step(house, begin(house, now), "plan", now)
    other = step(house, begin(house, now, code="other"), "plan", now)
    for event in ("consult", "submit", "finish"):
        other = step(house, other, event, now)
    shipped = of_project(house, other)
    client = sign_in(house)
    form = f"/console/standard-projects/{one.code}/clauses/JB-01/"
    assert client.post(form, {"text": "甲组应这样写。", "note": ""}).status_code == 302
    assert "4.1　甲组应这样写。" in of_project(house, one)
    assert of_project(house, other) == shipped, "报批稿: the clauses are settled"
    assert "4.1　甲组应这样写。" not in texts_of(made(client, IN_FORCE, project=None))
    assert "甲组应这样写" in client.get(f"/console/standard-projects/{one.code}/text/").content.decode()
    for address in ("/console/standard-projects/other/text/", "/console/standard-text/"):
        assert "甲组应这样写" not in client.get(address).content.decode()
    other = step(house, other, "redraft", now)
    writing_actions.word_clause(house.actor("zhu"), other, "JB-01", "乙组必须这样写。", "", now)
    assert "甲组应这样写" in client.get(form).content.decode()
    assert "把“必须”改为“应”" in client.get("/console/standard-projects/other/wording/").content.decode()
    assert "把“必须”改为“应”" not in client.get(f"/console/standard-projects/{one.code}/wording/").content.decode()


def test_the_public_and_the_note_read_the_projects_own_wording(house: Hall, now: datetime) -> None:
    other = begin(house, now, code="other")
    project = step(house, begin(house, now), "plan", now)
    zhu = house.actor("zhu")
    writing_actions.word_clause(zhu, project, "JB-01", "甲组应这样写。", "", now)
    writing_actions.word_clause(zhu, other, "JB-01", "乙组应这样写。", "", now)
    project = step(house, project, "consult", now)
    opinion_actions.open_round(
        zhu, project, opens_on=TODAY, closes_on=TODAY + timedelta(days=30), asked_units=1, note="", now=now
    )
    asked = Client().get(f"/opinions/{project.code}/").content.decode()
    assert "甲组应这样写。" in asked
    assert "乙组" not in asked
    one = opinion_actions.take_opinion(Consultation.objects.get(), Said("写明。", clause="4.1"), client="c", now=now)
    said = sign_in(house).get(f"/console/standard-projects/{project.code}/opinions/{one.pk}/").content.decode()
    assert "甲组应这样写。" in said
    with pytest.raises(Refused, match="公开征求意见"):
        writing_actions.word_clause(zhu, project, "JB-02", "应改。", "", now)
