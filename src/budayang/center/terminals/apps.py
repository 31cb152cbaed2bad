"""Room of the terminals."""

from __future__ import annotations

from django.apps import AppConfig


class TerminalsApp(AppConfig):
    """Terminals, their peripherals, what they report and what is sent to them."""

    name = "budayang.center.terminals"
    label = "terminals"
    verbose_name = "自助终端"
