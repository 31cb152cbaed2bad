"""Which step follows when the person is known: who acts, person and card compared, e-licences, questions, materials,
summary. And which form is filled in: that of the item, or of what its department asked for afterwards (补正).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from budayang.forms.materials import wanted
from budayang.forms.prefill import licences_wanted
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.journey import Event, Journey


def schema_of(catalogue: Catalogue, journey: Journey) -> dict[str, Any]:
    """The form of this journey; empty when it asks nothing."""
    return journey.correction.schema if journey.correction is not None else catalogue.schema(journey.item)


def after_identity(schema: Mapping[str, Any], journey: Journey, *, online: bool, check: bool = False) -> Event:
    """The event that leads on. Without a network nobody is asked for e-licences: the person types. `check`: person and
    card are still to be compared (人证核对).
    """
    if journey.acting and (journey.agent is None or journey.agent.person is None):
        return Event.ACTS_FOR
    if check:
        return Event.NEEDS_CHECK
    if journey.form and journey.check is not None:
        return Event.NO_FORM  # everything was filled in before the consent was taken back
    # An agent does not open another person's e-licences.
    if online and not journey.acting and not journey.licences.phase and licences_wanted(schema):
        return Event.HAS_LICENCES
    if schema.get("properties"):
        return Event.HAS_FORM
    return Event.NEEDS_SHEETS if wanted(schema, {}) else Event.NO_FORM
