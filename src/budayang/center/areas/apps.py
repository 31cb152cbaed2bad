"""The room of areas (chapter 4)."""

from __future__ import annotations

from django.apps import AppConfig


class AreasApp(AppConfig):
    """Areas, promised hours, facilities, planned stops."""

    name = "budayang.center.areas"
    label = "areas"
    verbose_name = "自助区"
