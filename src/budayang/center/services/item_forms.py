"""Which questions an item asks: the form that its department declared, else the one that ships for its code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from budayang import data
from budayang.center.services.models import ConnectorItem

Schema = dict[str, Any]


def form_of(item_code: str) -> Schema | None:
    """The JSON Schema of an item's form; None where it has none and so cannot be done at a terminal of ours."""
    return forms_of([item_code]).get(item_code)


def forms_of(item_codes: Iterable[str]) -> dict[str, Schema]:
    """The forms of many items, one query."""
    codes = list(item_codes)
    found: dict[str, Schema] = {code: schema for code in codes if (schema := data.find_form(code)) is not None}
    rows = ConnectorItem.objects.filter(item__code__in=codes, form__isnull=False)
    found.update({row.item.code: row.form for row in rows.select_related("item") if row.form is not None})
    return found


def items_with_forms() -> frozenset[str]:
    """Codes of the items that a terminal of ours can carry through: what ships, and what departments declared."""
    declared = ConnectorItem.objects.filter(form__isnull=False).values_list("item__code", flat=True)
    return data.items_with_forms() | frozenset(declared)
