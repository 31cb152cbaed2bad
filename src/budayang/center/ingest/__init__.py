"""The terminals' door: the hot path in front of Django. Imports wire, rules and the terminals room, nothing else."""

from __future__ import annotations
