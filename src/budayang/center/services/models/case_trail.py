"""What happened to a case: its steps, each attempt to reach the department, the notice of correction, its errands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.cases import Case
from budayang.center.services.states import ErrandState
from budayang.rules.cases import STEP_NAMES

ATTEMPT_KINDS = ("send", "ask", "paid", "correct", "withdraw")
PROVED = ("", "nothing_sent", "took_nothing", "answered", "unclear")
ERRAND_KINDS = ("paid", "correct", "withdraw")


class CaseStep(models.Model):
    """One step of a case (rules.cases.STEP_NAMES), as its person may see it. `by`: platform, department, person, staff.

    No text of a department or a person stands here: a step's words are those of the table.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=24)
    at = models.DateTimeField()
    by = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "step", "at"], name="services_step_once"),
            models.CheckConstraint(condition=Q(step__in=list(STEP_NAMES)), name="services_step_known"),
        ]
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.case_id} {self.step}"


class CaseAttempt(models.Model):
    """One attempt to reach the department about a case. Written before it begins; `proved` is what it told.

    "" while it runs or when the process was killed in it; nothing_sent: no connection; took_nothing: it said so;
    answered; unclear: it may have acted. `detail`: a status or the name of an error, never a body.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tries")
    kind = models.CharField(max_length=8)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    proved = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ATTEMPT_KINDS, proved__in=PROVED), name="services_attempt_known"
            )
        ]
        ordering = ("began_at", "pk")

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.proved}"


class CaseCorrection(models.Model):
    """一次性补正告知: all that is missing, told once. `repeated` counts later notices, which the law does not allow.

    `asks`: for each item the field of the form that is to be answered anew, "" for a sheet. `handed_number`: the number
    under which a terminal handed in what was missing; there is one such handing in of a case.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="correction")
    asked_at = models.DateTimeField()
    items = models.JSONField(default=list)
    until = models.DateField(null=True, blank=True)
    asks = models.JSONField(default=list, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    handed_number = models.CharField(max_length=40, blank=True)
    repeated = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.case_id} {self.asked_at}"


class Errand(models.Model):
    """Something that the department must be told of a case, once: `key` is its Idempotency-Key. Retried until settled.

    `due_at`: when to try (again); indexed. The lease is that of the process which is trying now.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="errands")
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=12, default=ErrandState.WAITING)
    body_sealed = models.BinaryField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ERRAND_KINDS, state__in=[s.value for s in ErrandState]),
                name="services_errand_known",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="services_errand_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
