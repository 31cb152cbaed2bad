"""Every metric that the facts of this edition answer, by chapter; ids are those of ``data/requirements.csv``
(参照版).
"""

from __future__ import annotations

from budayang.rules.standard.answers import ClauseCheck
from budayang.rules.standard.checks_basic import BASIC_CHECKS
from budayang.rules.standard.checks_hardware import HARDWARE_CHECKS
from budayang.rules.standard.checks_rating import RATING_CHECKS
from budayang.rules.standard.checks_upkeep import UPKEEP_CHECKS

CLAUSE_CHECKS: tuple[ClauseCheck, ...] = (*BASIC_CHECKS, *HARDWARE_CHECKS, *UPKEEP_CHECKS, *RATING_CHECKS)
CHECK_BY_CLAUSE: dict[str, ClauseCheck] = {one.key: one for one in CLAUSE_CHECKS}
"""By the key that an edition names as ``metric``; most are the clause's own code."""


def get_check(key: str) -> ClauseCheck:
    """Raises KeyError."""
    return CHECK_BY_CLAUSE[key]
