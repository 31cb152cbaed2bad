"""出门前保障: somebody said when and where they will come; the place is tried before they leave home."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Item
from budayang.center.services.models.probes import Probe
from budayang.rules.promises import ANSWERS, STATES


class Promise(models.Model):
    """One person's hour, without the person. `number` is all that finds it and the right to cancel it; a telephone
    number, when one was given, is sealed and deleted when it is over. `client`: keyed hash of the network address.

    `checks`: the tries before the hour that are still to come, in seconds before it.
    """

    number = models.CharField(max_length=20, unique=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    promised_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="waiting")
    text = models.CharField(max_length=200, blank=True)
    phone_sealed = models.BinaryField(null=True, blank=True)
    phone_hint = models.CharField(max_length=20, blank=True)
    client = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    checks = models.JSONField(default=list)
    next_at = models.DateTimeField(null=True, blank=True)
    """The next look at it: a try, or its end. NULL when it is over."""
    probe = models.ForeignKey(Probe, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    """The newest try for it, under way or ended."""
    checked_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="services_promise_state"),
            models.CheckConstraint(condition=Q(answer__in=["", *ANSWERS]), name="services_promise_answer"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="services_promise_next"),
            models.Index(fields=["client", "made_at"], name="services_promise_client"),
        ]

    def __str__(self) -> str:
        return self.number
