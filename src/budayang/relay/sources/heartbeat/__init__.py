"""The machine's own scheduler calls."""

from __future__ import annotations
