"""Reads of what people looked for, in the areas that the actor sees. What few asked is nowhere shown."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet, Sum

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.services.models import SearchCount, SearchWord


def searches_visible_to(actor: Actor) -> QuerySet[SearchCount]:
    """Counts of the areas that the actor sees."""
    return SearchCount.objects.filter(area_id__in=areas.visible_to(actor).values("pk"))


def items_asked(area_id: int, first: date, last: date) -> dict[str, int]:
    """Item code → how often it was looked for in the area, from `first` to `last`."""
    return dict(
        _of(area_id, first, last).exclude(item_code="").values_list("item_code").annotate(n=Sum("times")).order_by()
    )


def words_asked(area_id: int, first: date, last: date, least: int) -> dict[str, int]:
    """Words that meant no item → how often they were asked in the area; only those that `least` askings had there."""
    rows = _of(area_id, first, last).exclude(mark="").values_list("mark").annotate(n=Sum("times")).order_by()
    often = {mark: n for mark, n in rows if n >= max(2, least)}
    return {one.text: often[one.mark] for one in SearchWord.objects.filter(mark__in=often)}


def all_asked(area_id: int, first: date, last: date) -> int:
    """All askings in the area."""
    return _of(area_id, first, last).aggregate(n=Sum("times"))["n"] or 0


def days_of(area_id: int, first: date, last: date, *, item_code: str = "", text: str = "") -> list[tuple[date, int]]:
    """(day, askings) of an item or of words, the latest first."""
    which = Q(item_code=item_code) if item_code else Q(mark__in=SearchWord.objects.filter(text=text).values("mark"))
    rows = _of(area_id, first, last).filter(which)
    return list(rows.values_list("on").annotate(n=Sum("times")).order_by("-on"))


def _of(area_id: int, first: date, last: date) -> QuerySet[SearchCount]:
    return SearchCount.objects.filter(area_id=area_id, on__gte=first, on__lte=last)
