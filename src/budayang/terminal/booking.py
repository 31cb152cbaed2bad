"""Free times of a department (预约), while their page is shown: asked through the center, looked at again and again,
never guessed. The slot is taken by the matter that names it; what went meanwhile is told with what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from budayang.forms.pages import SLOT, kind_of_property
from budayang.rules.appointments import appointment_words
from budayang.terminal import filling
from budayang.terminal.handing_over import HandingOver
from budayang.terminal.holding import Booking
from budayang.terminal.journey import Journey
from budayang.terminal.screens.language import _
from budayang.uplink.clock import Clock
from budayang.uplink.errors import UplinkError
from budayang.wire.journeys import Slot

log = structlog.get_logger(__name__)

FRESH_S = 20.0  # what the department said counts for so long
AGAIN_S = 6.0  # after it could not be asked

Schema = Mapping[str, Any]


def slot_name(schema: Schema) -> str:
    """The question of the form that a booked time answers; "" when there is none."""
    return next((name for name, prop in schema.get("properties", {}).items() if kind_of_property(prop) == SLOT), "")


def find_slot(booking: Booking, name: str) -> Slot | None:
    """The slot of that id as it was told last."""
    return next((slot for slot in booking.slots if slot.id == name), None)


def words_of(slot: Slot, zone: ZoneInfo, lang: str = "zh") -> str:
    """2026年11月30日（星期一）上午9:00至9:50."""
    end = datetime.fromisoformat(slot.end).astimezone(zone) if slot.end else None
    return appointment_words(datetime.fromisoformat(slot.start).astimezone(zone), end, lang)


class Times:
    """Asks for the times of the one journey that there is."""

    def __init__(self, handing: HandingOver, clock: Clock) -> None:
        self._handing = handing
        self._clock = clock
        self._asking: asyncio.Task[bool] | None = None

    def due(self, schema: Schema, journey: Journey) -> bool:
        """Whether the page of times is shown and what it shows is too old. Nobody is asked twice at once."""
        name = slot_name(schema)
        if not name or (self._asking is not None and not self._asking.done()):
            return False
        here = filling.place(schema, journey)
        if here is None or name not in here.page.names:
            return False
        booking = journey.booking
        limit = AGAIN_S if booking.phase == "silent" else FRESH_S
        return booking.phase in {"", "again"} or self._clock.monotonic() - booking.asked_s >= limit

    def begin(self, schema: Schema, journey: Journey) -> asyncio.Task[bool]:
        """Ask beside what the page does; True when the page has to be drawn anew."""
        self._asking = asyncio.get_running_loop().create_task(self.ask(schema, journey))
        return self._asking

    async def ask(self, schema: Schema, journey: Journey) -> bool:
        """Ask now. True when something that the person sees changed."""
        booking = journey.booking
        before = (booking.phase, list(booking.slots), booking.gone)
        try:
            told = await self._handing.slots(journey.item)
        except UplinkError as error:
            log.warning("booking.not_heard", error=type(error).__name__)
            booking.phase, booking.slots = "silent", []
        else:
            booking.phase, booking.slots = told.state, list(told.slots)
        booking.asked_s, booking.asked_at = self._clock.monotonic(), self._clock.now()
        self._look_at_choice(schema, journey)
        return before != (booking.phase, booking.slots, booking.gone)

    def _look_at_choice(self, schema: Schema, journey: Journey) -> None:
        """What the person chose may have gone since."""
        name, booking = slot_name(schema), journey.booking
        chosen = journey.typed.get(name, "")
        if chosen and booking.phase == "known" and not is_free(booking, chosen):
            booking.gone, booking.chosen = booking.chosen or find_slot(booking, chosen), None
            booking.lost = True
            journey.typed[name] = ""

    def choose(self, schema: Schema, journey: Journey, slot: str) -> str:
        """Take a time into the form; a sentence for the person when it is not free."""
        booking, found = journey.booking, find_slot(journey.booking, slot)
        if found is None or found.left <= 0:
            return _("这个时间刚刚约满，请选别的时间")
        journey.typed[slot_name(schema)] = slot
        booking.chosen, booking.lost, booking.gone = found, False, None
        return ""

    async def went(self, schema: Schema, journey: Journey) -> bool:
        """After the department refused: was it because the chosen time went? Then the form stands at its times again,
        with those that are left, and is handed in under a new number.
        """
        name = slot_name(schema)
        if not name or journey.case_state != "failed" or journey.outcome is None:
            return False
        await self.ask(schema, journey)
        if not journey.booking.lost:
            return False
        journey.number, journey.submitted, journey.since = "", False, None
        journey.outcome = journey.result = None
        journey.case_state = ""
        return filling.change(schema, journey, name)


def is_free(booking: Booking, slot: str) -> bool:
    """Whether the department, as it was heard last, still has a place at that time."""
    found = find_slot(booking, slot)
    return found is not None and found.left > 0
