"""When a department's system takes what, and the days that are not what their weekday says."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Department, Item

DAY_KINDS = ("workday", "restday", "holiday", "makeup")


class DepartmentHours(models.Model):
    """When a department's system takes an item (or, with `item` empty, everything of the department).

    `weekly`: [[weekday 0=Mon, "00:00", "24:00"], …]; a closing time not after the opening time means the next day.
    `exceptions`: [{"on": "2026-10-01", "closed": true, "windows": [["09:00", "12:00"]], "reason": "…"}].
    `after_hours`: what the department itself says of the time outside these hours; empty leaves the catalogue's word.
    Unconfirmed hours are shown as 待部门确认 and never make an item 可办.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="hours")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="hours", null=True, blank=True)
    weekly = models.JSONField(default=list)
    exceptions = models.JSONField(default=list)
    follows_workdays = models.BooleanField(default=False)
    after_hours = models.CharField(max_length=32, blank=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    source = models.CharField(max_length=120, blank=True)
    confirmed_by = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    probe_passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "item"], name="services_hours_once"),
            models.UniqueConstraint(
                fields=["department"], condition=Q(item__isnull=True), name="services_hours_whole_once"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | ~Q(confirmed_by=""), name="services_hours_confirmed_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id}/{self.item_id}"


class CalendarDay(models.Model):
    """A day that is not what its weekday says: public holidays and the rest days worked for them (调休)."""

    on = models.DateField(primary_key=True)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=DAY_KINDS), name="services_calendar_kind")]

    def __str__(self) -> str:
        return f"{self.on} {self.kind}"


YEAR_STANDINGS = ("announced", "estimated")


class CalendarYear(models.Model):
    """Whether a year's days were announced, by whom and when. A year without a row is estimated (推算): its days are
    what their weekdays say, and pages say so.
    """

    year = models.PositiveSmallIntegerField(primary_key=True)
    standing = models.CharField(max_length=10, default="estimated")
    source = models.CharField(max_length=160, blank=True)
    announced_on = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(standing__in=YEAR_STANDINGS), name="services_year_standing"),
            models.CheckConstraint(
                condition=Q(standing="estimated") | ~Q(source=""), name="services_year_announced_has_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.standing}"
