"""Department systems of the sandbox, over the documented contract (docs/mechanisms/department-contract.md)."""

from __future__ import annotations
