"""An access controller tells of its door."""

from __future__ import annotations
