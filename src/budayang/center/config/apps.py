"""The one place that knows every room: hands the frozen table of consumers and due loops to platform."""

from __future__ import annotations

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Installs the wiring once all rooms are loaded."""

    name = "budayang.center.config"
    label = "config"

    def ready(self) -> None:
        """Import the rooms' jobs only now: their models exist from here on."""
        from budayang.center.config import wiring  # noqa: PLC0415  # Django builds models between import and ready()

        wiring.install()
