"""The frozen table of who reads whose news and which due loops run: the only list that names every room."""

from __future__ import annotations

from datetime import datetime

from budayang.center.areas import jobs as areas
from budayang.center.evaluation import jobs as evaluation
from budayang.center.maintenance import jobs as maintenance
from budayang.center.platform import audit, deliveries, works
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.sealing import center_keys
from budayang.center.services import jobs as services
from budayang.center.standard import jobs as standard
from budayang.center.terminals import jobs as terminals


def _seal(now: datetime) -> int:
    return audit.seal(center_keys().audit_private, now)


CONSUMERS: tuple[Consumer, ...] = (
    *areas.CONSUMERS,
    *terminals.CONSUMERS,
    *services.CONSUMERS,
    *maintenance.CONSUMERS,
    *evaluation.CONSUMERS,
    *standard.CONSUMERS,
)

DUES: tuple[Due, ...] = (
    Due("platform.seal_audit", 1.0, _seal),
    Due("platform.reap_work", 5.0, works.reap),
    *areas.DUES,
    *terminals.DUES,
    *services.DUES,
    *maintenance.DUES,
    *evaluation.DUES,
    *standard.DUES,
)


def install() -> None:
    """Hand the table to platform."""
    deliveries.install(CONSUMERS, DUES)
