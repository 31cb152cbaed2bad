"""Everything by which the center steers this terminal, put together: its life told, its profile, its commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time
from typing import TYPE_CHECKING, Any

from budayang.terminal.commands import Commands
from budayang.terminal.commands.gathering import Gathering
from budayang.terminal.commands.restarting import Restarting
from budayang.terminal.commands.service import Service
from budayang.terminal.commands.updating import Updating
from budayang.terminal.handing import Handing
from budayang.terminal.journey import State
from budayang.terminal.life import Life, Machine
from budayang.terminal.logtail import TAIL
from budayang.terminal.printing import Printer
from budayang.terminal.profile import Comfort, Profile
from budayang.uplink.outbox import MessageRow
from budayang.uplink.uplink import Level

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal


GOODBYE_S, LOOK_S = 1.0, 0.05
TOOLS = ("screenshot", "brightness", "volume", "reboot", "release_key")


class Orders:
    """Made by the terminal, of whose parts it asks. `on_end` ends the program with an exit code; `main` sets it."""

    def __init__(self, terminal: Terminal, printer: Printer | None, *, machine: Machine | None = None) -> None:
        settings, outbox, clock = terminal.settings, terminal.outbox, terminal.clock
        self._terminal = terminal
        self.on_end: Callable[[int], None] = lambda code: None
        self.profile = Profile(outbox, tail=TAIL, changed=lambda: terminal.judge_again())
        self.life = Life(
            settings.data_dir, outbox, clock, machine=machine, supply=self._supply, limit_s=self.profile.silence_s
        )
        self.comfort = Comfort(
            self.profile, brightness=settings.brightness, volume=settings.volume, local=self._local_time
        )
        handing = Handing(terminal.client, terminal.identity, clock)
        self.service = Service(
            outbox, printer, clock, ask=terminal.ask_printer, zone=lambda: terminal.catalogue.zone,
            code=lambda: terminal.code,
        )  # fmt: skip
        self.service.ask_all, self.service.verdict = self._ask_all, self._verdict
        self._restarting = Restarting(outbox, clock, self.life, reboot=settings.reboot, end=self._end)
        self.updating = Updating(
            outbox, clock, self.life, handing, folder=settings.release_dir if settings.release_key else None,
            release_key=settings.release_key, works=self._works, end=self._end, wake=lambda: terminal.uplink.wake(),
        )  # fmt: skip
        gathering = Gathering(
            handing, screenshot=settings.screenshot, moment=self._moment, facts=self._facts, lines=TAIL.lines
        )
        acts = {
            **self.service.acts(), **self._restarting.acts(), **self.updating.acts(), **gathering.acts(),
        }  # fmt: skip
        self.commands = Commands(
            outbox, clock, acts, idle=self._idle, changed=lambda: terminal.judge_again(),
            wake=lambda: terminal.uplink.wake(), key=lambda: terminal.identity.enrolled.audit_key,
            code=lambda: terminal.code,
        )  # fmt: skip
        self.profile.load()

    def start(self) -> None:
        """Tell that the program began, and how a restart went that was ordered. Before anything else runs."""
        self._restarting.settle(self.life.start())

    def parts(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """What runs beside the screens."""
        return ("commands", self.commands.run), ("comfort", self.comfort.run), ("settling", self._settle)

    async def _settle(self) -> None:
        await self.updating.settle()
        await asyncio.Event().wait()  # once a start

    async def say_goodbye(self) -> None:
        """Tell that the program ends, as far as the line lets it be told within a moment."""
        self.life.stop()
        if self._terminal.uplink.line.level is Level.OFFLINE:
            return
        self._terminal.uplink.wake()
        for _look in range(int(GOODBYE_S / LOOK_S)):
            if not self._terminal.outbox.waiting():
                return
            await asyncio.sleep(LOOK_S)

    def take(self, rows: list[MessageRow]) -> None:
        """Messages of the center came."""
        kinds = {row.kind for row in rows}
        if "profile" in kinds:
            self.profile.load()
        if "command" in kinds:
            self.commands.news()

    def view(self) -> dict[str, Any]:
        """What every page shows of it: {announcement: {text, reason, seconds}} or nothing."""
        said = self.commands.announcement
        if said is None:
            return {"announcement": None}
        return {"announcement": {"text": said.text, "reason": said.reason, "seconds": said.seconds}}

    def _end(self, code: int) -> None:
        self.on_end(code)

    def _idle(self) -> bool:
        return self._terminal.attendant.state is State.ATTRACT

    def _works(self) -> bool:
        return self._terminal.uplink.line.level is not Level.OFFLINE and self._terminal.identity.enrolment is not None

    def _moment(self) -> str | None:
        """The page that is shown, None while a journey is open (choosing is one: it names what somebody wants)."""
        if not self._idle():
            return None
        return "out" if self._terminal.suspended() else "home"

    async def _ask_all(self) -> dict[str, Any]:
        """Every device's answer of this moment: subject → {kind, states}."""
        peripherals = self._terminal.peripherals
        found = {}
        for kind, device in sorted(peripherals.devices.items()):
            states = await peripherals.refresh(kind)
            found[device.subject] = {"kind": kind, "states": {prop: reading.state for prop, reading in states.items()}}
        return found

    def _verdict(self, item: str) -> dict[str, Any]:
        """What the screen says of an item now; nothing for one that is not offered here."""
        try:
            found = self._terminal.catalogue.verdict(item)
        except KeyError:
            return {}
        return {"truth": found.truth.value, "reason": found.reason, "text": found.text}

    def _supply(self) -> str:
        return self._terminal.peripherals.reading("ups", "supply").state

    def _local_time(self) -> time:
        return self._terminal.clock.now().astimezone(self._terminal.catalogue.zone).time()

    def _facts(self) -> dict[str, Any]:
        """Versions, states and counts, without a word about any person."""
        terminal = self._terminal
        line = terminal.uplink.line
        return {
            "program": {
                "terminal": terminal.code,
                "release": self.updating.version,
                "line": line.level.value,
                "blocked": line.blocked,
                "line_since": line.since,
                "waiting_events": terminal.outbox.waiting(),
                "waiting_cases": len(terminal.outbox.unsent_cases()),
                "catalogue": len(terminal.catalogue),
                "tools": {name: bool(getattr(terminal.settings, name)) for name in TOOLS},
                "set": self.comfort.set,
            },
            "devices": {
                subject: {prop: {"state": value.s, "raw": value.r} for prop, value in props.items()}
                for subject, props in terminal.peripherals.whole().items()
            },
            "profile": self.profile.all(),
        }
