"""ICMP echo by the system's ping."""

from __future__ import annotations
