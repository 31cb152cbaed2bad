"""The line between a machine of the hall and the center: clock, outbox, credential, sync. Terminal and relay use it."""

from __future__ import annotations
