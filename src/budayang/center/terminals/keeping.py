"""What this room keeps sealed: the keys that terminals agreed."""

from __future__ import annotations

from budayang.center.platform.resealing import SealedColumn

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("terminals.Session", "sealed_key", "terminals_session", "terminal_id", "sealed_key"),
)
