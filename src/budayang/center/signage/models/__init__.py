"""Tables of the signage room, one file a subject."""

from __future__ import annotations

from budayang.center.signage.models.composition import CompositionRule, SignFile
from budayang.center.signage.models.plans import PlanVersion, SignPlan
from budayang.center.signage.models.plates import HungPlate
from budayang.center.signage.models.texts import OfficialSymbol, SignText

__all__ = [
    "CompositionRule",
    "HungPlate",
    "OfficialSymbol",
    "PlanVersion",
    "SignFile",
    "SignPlan",
    "SignText",
]
