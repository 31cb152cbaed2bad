"""Staff pages: one module a room, one list machine, one frame."""

from __future__ import annotations
