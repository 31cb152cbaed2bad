"""The relay put together: its own line to the center, the machines it watches, and what it says of its own time."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import msgspec
import structlog

from budayang.relay.beats import Beats, serve
from budayang.relay.machine import Machine, Sleep, plans_of
from budayang.relay.settings import Settings
from budayang.relay.told import Told
from budayang.uplink.clock import Clock, SystemClock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.uplink.identity import Identity
from budayang.uplink.outbox import EventOutbox, MessageRow
from budayang.uplink.uplink import Uplink
from budayang.wire.mac import machine_key_message

log = structlog.get_logger(__name__)

SOFTWARE = f"budayang relay {version('budayang')}"
ENROL_AGAIN_S, ENROL_REFUSED_S = 5.0, 60.0
TICK_S = 10.0
GONE_S = 60.0  # two ticks that lie further apart: the program did not run in between
UNREACHED_S = 50.0  # a held sync is answered after 25 s: more than this says that the center was not reached
KEEP_S, MOST_EVENTS = 7 * 86400, 50_000
SHED_EVERY_S = 3600.0


class Relay:
    """All parts of a relay. Its own folder holds one more for each machine."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._sleep = sleep
        self.machines: dict[str, Machine] = {}
        self.client = httpx.AsyncClient(
            base_url=settings.center_url, transport=transport, timeout=httpx.Timeout(10.0, connect=5.0)
        )
        self.outbox = EventOutbox(settings.data_dir / "outbox.sqlite3", self.clock)
        self.identity = Identity(settings.data_dir, self.client, self.clock, self.outbox)
        self.uplink = Uplink(
            self.client, self.identity, self.outbox, Told(self.outbox), self.clock, wait_s=settings.wait_s,
            heartbeat_s=settings.heartbeat_s, software=SOFTWARE,
        )  # fmt: skip
        self.uplink.on_messages = self._take_messages
        self.uplink.after_sync = self._reached
        self.beats = Beats(self.machines.get, self.clock)
        self._news = asyncio.Event()
        self._keys_told: set[tuple[str, str]] = set()
        self._shed_at = self.clock.monotonic()
        self._note_absence()

    async def run(self) -> None:
        """Everything, until cancelled."""
        self._news.set()
        async with asyncio.TaskGroup() as group:
            for name, work in (("line", self._line), ("machines", self._follow), ("time", self._tick)):
                group.create_task(self._for_ever(name, work), name=name)
            group.create_task(self._for_ever("beats", lambda: serve(self.settings, self.beats)), name="beats")

    async def close(self) -> None:
        """Let go of everything; what was not sent waits in the outboxes."""
        for machine in self.machines.values():
            await machine.close()
        await self.client.aclose()
        self.outbox.close()

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A part that fails is logged and begun again; the others do not notice."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("relay.part_failed", part=name)
            await asyncio.sleep(5.0)

    # --- the line

    async def _line(self) -> None:
        while self.identity.enrolment is None:
            await asyncio.sleep(await self._enrol())
        self._news.set()
        await self.uplink.run()

    async def _enrol(self) -> float:
        if not self.settings.enrolment_code:
            log.error("relay.not_enrolled", repair="give BUDAYANG_RELAY_ENROLMENT_CODE a one-time code of the center")
            return ENROL_REFUSED_S
        try:
            await self.identity.enrol(self.settings.enrolment_code, {"software": SOFTWARE})
        except CenterUnreachable as error:
            log.info("relay.enrolment_waits", why=str(error))
            return ENROL_AGAIN_S
        except CenterRefused as refused:
            log.error("relay.enrolment_refused", error=refused.code)
            return ENROL_REFUSED_S
        return 0.0

    def _take_messages(self, rows: list[MessageRow]) -> None:
        for row in rows:
            if row.kind == "keys":
                self.identity.change_keys(
                    seal_key=str(row.body.get("seal_key", "")), audit_key=str(row.body.get("audit_key", ""))
                )
        self._news.set()

    async def _reached(self) -> None:
        """The center was reached. If it was not for a while, say that the watching went on: what comes late is true."""
        now, before = milliseconds(self.clock.now()), self.outbox.recall("reached_ms")
        if isinstance(before, int) and now - before > UNREACHED_S * 1000:
            self.outbox.append("watch.through", {"from_ms": before, "to_ms": now})
            self.uplink.wake()
        if not isinstance(before, int) or abs(now - before) >= TICK_S * 1000:
            self.outbox.remember("reached_ms", now)

    # --- the relay's own time

    async def _tick(self) -> None:
        while True:
            await self._sleep(TICK_S)
            self._note_absence()
            if self.clock.monotonic() - self._shed_at >= SHED_EVERY_S:
                self._shed_at = self.clock.monotonic()
                for outbox in (self.outbox, *(machine.outbox for machine in self.machines.values())):
                    lost = outbox.shed(KEEP_S, MOST_EVENTS)
                    if lost:
                        log.error("relay.events_given_up", count=lost)

    def _note_absence(self) -> None:
        """The program did not run for a while (ended, killed, machine asleep): nobody watched meanwhile."""
        now, before = milliseconds(self.clock.now()), self.outbox.recall("alive_ms")
        if isinstance(before, int) and now - before > GONE_S * 1000:
            self.outbox.append("watch.started", {"from_ms": before, "to_ms": now})
            self.uplink.wake()
        self.outbox.remember("alive_ms", now)

    # --- the machines

    async def _follow(self) -> None:
        """Watch what the newest message says."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                newest = self.outbox.messages("watch")
                if newest and self.identity.enrolment is not None:
                    await self.follow(newest[-1].body)
            except Exception:
                self._news.set()  # it is still news to us: done again when this part is begun again
                raise

    async def follow(self, body: Mapping[str, Any]) -> None:
        """Bring the machines to what the center wants."""
        wanted = {str(one["terminal"]): one for one in body.get("machines", []) if _is_code(one.get("terminal"))}
        secrets = self._secrets()
        for code in self.machines.keys() - wanted.keys():
            await self._drop(code)
        unknown_keys = []
        for code, one in wanted.items():
            if code not in self.machines:
                self.machines[code] = self._machine(code)
            machine = self.machines[code]
            await machine.follow(plans_of(one, secrets))
            if machine.identity.public_key == one.get("key"):
                self._admit(machine, code, str(one.get("name", "")))
            else:
                unknown_keys.append(machine_key(machine, self.identity.enrolled.terminal, code))
        asked = {(one["terminal"], one["public_key"]) for one in unknown_keys}
        if asked - self._keys_told:
            self._keys_told |= asked
            self.outbox.append("watch.keys", {"machines": unknown_keys})
        self.uplink.wake()

    def _machine(self, code: str) -> Machine:
        folder = self.settings.data_dir / "machines" / code
        return Machine(folder, self.client, self.clock, software=SOFTWARE, changed=self.uplink.wake, sleep=self._sleep)

    def _admit(self, machine: Machine, code: str, name: str) -> None:
        """The center knows the machine's key: it speaks from now on."""
        machine.identity.adopt(msgspec.structs.replace(self.identity.enrolled, terminal=code, name=name))
        self.uplink.leave(machine.speaker)
        machine.speaker.rests_until = 0.0
        self.uplink.join(machine.speaker)

    async def _drop(self, code: str) -> None:
        """A machine is this relay's no longer: its key is worth nothing, and goes."""
        machine = self.machines.pop(code)
        self.uplink.leave(machine.speaker)
        await machine.close()
        await asyncio.to_thread(shutil.rmtree, self.settings.data_dir / "machines" / code, ignore_errors=True)

    def _secrets(self) -> dict[str, dict[str, str]]:
        """Passwords and keys of devices: only here, never at the center."""
        path: Path = self.settings.data_dir / "secrets.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {str(name): {str(k): str(v) for k, v in entry.items()} for name, entry in found.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError):
            log.error("relay.secrets_unreadable", repair=f"{path} must be JSON: name -> {{user, password, …}}")
            return {}


def machine_key(machine: Machine, relay: str, code: str) -> dict[str, str]:
    """A machine's key with the proof that this relay holds it."""
    key = machine.identity.public_key
    proof = machine.identity.sign(machine_key_message(relay, code, key))
    return {"terminal": code, "public_key": key, "proof": proof}


def _is_code(code: object) -> bool:
    """Whether it can be a terminal's code: it also names a folder here."""
    return isinstance(code, str) and 0 < len(code) <= 40 and code.replace("-", "").isalnum() and code.isascii()
