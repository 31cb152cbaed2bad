"""The window for a department's own page, as a component of the terminal: root's helper opens it, this asks it."""

from __future__ import annotations
