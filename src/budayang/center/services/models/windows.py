"""Matters sent to the window (转窗口), and how many people the windows called (for the share taken off them)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.cases import Case
from budayang.center.services.models.catalogue import Department
from budayang.center.services.states import WindowState


class WindowTask(models.Model):
    """A case that a clerk at the window finishes. `missing`: what the person has to bring, as told on the slip."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="window")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="window_tasks")
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=10, default=WindowState.WAITING)
    missing = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.CharField(max_length=80, blank=True)
    taken_by_id = models.PositiveBigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in WindowState]), name="services_window_state")
        ]
        indexes = [models.Index(fields=["state", "queued_at"], name="services_window_queue")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class WindowFigure(models.Model):
    """How many numbers the windows of a department called on a day in a place, as imported from the queueing
    machine.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="window_figures")
    place_path = models.CharField(max_length=200)
    on = models.DateField()
    called = models.PositiveIntegerField()
    source = models.CharField(max_length=120, blank=True)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place_path", "department", "on"], name="services_window_figure_once")
        ]
        indexes = [models.Index(fields=["on"], name="services_window_figure_on")]

    def __str__(self) -> str:
        return f"{self.place_path} {self.department_id} {self.on} {self.called}"
