"""Supervision visits (监督检查): who was asked to look, what was answered, what was found and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.evaluation.models.improvements import Improvement
from budayang.rules.evaluation.supervision import FINDING_NAMES, KIND_NAMES, STATE_NAMES


class SupervisionVisit(models.Model):
    """One visit. The state moves along rules.evaluation.supervision.TRANSITIONS only.

    `edition`: the check list as it stood when the visit was planned. `visitor`: who has an account; for everybody else
    `role` says in what capacity and `name_sealed` who, and a link opens the sheet: `link_hash` is what the database
    keeps of it. `look_at`: when it counts as missed (indexed). `well`, `failed`: what the score is made of.
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12)
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    edition = models.ForeignKey("maintenance.CheckListEdition", on_delete=PROTECT, related_name="+")
    opens_on = models.DateField()
    closes_on = models.DateField()
    visitor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+", null=True)
    role = models.CharField(max_length=40, blank=True)
    name_sealed = models.BinaryField(null=True)
    link_hash = models.CharField(max_length=64, blank=True, db_index=True)
    link_ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default="planned")
    look_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    planner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+", null=True)
    handed_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=500, blank=True)
    well = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="evaluation_visit_kind"),
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="evaluation_visit_state"),
            CheckConstraint(condition=Q(closes_on__gte=models.F("opens_on")), name="evaluation_visit_window"),
            CheckConstraint(
                condition=Q(state="done", handed_at__isnull=False) | (~Q(state="done") & Q(handed_at__isnull=True)),
                name="evaluation_visit_handed",
            ),
        ]
        indexes = [
            Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="evaluation_visit_look"),
            Index(fields=["area", "handed_at"], name="evaluation_visit_area"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class SupervisionAnswer(models.Model):
    """What the sheet says of one question; it can be changed until the visit is handed in."""

    visit = models.ForeignKey(SupervisionVisit, on_delete=PROTECT, related_name="answers")
    question = models.CharField(max_length=40)
    value = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+", null=True)
    failed = models.BooleanField(default=False)
    counts = models.BooleanField(default=False)
    reason = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["visit", "question"], name="evaluation_visit_answer_once")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.question}"


class SupervisionPhoto(models.Model):
    """A photograph beside an answer: written anew when it came, without position and name of a phone, sealed to `ref`.
    The content goes when its time is over; the row and its hash stay.
    """

    visit = models.ForeignKey(SupervisionVisit, on_delete=PROTECT, related_name="photos")
    question = models.CharField(max_length=40)
    ref = models.CharField(max_length=32, unique=True)
    content_sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["visit", "question", "sha256"], name="evaluation_visit_photo_once")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.question}"


class SupervisionFinding(models.Model):
    """One thing that was found. The state moves along FINDING_TRANSITIONS only.

    `question`: whose answer it is ("own1" … for the visitor's own words). `owner`: who replies; null: the area's own
    people. `due_at`: until when, `look_at`: when to tell that it is late (indexed).
    """

    visit = models.ForeignKey(SupervisionVisit, on_delete=PROTECT, related_name="findings")
    question = models.CharField(max_length=40)
    text = models.CharField(max_length=400)
    place_path = models.CharField(max_length=200, db_index=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+", null=True)
    owner = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+", null=True)
    state = models.CharField(max_length=10, default="open")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    look_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=500, blank=True)
    replied_at = models.DateTimeField(null=True)
    improvement = models.ForeignKey(Improvement, on_delete=PROTECT, related_name="+", null=True)
    order = models.ForeignKey("maintenance.WorkOrder", on_delete=PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=list(FINDING_NAMES)), name="evaluation_finding_state"),
            UniqueConstraint(fields=["visit", "question"], name="evaluation_finding_once"),
        ]
        indexes = [
            Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="evaluation_finding_look"),
            Index(fields=["state", "due_at"], name="evaluation_finding_due"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.question} {self.state}"


class SupervisionEvent(models.Model):
    """One step of a visit or of one of its findings. Append-only. `due_at`: the clock that it met or broke."""

    visit = models.ForeignKey(SupervisionVisit, on_delete=PROTECT, related_name="events")
    finding = models.ForeignKey(SupervisionFinding, on_delete=PROTECT, related_name="events", null=True)
    what = models.CharField(max_length=12)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [Index(fields=["visit", "at", "id"], name="evaluation_visit_event")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.what}"
