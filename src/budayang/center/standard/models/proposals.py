"""Workbooks that somebody uploaded: read, compared, and loaded whole or not at all."""

from __future__ import annotations

from django.db import models
from django.db.models import CASCADE, PROTECT, CheckConstraint, Q

from budayang.center.standard.models.editions import Edition

PROPOSAL_STATES = ("refused", "ready", "loaded", "dropped")


class EditionProposal(models.Model):
    """An uploaded edition. `content` is rules.standard.edition_text.EditionText.plain(); empty when it was refused.

    `edition`: what it became. `faults_count` and `counts` are what the preview shows.
    """

    state = models.CharField(max_length=8)
    file_name = models.CharField(max_length=120, blank=True)
    code = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120, blank=True)
    content = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    faults_count = models.PositiveIntegerField(default=0)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+", null=True)
    brought_at = models.DateTimeField()
    brought_by = models.CharField(max_length=80)

    class Meta:
        constraints = [CheckConstraint(condition=Q(state__in=PROPOSAL_STATES), name="standard_proposal_state")]

    def __str__(self) -> str:
        return f"{self.code} {self.state}"


class ProposalFault(models.Model):
    """One cell of a refused workbook and what to write there instead."""

    proposal = models.ForeignKey(EditionProposal, on_delete=CASCADE, related_name="faults")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=60)
    row = models.PositiveIntegerField()
    letter = models.CharField(max_length=4, blank=True)
    title = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=300)
    value = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.sheet}!{self.letter}{self.row}"
