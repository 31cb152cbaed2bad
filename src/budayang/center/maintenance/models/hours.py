"""Roll-ups of hours: what a terminal promised and kept on each day, month by month, and by the hour for the overview.

Nothing here is a source: every row can be computed again from the intervals, and is when they change.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from django.db import models
from django.db.models import F, Q

from budayang.rules.hours import BUCKET_ORDER, Tally
from budayang.rules.maintenance import Bucket

BUCKET_COLUMNS: dict[Bucket, str] = {bucket: f"{bucket.value}_us" for bucket in BUCKET_ORDER}
LOST_COLUMNS: tuple[str, ...] = tuple(BUCKET_COLUMNS.values())
FIGURES: tuple[str, ...] = ("promised_us", "usable_us", *LOST_COLUMNS)


def adds_up() -> Q:
    """Promised is usable plus every bucket, to the microsecond: the database refuses anything else."""
    return Q(promised_us=reduce(add, (F(one) for one in LOST_COLUMNS), F("usable_us")))


class Divided(models.Model):
    """Promised time divided: whole microseconds."""

    promised_us = models.BigIntegerField(default=0)
    usable_us = models.BigIntegerField(default=0)
    site_us = models.BigIntegerField(default=0)
    switched_off_us = models.BigIntegerField(default=0)
    power_us = models.BigIntegerField(default=0)
    network_us = models.BigIntegerField(default=0)
    device_us = models.BigIntegerField(default=0)
    consumables_us = models.BigIntegerField(default=0)
    department_us = models.BigIntegerField(default=0)
    software_us = models.BigIntegerField(default=0)
    damage_us = models.BigIntegerField(default=0)
    planned_us = models.BigIntegerField(default=0)
    monitoring_lost_us = models.BigIntegerField(default=0)
    undetermined_us = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    def figures(self) -> dict[str, int]:
        """All columns of time."""
        return {name: getattr(self, name) for name in FIGURES}

    @staticmethod
    def columns_of(found: Tally) -> dict[str, Any]:
        """The columns of a tally."""
        lost = {BUCKET_COLUMNS[bucket]: us for bucket, us in zip(BUCKET_ORDER, found.lost, strict=True)}
        return {"promised_us": found.promised, "usable_us": found.usable, **lost}


class HoursDay(Divided):
    """One terminal on one day of its area's zone. Area, owner and vendor are those of the first computation: a
    terminal that later changes hands does not move old responsibility."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    on = models.DateField()
    version = models.PositiveIntegerField(default=1)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terminal", "on"], name="hours_day_once"),
            models.CheckConstraint(condition=adds_up(), name="hours_day_adds_up"),
        ]
        indexes = [models.Index(fields=["on", "area"], name="hours_day_area")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.on}"


class HoursCorrection(models.Model):
    """What a day said before late data changed it. Append-only: a published figure stays traceable."""

    day = models.ForeignKey(HoursDay, on_delete=models.PROTECT, related_name="corrections")
    version = models.PositiveIntegerField()
    before = models.JSONField()
    reason = models.CharField(max_length=80)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["day", "version"], name="hours_correction_once")]

    def __str__(self) -> str:
        return f"{self.day_id} v{self.version}"


class HoursMonth(Divided):
    """The days of a month, added up, so that a page of a month reads one row a terminal."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    month = models.DateField()
    days = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terminal", "month", "area", "owner"], name="hours_month_once"),
            models.CheckConstraint(condition=adds_up(), name="hours_month_adds_up"),
        ]
        indexes = [models.Index(fields=["month", "area"], name="hours_month_area")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.month:%Y-%m}"


class HoursItemMonth(Divided):
    """One item in one area, over the terminals that offer it: the closed days of a month."""

    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey("services.Item", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    month = models.DateField()
    terminals = models.PositiveIntegerField(default=0)
    through_on = models.DateField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area", "item", "month"], name="hours_item_once"),
            models.CheckConstraint(condition=adds_up(), name="hours_item_adds_up"),
        ]
        indexes = [models.Index(fields=["month", "item"], name="hours_item_month")]

    def __str__(self) -> str:
        return f"{self.item_id}@{self.area_id} {self.month:%Y-%m}"


class HoursHour(Divided):
    """The terminals of one area, owner and vendor in one hour, for the overview; kept for two days.

    `key` is "<area>:<owner>:<vendor or 0>", so that one upsert writes an hour, whoever computes it twice.
    """

    key = models.CharField(max_length=64)
    hour_at = models.DateTimeField()
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "hour_at"], name="hours_hour_once"),
            models.CheckConstraint(condition=adds_up(), name="hours_hour_adds_up"),
        ]
        indexes = [models.Index(fields=["hour_at"], name="hours_hour_at")]

    def __str__(self) -> str:
        return f"{self.key} {self.hour_at}"


class HoursLatest(Divided):
    """HoursHour added up over a span, so that the overview of a city reads a row a body and not 24: the last 24 hours
    ("day"), and since the midnight of the city's zone ("today"). Written with the hours, every minute.
    """

    span = models.CharField(max_length=8)
    key = models.CharField(max_length=64)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["span", "key"], name="hours_latest_once"),
            models.CheckConstraint(condition=models.Q(span__in=["day", "today"]), name="hours_latest_span"),
            models.CheckConstraint(condition=adds_up(), name="hours_latest_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.key}"


class HoursClosing(models.Model):
    """Which day of an area is closed next. `due_at` is some minutes after the midnight that ends it (indexed)."""

    area = models.OneToOneField("areas.Area", on_delete=models.PROTECT, related_name="+")
    next_on = models.DateField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="hours_closing_due")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.next_on}"


class HoursDirty(models.Model):
    """A closed day of a terminal whose facts changed afterwards; gone when it was computed again."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    reason = models.CharField(max_length=80)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["terminal", "on"], name="hours_dirty_once")]
        indexes = [models.Index(fields=["due_at"], name="hours_dirty_due")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.on}"


class HoursItemsDue(models.Model):
    """An area and month whose items are computed again at `due_at`."""

    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "month"], name="hours_items_due_once")]
        indexes = [models.Index(fields=["due_at"], name="hours_items_due")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.month:%Y-%m}"


class HoursPattern(models.Model):
    """The regular absence of a terminal, if it has one, over the days up to `through_on`."""

    terminal = models.OneToOneField("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)
    found = models.JSONField()
    through_on = models.DateField()
    computed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["kind"], name="hours_pattern_kind")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind}"
