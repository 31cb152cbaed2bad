"""What the work of an order leaves behind: photos, parts, and the hand-over to the next shift."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from budayang.center.maintenance.models.orders import WorkOrder

PHOTO_MOMENTS = {"before": "修复前", "after": "修复后"}


class OrderPhoto(models.Model):
    """A photograph of the place, before or after the repair: a JPEG written anew, sealed to `ref`. The content goes
    when its time is over, the row stays.
    """

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="photos")
    ref = models.CharField(max_length=32, unique=True)
    moment = models.CharField(max_length=6)
    content_sealed = models.BinaryField(null=True, blank=True)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(moment__in=list(PHOTO_MOMENTS)), name="maintenance_photo_moment"),
            models.UniqueConstraint(fields=["order", "moment", "sha256"], name="maintenance_photo_once"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.moment}"


class OrderPart(models.Model):
    """One line of what an order used up: a part or material, how many, what the line cost in fen. `movement`: the line
    of the stock book by which it left the stock. A wrong line is taken back, never changed.
    """

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=60)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=8)
    cost_fen = models.PositiveBigIntegerField(default=0)
    movement = models.ForeignKey(
        "terminals.StockMovement", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    added_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="maintenance_part_some")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.name}"


class Handover(models.Model):
    """交班: what one person on duty leaves to the next. `orders`: the open orders as they stood then, as JSON
    [{"number", "title", "where", "state"}], newest first; `left_out`: how many older ones the list has no room for. It
    counts as handed over when the taker has said so.
    """

    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=600)
    orders = models.JSONField(default=list)
    left_out = models.PositiveIntegerField(default=0)
    given_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(giver=models.F("taker")), name="maintenance_handover_two_people")
        ]
        indexes = [
            models.Index(fields=["-given_at"], name="maintenance_handover_recent"),
            models.Index(fields=["taker"], condition=Q(taken_at__isnull=True), name="maintenance_handover_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.giver_id} → {self.taker_id} {self.given_at}"
