"""The window that reads payers' codes from their phones."""

from __future__ import annotations
