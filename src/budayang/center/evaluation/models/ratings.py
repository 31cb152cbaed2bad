"""Ratings, the negative ones with what is done about them, and visits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.evaluation import LEVELS

NEGATIVE_STATES = ("open", "verified", "closed")


class Invitation(models.Model):
    """The rating page was shown after this case (PJ-01). Once per case, however often the screen came back."""

    case_number = models.CharField(max_length=48, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    shown_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["shown_at"], name="evaluation_invitation_at")]

    def __str__(self) -> str:
        return self.case_number


class Rating(models.Model):
    """One answer per case (一次一评): `case_number` is unique, a repeated message changes nothing."""

    case_number = models.CharField(max_length=48, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=24)
    reasons = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=[level.code for level in LEVELS]), name="evaluation_rating_level"
            )
        ]
        indexes = [models.Index(fields=["at"], name="evaluation_rating_at")]

    def __str__(self) -> str:
        return f"{self.case_number} {self.level}"


class NegativeCase(models.Model):
    """A negative rating (差评) that somebody must look into: verified first, then put right, each by a due time."""

    rating = models.OneToOneField(Rating, on_delete=models.PROTECT, related_name="negative_case")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="open")
    policy = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    verify_due_at = models.DateTimeField()
    close_due_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=NEGATIVE_STATES), name="evaluation_negative_state")]
        indexes = [models.Index(fields=["state", "close_due_at"], name="evaluation_negative_due")]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.state}"


class Visit(models.Model):
    """One use of a terminal from first touch to clearing: counts and moments only, nothing about the person."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    end = models.CharField(max_length=16)
    step = models.CharField(max_length=24, blank=True)
    seconds = models.PositiveIntegerField(default=0)
    cleared = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="evaluation_visit_at")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.end}"
