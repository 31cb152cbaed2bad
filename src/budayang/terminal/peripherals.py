"""The states of all devices now: polled by their drivers, written to the outbox when they change, judged by the
catalogue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from budayang.rules.terminals import state_hash
from budayang.terminal.devices.table import Device, Reading, States, Watching
from budayang.terminal.outbox import Outbox
from budayang.wire.messages import State, StateValue

log = structlog.get_logger(__name__)

POLL_LIMIT_S = 20.0


class Peripherals:
    """One poller a device. What was told to the center is remembered over a restart, so that a change is told once."""

    def __init__(self, devices: Mapping[str, Device], outbox: Outbox) -> None:
        self.devices = devices
        self.on_change: Callable[[], None] = lambda: None
        self._outbox = outbox
        self._subjects = {device.subject: device for device in devices.values()}
        told: dict[str, dict[str, list[str]]] = outbox.recall("states") or {}
        # A device that is no longer configured is left out: the whole state, which the center then asks for, removes
        # it.
        self._told = {subject: props for subject, props in told.items() if subject in self._subjects}
        self._now: dict[str, dict[str, Reading]] = {}
        self._locks = {subject: asyncio.Lock() for subject in self._subjects}

    async def run(self) -> None:
        """Poll for ever."""
        async with asyncio.TaskGroup() as group:
            for device in self._subjects.values():
                group.create_task(self._poll_for_ever(device))
                if isinstance(device, Watching):
                    group.create_task(device.run())

    async def refresh(self, kind: str) -> States:
        """Poll the device of that kind now and give its properties; empty when there is no such device."""
        device = self.devices.get(kind)
        if device is None:
            return {}
        async with self._locks[device.subject]:
            try:
                # Not wait_for: in Python 3.11 it swallows a cancellation that meets a poll which has just ended.
                async with asyncio.timeout(POLL_LIMIT_S):
                    states = await device.poll()
            except TimeoutError:
                states = {"device": Reading("offline", "no answer")}
        self._take(device, states)
        return states

    def reading(self, kind: str, prop: str) -> Reading:
        """What was last read of a property; unknown when nothing was read yet."""
        device = self.devices.get(kind)
        states = self._now.get(device.subject, {}) if device else {}
        return states.get(prop, Reading("unknown"))

    def states_of(self, kind: str) -> States:
        """All properties last read of the device of that kind."""
        device = self.devices.get(kind)
        return self._now.get(device.subject, {}) if device else {}

    def judged(self) -> dict[tuple[str, str], str]:
        """(subject, property) → state, as the rules take it."""
        return {(subject, prop): r.state for subject, props in self._now.items() for prop, r in props.items()}

    def kinds(self) -> dict[str, str]:
        """subject → kind."""
        return {subject: device.kind for subject, device in self._subjects.items()}

    def hash(self) -> str:
        """The hash of what was told to the center."""
        return state_hash({subject: {p: pair[0] for p, pair in props.items()} for subject, props in self._told.items()})

    def whole(self) -> State:
        """Everything that was told, as the wire's whole state."""
        return {
            subject: {prop: StateValue(s=pair[0], r=pair[1]) for prop, pair in props.items()}
            for subject, props in self._told.items()
        }

    async def close(self) -> None:
        """Let go of all devices."""
        for device in self._subjects.values():
            await device.close()

    async def _poll_for_ever(self, device: Device) -> None:
        while True:
            try:
                await self.refresh(device.kind)
            except Exception:
                # One driver's fault must not stop the others, nor hide: the device counts as failed until it answers.
                log.exception("device.poll_failed", subject=device.subject)
                self._take(device, {"device": Reading("hardwareError", "driver")})
            await asyncio.sleep(device.poll_s)

    def _take(self, device: Device, states: States) -> None:
        self._now[device.subject] = dict(states)
        told = self._told.setdefault(device.subject, {})
        changes: list[dict[str, Any]] = []
        for prop, reading in states.items():
            if told.get(prop, [None])[0] != reading.state:
                raw = reading.raw[:200]
                told[prop] = [reading.state, raw]
                body = {"subject": device.subject, "kind": device.kind, "property": prop, "state": reading.state}
                changes.append({**body, "raw": raw})
        if changes:
            log.info("device.changed", subject=device.subject, states={c["property"]: c["state"] for c in changes})
            self._outbox.note_states(changes, self._told)
            self.on_change()
