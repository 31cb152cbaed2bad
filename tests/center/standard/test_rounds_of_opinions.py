"""What the public is asked about: the text stands still, the announced last day holds, a revision begins anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.the_project import CODE, TODAY, begin, consult, day, edition, heard, own_edition, step

from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.standard import opinion_actions, opinion_imports, opinion_queries, project_actions, project_queries
from budayang.center.standard.models import Consultation, Edition, Opinion, Project
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.writing_note import write_note

DAY = timedelta(days=1)


def longer(now: datetime) -> Edition:
    """The draft of the group with one clause more, before all others."""
    first = edition().clauses.order_by("position")[7]
    made = Edition.objects.create(
        code="DRAFT-L", title="自助服务区运行规范", is_reference=False, state="draft", loaded_at=now
    )
    rows = [first, *edition().clauses.order_by("position")[:5]]  # one of the six of the draft is missing
    for at, clause in enumerate(rows, start=1):
        made.clauses.create(
            code=clause.code, position=at, chapter=clause.chapter, chapter_title=clause.chapter_title,
            requirement=clause.requirement, criterion=clause.criterion, grade=clause.grade,
        )  # fmt: skip
    return made


def take(found: Consultation, text: str, clause: str, now: datetime) -> Opinion:
    return opinion_actions.take_opinion(found, Said(text, clause), client=text, now=now)


@pytest.fixture
def asked(hall: Hall, now: datetime) -> Consultation:
    """A round of today about the group's own draft."""
    cache.clear()
    return consult(hall, begin(hall, now, text=own_edition(now)), now)


def test_the_text_is_not_exchanged_while_the_public_is_asked(hall: Hall, asked: Consultation, now: datetime) -> None:
    project, zhu = asked.project, hall.actor("zhu")
    assert asked.edition == project.edition
    with pytest.raises(Refused, match="2026-12-24 截止"):
        project_actions.choose_edition(zhu, project, longer(now), now)
    text = Edition.objects.get(code="DRAFT-L")
    after = now + 31 * DAY
    assert project_actions.choose_edition(zhu, project, text, after).edition == text
    asked.refresh_from_db()
    assert asked.edition is not None
    assert asked.edition.code == "DRAFT-1", "what was asked about stays written down"


def test_a_round_that_has_not_begun_asks_about_the_new_text(hall: Hall, now: datetime) -> None:
    project = step(hall, step(hall, begin(hall, now, text=own_edition(now)), "plan", now), "consult", now)
    found = opinion_actions.open_round(
        hall.actor("zhu"), project, opens_on=TODAY + DAY, closes_on=TODAY + 40 * DAY, asked_units=0, note="", now=now
    )
    project_actions.choose_edition(hall.actor("zhu"), project, longer(now), now)
    found.refresh_from_db()
    assert found.edition == project.edition


def test_what_was_examined_is_not_exchanged(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    for event in ("plan", "consult", "submit", "finish"):
        project = step(hall, project, event, now)
    text = longer(now)
    with pytest.raises(Refused, match="退回修改"):
        project_actions.choose_edition(hall.actor("zhu"), project, text, now)
    project = step(hall, project, "redraft", now)
    project_actions.choose_edition(hall.actor("zhu"), project, text, now)
    assert Project.objects.get().edition.code == "DRAFT-L"


def test_an_opinion_stays_with_its_clause_when_the_text_changes(hall: Hall, asked: Consultation, now: datetime) -> None:
    moved, gone = take(asked, "移了位置的", "4.2", now), take(asked, "删去的", "4.6", now)
    code = edition().clauses.order_by("position")[1].code
    assert (moved.clause_code, moved.edition) == (code, asked.edition)
    about = opinion_queries.about(moved)
    assert about is not None
    assert (about.clause.code, about.moved_to, about.gone) == (code, "", False)
    project_actions.choose_edition(hall.actor("zhu"), asked.project, longer(now), now + 31 * DAY)
    about = opinion_queries.about(Opinion.objects.get(pk=moved.pk))
    assert about is not None
    assert (about.clause.code, about.moved_to) == (code, "4.3")
    about = opinion_queries.about(Opinion.objects.get(pk=gone.pk))
    assert about is not None
    assert (about.clause.code, about.gone) == (gone.clause_code, True)
    client = Client()
    client.force_login(hall.staff["zhu"])
    page = client.get(f"/console/standard-projects/{CODE}/opinions/{moved.pk}/").content.decode()
    assert "提意见时是 4.2，现在的文本里是 4.3。" in page
    page = client.get(f"/console/standard-projects/{CODE}/opinions/{gone.pk}/").content.decode()
    assert "现在的文本里没有这一条" in page
    assert edition().clauses.get(code=gone.clause_code).requirement in page


def test_a_draft_goes_on_after_a_round_that_ran_its_days(hall: Hall, now: datetime) -> None:
    project = step(hall, step(hall, begin(hall, now), "plan", now), "consult", now)
    asked = project_actions.Step("submit", TODAY)
    with pytest.raises(Refused, match="还没有公开征求意见"):
        project_actions.take_step(hall.actor("zhu"), project, asked, now)
    heard(hall, project, now)
    assert project_actions.take_step(hall.actor("zhu"), project, asked, now).stage == "review"


def test_a_round_has_its_least_days_and_a_place_may_set_another(hall: Hall, now: datetime) -> None:
    project, zhu = step(hall, step(hall, begin(hall, now), "plan", now), "consult", now), hall.actor("zhu")

    def open_for(days: int) -> Consultation:
        last = TODAY + timedelta(days=days - 1)
        return opinion_actions.open_round(zhu, project, opens_on=TODAY, closes_on=last, asked_units=0, note="", now=now)

    with pytest.raises(Refused, match="至少 30 天，截止日期请不早于 2026-12-23"):
        open_for(29)
    set_parameter(SYSTEM, "opinion_round_d", hall.city, 10, valid_from=now - timedelta(hours=1))
    with pytest.raises(Refused, match="至少 10 天"):
        open_for(9)
    assert open_for(10).closes_on == TODAY + 9 * DAY


def test_sent_back_the_round_ends_and_its_page_says_so(
    hall: Hall, asked: Consultation, now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)
    take(asked, "先提的", "4.1", now)
    project = step(hall, asked.project, "redraft", now)
    asked.refresh_from_db()
    assert (asked.ended_on, asked.closes_on) == (TODAY, TODAY + 30 * DAY)
    answer = client.get(f"/opinions/{CODE}/")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "2026-12-24" in text
    assert "2026-11-24 提前结束" in text
    with pytest.raises(Refused, match="截止"):
        take(asked, "晚了", "4.1", now)
    assert "2026年11月24日提前结束" in str(write_note(project, today=TODAY))
    # The round did not run its days: it takes another.
    project = step(hall, project, "consult", now)
    opinion_actions.decide(hall.actor("zhu"), Opinion.objects.get(), "accepted", "", now)
    with pytest.raises(Refused, match="还没有公开征求意见"):
        step(hall, project, "submit", now)
    with pytest.raises(Refused, match="第二天"):
        consult_again(hall, project, TODAY, now)
    consult_again(hall, project, TODAY + DAY, now)
    assert "提前结束" not in client.get(f"/opinions/{CODE}/").content.decode()


def consult_again(hall: Hall, project: Project, opens_on: object, now: datetime) -> Consultation:
    return opinion_actions.open_round(
        hall.actor("zhu"), project, opens_on=opens_on, closes_on=TODAY + 60 * DAY, asked_units=0, note="", now=now,  # type: ignore[arg-type]
    )  # fmt: skip


def test_nobody_is_asked_about_a_text_that_is_examined_or_published(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    for event in ("plan", "consult", "submit"):
        project = step(hall, project, event, now)
    with pytest.raises(Refused, match="现在的阶段不征求意见"):
        consult_again(hall, project, TODAY + DAY, now)


def test_days_of_steps_follow_each_other_and_the_calendar(hall: Hall, now: datetime) -> None:
    project, zhu = begin(hall, now, text=own_edition(now)), hall.actor("zhu")
    with pytest.raises(Refused, match="不能晚于今天"):
        project_actions.take_step(zhu, project, project_actions.Step("plan", TODAY + DAY, "市监标〔2026〕1号"), now)
    for event in ("plan", "consult", "submit", "finish"):
        project = step(hall, project, event, now)
    with pytest.raises(Refused, match="实施日期不能早于发布日期"):
        step(hall, project, "publish", now, number="测试号 1", effective_on=TODAY - DAY)
    project = step(hall, project, "publish", now, number="测试号 1", effective_on=TODAY + 60 * DAY)
    with pytest.raises(Refused, match="实施日期是 2027-01-23"):
        step(hall, project, "take_effect", now + 59 * DAY)
    assert step(hall, project, "take_effect", now + 60 * DAY).stage == "in_force"


def test_the_tables_of_a_revision_begin_anew(hall: Hall, now: datetime) -> None:
    cache.clear()
    found = consult(hall, begin(hall, now, text=own_edition(now)), now)
    zhu = hall.actor("zhu")
    old = take(found, "第一版的意见", "4.1", now)
    opinion_actions.decide(zhu, old, "rejected", "不需要。", now, major=True)
    later = now + 31 * DAY
    project = found.project
    for event, more in (
        ("submit", {}), ("finish", {}), ("publish", {"number": "测试号 1", "effective_on": day(later)}),
        ("take_effect", {}), ("begin_review", {}), ("revise", {}),
    ):  # fmt: skip
        project = step(hall, project, event, later, **more)
    assert project_queries.opinions_of(project).count() == 0
    assert list(opinion_queries.table_rows(project, "consultation")) == []
    assert project_queries.decided_tally(project, "consultation") == {}
    assert "第一版的意见" not in str(write_note(project, today=day(later)))
    again = later + DAY
    project_actions.choose_edition(zhu, project, longer(now), again)
    project = step(hall, project, "consult", again)
    with pytest.raises(Refused, match="还没有公开征求意见"):
        step(hall, project, "submit", again)
    second = opinion_actions.open_round(
        zhu, project, opens_on=day(again), closes_on=day(again) + 40 * DAY, asked_units=3, note="", now=again
    )
    take(second, "修订稿的意见", "4.1", again + DAY)
    shown = [row.opinion.text for row in opinion_queries.table_rows(project, "consultation")]
    assert shown == ["修订稿的意见"]
    assert [one.pk for one in project_queries.rounds_of(project)] == [second.pk]
    table = opinion_imports.read(
        f"编号,标准章条编号,意见内容,提出单位,处理意见\n{old.number},4.1,第一版的意见,,采纳".encode()
    )
    errors = opinion_imports.checker(project, "consultation")(zhu, table).errors
    assert "不在这个项目里" in errors[0][1]
    client = Client()
    client.force_login(hall.staff["zhu"])
    address = f"/console/standard-projects/{CODE}/opinions/consultation/"
    assert "第一版的意见" not in client.get(address).content.decode()
    assert "第一版的意见" in client.get(f"{address}?of=earlier").content.decode()
