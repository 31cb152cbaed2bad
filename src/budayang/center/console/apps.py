"""Staff's pages."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleApp(AppConfig):
    """Holds templates and template tags; no rows of its own."""

    name = "budayang.center.console"
    label = "console"
    verbose_name = "管理平台页面"
