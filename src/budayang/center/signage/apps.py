"""The Django application of the signage room."""

from __future__ import annotations

from django.apps import AppConfig


class SignageConfig(AppConfig):
    name = "budayang.center.signage"
    label = "signage"
    default_auto_field = "django.db.models.BigAutoField"
