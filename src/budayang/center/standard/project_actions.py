"""Writes of projects: begin one, its units, group, meetings, field research, milestones, texts, and each step on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance.queries import incidents_visible_to, orders_visible_to
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Place, Staff
from budayang.center.platform.wording import words
from budayang.center.standard import project_queries as queries
from budayang.center.standard.models import (
    Edition,
    FieldFinding,
    Milestone,
    Project,
    ProjectMeeting,
    ProjectMember,
    ProjectStep,
    ProjectUnit,
)
from budayang.center.standard.opinion_queries import open_rounds
from budayang.center.standard.project_texts import follow, take_up
from budayang.center.standard.writing_actions import keep_stage
from budayang.rules.ledgers import holds_personal_number
from budayang.rules.standard.drafting import STAGE_DOCUMENTS
from budayang.rules.standard.stages import PUBLISHED, STAGE_NAMES, TRANSITIONS, WORDED, problem

TEXTS = ("title", "source", "purpose", "significance", "principles", "main_clauses", "conflicts", "dissent", "others")


@dataclass(frozen=True, slots=True)
class Step:
    """A step as asked for. `number`, `effective_on`: of a publication."""

    event: str
    on: date
    paper: str = ""
    note: str = ""
    number: str = ""
    effective_on: date | None = None


@transaction.atomic
def begin_project(
    actor: Actor, *, code: str, title: str, place: Place, edition: Edition, applied_on: date, now: datetime
) -> Project:
    """Register an application (立项申请) for a recommended local standard of a place."""
    actor.require(*queries.LEADERS, place_path=place.path)
    if Project.objects.filter(code=code).exists():
        raise Refused(_("代号 %(code)s 已经有了，请换一个。") % {"code": code})
    take_up(actor, edition, "applied", now)
    row = Project.objects.create(
        code=code, title=title.strip(), place=place, place_path=place.path, edition=edition, applied_on=applied_on,
        made_at=now,
    )  # fmt: skip
    _record(actor, "standard.begin_project", row, now)
    return row


@transaction.atomic
def write_texts(actor: Actor, project: Project, texts: Mapping[str, str], now: datetime) -> Project:
    """What the explanatory note says and no other row holds."""
    _require_drafter(actor, project)
    changed = [name for name in TEXTS if name in texts and texts[name] != getattr(project, name)]
    for name in changed:
        setattr(project, name, texts[name].strip())
    if changed:
        project.save(update_fields=changed)
        _record(actor, "standard.write_texts", project, now, {"changed": changed})
    return project


@transaction.atomic
def choose_edition(actor: Actor, project: Project, edition: Edition, now: datetime) -> Project:
    """Take another edition as the project's text.

    Raises:
        Refused: the text has been examined or is published, or the public is asked about it just now.
    """
    _require_leader(actor, project)
    if project.stage in PUBLISHED:
        raise Refused(_("标准已经发布，文本不能再换；修订时先开始复审。"))
    if edition.pk == project.edition_id:
        return project
    if project.stage not in WORDED:
        stage = words(STAGE_NAMES[project.stage])
        raise Refused(_("项目现在是“%(stage)s”，文本已经定下。要换，请先把项目退回修改。") % {"stage": stage})
    today = _today(project, now)
    asked = open_rounds(today).filter(project=project).last()
    if asked is not None:
        told = _("正在公开征求意见，%(on)s 截止后再换文本；要提前换，请先把项目退回修改。")
        raise Refused(told % {"on": asked.closes_on.isoformat()})
    take_up(actor, edition, project.stage, now)
    Project.objects.filter(pk=project.pk).update(edition=edition)
    project.consultations.filter(opens_on__gt=today, ended_on=None).update(edition=edition)
    project.edition = edition
    _record(actor, "standard.choose_edition", project, now, {"edition": edition.code})
    return project


@transaction.atomic
def take_step(actor: Actor, project: Project, step: Step, now: datetime) -> Project:
    """Move the project on, when the stage allows it and everything it needs is there."""
    _require_leader(actor, project)
    project = Project.objects.select_for_update().select_related("edition", "place").get(pk=project.pk)
    why = problem(
        project.stage, step.event, reference=project.edition.is_reference, paper=step.paper, number=step.number,
        open_opinions=queries.undecided(project, "consultation"), open_reviews=queries.undecided(project, "review"),
    )  # fmt: skip
    if why:
        raise Refused(words(why))
    if why := _day_problem(project, step, now):
        raise Refused(why)
    last = project.steps.order_by("-on").values_list("on", flat=True).first() or project.applied_on
    if step.on < last:
        raise Refused(_("日期不能早于上一步（%(on)s）。") % {"on": last.isoformat()})
    if project.stage in STAGE_DOCUMENTS and actor.staff_id is not None:
        keep_stage(actor, project, now)  # as they stand before the step changes anything
    follow(actor, project, step.event, now, on=step.on, number=step.number, effective_on=step.effective_on)
    before, after = project.stage, TRANSITIONS[(project.stage, step.event)]
    today = _today(project, now)
    if before == "consulting" and step.event != "submit":
        project.consultations.filter(ended_on=None, closes_on__gte=today).update(ended_on=today)
    project.stage = after
    if step.event == "plan":
        project.plan_paper, project.planned_on = step.paper.strip(), step.on
    if step.event == "publish":
        project.number, project.published_on = step.number.strip(), step.on
        project.effective_on = step.effective_on
    if step.event == "take_effect":
        project.effective_on = step.on
    project.save(update_fields=["stage", "plan_paper", "planned_on", "number", "published_on", "effective_on"])
    ProjectStep.objects.create(
        project=project, event=step.event, before=before, after=after, on=step.on, edition=project.edition,
        paper=step.paper.strip(), note=step.note.strip(), at=now, by=actor.name,
    )  # fmt: skip
    Milestone.objects.filter(project=project, stage=after, done_on__isnull=True).update(done_on=step.on)
    _record(actor, "standard.take_step", project, now, {"event": step.event, "stage": after})
    emit(
        "standard.project_moved", subject=f"project:{project.code}", place_path=project.place_path,
        payload={"project": project.code, "stage": after}, occurred_at=now, now=now,
    )  # fmt: skip
    return project


def _day_problem(project: Project, step: Step, now: datetime) -> str:
    """Why a step cannot be of its day, "" when it can."""
    if step.on > _today(project, now):
        return _("日期不能晚于今天，请到那天再登记。")
    if step.event == "publish" and step.effective_on is not None and step.effective_on < step.on:
        return _("实施日期不能早于发布日期。")
    if step.event == "take_effect" and project.effective_on is not None and step.on < project.effective_on:
        return _("实施日期是 %(on)s，请到那天再登记。") % {"on": project.effective_on.isoformat()}
    if step.event == "submit":
        last = queries.rounds_of(project).filter(ended_on=None).order_by("closes_on").last()
        if last is None:
            return _("还没有公开征求意见。请先设定起止日期，期满后再形成送审稿；在别处办过的一轮请登记。")
        if step.on <= last.closes_on:
            told = _("公开征求意见到 %(on)s 截止，请期满后再形成送审稿；要提前改稿，请选“退回修改”。")
            return told % {"on": last.closes_on.isoformat()}
    return ""


def _today(project: Project, now: datetime) -> date:
    return now.astimezone(ZoneInfo(project.place.zone)).date()


@transaction.atomic
def add_unit(actor: Actor, project: Project, role: str, name: str, now: datetime) -> ProjectUnit:
    """Name a unit that proposes, manages or drafts."""
    _require_leader(actor, project)
    if not name.strip():
        raise Refused(_("请写单位名称。"))
    if ProjectUnit.objects.filter(project=project, role=role, name=name.strip()).exists():
        raise Refused(_("这个单位已经有了。"))
    position = project.units.count() + 1
    row = ProjectUnit.objects.create(project=project, role=role, name=name.strip(), position=position)
    _record(actor, "standard.add_unit", project, now, {"role": role})
    return row


@transaction.atomic
def drop_unit(actor: Actor, unit: ProjectUnit, now: datetime) -> None:
    """Take a unit off the list."""
    _require_leader(actor, unit.project)
    _record(actor, "standard.drop_unit", unit.project, now, {"role": unit.role, "name": unit.name})
    unit.delete()


@transaction.atomic
def add_member(actor: Actor, project: Project, staff: Staff, part: str, since_on: date, now: datetime) -> ProjectMember:
    """Take a person into the drafting group, with the part that the person writes."""
    _require_leader(actor, project)
    if project.members.filter(staff=staff, until_on__isnull=True).exists():
        raise Refused(_("这个人已经在起草组里。"))
    row = ProjectMember.objects.create(project=project, staff=staff, part=part.strip(), since_on=since_on)
    _record(actor, "standard.add_member", project, now, {"staff": staff.username})
    return row


@transaction.atomic
def end_member(actor: Actor, member: ProjectMember, on: date, now: datetime) -> ProjectMember:
    """The person leaves the group; the part stays written down."""
    _require_leader(actor, member.project)
    if on < member.since_on:
        raise Refused(_("结束日期不能早于开始日期。"))
    ProjectMember.objects.filter(pk=member.pk, until_on__isnull=True).update(until_on=on)
    _record(actor, "standard.end_member", member.project, now, {"staff": member.staff.username})
    return member


@transaction.atomic
def add_meeting(
    actor: Actor, project: Project, *, held_on: date, kind: str, present: int, subject: str, outcome: str, now: datetime
) -> ProjectMeeting:
    """Write a meeting down: counts, no names."""
    _require_drafter(actor, project)
    _without_numbers(subject, outcome)
    row = ProjectMeeting.objects.create(
        project=project, held_on=held_on, kind=kind, present=present, subject=subject.strip(), outcome=outcome.strip()
    )
    _record(actor, "standard.add_meeting", project, now, {"kind": kind})
    return row


@transaction.atomic
def add_finding(
    actor: Actor, project: Project, place: Place, *, found_on: date, kind: str, text: str, clause_code: str = "",
    fact_kind: str = "", fact_ref: str = "", now: datetime,
) -> FieldFinding:  # fmt: skip
    """Write down what field research found in an area, with the fact that shows it."""
    _require_drafter(actor, project)
    if clause_code and not project.edition.clauses.filter(code=clause_code).exists():
        raise Refused(_("文本里没有条款 %(code)s，请照条款代码填写，例如 WH-15。") % {"code": clause_code})
    _without_numbers(text)
    row = FieldFinding.objects.create(
        project=project, place=place, found_on=found_on, kind=kind, text=text.strip(), clause_code=clause_code,
        fact_kind=fact_kind, fact_ref=_checked_fact(actor, place, fact_kind, fact_ref.strip()),
    )  # fmt: skip
    _record(actor, "standard.add_finding", project, now, {"kind": kind, "fact": fact_kind})
    return row


def _checked_fact(actor: Actor, place: Place, kind: str, ref: str) -> str:
    """The reference as it is kept. It must name a fact of that place that the actor may see."""
    if kind == "area":
        return place.code
    if kind == "order":
        if not orders_visible_to(actor).filter(number=ref, place_path__startswith=place.path).exists():
            raise Refused(_("这个自助区没有工单 %(ref)s，请照工单页上的号码填写。") % {"ref": ref})
        return ref
    if kind == "incident":
        here = incidents_visible_to(actor).filter(place_path__startswith=place.path)
        if not (ref.isdecimal() and len(ref) < 16 and here.filter(pk=int(ref)).exists()):
            raise Refused(_("这个自助区没有故障 %(ref)s，请照故障页地址里的号码填写。") % {"ref": ref})
        return ref
    return ""


@transaction.atomic
def set_milestone(actor: Actor, project: Project, stage: str, due_on: date, now: datetime) -> Milestone:
    """By which day a stage is to be reached; set again, the day moves."""
    _require_leader(actor, project)
    if stage not in STAGE_NAMES:
        raise Refused(_("请选择阶段。"))
    row, _created = Milestone.objects.update_or_create(
        project=project, stage=stage, defaults={"due_on": due_on, "told_on": None}
    )
    _record(actor, "standard.set_milestone", project, now, {"stage": stage, "due_on": due_on.isoformat()})
    return row


def _without_numbers(*texts: str) -> None:
    """Documents are handed on: no number of a person stands in them."""
    if any(holds_personal_number(text) for text in texts):
        raise Refused(_("编制说明会印出来，里面不能有身份证号、手机号和卡号，请去掉。"))


def _require_leader(actor: Actor, project: Project) -> None:
    actor.require(*queries.LEADERS, place_path=project.place_path)


def _require_drafter(actor: Actor, project: Project) -> None:
    if not queries.drafts(actor, project):
        raise Forbidden(f"{actor.kind} {actor.name} is not of the drafting group of {project.code}")


def _record(
    actor: Actor, action: str, project: Project, now: datetime, details: Mapping[str, object] | None = None
) -> None:
    record(
        actor, action, subject=f"project:{project.code}", place_path=project.place_path, details=details or {}, at=now
    )
