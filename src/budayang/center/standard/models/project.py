"""A standard as a project: application and plan, units, drafting group, meetings, research, stages, milestones."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.standard.models.editions import Edition
from budayang.rules.standard.stages import EVENT_NAMES, STAGE_NAMES

UNIT_ROLES = ("proposes", "manages", "drafts")
MEETING_KINDS = ("kickoff", "internal", "seminar", "hearing", "review")
FINDING_KINDS = ("problem", "need")
FACT_KINDS = ("", "incident", "order", "area")


class Project(models.Model):
    """One local standard on its way. `stage` is a stage of rules.standard.stages; `edition` is its text as data.

    `number` is the standard's number as its approver gave it; it is never made here. The texts are what the
    explanatory note (编制说明) says and no other row holds.
    """

    code = models.SlugField(max_length=24, unique=True)
    title = models.CharField(max_length=120)
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="projects")
    stage = models.CharField(max_length=12, default="applied")
    source = models.TextField(blank=True)
    plan_paper = models.CharField(max_length=120, blank=True)
    applied_on = models.DateField()
    planned_on = models.DateField(null=True, blank=True)
    purpose = models.TextField(blank=True)
    significance = models.TextField(blank=True)
    principles = models.TextField(blank=True)
    main_clauses = models.TextField(blank=True)
    conflicts = models.TextField(blank=True)
    dissent = models.TextField(blank=True)
    others = models.TextField(blank=True)
    number = models.CharField(max_length=40, blank=True)
    published_on = models.DateField(null=True, blank=True)
    effective_on = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(stage__in=list(STAGE_NAMES)), name="standard_project_stage")]
        indexes = [Index(fields=["place_path"], name="standard_project_place")]
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.code


class ProjectUnit(models.Model):
    """A unit that proposes (提出), manages (归口) or drafts (起草), in the order in which it is named."""

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="units")
    role = models.CharField(max_length=8)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            CheckConstraint(condition=Q(role__in=UNIT_ROLES), name="standard_unit_role"),
            UniqueConstraint(fields=["project", "role", "name"], name="standard_unit_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectMember(models.Model):
    """A person of the drafting group, by account, with the part and the days; who left has a last day."""

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="members")
    staff = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+")
    part = models.CharField(max_length=120)
    since_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["since_on", "pk"]
        constraints = [
            UniqueConstraint(
                fields=["project", "staff"], condition=Q(until_on__isnull=True), name="standard_member_once"
            ),
            CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=models.F("since_on")), name="standard_member_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.staff_id}"


class ProjectMeeting(models.Model):
    """A meeting: when, which kind, how many were there, what was decided."""

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="meetings")
    held_on = models.DateField()
    kind = models.CharField(max_length=8)
    present = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=120)
    outcome = models.TextField()

    class Meta:
        ordering = ["held_on", "pk"]
        constraints = [CheckConstraint(condition=Q(kind__in=MEETING_KINDS), name="standard_meeting_kind")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.held_on}"


class FieldFinding(models.Model):
    """Field research (调研): a problem or need that was found in an area, with the fact that shows it.

    `fact_kind` and `fact_ref` name a row of the facts: an incident's id, an order's number, or the area itself.
    """

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="findings")
    found_on = models.DateField()
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    text = models.TextField()
    clause_code = models.CharField(max_length=24, blank=True)
    fact_kind = models.CharField(max_length=8, blank=True)
    fact_ref = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["found_on", "pk"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=FINDING_KINDS), name="standard_finding_kind"),
            CheckConstraint(condition=Q(fact_kind__in=FACT_KINDS), name="standard_finding_fact"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.found_on}"


class ProjectStep(models.Model):
    """One step of the life cycle. Append-only. `paper`: the document (文号) that decided it; `edition`: the text at
    this step, so that the texts of two stages can be compared.
    """

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="steps")
    event = models.CharField(max_length=12)
    before = models.CharField(max_length=12)
    after = models.CharField(max_length=12)
    on = models.DateField()
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+", null=True)
    paper = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [CheckConstraint(condition=Q(event__in=list(EVENT_NAMES)), name="standard_step_event")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.event}"


class Milestone(models.Model):
    """By which day a stage is to be reached; `done_on` is set by the step that reaches it, `told_on` when it was told
    that the day is over.
    """

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="milestones")
    stage = models.CharField(max_length=12)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)
    told_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            UniqueConstraint(fields=["project", "stage"], name="standard_milestone_once"),
            CheckConstraint(condition=Q(stage__in=list(STAGE_NAMES)), name="standard_milestone_stage"),
        ]
        indexes = [Index(fields=["due_on"], condition=Q(done_on__isnull=True), name="standard_milestone_open")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.stage}"
