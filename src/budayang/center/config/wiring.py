"""The frozen table of who reads whose news and which due loops run: the only list that names every room."""

from __future__ import annotations

from datetime import datetime

from budayang.center.areas import evidence as areas_evidence
from budayang.center.areas import jobs as areas
from budayang.center.evaluation import evidence as evaluation_evidence
from budayang.center.evaluation import improvement_keeping, supervision_keeping
from budayang.center.evaluation import jobs as evaluation
from budayang.center.evaluation import keeping as evaluation_keeping
from budayang.center.evaluation import queries as evaluation_queries
from budayang.center.maintenance import evidence as maintenance_evidence
from budayang.center.maintenance import jobs as maintenance
from budayang.center.maintenance import keeping as maintenance_keeping
from budayang.center.platform import audit, deliveries, evidence, resealing, retention, signin, works
from budayang.center.platform import keeping as platform_keeping
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.evidence import Section
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule
from budayang.center.platform.sealing import center_keys
from budayang.center.services import jobs as services
from budayang.center.services import keeping as services_keeping
from budayang.center.services import rating_asked
from budayang.center.signage import jobs as signage
from budayang.center.standard import jobs as standard
from budayang.center.standard import keeping as standard_keeping
from budayang.center.terminals import evidence as terminals_evidence
from budayang.center.terminals import jobs as terminals
from budayang.center.terminals import keeping as terminals_keeping


def _seal(now: datetime) -> int:
    return audit.seal(center_keys().audit_private, now)


CONSUMERS: tuple[Consumer, ...] = (
    *areas.CONSUMERS,
    *terminals.CONSUMERS,
    *services.CONSUMERS,
    *signage.CONSUMERS,
    *maintenance.CONSUMERS,
    *evaluation.CONSUMERS,
    *standard.CONSUMERS,
)

DUES: tuple[Due, ...] = (
    Due("platform.seal_audit", 1.0, _seal),
    Due("platform.reap_work", 5.0, works.reap),
    Due("platform.reseal", 60.0, resealing.reseal_on),
    Due("platform.erase_due", retention.LOOK_S, retention.erase_due),
    *areas.DUES,
    *terminals.DUES,
    *services.DUES,
    *signage.DUES,
    *maintenance.DUES,
    *evaluation.DUES,
    *standard.DUES,
)


SEALED: tuple[SealedColumn, ...] = (
    *terminals_keeping.SEALED,
    *services_keeping.SEALED,
    *maintenance_keeping.SEALED,
    *evaluation_keeping.SEALED,
    *standard_keeping.SEALED,
    *improvement_keeping.SEALED,
    *supervision_keeping.SEALED,
)
RETENTION: tuple[Rule, ...] = (
    *platform_keeping.RETENTION,
    *services_keeping.RETENTION,
    *maintenance_keeping.RETENTION,
    *evaluation_keeping.RETENTION,
    *standard_keeping.RETENTION,
    *improvement_keeping.RETENTION,
    *supervision_keeping.RETENTION,
)
EVIDENCE: tuple[Section, ...] = (
    *areas_evidence.SECTIONS,
    *terminals_evidence.SECTIONS,
    *maintenance_evidence.SECTIONS,
    *evaluation_evidence.SECTIONS,
)


def install() -> None:
    """Hand the tables to platform, and to services what only a room above it knows."""
    signin.watch_accounts()
    deliveries.install(CONSUMERS, DUES)
    resealing.install(SEALED)
    retention.install(RETENTION)
    evidence.install(EVIDENCE)
    rating_asked.install(evaluation_queries.asked_numbers)
