"""Points and distances, and how old a stored verdict may be."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

# Beyond this a stored verdict says nothing about now: the worker that judges is not running.
STALE_S = 25 * 60
EARTH_KM = 6371.0

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def point_of(latitude: float | None, longitude: float | None) -> Point | None:
    """None unless both are known."""
    return None if latitude is None or longitude is None else (latitude, longitude)


def distance_km(a: Point | None, b: Point | None) -> float | None:
    """Great-circle distance by the haversine formula; roads are longer, so pages say 直线."""
    if a is None or b is None:
        return None
    north, east = radians(b[0] - a[0]), radians(b[1] - a[1])
    chord = sin(north / 2) ** 2 + cos(radians(a[0])) * cos(radians(b[0])) * sin(east / 2) ** 2
    return round(2 * EARTH_KM * asin(min(1.0, sqrt(chord))), 1)
