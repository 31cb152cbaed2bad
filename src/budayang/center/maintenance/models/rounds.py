"""Rounds (巡查、巡检): editions of check lists, plans, the rounds that fell due, and what was answered."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.maintenance.models.incidents import Incident
from budayang.rules.rounds import PROOF_NAMES, RHYTHM_NAMES, STATE_NAMES

ANSWER_STATES = ("current", "agreed", "replaced", "conflict", "dropped")
"""Of the answers to one question at one stop one is current. ``agreed``: another device said the same. ``conflict``: it
said something else, and a person has to say which holds; then the other is ``dropped``."""


class CheckListEdition(models.Model):
    """One edition of a check list for a place and what lies below it. From its day on nobody changes it.

    `questions`: rules.round_lists.Question as JSON, in order.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    list_code = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    basis = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    questions = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "list_code", "valid_from"], name="maintenance_check_list_edition"),
        ]

    def __str__(self) -> str:
        return f"{self.list_code} {self.valid_from}"


class RoundPlan(models.Model):
    """Which list is walked in an area, by whom, when and in which order of stops.

    `windows`: [["08:30", "11:30"], …] of the place's clock. `stops`: codes of terminals in order; those that are not
    named follow. `next_at` is the indexed moment at which the next round is opened; null when none will be.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    list_code = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    who = models.CharField(max_length=16)
    organization = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+", null=True)
    person = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+", null=True)
    rhythm = models.CharField(max_length=16)
    windows = models.JSONField()
    weekdays = models.CharField(max_length=7, default="0000000")
    day = models.PositiveSmallIntegerField(default=1)
    first_month = models.PositiveSmallIntegerField(default=1)
    stops = models.JSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    next_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(rhythm__in=[one.value for one in RHYTHM_NAMES]), name="maintenance_plan_rhythm")
        ]
        indexes = [Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="maintenance_plan_next")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.name}"


class Round(models.Model):
    """One round that fell due. The state moves along rules.rounds.TRANSITIONS only.

    `edition` and `stops` are what was in force when it was opened; `signs` the questions that its patterns made of the
    signs on the plan of then: rules.round_lists.Question as JSON, with the sign's id on the plan. `due_at` is the
    indexed moment of the next reminder or of its being missed. `failed` and `conflicts` are counted again with each
    answer.
    """

    plan = models.ForeignKey(RoundPlan, on_delete=PROTECT, related_name="rounds")
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    edition = models.ForeignKey(CheckListEdition, on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    on = models.DateField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    stops = models.JSONField()
    signs = models.JSONField(default=list)
    state = models.CharField(max_length=12, default="open")
    due_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    finished_by = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)
    failed = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="maintenance_round_state"),
            UniqueConstraint(fields=["plan", "opens_at"], name="maintenance_round_once"),
        ]
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_round_due"),
            Index(fields=["area", "-opens_at"], name="maintenance_round_area"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.opens_at}"


class RoundAnswer(models.Model):
    """An answer as it was given: never changed but for `state`, `received` and the incident it led to.

    `client_id` is made where it was answered: sent again it is the same answer. `stop` is a terminal's code, "" the
    area. `answered_at` is the phone's time, `received_at` ours. `source`: person or telemetry.
    """

    round = models.ForeignKey(Round, on_delete=PROTECT, related_name="answers")
    client_id = models.CharField(max_length=40, unique=True)
    stop = models.CharField(max_length=20, blank=True)
    question = models.CharField(max_length=40)
    value = models.CharField(max_length=200)
    note = models.CharField(max_length=300, blank=True)
    failed = models.BooleanField(default=False)
    reason = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=12, default="person")
    state = models.CharField(max_length=12, default="current")
    answered_at = models.DateTimeField()
    received_at = models.DateTimeField()
    received = models.PositiveIntegerField(default=1)
    by = models.CharField(max_length=80)
    device = models.CharField(max_length=40, blank=True)
    incident = models.ForeignKey(Incident, on_delete=PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=ANSWER_STATES), name="maintenance_answer_state"),
            UniqueConstraint(
                fields=["round", "stop", "question"],
                condition=Q(state="current"),
                name="maintenance_answer_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.stop}/{self.question}"


class RoundPresence(models.Model):
    """That somebody stood at a stop: the code that was read there and how it was judged. Append-only.

    Beside a fixed label stands where the phone said it was (degrees, WGS 84, and how far that may be off): a person's
    word like the label itself. It goes when its time is over (round_keeping), the presence stays.
    """

    round = models.ForeignKey(Round, on_delete=PROTECT, related_name="presences")
    client_id = models.CharField(max_length=40, unique=True)
    stop = models.CharField(max_length=20)
    code = models.CharField(max_length=200)
    verdict = models.CharField(max_length=12)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(verdict__in=list(PROOF_NAMES)), name="maintenance_presence_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.stop} {self.verdict}"


class RoundPhoto(models.Model):
    """A photograph of an answer, written anew when it came: no position and no name of a phone stays in it. It is
    sealed to `client_id`; the content goes when its time is over, the row and its hash stay.
    """

    round = models.ForeignKey(Round, on_delete=PROTECT, related_name="photos")
    client_id = models.CharField(max_length=40, unique=True)
    stop = models.CharField(max_length=20, blank=True)
    question = models.CharField(max_length=40)
    content_sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.round_id} {self.stop}/{self.question}"


class RoundTrace(models.Model):
    """What a reader of a round has to know besides the answers (rules.rounds.TRACE_NAMES). Append-only."""

    round = models.ForeignKey(Round, on_delete=PROTECT, related_name="traces")
    event = models.CharField(max_length=16)
    stop = models.CharField(max_length=20, blank=True)
    question = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [Index(fields=["round", "at", "id"], name="maintenance_trace_round")]

    def __str__(self) -> str:
        return f"{self.round_id} {self.event}"
