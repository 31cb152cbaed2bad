"""How the program itself stands, its catalogue and its clock: the terminal's properties `application`, `catalogue` and
`clock`, told beside its devices.

A device that answers and a program that answers the center say nothing yet about the screen: only the page's own held
requests do. What no browser ever showed is not known, and is not told.
"""

from __future__ import annotations

from collections.abc import Callable

from budayang.terminal.devices.table import Reading, States
from budayang.uplink.clock import Clock

PAGE_S = 60.0
"""A page asks again at the latest after 25 s (its held request); more than twice that without a word is no page."""
BROWSER_S = 90.0
"""So long after a start the browser may take to come back before the screen is said to be unknown."""
ERROR_S = 30.0
"""A part of the program that failed is an error until it has run so long without failing again."""
CLOCK_S = 60.0
"""So far from the center's clock the hour on a paper would be another: the way of an answer takes seconds at most."""
LOOK_S = 1.0


CLOCK_STEPS = ((3600.0, "1-59 min"), (86_400.0, "1-23 h"))
CLOCK_FAR = ">= 1 d"


class Standing:
    """Polled like a device. `shut` gives why the center lets nothing begin, `held` why no journey may begin by a
    command, `ready` whether there is anything to offer; each "" or False when it is not so. `clock_off` gives the
    seconds by which this clock is ahead of the center's, None as long as the center never said it.
    """

    subject = kind = "terminal"
    poll_s = LOOK_S

    def __init__(
        self,
        clock: Clock,
        *,
        told_before: bool,
        shut: Callable[[], str],
        held: Callable[[], str],
        ready: Callable[[], bool],
        clock_off: Callable[[], float | None],
    ) -> None:
        self._clock = clock
        self._told = told_before
        self._shut = shut
        self._held = held
        self._ready = ready
        self._clock_off = clock_off
        self._began_s = clock.monotonic()
        self._page_s: float | None = None
        self._failed: tuple[str, float] | None = None

    def page_asked(self) -> None:
        """A page of the browser asked, or was answered, just now."""
        self._page_s = self._clock.monotonic()

    def part_failed(self, name: str) -> None:
        """A part of the program ended by a fault of its own and is begun again."""
        self._failed = (name, self._clock.monotonic())

    def reading(self) -> Reading:
        """The state now; `raw` says why."""
        now = self._clock.monotonic()
        if self._failed is not None and now - self._failed[1] < ERROR_S:
            return Reading("error", self._failed[0])
        if shut := self._shut():
            return Reading("outOfService", shut)
        if held := self._held():
            return Reading("maintenance", held)
        if self._page_s is None:
            return Reading("starting", "browser") if now - self._began_s < BROWSER_S else Reading("unknown", "browser")
        if now - self._page_s >= PAGE_S:
            return Reading("pageDead", f"{int(PAGE_S)} s")
        return Reading("inService") if self._ready() else Reading("starting", "catalogue")

    def clock_reading(self) -> Reading | None:
        """Whether the hour is right. `raw` says how far off in steps, or a slow drift would be told each second."""
        off = self._clock_off()
        if off is None:
            return None
        if abs(off) < CLOCK_S:
            return Reading("right")
        step = next((words for most_s, words in CLOCK_STEPS if abs(off) < most_s), CLOCK_FAR)
        return Reading("wrong", f"{'+' if off > 0 else '-'} {step}")

    async def poll(self) -> States:
        """What can be said: of the program nothing as long as there never was a screen, of the clock nothing before
        the center answered. That there is nothing to offer yet is known without either.
        """
        found, told = self.reading(), {"catalogue": Reading("here" if self._ready() else "waiting")}
        if (clock := self.clock_reading()) is not None:
            told["clock"] = clock
        if self._told or self._page_s is not None or found.state not in ("starting", "unknown"):
            self._told = True
            told["application"] = found
        return told

    async def close(self) -> None:
        """Nothing is held."""
