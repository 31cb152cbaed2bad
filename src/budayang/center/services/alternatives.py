"""Where else an item can be finished now: read once for the whole center, asked for any number of terminals.

A terminal's message names three places at most; looking through every offering for each of thousands of terminals
would cost their square.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.services.models import Offering
from budayang.center.services.places import STALE_S, Point, distance_km, point_of
from budayang.rules.services import Truth

AT_MOST = 3
RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another place where the item can be finished now."""

    terminal: str
    area: str
    distance_km: float | None
    text: str


@dataclass(slots=True)
class _Hall:
    """An area with the first of its terminals (id, code, name) at which an item can be finished now."""

    name: str
    point: Point | None
    doable: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Alternatives:
    """What can be finished now, by item and area. As old as `load`: make one for one turn of work."""

    _halls: dict[str, dict[int, _Hall]]
    _near: dict[tuple[int, int], float | None] = field(default_factory=dict)

    @classmethod
    def load(cls, now: datetime, item_codes: Iterable[str] | None = None) -> Alternatives:
        """Two words of each offering that is doable and was judged lately, in one query."""
        rows = Offering.objects.filter(active=True, truth=Truth.DOABLE).exclude(terminal__state=RETIRED)
        rows = rows.filter(judged_at__gte=now - timedelta(seconds=STALE_S)).order_by("terminal__code")
        if item_codes is not None:
            rows = rows.filter(item__code__in=list(item_codes))
        halls: dict[str, dict[int, _Hall]] = {}
        area = "terminal__area"
        for item, area_id, name, north, east, *terminal in rows.values_list(
            "item__code", f"{area}_id", f"{area}__name", f"{area}__latitude", f"{area}__longitude",
            "terminal_id", "terminal__code", "terminal__name",
        ):  # fmt: skip
            hall = halls.setdefault(item, {}).setdefault(area_id, _Hall(name, point_of(north, east)))
            # One more than is ever shown: the one that asks may be among them.
            if len(hall.doable) <= AT_MOST:
                hall.doable.append((terminal[0], terminal[1], terminal[2]))
        return cls(halls)

    def of(self, item_codes: Iterable[str], here: Any, limit: int = AT_MOST) -> dict[str, list[Alternative]]:
        """Item code -> other terminals, those of the same area first, then nearest first. `here`: a terminal row."""
        return {code: self._of(code, here, limit) for code in item_codes}

    def _of(self, item_code: str, here: Any, limit: int) -> list[Alternative]:
        halls = self._halls.get(item_code, {})
        found: list[Alternative] = []
        mine = halls.get(here.area_id)
        for terminal_id, code, name in mine.doable if mine else ():
            if terminal_id != here.pk and len(found) < limit:
                text = _("本区%(terminal)s现在能办") % {"terminal": name}
                found.append(Alternative(code, mine.name if mine else "", self._km(here, here.area_id, mine), text))
        if len(found) < limit:
            found += self._elsewhere(halls, here, limit - len(found))
        return found

    def _elsewhere(self, halls: dict[int, _Hall], here: Any, limit: int) -> list[Alternative]:
        far = float("inf")
        places: list[tuple[float, str, _Hall, float | None]] = []
        for area_id, hall in halls.items():
            if area_id != here.area_id:
                km = self._km(here, area_id, hall)
                places += [(far if km is None else km, code, hall, km) for _id, code, _name in hall.doable[:limit]]
        places.sort(key=lambda place: place[:2])
        return [Alternative(code, hall.name, km, _text(hall.name, km)) for _far, code, hall, km in places[:limit]]

    def _km(self, here: Any, area_id: int, hall: _Hall | None) -> float | None:
        key = (here.area_id, area_id)
        if key not in self._near:
            start = point_of(here.area.latitude, here.area.longitude)
            self._near[key] = distance_km(start, hall.point if hall else None)
        return self._near[key]


def _text(area: str, km: float | None) -> str:
    if km is None:
        return _("%(area)s现在能办") % {"area": area}
    return _("%(area)s现在能办，直线约%(km)d公里") % {"area": area, "km": round(km)}
