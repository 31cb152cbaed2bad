"""What people looked for, without the people: counts by area and day."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint


class SearchCount(models.Model):
    """How often something was looked for in an area (null: from nowhere in particular) on a day.

    Either `item_code`, the item that the question meant first, or `mark`, a keyed hash of a question that meant none.
    The words of a question stand nowhere until `search_words_k` askings had the same: then in `SearchWord`.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+", null=True)
    on = models.DateField()
    item_code = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=64, blank=True)
    times = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=(Q(item_code="") & ~Q(mark="")) | (~Q(item_code="") & Q(mark="")), name="services_search_one"
            ),
            UniqueConstraint(
                fields=["area", "on", "item_code", "mark"], condition=Q(area__isnull=False), name="services_search_once"
            ),
            UniqueConstraint(
                fields=["on", "item_code", "mark"], condition=Q(area__isnull=True), name="services_search_once_nowhere"
            ),
        ]
        indexes = [
            Index(fields=["on"], name="services_search_on"),
            Index(fields=["mark", "on"], condition=~Q(mark=""), name="services_search_mark"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.on} {self.item_code or self.mark[:8]} {self.times}"


class SearchWord(models.Model):
    """The words behind a mark that so many asked that they say nothing about any of them."""

    mark = models.CharField(max_length=64, unique=True)
    text = models.CharField(max_length=40)
    since = models.DateField()

    def __str__(self) -> str:
        return self.text
