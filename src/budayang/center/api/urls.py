"""Addresses of the door of other machines. The schema is public; everything else asks for a key."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from budayang.center.api import reading, writing
from budayang.center.api.door import api
from budayang.center.platform.access import PUBLIC, TOKEN, allow

OPEN = ("openapi-json", "api-root")

api.add_router("", reading.router)
api.add_router("", writing.router)
_patterns, _app_name, _namespace = api.urls
# The library makes the addresses; who may call them is said here, as on every view of the house.
for _pattern in _patterns:
    assert isinstance(_pattern, URLPattern)
    assert _pattern.callback is not None
    allow(PUBLIC if _pattern.name in OPEN else TOKEN)(_pattern.callback)

urlpatterns: list[URLPattern | URLResolver] = [path("v1/", (_patterns, _app_name, _namespace))]
