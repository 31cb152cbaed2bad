"""What terminals are told of joint matters and of pictures, beside the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from budayang.center.platform.queries import parameter
from budayang.center.services.models import Item, Offering
from budayang.data.joint_matters import joint_matters

LIMITS = {"ink": "material_blank_ratio", "sharp": "material_sharp", "side": "material_side"}


def journeys_of(place_path: str, offerings: Iterable[Offering], now: datetime) -> dict[str, Any]:
    """`joint`: the matters of which a part can be done at this terminal; `pictures`: how sharp they must be."""
    return {
        "joint": _joint_of({row.item.code for row in offerings if row.driven}),
        "pictures": {name: float(parameter(key, place_path, now)) for name, key in LIMITS.items()},
    }


def _joint_of(here: set[str]) -> list[dict[str, Any]]:
    known = {
        item.code: item
        for item in Item.objects.select_related("department").filter(
            code__in={part.item for one in joint_matters().values() for part in one.parts}
        )
    }
    found = []
    for one in joint_matters().values():
        if not any(part.item in here and not part.window for part in one.parts):
            continue
        parts = [
            {
                "item": part.item,
                "title": part.title,
                "department_name": known[part.item].department.name if part.item in known else "",
                "bring": part.bring or (known[part.item].materials if part.item in known else ""),
                "window": part.window,
                "when": dict(part.when),
            }
            for part in one.parts
        ]
        found.append(
            {
                "code": one.code,
                "name": one.name,
                "event": one.event,
                "intro": one.intro,
                "schema": one.schema,
                "parts": parts,
            }
        )
    return found
