"""A page over HTTP or HTTPS."""

from __future__ import annotations
