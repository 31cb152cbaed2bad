"""The ways to watch a machine, a folder each; only those that a profile names are loaded."""

from __future__ import annotations
