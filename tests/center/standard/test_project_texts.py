"""The project leads, its text follows; texts of two stages are compared; late milestones are told of."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.the_project import TODAY, begin, day, edition, own_edition, step

from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform.actions import Refused
from budayang.center.standard import edition_actions, project_actions, project_queries
from budayang.center.standard.models import Edition, EditionEvent, Milestone, Project
from budayang.center.standard.project_telling import tell_late

DAY = timedelta(days=1)


def another(now: datetime, code: str = "DRAFT-2", state: str = "draft") -> Edition:
    return Edition.objects.create(code=code, title="自助服务区运行规范", is_reference=False, state=state, loaded_at=now)


def state_of(code: str) -> str:
    return Edition.objects.get(code=code).state


def test_the_text_stands_where_the_project_stands(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    seen = [state_of("DRAFT-1")]
    for event, more in (
        ("plan", {}), ("consult", {}), ("redraft", {}), ("consult", {}), ("submit", {}), ("finish", {}),
        ("publish", {"number": "测试号 1", "effective_on": TODAY}), ("take_effect", {}), ("begin_review", {}),
        ("keep", {}), ("begin_review", {}), ("revise", {}),
    ):  # fmt: skip
        project = step(hall, project, event, now, **more)
        seen.append(state_of("DRAFT-1"))
    assert seen == [
        "proposed", "draft", "comments", "draft", "comments", "review", "approval", "published", "in_force", "revising",
        "in_force", "revising", "in_force",
    ]  # fmt: skip
    text = Edition.objects.get(code="DRAFT-1")
    assert (text.number, text.published_on, text.in_force_on) == ("测试号 1", TODAY, TODAY)
    assert EditionEvent.objects.filter(edition=text).count() == 13
    # The one in force stays so; a revision goes on with another text.
    with pytest.raises(Refused, match="已发布的那一版"):
        step(hall, project, "consult", now)
    project_actions.choose_edition(hall.actor("zhu"), project, another(now), now)
    assert step(hall, project, "consult", now).stage == "consulting"
    assert (state_of("DRAFT-1"), state_of("DRAFT-2")) == ("in_force", "comments")


def test_a_text_of_a_running_project_is_not_moved_by_itself(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    with pytest.raises(Refused, match="随项目走"):
        edition_actions.move_edition(SYSTEM, project.edition, "write", now=now)
    step(hall, project, "stop", now)
    assert state_of("DRAFT-1") == "proposed", "a project that was stopped leaves its text where it was"
    assert edition_actions.move_edition(SYSTEM, project.edition, "write", now=now).state == "draft"


def test_a_reference_edition_follows_nobody(hall: Hall, now: datetime) -> None:
    step(hall, begin(hall, now), "plan", now)
    assert edition().state == "reference"
    assert not EditionEvent.objects.exists()
    assert edition_actions.move_edition(SYSTEM, edition(), "abolish", now=now).state == "abolished"


def test_what_cannot_be_a_projects_text(hall: Hall, now: datetime) -> None:
    project, zhu = begin(hall, now, text=own_edition(now)), hall.actor("zhu")
    with pytest.raises(Refused, match="已经在标准项目"):
        project_actions.begin_project(
            zhu, code="other", title="x", place=hall.city, edition=project.edition, applied_on=TODAY, now=now
        )
    published = another(now, "OLD", "draft")
    Edition.objects.filter(pk=published.pk).update(state="published", number="测试号 0")
    published.refresh_from_db()
    gone = another(now, "GONE", "abolished")
    for text in (published, gone):
        with pytest.raises(Refused, match="不能作为草案"):
            project_actions.choose_edition(zhu, project, text, now)
    assert Project.objects.get().edition.code == "DRAFT-1"
    assert project_actions.choose_edition(zhu, project, project.edition, now) == project
    assert EditionEvent.objects.filter(event="join").count() == 1


def test_texts_of_two_stages_stand_side_by_side(hall: Hall, now: datetime) -> None:
    project = step(hall, begin(hall, now, text=own_edition(now)), "plan", now)
    second = another(now)
    project_actions.choose_edition(hall.actor("zhu"), project, second, now)
    before = project_queries.edition_at_last_step(project)
    assert before is not None
    assert before.code == "DRAFT-1"
    project = step(hall, project, "consult", now)
    assert project_queries.edition_at_last_step(project) is None
    rows = [(one.edition, one.before) for one in project_queries.timeline(project, TODAY) if one.edition]
    assert [(a.code if a else "", b.code if b else "") for a, b in rows] == [("DRAFT-1", ""), ("DRAFT-2", "DRAFT-1")]


def test_a_late_milestone_is_told_once_to_leaders_and_group(hall: Hall, now: datetime) -> None:
    project, zhu = begin(hall, now, text=own_edition(now)), hall.actor("zhu")
    project_actions.add_member(zhu, project, hall.staff["ren"], "第5章", day(now), now)
    project_actions.set_milestone(zhu, project, "drafting", TODAY, now)
    project_actions.set_milestone(zhu, project, "review", TODAY + 9 * DAY, now)
    assert tell_late(now) == 0, "the day itself is not over"
    assert (tell_late(now + DAY), tell_late(now + 2 * DAY)) == (1, 0)
    lines = NoticeLine.objects.filter(kind="project")
    assert set(lines.values_list("staff__username", flat=True)) == {"zhu", "ren"}
    assert "已逾期" in str(lines[0].facts)
    project_actions.set_milestone(zhu, project, "drafting", TODAY + DAY, now + 2 * DAY)
    assert tell_late(now + 2 * DAY) == 1, "a day that was moved is told of anew"
    project = step(hall, project, "plan", now)
    project_actions.set_milestone(zhu, project, "consulting", TODAY, now)
    step(hall, project, "stop", now)
    assert tell_late(now + 5 * DAY) == 0
    assert Milestone.objects.get(stage="drafting").done_on is not None
