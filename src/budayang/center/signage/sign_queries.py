"""The signs of an area as its plan has them, for those who look at them or count them."""

from __future__ import annotations

from dataclasses import dataclass

from budayang.center.signage import queries
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.drawing import Drawing, read
from budayang.rules.signs.kinds import MOUNTING_NAMES


@dataclass(frozen=True, slots=True)
class SignHere:
    """One sign on a plan. `id`: as the drawing has it; `name`: what it says; `where`: in words."""

    id: str
    kind: str
    name: str
    where: str


def signs_of(area_id: int) -> list[SignHere]:
    """The signs on the plan in force, in its order; none where there is no plan. A kind that the catalogue does not
    know is named by its code.
    """
    plan = queries.find_plan(area_id)
    version = queries.find_version(plan) if plan is not None else None
    return _signs(read(version.drawing)) if version is not None else []


def planned_signs(area_ids: list[int]) -> dict[int, list[str]]:
    """Ids of the signs on the plan in force, by area; an area without a plan is not in it. Two queries."""
    newest = queries.newest_of(area_ids)
    drawings = queries.drawings_of(newest.values())
    return {pk: [sign.id for sign in read(drawings[version.pk]).signs] for pk, version in newest.items()}


def _signs(drawing: Drawing) -> list[SignHere]:
    kinds = sign_kinds()
    machines = {thing.id: thing.code for thing in drawing.things}
    found = []
    for sign in drawing.signs:
        kind = kinds.get(sign.kind)
        about = machines.get(sign.about, "")
        where = about or MOUNTING_NAMES[sign.mounting]
        found.append(SignHere(sign.id, sign.kind, kind.message if kind else sign.kind, where))
    return found
