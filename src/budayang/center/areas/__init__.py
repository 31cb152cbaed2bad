"""Areas: what was promised where, by whom, with what in it, and when it stops on purpose."""

from __future__ import annotations
