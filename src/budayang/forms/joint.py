"""From the one form of a joint matter to the form of each department: every fact is asked once and goes where it is
needed.

A department's field takes ``"name"`` (the answer of that name), ``{"const": …}``, or
``{"from": "name", "map": {answer: value}, "else": value}``. An answer that was not asked is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from budayang.forms.pages import look_up

_NOTHING = object()


def part_form(mapping: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The department's form for these answers."""
    found = {field: _taken(how, values) for field, how in mapping.items()}
    return {field: value for field, value in found.items() if value is not _NOTHING}


def _taken(how: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(how, str):
        value = look_up(values, how)
        return _NOTHING if value is None else value
    if "const" in how:
        return how["const"]
    value = look_up(values, how["from"])
    if value is None:
        return how.get("else", _NOTHING)
    if "map" not in how:
        return value
    key = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return how["map"].get(key, how.get("else", _NOTHING))


def facts_of(mapping: Mapping[str, Any]) -> frozenset[str]:
    """The answers that a mapping reads."""
    return frozenset(
        how if isinstance(how, str) else how["from"]
        for how in mapping.values()
        if "const" not in how or isinstance(how, str)
    )
