"""What people are told of faults that stand (停用告示), and when each area has to be looked at again."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, Index, Q

from budayang.center.maintenance.models.incidents import Incident


class FaultNotice(models.Model):
    """The notice of one cause, from its first showing to its withdrawal. Kept: it says what people were told, when.

    `text`: rules.fault_notices.NoticeText as JSON, as it is shown or was shown last. `printed_at`, `removed_at`: a
    paper was made for a machine whose screen is dead, and somebody took it down again.
    """

    incident = models.OneToOneField(Incident, on_delete=PROTECT, related_name="fault_notice")
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    text = models.JSONField()
    shown_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    printed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            Index(fields=["area"], condition=Q(withdrawn_at__isnull=True), name="maintenance_fault_notice_now"),
            Index(fields=["-shown_at"], name="maintenance_fault_notice_last"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.shown_at}"


class NoticeBoard(models.Model):
    """One row an area: `due_at` is the indexed moment at which its notices are built again (news sets it to now; time
    alone changes them too: a clock that runs out, a place nearby that fails). `sent`: digest of what its terminals
    have.
    """

    area = models.OneToOneField("areas.Area", on_delete=PROTECT, related_name="+")
    due_at = models.DateTimeField(null=True)
    sent = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_notice_board_due")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.due_at}"
