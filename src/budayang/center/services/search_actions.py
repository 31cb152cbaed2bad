"""Writes of what people look for. No question is kept that few asked: it may hold a name or a number.

A question that means an item is counted under the item. One that means none is counted under a keyed hash; its words
are written down when `search_words_k` askings (one a stay at a terminal, one a day from an address) had the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import caches
from django.db import transaction
from django.db.models import F, Sum

from budayang.center.platform import queries as platform
from budayang.center.platform.limits import count_within
from budayang.center.platform.sealing import center_keys, lookup_hash
from budayang.center.services.models import Item, SearchCount, SearchWord
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.search.plain import countable
from budayang.wire.sealing import CannotOpen, open_text, search_info

KEPT_D, COUNTED_D = 400, 90
"""How long counts stay; over how many days askings of the same words are added up."""
MOST_A_DAY = 5000
"""Rows of words that meant no item, of one day and area: a program that asks at random must not fill the disk."""
MOST_OF_AN_ADDRESS = 30
"""Such words of one day and area that are counted from one address: nor may it use up the area's day."""
MOST_OF_A_STAY = 5
DAY_S = 86_400


@transaction.atomic
def record_search(area: Any | None, *, item_code: str = "", words: str = "", on: date, now: datetime) -> None:
    """Count one asking: for an item, or for words that meant none."""
    text = "" if item_code else countable(words)
    if item_code and not Item.objects.filter(code=item_code).exists():
        return
    if not item_code and not text:
        return
    mark = lookup_hash("services.search_words", text) if text else ""
    told: dict[str, Any] = {"area": area, "on": on, "item_code": item_code, "mark": mark}
    mine = SearchCount.objects.filter(**told)
    if not mine.update(times=F("times") + 1):
        if mark and SearchCount.objects.filter(area=area, on=on).exclude(mark="").count() >= MOST_A_DAY:
            return
        # Another process may write the first one at this moment.
        row, _made = SearchCount.objects.get_or_create(**told)
        SearchCount.objects.filter(pk=row.pk).update(times=F("times") + 1)
    if mark and not SearchWord.objects.filter(mark=mark).exists():
        path = area.place.path if area is not None else "/"
        since = on - timedelta(days=COUNTED_D)
        asked = SearchCount.objects.filter(mark=mark, on__gt=since).aggregate(n=Sum("times"))["n"] or 0
        if asked >= max(2, int(platform.parameter("search_words_k", path, now))):
            SearchWord.objects.get_or_create(mark=mark, defaults={"text": text, "since": on})


def note_public(area: Any | None, *, item_code: str, words: str, client: str, now: datetime) -> None:
    """Count a question of the public page, the same one once a day from one address. No address is written down."""
    on = now.astimezone(ZoneInfo(area.place.zone if area is not None else DEFAULT_ZONE)).date()
    who = lookup_hash("services.search_client", f"{client}|{on}|{item_code or countable(words)}")
    if caches["searches"].add(f"searched:{who}", 1, timeout=DAY_S):
        if not item_code and _asks_too_much(client, area, on, now):
            return
        record_search(area, item_code=item_code, words=words, on=on, now=now)


def _asks_too_much(client: str, area: Any | None, on: date, now: datetime) -> bool:
    """Whether an address has had its words of the day in the area; counts this asking."""
    who = lookup_hash("services.search_client", f"{client}|{on}")
    key = f"searched_words:{who}:{area.pk if area is not None else 0}"
    return count_within(key, timedelta(seconds=DAY_S), now) > MOST_OF_AN_ADDRESS


def read_searches(now: datetime) -> int:
    """Take what terminals tell of questions; the words leave the inbox at once."""
    return terminal_actions.consume_inbox(("searched",), lambda row: _take(row, now), now)


def _take(row: terminal_actions.InboxRow, now: datetime) -> None:
    terminal_actions.forget_body(row)
    machine = terminals.in_service().filter(code=row.terminal).first()
    asked = row.body.get("asked")
    if machine is None or not isinstance(asked, list):
        return
    on = row.at.astimezone(ZoneInfo(machine.area.place.zone)).date()
    for one in asked[:MOST_OF_A_STAY]:
        if isinstance(one, Mapping):
            item, words = str(one.get("item") or "")[:64], _opened(str(one.get("sealed") or ""), row.terminal)
            record_search(machine.area, item_code=item, words=words, on=on, now=now)


def _opened(sealed: str, terminal: str) -> str:
    """Words that a terminal sealed; "" for what was sealed to a key of before, or is none."""
    try:
        return open_text(center_keys().seal_private, sealed, search_info(terminal)).decode() if sealed else ""
    except (CannotOpen, UnicodeDecodeError):
        return ""


def tidy(now: datetime) -> int:
    """Remove counts past their time, and words that no count has any more. Returns how many rows went."""
    gone, _models = SearchCount.objects.filter(on__lt=(now - timedelta(days=KEPT_D)).date()).delete()
    left = SearchCount.objects.exclude(mark="").values("mark")
    dropped, _models = SearchWord.objects.exclude(mark__in=left).delete()
    return gone + dropped
