"""Contracts of organizations about repairing: within how long, by severity, in which hours."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from budayang.rules.causes import Severity


class Contract(models.Model):
    """What a body promised about repairs. In force in [starts_at, ends_at), never two of one body at once; what was in
    force is never changed: a new contract takes its place from a day on.

    `windows` are weekly windows as JSON: [weekday (0 is Monday), "08:30", "17:30", closes next day]. `steps`: the
    clocks (respond, arrive, repair) that run in these hours only; the others run day and night. `next_due_at` is the
    indexed moment at which open orders have to learn of its beginning or end.
    """

    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    windows = models.JSONField()
    steps = models.JSONField(default=list)
    follows_workdays = models.BooleanField(default=True)
    zone = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        ordering = ["organization_id", "-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="maintenance_contract_number"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="maintenance_contract_ends_later",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "starts_at"], name="maintenance_contract_force"),
            models.Index(
                fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="maintenance_contract_due"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ContractTier(models.Model):
    """The limits of a contract for one severity, in seconds."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="tiers")
    severity = models.CharField(max_length=16)
    respond_s = models.PositiveIntegerField()
    arrive_s = models.PositiveIntegerField()
    repair_s = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "severity"], name="maintenance_contract_one_tier"),
            models.CheckConstraint(
                condition=Q(severity__in=[one.value for one in Severity]), name="maintenance_contract_severity"
            ),
            models.CheckConstraint(
                condition=Q(respond_s__gte=60, arrive_s__gte=F("respond_s"), repair_s__gte=F("arrive_s")),
                name="maintenance_contract_limits_grow",
            ),
        ]
