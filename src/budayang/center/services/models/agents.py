"""Who acted for somebody else (帮办代办)."""

from __future__ import annotations

from django.db import models

from budayang.center.services.models.cases import Case


class CaseAgent(models.Model):
    """The one who handed a case in for its person: by the agent's own card, with the person's consent.

    `signature_sealed` is the picture of the person's signature under the text of `consent_version`.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="agent")
    identity_hash = models.CharField(max_length=64, db_index=True)
    masked = models.JSONField(default=dict)
    identity_sealed = models.BinaryField(null=True, blank=True)
    signature_sealed = models.BinaryField(null=True, blank=True)
    relation = models.CharField(max_length=40)
    consent_version = models.CharField(max_length=40)
    consent_at = models.CharField(max_length=40)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.case_id} {self.relation}"
