"""A project of the standard for tests: units, group, meeting, research, on its way to 征求意见稿."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.center.hall import SYSTEM, Hall

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import opinion_actions, project_actions
from budayang.center.standard.models import Consultation, Edition, Project
from budayang.center.standard.project_actions import Step
from budayang.center.standard.queries import current_edition

TODAY = date(2026, 11, 24)
"""The day of the tests' night, in Ordos."""
CODE = "zzfwq-2026"
TEXTS = {
    "source": "按征集通知申请立项。",
    "purpose": "让夜里也能办事。",
    "significance": "统一各区的要求。",
    "principles": "能查、能证实、不重复。",
    "main_clauses": "第4章规定谁来管，第5章规定设备。",
    "conflicts": "与强制性标准逐条核对，没有矛盾。",
}


def day(now: datetime) -> date:
    """The day of a moment in Ordos."""
    return now.astimezone(ZoneInfo("Asia/Shanghai")).date()


def leader(hall: Hall, now: datetime) -> None:
    """Put a supervisor of the city into the cast as "zhu"."""
    person = platform.add_staff(SYSTEM, username="zhu", name="测试辛", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now)
    hall.staff["zhu"] = person


def edition() -> Edition:
    found = current_edition()
    assert found is not None
    return found


def begin(hall: Hall, now: datetime, *, text: Edition | None = None, code: str = CODE) -> Project:
    """The project as it stands after its application."""
    if "zhu" not in hall.staff:
        leader(hall, now)
    return project_actions.begin_project(
        hall.actor("zhu"), code=code, title="政务服务24小时自助服务区运行规范", place=hall.city,
        edition=text or edition(), applied_on=day(now) - timedelta(days=200), now=now,
    )  # fmt: skip


def own_edition(now: datetime) -> Edition:
    """A draft of the drafting group's own: not a reference edition."""
    made = Edition.objects.create(
        code="DRAFT-1", title="自助服务区运行规范", is_reference=False, state="draft", loaded_at=now
    )
    for at, clause in enumerate(edition().clauses.order_by("position")[:6], start=1):
        made.clauses.create(
            code=clause.code, position=at, chapter=clause.chapter, chapter_title=clause.chapter_title,
            requirement=clause.requirement, criterion=clause.criterion, grade=clause.grade,
        )  # fmt: skip
    return made


def step(hall: Hall, project: Project, event: str, now: datetime, **more: object) -> Project:
    """Take one step as the leader; a draft goes on to its examination after a round that ran its days."""
    if event == "submit" and not project.consultations.exists():
        heard(hall, project, now)
    asked = Step(event, day(now), **({"paper": "市监标〔2026〕1号"} | more))  # type: ignore[arg-type]
    return project_actions.take_step(hall.actor("zhu"), project, asked, now)


def heard(hall: Hall, project: Project, now: datetime) -> Consultation:
    """A round that ended yesterday."""
    return opinion_actions.open_round(
        hall.actor("zhu"), project, opens_on=day(now) - timedelta(days=30), closes_on=day(now) - timedelta(days=1),
        asked_units=0, note="", now=now,
    )  # fmt: skip


def furnish(hall: Hall, project: Project, now: datetime) -> Project:
    """Fill in what a project holds besides its stage."""
    zhu = hall.actor("zhu")
    for role, name in (("proposes", "某市政数局"), ("manages", "某市政数局"), ("drafts", "某市政务服务中心")):
        project_actions.add_unit(zhu, project, role, name, now)
    project_actions.add_member(zhu, project, hall.staff["lin"], "第5章硬件设备", day(now) - timedelta(days=90), now)
    project_actions.add_meeting(
        zhu, project, held_on=day(now) - timedelta(days=80), kind="kickoff", present=7, subject="定大纲",
        outcome="按六章编写。", now=now,
    )  # fmt: skip
    project_actions.add_finding(
        zhu, project, hall.area.place, found_on=day(now) - timedelta(days=60), kind="problem", text="夜里有机器关着。",
        clause_code="JB-01", fact_kind="area", now=now,
    )  # fmt: skip
    return project_actions.write_texts(zhu, project, TEXTS, now)


def consult(hall: Hall, project: Project, now: datetime) -> Consultation:
    """Bring the project to 征求意见稿 and open a round of today."""
    project = step(hall, step(hall, project, "plan", now), "consult", now)
    return opinion_actions.open_round(
        hall.actor("zhu"), project, opens_on=day(now), closes_on=day(now) + timedelta(days=30), asked_units=12, note="",
        now=now,
    )  # fmt: skip
