"""Addresses of the console: one module a room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from budayang.center.console import (
    areas,
    audit,
    evaluation,
    imports,
    maintenance,
    overview,
    services,
    staff,
    standard,
    terminals,
)

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    *overview.urlpatterns,
    *areas.urlpatterns,
    *terminals.urlpatterns,
    *services.urlpatterns,
    *maintenance.urlpatterns,
    *evaluation.urlpatterns,
    *standard.urlpatterns,
    *staff.urlpatterns,
    *audit.urlpatterns,
    *imports.urlpatterns,
]
