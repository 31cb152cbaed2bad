"""Ground floor of the center."""

from __future__ import annotations

from django.apps import AppConfig


class PlatformApp(AppConfig):
    """Places, people, scope, parameters, audit, deliveries, jobs."""

    name = "budayang.center.platform"
    label = "platform"
    verbose_name = "平台"

    def ready(self) -> None:
        """What changes at an account is written down."""
        from budayang.center.platform.signin import watch_accounts  # noqa: PLC0415  # models are built before it

        watch_accounts()
