"""Addresses of the console: one module a room."""

from __future__ import annotations

app_name = "console"
urlpatterns: list[object] = []
