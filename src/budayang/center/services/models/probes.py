"""End-to-end tries (拨测): each try, and what the newest of them prove of an item, everywhere or at one terminal."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Item
from budayang.rules.probes import ASKED_BY, STATES


class Probe(models.Model):
    """One try. `terminal` empty: of the department's answer alone. `steps`: [{"step", "ok", "text", "ms"}] in order;
    `failed_step` is the first that failed. It never becomes a case, a paper, a figure or a rating.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    asked_by = models.CharField(max_length=10)
    asked_label = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default="waiting")
    asked_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    steps = models.JSONField(default=list)
    failed_step = models.CharField(max_length=16, blank=True)
    text = models.CharField(max_length=200, blank=True)
    command_id = models.BigIntegerField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    """When a try that is under way is looked at again; NULL when it has ended."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="services_probe_state"),
            models.CheckConstraint(condition=Q(asked_by__in=ASKED_BY), name="services_probe_asked_by"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="services_probe_due"),
            models.Index(fields=["-asked_at"], name="services_probe_recent"),
            models.Index(fields=["item", "-asked_at"], name="services_probe_of_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}@{self.terminal_id or '-'} {self.state}"


class ProbeStanding(models.Model):
    """What the newest tries prove of an item: `terminal` empty for the department's answer, which holds everywhere.

    `failed_at` is NULL as soon as a later try passed. `next_at`: the next try by plan (indexed). `failures` in a row
    since `failing_since`; `told_at`: since when those above know of it (`services.probe_failing`).
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    passed_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failed_step = models.CharField(max_length=16, blank=True)
    text = models.CharField(max_length=200, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    last = models.ForeignKey(Probe, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "terminal"], name="services_probe_standing_once"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(terminal__isnull=True), name="services_probe_standing_whole_once"
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="services_probe_next")]

    def __str__(self) -> str:
        return f"{self.item_id}@{self.terminal_id or '-'}"
