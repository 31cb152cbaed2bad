"""The lines to departments: what is said over them (answers), where they lead (addresses), what carries it."""

from __future__ import annotations
