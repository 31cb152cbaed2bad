"""The public pages as a Django app: templates and static files."""

from __future__ import annotations

from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "budayang.center.public"
    label = "public"
