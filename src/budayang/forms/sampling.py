"""A form filled in with nothing of anybody, for tries (拨测): it fits its schema as a person's answers do.

A field with a pattern says one value that fits as ``examples``: a text is not guessed from a pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from budayang.forms.pages import GROUP, LIST, Schema, asked, kind_of_property, must_answer

SAMPLE_TEXT = "拨测"
SAMPLE_MOBILE = "13900000000"
SAMPLE_ID_NUMBER = "999999201801010014"
"""Well formed by GB 11643-1999, of a region (999999) that does not exist: nobody has it."""


def sample_form(schema: Schema, on: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Typed values for what the form must have answered, and for what it answers by default.

    Args:
        on: a day as "2026-11-26", for dates.
        values: what is known better than by the schema.
    """
    return _sample_holder(schema, on, dict(values or {}))


def _sample_holder(holder: Schema, on: str, filled: dict[str, Any], *outer: Mapping[str, Any]) -> dict[str, Any]:
    # `asked` looks into `filled` before each property: what is shown on a condition hangs on what was just filled in.
    for name, prop in asked(holder, filled, *outer):
        if name in filled or not (must_answer(holder, name, prop) or "default" in prop):
            continue
        kind = kind_of_property(prop)
        if kind == GROUP:
            filled[name] = _sample_holder(prop, on, {}, filled, *outer)
        elif kind == LIST:
            count = max(1, int(prop.get("minItems", 1)))
            filled[name] = [_sample_holder(prop.get("items", {}), on, {}, filled, *outer) for _ in range(count)]
        else:
            filled[name] = _sample(kind, prop, on)
    return filled


def _sample(kind: str, prop: Schema, on: str) -> Any:
    for key in ("const", "default"):
        if key in prop:
            return prop[key]
    for key in ("examples", "enum"):
        if prop.get(key):
            return prop[key][0]
    if kind == "choice":
        return prop["oneOf"][0]["const"]
    simple = {"promise": True, "date": on, "phone": SAMPLE_MOBILE, "id_number": SAMPLE_ID_NUMBER}
    if kind in simple:
        return simple[kind]
    if kind == "number":
        return prop.get("minimum", 1)
    least, most = int(prop.get("minLength", 2)), int(prop.get("maxLength", 500))
    return (SAMPLE_TEXT * (least // len(SAMPLE_TEXT) + 1))[: max(least, min(most, len(SAMPLE_TEXT)))]
