"""Budayang (不打烊): runs 24-hour government self-service areas to their standard, and proves that they run to it."""

from __future__ import annotations

__version__ = "0.1.0"
