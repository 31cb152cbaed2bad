"""What a case in correction lacks (补正), and whether it may be handed in at a terminal now; its receipt. Reads
only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.services.case_results import Shown, language, seal_result
from budayang.center.services.item_forms import form_of
from budayang.center.services.models import Case, CaseCorrection, Errand
from budayang.center.services.receipts import Witness
from budayang.center.services.sending import Answer
from budayang.center.services.states import CaseState, ErrandState
from budayang.forms.pages import GROUP, LIST, SLOT, kind_of_property

KEPT_HINTS = frozenset({"x-keyboard", "x-multiline", "x-sensitive", "x-problem"})
MOST_SHEETS, MOST_IN_ALL = 9, 40  # for one thing that is asked, and together
TELLING = (ErrandState.WAITING, ErrandState.RUNNING)


def may_correct(case: Case, row: CaseCorrection | None, now: datetime) -> bool:
    """Whether a terminal may take in what is missing: the department waits for it, nobody handed it in yet, and its
    day has not passed. What was handed in goes to the department once (its key is the case's own).
    """
    if row is None or case.state != CaseState.CORRECTION or row.handed_number:
        return False
    return not is_late(case, row, now) and not Errand.objects.filter(case=case, kind="correct").exists()


def is_late(case: Case, row: CaseCorrection, now: datetime) -> bool:
    """Whether the last day for it is over, in the zone of the area."""
    zone = ZoneInfo(case.terminal.area.place.zone)
    return row.until is not None and now.astimezone(zone).date() > row.until


def on_its_way(case: Case) -> bool:
    """Whether what was missing is being told to the department this moment."""
    if case.state != CaseState.CORRECTION:
        return False
    return Errand.objects.filter(case=case, kind="correct", state__in=TELLING).exists()


def kind_of(position: int) -> str:
    """The kind of material under which a sheet for the item at `position` (from 0) is handed in."""
    return f"c{position + 1}"


def schema_of(item_code: str, row: CaseCorrection) -> dict[str, Any]:
    """The form of what is handed in: a kind of material for each thing asked on paper, the item's own question for each
    answer that is to be given anew. A field that the item's form does not have is asked for on paper.
    """
    known: Mapping[str, Any] = (form_of(item_code) or {}).get("properties", {})
    properties: dict[str, Any] = {}
    sheets: list[dict[str, Any]] = []
    most = max(1, min(MOST_SHEETS, MOST_IN_ALL // max(1, len(row.items))))
    for position, text in enumerate(row.items):
        field = row.asks[position] if position < len(row.asks) else ""
        if may_be_asked(known.get(field)) and field not in properties:
            properties[field] = _question(known[field], text)
        else:
            sheets.append({"kind": kind_of(position), "title": text[:80], "why": text if len(text) > 80 else "",
                           "most": most, "required": True})  # fmt: skip
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "补正",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        "x-materials": sheets,
    }
    return schema | ({"x-pages": "each"} if properties else {})


def may_be_asked(prop: Mapping[str, Any] | None) -> bool:
    """Whether a question of the item's form can stand alone: no list, no group, no booked time."""
    return prop is not None and kind_of_property(prop) not in (GROUP, LIST, SLOT)


def _question(prop: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The form's own question without what hangs on other answers; the department's words stand under it."""
    plain = {key: value for key, value in prop.items() if not key.startswith("x-") or key in KEPT_HINTS}
    return plain | {"description": text, **({"x-not-after": "today"} if prop.get("x-not-after") == "today" else {})}


def corrected_receipt(case: Case, answer: Answer, head: Witness | None, now: datetime) -> bytes | None:
    """The receipt of a correction: what was handed in, when, and that this is not yet the acceptance."""
    row = CaseCorrection.objects.filter(case=case).first()
    with override(language(case)):
        extra: list[tuple[str, str]] = []
        if row is not None:
            extra = [(_("补正内容"), "；".join(str(one) for one in row.items))]
            if row.corrected_at:
                local = row.corrected_at.astimezone(ZoneInfo(case.terminal.area.place.zone))
                day = f"{local.year}年{local.month}月{local.day}日"
                extra.append((_("交补正材料"), f"{day} {local:%H:%M}"))
        shown = Shown(CaseState.HANDED_IN, answer.message, answer.rows, None, tuple(extra), _("补正回执"))
    return seal_result(case, shown, head, now)
