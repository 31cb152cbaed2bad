"""The departments of the sandbox, one module an office or two."""

from __future__ import annotations
