"""The services room as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "budayang.center.services"
    label = "services"
    default_auto_field = "django.db.models.BigAutoField"
