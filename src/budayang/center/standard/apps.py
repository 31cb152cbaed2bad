"""The Django application of the standard room."""

from __future__ import annotations

from django.apps import AppConfig


class StandardConfig(AppConfig):
    name = "budayang.center.standard"
    label = "standard"
    default_auto_field = "django.db.models.BigAutoField"
