"""Reads of what people looked for, in the areas that the actor sees. What few asked is nowhere shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import Q, QuerySet, Sum

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.services.models import SearchCount, SearchWord

NAMED_AT_ONCE = 5000
"""Marks that one query names: a statement's variables are limited."""


def searches_visible_to(actor: Actor) -> QuerySet[SearchCount]:
    """Counts of the areas that the actor sees."""
    return SearchCount.objects.filter(area_id__in=areas.visible_to(actor).values("pk"))


def items_asked(area_ids: Collection[int], first: date, last: date) -> dict[int, dict[str, int]]:
    """Area → item code → how often it was looked for there, from `first` to `last`; every area has its row."""
    found: dict[int, dict[str, int]] = {area: {} for area in area_ids}
    rows = _of(area_ids, first, last).exclude(item_code="").order_by()
    for area, code, n in rows.values_list("area_id", "item_code").annotate(n=Sum("times")):
        found[area][code] = n
    return found


def words_asked(least: Mapping[int, int], first: date, last: date) -> dict[int, dict[str, int]]:
    """Area → words that meant no item → how often they were asked there; only those that so many askings had there.
    `least`: by area; every area has its row.
    """
    rows = _of(least, first, last).exclude(mark="").order_by()
    often: dict[str, list[tuple[int, int]]] = {}
    for area, mark, n in rows.values_list("area_id", "mark").annotate(n=Sum("times")):
        if n >= max(2, least[area]):
            often.setdefault(mark, []).append((area, n))
    found: dict[int, dict[str, int]] = {area: {} for area in least}
    marks = list(often)
    for begin in range(0, len(marks), NAMED_AT_ONCE):
        for one in SearchWord.objects.filter(mark__in=marks[begin : begin + NAMED_AT_ONCE]).order_by("pk"):
            for area, n in often[one.mark]:
                found[area][one.text] = n
    return found


def all_asked(area_ids: Collection[int], first: date, last: date) -> dict[int, int]:
    """Area → all askings there."""
    rows = _of(area_ids, first, last).order_by().values_list("area_id").annotate(n=Sum("times"))
    return dict.fromkeys(area_ids, 0) | dict(rows)


def days_of(area_id: int, first: date, last: date, *, item_code: str = "", text: str = "") -> list[tuple[date, int]]:
    """(day, askings) of an item or of words, the latest first."""
    which = Q(item_code=item_code) if item_code else Q(mark__in=SearchWord.objects.filter(text=text).values("mark"))
    rows = _of([area_id], first, last).filter(which)
    return list(rows.values_list("on").annotate(n=Sum("times")).order_by("-on"))


def _of(area_ids: Collection[int], first: date, last: date) -> QuerySet[SearchCount]:
    return SearchCount.objects.filter(area_id__in=list(area_ids), on__gte=first, on__lte=last)
