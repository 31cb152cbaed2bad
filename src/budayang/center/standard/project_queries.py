"""Reads of projects of the standard: lists start at `projects_visible_to(actor)`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.maintenance.queries import incidents_visible_to, orders_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import Role
from budayang.center.standard.models import (
    Consultation,
    Edition,
    FieldFinding,
    Milestone,
    Opinion,
    Project,
    ProjectStep,
)
from budayang.center.standard.queries import READERS
from budayang.rules.standard.opinions import IN_TABLE
from budayang.rules.standard.stages import ENDED, STAGE_NAMES

LEADERS = (Role.SUPERVISOR,)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One line of a project's timeline: done, or due by a day. `late`: the day is over. `by`: a user name. `edition`:
    the text at this step, `before`: the one at the step before, when it was another.
    """

    on: date
    what: str
    done: bool
    late: bool
    paper: str
    note: str
    by: str
    edition: Edition | None = None
    before: Edition | None = None


def projects_visible_to(actor: Actor) -> QuerySet[Project]:
    """Projects of the places that the actor reads, and those to whose drafting group the actor belongs."""
    mine = scope_q(actor, "place_path", roles=READERS)
    if actor.staff_id is not None:
        mine |= Q(members__staff_id=actor.staff_id, members__until_on__isnull=True)
    keys = Project.objects.filter(mine).values("pk")
    return Project.objects.filter(pk__in=keys).select_related("place", "edition")


def get_project(actor: Actor, code: str) -> Project:
    """Raises Project.DoesNotExist, also when it is outside the actor's scope."""
    return projects_visible_to(actor).get(code=code)


def leads(actor: Actor, project: Project) -> bool:
    """Whether the actor may move the project on."""
    return actor.may(*LEADERS, place_path=project.place_path)


def drafts(actor: Actor, project: Project) -> bool:
    """Whether the actor may write texts and handle opinions: who leads it, and the drafting group."""
    if leads(actor, project):
        return True
    return (
        actor.staff_id is not None and project.members.filter(staff_id=actor.staff_id, until_on__isnull=True).exists()
    )


def unit_names(project: Project, role: str) -> list[str]:
    """Units that propose, manage or draft, in their order."""
    return list(project.units.filter(role=role).values_list("name", flat=True))


def drafters(project: Project) -> list[str]:
    """Names of the drafting group, also of those who left."""
    return list(dict.fromkeys(project.members.select_related("staff").values_list("staff__name", flat=True)))


def project_of(edition: Edition) -> Project | None:
    """The project whose text an edition is, or was when it was published. A reference edition is nobody's text."""
    if edition.is_reference:
        return None
    held = Project.objects.filter(edition=edition).exclude(stage__in=ENDED).select_related("place").first()
    if held is not None:
        return held
    step = ProjectStep.objects.filter(edition=edition, event="publish").select_related("project__place").last()
    return step.project if step is not None else None


def revision_of(project: Project) -> ProjectStep | None:
    """The step with which the running revision began, None before the first publication."""
    return project.steps.filter(event="revise").last()


def opinions_of(project: Project) -> QuerySet[Opinion]:
    """Opinions on the text that is on its way now: those of before a revision are of the standard before."""
    revised = revision_of(project)
    rows = Opinion.objects.filter(project=project)
    return rows if revised is None else rows.filter(made_at__gt=revised.at)


def earlier_opinions(project: Project) -> QuerySet[Opinion]:
    """Opinions of before the running revision."""
    revised = revision_of(project)
    rows = Opinion.objects.filter(project=project)
    return rows.none() if revised is None else rows.filter(made_at__lte=revised.at)


def rounds_of(project: Project) -> QuerySet[Consultation]:
    """Rounds about the text that is on its way now."""
    revised = revision_of(project)
    rows = Consultation.objects.filter(project=project)
    if revised is None:
        return rows
    return rows.filter(Q(made_at__gt=revised.at) | Q(made_at=None, opens_on__gte=revised.on))


def opinion_counts(project: Project) -> dict[tuple[str, str], int]:
    """(kind, state) → how many opinions."""
    rows = opinions_of(project).order_by().values_list("kind", "state").annotate(n=Count("pk"))
    return {(kind, state): count for kind, state, count in rows}


def undecided(project: Project, kind: str) -> int:
    """Opinions that stand in the table, or wait to be looked at, without a decision."""
    return opinions_of(project).filter(kind=kind, state__in=("held", "open")).count()


def decided_tally(project: Project, kind: str) -> dict[str, int]:
    """Decision → how many; "" for those in the table without one."""
    rows = opinions_of(project).filter(kind=kind, state__in=IN_TABLE).order_by()
    return dict(rows.values_list("decision").annotate(n=Count("pk")))


def timeline(project: Project, today: date) -> list[TimelineRow]:
    """What happened and what is due, by day."""
    rows = [TimelineRow(project.applied_on, "提出立项申请", True, False, "", "", "")]
    earlier: Edition | None = None
    for one in project.steps.select_related("edition"):
        other = earlier if one.edition is not None and earlier is not None and earlier.pk != one.edition.pk else None
        rows.append(
            TimelineRow(one.on, STAGE_NAMES[one.after], True, False, one.paper, one.note, one.by, one.edition, other)
        )
        earlier = one.edition or earlier
    rows += [
        TimelineRow(one.due_on, STAGE_NAMES[one.stage], False, one.due_on < today, "", "", "")
        for one in project.milestones.filter(done_on__isnull=True)
    ]
    return sorted(rows, key=lambda row: (row.on, not row.done))


def edition_at_last_step(project: Project) -> Edition | None:
    """The text of the last step, when the project has taken up another one since."""
    last = project.steps.select_related("edition").exclude(edition=None).last()
    return last.edition if last is not None and last.edition_id != project.edition_id else None


def late_milestones(today: date) -> QuerySet[Milestone]:
    """Milestones whose day is over."""
    return Milestone.objects.filter(done_on__isnull=True, due_on__lt=today).select_related("project")


def fact_address(actor: Actor, finding: FieldFinding) -> str:
    """The console address of the fact that a finding names, "" when there is none or the reader may not see it."""
    ref = finding.fact_ref
    if finding.fact_kind == "incident" and ref.isdecimal() and incidents_visible_to(actor).filter(pk=int(ref)).exists():
        return f"/console/incidents/{ref}/"
    if finding.fact_kind == "order" and orders_visible_to(actor).filter(number=ref).exists():
        return f"/console/orders/{ref}/"
    if finding.fact_kind == "area":
        area = areas.visible_to(actor).filter(place__code=ref).first()
        return f"/console/areas/{area.code}/" if area is not None else ""
    return ""
