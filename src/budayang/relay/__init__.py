"""The relay: a small program on any machine of a hall that watches departments' machines from beside them."""

from __future__ import annotations
