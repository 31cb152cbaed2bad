"""The Django application of the maintenance room."""

from __future__ import annotations

from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    name = "budayang.center.maintenance"
    label = "maintenance"
    default_auto_field = "django.db.models.BigAutoField"
