"""What the areas do by themselves: nothing yet. Promised hours are computed when asked, not swept."""

from __future__ import annotations

from budayang.center.platform.deliveries import Consumer, Due

CONSUMERS: tuple[Consumer, ...] = ()
DUES: tuple[Due, ...] = ()
