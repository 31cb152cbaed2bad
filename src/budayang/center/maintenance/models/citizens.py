"""Text messages to citizens who asked for one. No number and no text: both are asked for when it is sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.maintenance.models.notices import NoticeChannel

CITIZEN_STATES = ("queued", "sent", "given_up", "dropped")


class CitizenMessage(models.Model):
    """One message about a promise (出门前保障) or a report (报修). `key` is the same at every attempt and begins with
    which of the two it is; `reference` is that one's number, by which its telephone number is found while it is kept.
    """

    key = models.CharField(max_length=40, unique=True)
    reference = models.CharField(max_length=20)
    place_path = models.CharField(max_length=200)
    state = models.CharField(max_length=10, default="queued")
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=CITIZEN_STATES), name="citizen_message_state")]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="citizen_message_next"),
            models.Index(fields=["-made_at"], name="citizen_message_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
