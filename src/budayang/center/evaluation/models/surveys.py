"""满意度问卷: a survey with its sample plan by area, and the sheets that were handed in, about nobody."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Survey(models.Model):
    """One survey of a place and a half-year. `texts`: the edition of its questions; `margin`: how exact it is to be."""

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    place_path = models.CharField(max_length=200)
    texts = models.CharField(max_length=24)
    opens_on = models.DateField()
    closes_on = models.DateField()
    margin = models.FloatField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="evaluation_survey_days"),
        ]

    def __str__(self) -> str:
        return self.code


class SurveyArea(models.Model):
    """The sample plan of one area: of how many matters, how many answers are needed."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="areas")
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    population = models.PositiveIntegerField()
    needed = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["survey", "area"], name="evaluation_survey_area_once")]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.area_id}"


class SurveyReminder(models.Model):
    """The supervisors of a place were told that areas have no survey of the half-year that begins on `first_on`."""

    place_path = models.CharField(max_length=200)
    first_on = models.DateField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place_path", "first_on"], name="evaluation_survey_reminder_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place_path} {self.first_on}"


class SurveySheet(models.Model):
    """One sheet: question -> level, wishes. `beyond`: it came beyond the limit of an hour; shown, not counted."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="sheets")
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict)
    wishes = models.JSONField(default=list)
    beyond = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["survey", "area"], name="evaluation_sheet_area")]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.at}"
