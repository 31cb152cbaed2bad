"""Payments (缴费): the provider's interface, the payments themselves, the refund trail and the daily reconciliation."""

from __future__ import annotations
