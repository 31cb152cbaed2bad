"""Ground floor of the center."""

from __future__ import annotations

from django.apps import AppConfig


class PlatformApp(AppConfig):
    """Places, people, scope, parameters, audit, deliveries, jobs."""

    name = "budayang.center.platform"
    label = "platform"
    verbose_name = "平台"
