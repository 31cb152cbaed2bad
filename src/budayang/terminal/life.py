"""When this program began, ended and was cut off, with what is really known of the reason.

Three events tell the center: `started` once at each start, `stopping` before an orderly end, `reconnected` when the
center was out of reach for longer than silence is noticed. What cannot be known is said to be unknown: a machine whose
power was cut and one whose button was held down look the same afterwards.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog

from budayang.terminal.outbox import Outbox
from budayang.uplink.clock import Clock, milliseconds

log = structlog.get_logger(__name__)

MARKER = "life.json"
BOOT_JITTER_MS = 5000  # psutil computes the boot from a clock that is being set right: the same boot is not to the ms
ASK_S = 2.0
POWER_KEY = "Power key pressed"  # systemd-logind's own words, systemd 252 (logind-button.c)
ON_BATTERY = frozenset({"powering", "low"})  # rules.terminals: ups.supply


class Machine:
    """What the operating system knows of its own start and end. Tests put another in its place."""

    def boot_at_ms(self) -> int:
        """When the machine was started."""
        return int(psutil.boot_time() * 1000)

    def going_down(self) -> bool:
        """Whether the whole machine is being shut down or restarted now."""
        return "stopping" in self._ask("systemctl", "is-system-running")

    def power_key(self) -> bool:
        """Whether a person pressed the power key in the last minutes, by logind's journal; False also when it may not
        be read.
        """
        return POWER_KEY in self._ask("journalctl", "-u", "systemd-logind", "--since", "-3min", "-o", "cat")

    def _ask(self, *command: str) -> str:
        try:
            found = subprocess.run(command, capture_output=True, timeout=ASK_S, check=False, text=True)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return found.stdout


@dataclass(frozen=True, slots=True)
class Before:
    """What the marker of the run before says. `by`: person, command, update, system, or "" while it ran."""

    boot_at_ms: int
    ended_at_ms: int | None
    by: str


class Life:
    """Writes the marker and the three events. `supply` gives the UPS' last word, `limit_s` plan plus grace."""

    def __init__(
        self,
        folder: Path,
        outbox: Outbox,
        clock: Clock,
        *,
        machine: Machine | None = None,
        supply: Callable[[], str] = lambda: "",
        limit_s: Callable[[], float] = lambda: 60.0,
    ) -> None:
        self._path = folder / MARKER
        self._outbox = outbox
        self._clock = clock
        self._machine = machine or Machine()
        self._supply = supply
        self._limit_s = limit_s
        self._heard_s: float | None = None
        self._heard_ms = 0
        self._reason = ""
        self.before = self._read()
        self.boot_at_ms = self._machine.boot_at_ms()
        self.intent = ""  # "command" or "update" when this program ends itself

    @property
    def booted(self) -> bool:
        """Whether the machine was started since the run before."""
        return self.before is None or abs(self.boot_at_ms - self.before.boot_at_ms) > BOOT_JITTER_MS

    def start(self) -> dict[str, Any]:
        """Write `started` and the marker "running"; gives the event's body."""
        before = self.before
        body: dict[str, Any] = {
            "cause": "boot" if self.booted else "program",
            "boot_at_ms": self.boot_at_ms,
            "stopped": "unknown" if before is None else "clean" if before.ended_at_ms is not None else "unclean",
            "stopped_at_ms": before.ended_at_ms if before is not None else None,
            "by": self._by(before),
        }
        self._outbox.append("started", body)
        self._write(ended_at_ms=None, by="")
        log.info("life.started", **{name: body[name] for name in ("cause", "stopped", "by")})
        return body

    def _by(self, before: Before | None) -> str:
        if before is None:
            return ""
        if before.ended_at_ms is not None:
            return "" if before.by == "system" else before.by
        # Nothing was said at the end. With the UPS on battery before, and a new boot since, the power ran out.
        return "power" if self.booted and self._outbox.recall("supply") in ON_BATTERY else ""

    def stop(self) -> str:
        """Write `stopping` and the marker of an orderly end; gives by whom."""
        by = self._stopped_by()
        self._outbox.append("stopping", {"by": "system" if by == "power" else by})
        self._write(ended_at_ms=milliseconds(self._clock.now()), by=by)
        log.info("life.stopping", by=by)
        return by

    def _stopped_by(self) -> str:
        if self.intent:
            return self.intent
        if not self._machine.going_down():
            return "system"  # the supervisor ended the program: by whose word it does not say
        if self._supply() in ON_BATTERY:
            return "power"  # the UPS shuts the machine down before its battery is empty
        return "person" if self._machine.power_key() else "system"

    def note_supply(self) -> None:
        """Keep the UPS' word over a power cut."""
        if (supply := self._supply()) != (self._outbox.recall("supply") or ""):
            self._outbox.remember("supply", supply)

    # The line

    def heard(self) -> None:
        """The center answered. After a time that was too long for it, tell it what was in the way here."""
        now_s, now_ms = self._clock.monotonic(), milliseconds(self._clock.now())
        if self._heard_s is not None and self._reason and now_s - self._heard_s > self._limit_s():
            body = {"lost_at_ms": self._heard_ms, "found_at_ms": now_ms, "reason": self._reason}
            self._outbox.append("reconnected", body)
            log.info("life.reconnected", reason=self._reason, seconds=round(now_s - self._heard_s))
        self._heard_s, self._heard_ms, self._reason = now_s, now_ms, ""

    def unheard(self, error: BaseException) -> None:
        """The center could not be reached; the first reason of a time out of reach is kept."""
        self._reason = self._reason or reason_of(error)

    # The marker

    def _read(self) -> Before | None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            ended = kept["ended_at_ms"]
            return Before(int(kept["boot_at_ms"]), None if ended is None else int(ended), str(kept["by"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, *, ended_at_ms: int | None, by: str) -> None:
        draft = self._path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"boot_at_ms": self.boot_at_ms, "ended_at_ms": ended_at_ms, "by": by}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def reason_of(error: BaseException) -> str:
    """dns, connect, timeout, http or other: the innermost error that says it, below what httpx and ours wrap around."""
    step: BaseException | None = error
    names: list[str] = []
    while step is not None and len(names) < 12:
        if isinstance(step, socket.gaierror):
            return "dns"
        names.append(type(step).__name__)
        step = step.__cause__ or step.__context__
    if any("Timeout" in name for name in names):
        return "timeout"
    if any(name in {"ConnectError", "ConnectionRefusedError", "ConnectionResetError"} for name in names):
        return "connect"
    if str(error).startswith("HTTP ") or any(name in {"RemoteProtocolError", "DecodeError"} for name in names):
        return "http"
    return "other"
