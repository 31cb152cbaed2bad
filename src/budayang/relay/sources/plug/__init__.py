"""A plug that measures."""

from __future__ import annotations
