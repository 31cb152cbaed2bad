"""Appointments (预约): when and where a department expects the person of a case."""

from __future__ import annotations

from django.db import models

from budayang.center.services.models.cases import Case


class Appointment(models.Model):
    """The booked time of a case, as the department's answer says it; the slot itself stands in the department's book.

    `cancelled_at`: the department took it out of its book because the person did not want it any more.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appointment")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=120, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.case_id} {self.start_at}"
