"""Absence from the duty roster (请假、补休), and the secret addresses of people's calendars."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from budayang.rules.duty_time import LEAVE_KIND_NAMES, LEAVE_NAMES


class DutyLeave(models.Model):
    """A person asks to be away during [starts_at, ends_at). Granted, the roster has nobody in that time and shows a gap
    until somebody stands in. `minutes`: what it takes of compensatory time. Why somebody is away is not asked.

    `organization` and `place` name the roster whose planners decide; the absence holds in every roster.
    """

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, default="asked")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in LEAVE_KIND_NAMES]), name="duty_leave_kind"),
            models.CheckConstraint(condition=Q(state__in=list(LEAVE_NAMES)), name="duty_leave_state"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="duty_leave_order"),
        ]
        indexes = [models.Index(fields=["staff", "ends_at"], name="duty_leave_person")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.kind} {self.starts_at}"


class DutyFeed(models.Model):
    """The address of a person's calendar. The address is a secret of 256 bits that is kept as a keyed hash and shown
    once; one that is revoked stays as a row, so that its readers are told that it is over.
    """

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    made_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["staff", "-made_at"], name="duty_feed_person")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.name}"
