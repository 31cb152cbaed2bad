"""Monthly reports (月报): one a place and month, what was found after it was published, and who gets them by plan."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

MONTHLY_STATES = ("making", "draft", "published")


class MonthlyReport(models.Model):
    """The report of a place and month. `content` is rules.monthly.Report as JSON and `sha256` the hash of its canonical
    text; once published neither changes. `work`: the long work that makes it, or holds it against the rows of now.
    `check_at`: when it is held against them next (indexed).
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    month = models.DateField()
    state = models.CharField(max_length=10, default="making")
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    content = models.JSONField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    made_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "month"], name="evaluation_monthly_once"),
            CheckConstraint(condition=Q(state__in=MONTHLY_STATES), name="evaluation_monthly_state"),
            CheckConstraint(
                condition=Q(state="making") | (Q(content__isnull=False, made_at__isnull=False) & ~Q(sha256="")),
                name="evaluation_monthly_made",
            ),
            CheckConstraint(
                condition=Q(state="published", published_at__isnull=False)
                | (~Q(state="published") & Q(published_at__isnull=True)),
                name="evaluation_monthly_published",
            ),
        ]
        indexes = [
            Index(fields=["-month", "place_path"], name="evaluation_monthly_newest"),
            Index(fields=["check_at"], condition=Q(check_at__isnull=False), name="evaluation_monthly_check"),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.month:%Y-%m}"


class MonthlyCorrection(models.Model):
    """What of a published report reads otherwise from the rows of later. Append-only: rules.monthly.Change as JSON;
    `sha256`: of the changes, so that the same finding is not written again the next day.
    """

    report = models.ForeignKey(MonthlyReport, on_delete=PROTECT, related_name="corrections")
    found_at = models.DateTimeField()
    changes = models.JSONField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-found_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.report_id} {self.found_at}"


class MonthlyPlan(models.Model):
    """A place whose reports, and those of all places below it, are made each month by themselves at `due_at`."""

    place = models.OneToOneField("platform.Place", on_delete=PROTECT, related_name="+")
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        indexes = [Index(fields=["due_at"], name="evaluation_monthly_due")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.due_at}"
