"""The payment provider of the sandbox, over the documented contract (docs/mechanisms/payments.md). No real money."""

from __future__ import annotations
