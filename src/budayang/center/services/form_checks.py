"""The center's own look at what a terminal hands in: the form by its schema, the sheets by their number, who acts.

The terminal looked too, by the same functions; a center never takes another program's word for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from budayang.center.services.case_accepting import CaseRefused
from budayang.forms import validate
from budayang.forms.materials import sheets_problem

FILLED_BEFORE = timedelta(days=30)
"""How long a case may have waited at a terminal without a network and still count as filled in on its own day."""


class FormRefused(CaseRefused):
    """`fields`: field → repair, in Chinese; a material stands under its kind."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("form_refused")
        self.fields = dict(fields)


def check_form(
    schema: Mapping[str, Any] | None, form: Mapping[str, Any], kinds: Sequence[str], *, filled_on: date
) -> None:
    """Raises FormRefused with every field and material that is not right."""
    if schema is None:
        problems = dict.fromkeys(form, "这件事不用填写，请重新开始办理")
        problems |= sheets_problem({}, {}, kinds)
    else:
        problems = validate(schema, form, today=filled_on)
        problems |= sheets_problem(schema, form, kinds)
    if problems:
        raise FormRefused(problems)


def filled_on(consent_at: str, zone: str, now: datetime) -> date:
    """The day on which the person filled the form in, as the terminal says, where that can be; else today."""
    here = ZoneInfo(zone)
    try:
        said = datetime.fromisoformat(consent_at)
    except ValueError:
        said = now
    if said.tzinfo is None or not now - FILLED_BEFORE <= said <= now + timedelta(minutes=10):
        said = now
    return said.astimezone(here).date()
