"""Reads of plates: which hang, what they say, what of it is no longer true."""

from __future__ import annotations

from typing import TypeAlias

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.wording import words
from budayang.center.signage.models import HungPlate
from budayang.center.signage.plate_data import from_json
from budayang.rules.signs.plates import PLATE_KINDS, PlateData

Plate: TypeAlias = HungPlate
"""For rooms above, which name no table of this one."""
LINES = 6
ORGANIZATIONS = ("terminal__owner",)


def plates_visible_to(actor: Actor) -> QuerySet[Plate]:
    """Plates that hang in the actor's places; bodies' people see those of their own machines."""
    rows = Plate.objects.filter(scope_q(actor, "area__place__path", ORGANIZATIONS), taken_down_at__isnull=True)
    return rows.select_related("area__place", "area__keeper", "area__manager", "terminal__owner")


def find_plate(pk: int) -> Plate | None:
    """A plate, hanging or not."""
    return Plate.objects.select_related("area__place", "terminal").filter(pk=pk).first()


def kind_name(row: Plate) -> str:
    """What the plate is, in words."""
    return words(PLATE_KINDS[row.kind].name)


def said(row: Plate) -> PlateData:
    """What stands on it."""
    return from_json(row.said)


def title_of(row: Plate) -> str:
    """One line for an order: which plate, where."""
    where = row.terminal.name if row.terminal is not None else row.area.name
    return _("%(where)s的%(plate)s与事实不符") % {"where": where, "plate": kind_name(row)}


def difference_lines(row: Plate) -> list[str]:
    """What the plate says and what is true, a line each; at most six, the last says how many more."""
    lines = [_line(*one) for one in row.differs[:LINES]]
    more = len(row.differs) - LINES
    return [*lines, _("另有 %(n)d 处") % {"n": more}] if more > 0 else lines


def _line(label: str, said: str, true: str) -> str:
    if not said and not true:
        return _("%(label)s已变") % {"label": words(label)}
    told = {"label": words(label), "said": said or _("（没有）"), "true": true or _("（没有）")}
    return _("%(label)s：牌上是“%(said)s”，现在是“%(true)s”") % told
