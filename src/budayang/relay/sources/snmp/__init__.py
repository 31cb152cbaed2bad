"""SNMP: a printer, a switch's port."""

from __future__ import annotations
