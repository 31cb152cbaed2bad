"""Which materials a form asks for (``x-materials``), and whether what was put in is enough.

``{"kind", "title", "why", "required", "most", "x-when"}``: ``most`` sheets of this kind, asked for when the condition
fits the answers. Required unless it says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from budayang.forms.conditions import WHEN, holds
from budayang.forms.pages import Schema

MATERIALS = "x-materials"
MOST_SHEETS = 6  # of one kind, unless the form says otherwise
SIGNATURE = "delegation"  # the sheet that holds a person's signature under 委托; asked for by no form


@dataclass(frozen=True)
class Want:
    """One kind of material. ``why``: what it is needed for, in a sentence."""

    kind: str
    title: str
    why: str = ""
    required: bool = True
    most: int = MOST_SHEETS


def wanted(schema: Schema, values: Mapping[str, Any]) -> tuple[Want, ...]:
    """The materials that these answers make needed, in order."""
    return tuple(
        Want(
            kind=str(one["kind"]),
            title=str(one["title"]),
            why=str(one.get("why", "")),
            required=bool(one.get("required", True)),
            most=int(one.get("most", MOST_SHEETS)),
        )
        for one in schema.get(MATERIALS, ())
        if holds(one.get(WHEN), values)
    )


def sheets_problem(schema: Schema, values: Mapping[str, Any], kinds: Iterable[str]) -> dict[str, str]:
    """Kind → what is wrong with its number of sheets; empty when all is right. `kinds`: one word a sheet."""
    have, wants = Counter(kinds), wanted(schema, values)
    out: dict[str, str] = {}
    for want in wants:
        if want.required and not have[want.kind]:
            out[want.kind] = f"还没有“{want.title}”，请拍照或用手机上传"
        elif have[want.kind] > want.most:
            out[want.kind] = f"“{want.title}”最多{want.most}张，请删去{have[want.kind] - want.most}张"
    for kind in sorted(set(have) - {want.kind for want in wants} - {SIGNATURE}):
        out[kind] = "这件事不需要这份材料，请删去"
    return out
