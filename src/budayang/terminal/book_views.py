"""What the pages of free times, of corrections and of a department's own page are given. Reads only."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from budayang.rules.appointments import WEEKDAYS, day_words, hour_words, near_words
from budayang.terminal.booking import words_of
from budayang.terminal.screens.language import say
from budayang.wire.journeys import Slot

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal


def slots(terminal: Terminal) -> dict[str, Any]:
    """Days with free times, the times of one day, what is chosen; or the plain word that nobody could be asked.

    `phase`: asking | known | silent | none (the department has no time at all).
    """
    attendant = terminal.attendant
    booking, zone, lang = attendant.journey.booking, terminal.catalogue.zone, attendant.prefs.lang
    today = terminal.clock.now().astimezone(zone).date()
    days: dict[date, list[Slot]] = {}
    for slot in booking.slots:
        days.setdefault(datetime.fromisoformat(slot.start).astimezone(zone).date(), []).append(slot)
    phase = {"": "asking", "again": "asking"}.get(booking.phase, booking.phase)
    if phase == "known" and not any(slot.left for slot in booking.slots):
        phase = "none"
    shown = _shown_day(booking.day, booking.chosen, days, zone)
    chosen = booking.chosen
    return {
        "phase": phase,
        "at": f"{booking.asked_at.astimezone(zone):%H:%M}" if booking.asked_at else "",
        "gone": words_of(booking.gone, zone, lang) if booking.lost and booking.gone else "",
        "lost": booking.lost,
        "days": [
            {
                "key": on.isoformat(),
                "near": near_words(on, today, lang),
                "name": f"{on.day} {on:%B}" if lang == "en" else f"{on.month}月{on.day}日",
                "weekday": f"{on:%A}" if lang == "en" else WEEKDAYS[on.weekday()],
                "free": sum(1 for slot in found if slot.left),
                "shown": on == shown,
            }
            for on, found in days.items()
        ],
        "times": [_time(slot, terminal, chosen) for slot in days.get(shown, [])] if shown else [],
        "day": day_words(shown, "en" if lang == "en" else "zh", year=False) if shown else "",
        "slot": chosen.id if chosen else "",
        "chosen": words_of(chosen, zone, lang) if chosen else "",
        "place": chosen.place if chosen else "",
    }


def _shown_day(wanted: str, chosen: Slot | None, days: dict[date, list[Slot]], zone: Any) -> date | None:
    """The day whose times are shown: the touched one, that of the chosen time, or the first with a free time."""
    touched = next((on for on in days if on.isoformat() == wanted), None)
    if touched is not None:
        return touched
    if chosen is not None:
        return datetime.fromisoformat(chosen.start).astimezone(zone).date()
    return next((on for on, found in days.items() if any(slot.left for slot in found)), None)


def _time(slot: Slot, terminal: Terminal, chosen: Slot | None) -> dict[str, Any]:
    zone, lang = terminal.catalogue.zone, terminal.attendant.prefs.lang
    start = datetime.fromisoformat(slot.start).astimezone(zone)
    end = datetime.fromisoformat(slot.end).astimezone(zone) if slot.end else None
    return {
        "id": slot.id,
        "word": hour_words(start, lang),
        "until": f"{end.hour}:{end.minute:02d}" if end else "",
        "left": slot.left,
        "chosen": chosen is not None and chosen.id == slot.id,
    }


def correct(terminal: Terminal) -> dict[str, Any]:
    """What the department asked for, once and whole, with its day and the last day."""
    correction, zone = terminal.attendant.journey.correction, terminal.catalogue.zone
    if correction is None:
        return {"items": [], "asked_at": "", "until": "", "item": "", "department": "", "number": ""}
    asked = datetime.fromtimestamp(correction.asked_at_ms / 1000, zone)
    return {
        "items": correction.items,
        "asked_at": say(f"{asked.month}月{asked.day}日"),
        "until": _day(correction.until),
        "item": correction.item_name,
        "department": correction.department,
        "number": correction.number,
    }


def launch(terminal: Terminal) -> dict[str, Any]:
    """Whose page stands below our strip, and how long it may."""
    held = terminal.attendant.journey.launch
    host = urlsplit(held.url).hostname or "" if held is not None else ""
    return {"host": host, "left_s": round(held.left_s) if held is not None else 0}


def _day(text: str) -> str:
    if not text:
        return ""
    on = date.fromisoformat(text)
    return say(f"{on.year}年{on.month}月{on.day}日")
