"""How it was made sure that a case's person is the one of the card (人证核对)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.cases import Case
from budayang.rules.person_check import SCORES, WAYS


class PersonCheck(models.Model):
    """Of one case: the way, when, and what the person agreed to. No face, no template, no score but its class.

    `notice_version` and `consented_at`: the separate consent to the comparison (way face), empty for the other ways.
    `checked_by`: the member of the staff (way staff). `withdrawn_at`: the person took the consent back; then the class
    of the score is gone.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="person_check")
    way = models.CharField(max_length=8)
    score_class = models.CharField(max_length=8, blank=True)
    notice_version = models.CharField(max_length=40, blank=True)
    consented_at = models.CharField(max_length=40, blank=True)
    checked_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(way__in=WAYS), name="services_check_way"),
            models.CheckConstraint(condition=Q(score_class__in=("", *SCORES)), name="services_check_score"),
            models.CheckConstraint(
                condition=~Q(way="face") | (~Q(notice_version="") & ~Q(consented_at="")),
                name="services_check_face_consented",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.way}"
