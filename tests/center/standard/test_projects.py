"""A standard as a project: who may do what, what each step needs, and the explanatory note that is written from it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from docx import Document
from tests.center.hall import Hall
from tests.center.standard.the_project import CODE, TODAY, begin, consult, edition, furnish, own_edition, step

from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.standard import opinion_actions, project_actions, project_queries
from budayang.center.standard.models import ProjectStep
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.project_actions import Step
from budayang.center.standard.writing_note import EMPTY, missing_parts, write_note
from budayang.center.standard.writing_word import word_document

SECTIONS = (
    "一、任务来源", "二、制定标准的目的和意义", "三、编制过程", "四、编制原则和依据", "五、主要条款的说明",
    "六、与国家相关强制性标准有无矛盾和冲突", "七、重大意见分歧的处理依据和结果", "八、其他应说明事项",
)  # fmt: skip


def note_of(project: object) -> list[str]:
    paper = Document(io.BytesIO(word_document(write_note(project, today=TODAY))))  # type: ignore[arg-type]
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return [one.text for one in paper.paragraphs] + cells


def test_only_who_leads_the_place_begins_a_project(hall: Hall, now: datetime) -> None:
    begin(hall, now)
    with pytest.raises(Forbidden):
        project_actions.begin_project(
            hall.actor("ning"), code="x-1", title="x", place=hall.city, edition=edition(), applied_on=TODAY, now=now
        )
    with pytest.raises(Refused, match=CODE):
        begin(hall, now)


def test_who_sees_a_project(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    seen = {
        name: project_queries.projects_visible_to(hall.actor(name)).count() for name in ("zhu", "ning", "lin", "ren")
    }
    assert seen == {"zhu": 1, "ning": 1, "lin": 0, "ren": 0}
    project_actions.add_member(hall.actor("zhu"), project, hall.staff["ren"], "第5章", TODAY, now)
    assert project_queries.projects_visible_to(hall.actor("ren")).count() == 1
    assert project_queries.drafts(hall.actor("ren"), project)
    member = project.members.get()
    project_actions.end_member(hall.actor("zhu"), member, TODAY, now)
    assert project_queries.projects_visible_to(hall.actor("ren")).count() == 0


def test_the_whole_way_with_its_trail_and_news(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    project_actions.set_milestone(hall.actor("zhu"), project, "review", TODAY - timedelta(days=1), now)
    assert project_queries.late_milestones(TODAY).count() == 1
    for event in ("plan", "consult", "submit", "finish"):
        project = step(hall, project, event, now)
    assert project_queries.late_milestones(TODAY).count() == 0
    project = step(hall, project, "publish", now, number="测试号 1", effective_on=TODAY)
    project = step(hall, project, "take_effect", now)
    assert (project.stage, project.number, project.plan_paper) == ("in_force", "测试号 1", "市监标〔2026〕1号")
    assert [one.event for one in ProjectStep.objects.order_by("pk")] == [
        "plan", "consult", "submit", "finish", "publish", "take_effect",
    ]  # fmt: skip
    assert Transition.objects.filter(kind="standard.project_moved").count() == 6
    assert AuditLine.objects.filter(action="standard.take_step").count() == 6
    done = [row.what for row in project_queries.timeline(project, TODAY) if row.done]
    assert done == ["提出立项申请", "起草（草案）", "征求意见稿", "送审稿", "报批稿", "已发布", "已实施"]


def test_a_reference_edition_is_never_published(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    for event in ("plan", "consult", "submit", "finish"):
        project = step(hall, project, event, now)
    with pytest.raises(Refused, match="参照版"):
        step(hall, project, "publish", now, number="测试号 1")
    project = step(hall, project, "redraft", now)
    project_actions.choose_edition(hall.actor("zhu"), project, own_edition(now), now)
    for event in ("consult", "submit", "finish"):
        project = step(hall, project, event, now)
    assert step(hall, project, "publish", now, number="测试号 1").stage == "published"


def test_steps_are_not_skipped_nor_dated_back(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    with pytest.raises(Refused, match="刷新"):
        step(hall, project, "submit", now)
    with pytest.raises(Refused, match="文号"):
        step(hall, project, "plan", now, paper="")
    project = step(hall, project, "plan", now)
    early = Step("consult", TODAY - timedelta(days=1))
    with pytest.raises(Refused, match="早于"):
        project_actions.take_step(hall.actor("zhu"), project, early, now)
    with pytest.raises(Forbidden):
        project_actions.take_step(hall.actor("ning"), project, Step("consult", TODAY), now)


def test_a_text_is_sent_on_only_when_every_opinion_was_handled(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    round_ = consult(hall, project, now)
    project = round_.project
    one = opinion_actions.take_opinion(round_, Said("写明时限。", clause="4.9"), client="c", now=now)
    with pytest.raises(Refused, match="意见汇总处理表"):
        step(hall, project, "submit", now)
    opinion_actions.decide(hall.actor("zhu"), one, "accepted", "", now)
    with pytest.raises(Refused, match="2026-12-24 截止"):
        step(hall, project, "submit", now)
    with pytest.raises(Refused, match="2026-12-24 截止"):
        step(hall, project, "submit", now + timedelta(days=30))
    assert step(hall, project, "submit", now + timedelta(days=31)).stage == "review"


def test_research_is_linked_to_facts_that_are_there(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - timedelta(minutes=9), now - timedelta(minutes=8))
    order, incident = WorkOrder.objects.get(), Incident.objects.get()

    def add(kind: str, ref: str, place: object = None) -> object:
        return project_actions.add_finding(
            hall.actor("zhu"), project, place or hall.area.place, found_on=TODAY, kind="problem", text="x",  # type: ignore[arg-type]
            fact_kind=kind, fact_ref=ref, now=now,
        )  # fmt: skip

    add("order", order.number)
    add("incident", str(incident.pk))
    addresses = [project_queries.fact_address(hall.actor("zhu"), one) for one in project.findings.all()]
    assert addresses == [
        "/console/areas/KBS/",
        f"/console/orders/{order.number}/",
        f"/console/incidents/{incident.pk}/",
    ]
    for kind, ref, place in (
        ("order", "WO-NONE", None), ("incident", "999999", None), ("incident", "x", None),
        ("order", order.number, hall.far_area.place),
    ):  # fmt: skip
        with pytest.raises(Refused):
            add(kind, ref, place)
    with pytest.raises(Refused, match="手机号"):
        project_actions.add_finding(
            hall.actor("zhu"), project, hall.area.place, found_on=TODAY, kind="need", text="找 13900001234", now=now
        )
    with pytest.raises(Refused, match="XX-1"):
        project_actions.add_finding(
            hall.actor("zhu"),
            project,
            hall.area.place,
            found_on=TODAY,
            kind="need",
            text="x",
            clause_code="XX-1",
            now=now,
        )


def test_the_note_has_its_sections_and_says_what_is_missing(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    found = note_of(project)
    assert [text for text in found if text in SECTIONS] == list(SECTIONS)
    assert EMPTY in found
    assert {"任务来源", "起草单位", "会议", "调研"} <= set(missing_parts(project))
    project = furnish(hall, project, now)
    assert missing_parts(project) == []


def test_the_note_is_written_from_the_rows(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    round_ = consult(hall, project, now)
    project = round_.project
    zhu = hall.actor("zhu")
    rows = [
        opinion_actions.take_opinion(
            round_, Said(f"意见{at}", clause="4.1", unit="某区政务局"), client=f"c{at}", now=now
        )
        for at in range(3)
    ]
    opinion_actions.decide(zhu, rows[0], "accepted", "", now)
    opinion_actions.decide(zhu, rows[1], "partly", "只改一半。", now)
    opinion_actions.decide(zhu, rows[2], "rejected", "与上位法不一致。", now, major=True)
    found = "\n".join(note_of(project))
    for words in (
        "市监标〔2026〕1号", "推荐性地方标准", "提出单位：某市政数局。", "主要起草人员：测试甲。", "第5章硬件设备",
        "启动会", "夜里有机器关着。", "自助区 A-KBS", "2026年11月24日至2026年12月24日", "另向12个单位书面征求意见",
        "共 3 条意见：采纳 1 条，部分采纳 1 条，未采纳 1 条。", "与上位法不一致。", "GB 50763《无障碍设计规范》",
        "文本为参照版", "第4章　基本要求",
    ):  # fmt: skip
        assert words in found, words
    assert "没有记录到重大意见分歧" not in found
    assert "只改一半。" not in found, "what is no major dissent stands in the summary table only"
    assert EMPTY not in found


def test_the_note_tells_row_by_row_who_wrote_what_from_when_to_when(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    zhu = hall.actor("zhu")
    left = project_actions.add_member(zhu, project, hall.staff["ren"], "第7章维护管理", TODAY - timedelta(days=50), now)
    project_actions.end_member(zhu, left, TODAY - timedelta(days=5), now)
    project = step(hall, project, "plan", now)
    paper = Document(io.BytesIO(word_document(write_note(project, today=TODAY))))
    tables = [[tuple(cell.text for cell in row.cells) for row in table.rows] for table in paper.tables]
    group, meetings, research, steps = tables[:4]
    ren = hall.staff["ren"].name
    assert group == [
        ("姓名", "分工", "起止"), ("测试甲", "第5章硬件设备", "2026-08-26 至 今"),
        (ren, "第7章维护管理", "2026-10-05 至 2026-11-19"),
    ]  # fmt: skip
    assert meetings[1:] == [("2026-09-05", "启动会", "7", "定大纲", "按六章编写。")]
    assert research[1:] == [
        ("2026-09-25", hall.area.place.name, "存在的问题", "夜里有机器关着。", "4.1", "自助区 A-KBS")
    ]
    assert steps[1:] == [("2026-11-24", "下达计划，准予立项", "市监标〔2026〕1号", "—")]
    lines = [one.text for one in paper.paragraphs]
    assert f"主要起草人员：测试甲、{ren}。" in lines
    assert (
        "本项目于2026年5月8日申请立项，2026年11月24日由市监标〔2026〕1号下达计划，标准性质为推荐性地方标准。" in lines
    )
    where = {text: lines.index(text) for text in SECTIONS}
    for at, said in (
        (0, "按征集通知申请立项。"), (1, "让夜里也能办事。"), (1, "统一各区的要求。"), (3, "能查、能证实、不重复。"),
        (4, "第4章规定谁来管，第5章规定设备。"), (5, "与强制性标准逐条核对，没有矛盾。"),
    ):  # fmt: skip
        assert said in lines[where[SECTIONS[at]] : where[SECTIONS[at + 1]]], SECTIONS[at]


def test_the_note_counts_the_clauses_of_each_chapter(hall: Hall, now: datetime) -> None:
    paper = Document(io.BytesIO(word_document(write_note(begin(hall, now), today=TODAY))))
    rows = [[cell.text for cell in row.cells] for table in paper.tables for row in table.rows]
    counts = {row[0]: row[1] for row in rows if row[0].startswith("第")}
    assert list(counts.values()) == ["36", "35", "24", "30", "25"]
