"""Hours that a person may choose on the public pages: each full hour of today and tomorrow, in the city's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

ZONE = ZoneInfo("Asia/Shanghai")
FORM = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Hour:
    """One choice: `value` as it stands in the address, `word` as people read it."""

    value: str
    word: str


def choices(now: datetime) -> list[tuple[str, list[Hour]]]:
    """(今天 or 明天, its hours that are still to come)."""
    first = now.astimezone(ZONE).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    today = now.astimezone(ZONE).date()
    days: dict[date, list[Hour]] = {}
    for number in range(48):
        moment = first + timedelta(hours=number)
        if moment.date() > today + timedelta(days=1):
            break
        days.setdefault(moment.date(), []).append(Hour(moment.strftime(FORM), f"{moment:%H:%M}"))
    return [(_("今天") if on == today else _("明天"), hours) for on, hours in days.items()]


def read(text: str, now: datetime, furthest: timedelta = timedelta(days=8)) -> datetime | None:
    """The moment that was chosen, or None for none, nonsense, the past or what lies too far ahead."""
    try:
        moment = datetime.strptime(text[:16], FORM).replace(tzinfo=ZONE)
    except ValueError:
        return None
    return moment if now < moment <= now + furthest else None
