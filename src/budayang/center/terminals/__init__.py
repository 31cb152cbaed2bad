"""Terminals: registration, credentials, peripherals, status intervals, inbox and outgoing (chapter 5)."""

from __future__ import annotations
