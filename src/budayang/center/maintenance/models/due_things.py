"""Things with a day by which they have to be renewed (到期事项): extinguishers, tests, certificates."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.maintenance.models.assets import Asset
from budayang.rules.due_dates import THING_NAMES


class DueThing(models.Model):
    """One thing of an area. `look_at` is the indexed moment at which its stage changes next; null when it is over or
    the thing is gone (`retired_at`). `asset`: whose warranty or life it is; asset_actions keeps it in step. `earlier`:
    [until when (ISO 8601), which day stood until then], oldest first: what a month said is not changed by a renewal.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=60)
    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="due_things", null=True)
    due_on = models.DateField()
    earlier = models.JSONField(default=list)
    look_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(THING_NAMES)), name="maintenance_due_thing_kind"),
            UniqueConstraint(
                fields=["asset", "kind"],
                condition=Q(asset__isnull=False, retired_at__isnull=True),
                name="maintenance_due_thing_of_asset",
            ),
        ]
        indexes = [Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="maintenance_due_thing_look")]

    def __str__(self) -> str:
        return self.name

    def due_on_at(self, moment: datetime) -> date:
        """The day that stood in the book just before a moment."""
        for until, due_on in self.earlier:
            if moment <= datetime.fromisoformat(until):
                return date.fromisoformat(due_on)
        return self.due_on
