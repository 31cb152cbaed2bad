"""A TCP connection."""

from __future__ import annotations
