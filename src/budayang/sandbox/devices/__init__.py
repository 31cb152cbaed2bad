"""Simulated devices that speak the real protocols: SAM_V (id card reader) and IPP (printer)."""

from __future__ import annotations
