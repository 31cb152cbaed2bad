"""The door of other machines as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "budayang.center.api"
    label = "api"
