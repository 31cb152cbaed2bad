"""One watched machine: its key and outbox, its sources at work, and what they said."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import structlog

from budayang.relay.errors import NoResult
from budayang.relay.sources.door.source import Door
from budayang.relay.sources.heartbeat.source import Heartbeat
from budayang.relay.sources.table import Meter, Plan, Said, Source, build
from budayang.relay.told import Told
from budayang.rules.doors import DoorSays
from budayang.rules.watch_settings import BadSettings
from budayang.rules.watching import BY_KIND
from budayang.uplink.clock import Clock
from budayang.uplink.identity import Identity
from budayang.uplink.outbox import EventOutbox
from budayang.uplink.speaker import Speaker

log = structlog.get_logger(__name__)

CHECK_LIMIT_S = 60.0
COUNT_EVERY_S = 600.0
Sleep = Callable[[float], Awaitable[object]]


class Machine:
    """What the relay keeps of one machine, in a folder of its own. `changed`: there is something to send."""

    def __init__(
        self,
        folder: Path,
        client: httpx.AsyncClient,
        clock: Clock,
        *,
        software: str,
        changed: Callable[[], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.outbox = EventOutbox(folder / "outbox.sqlite3", clock)
        self.identity = Identity(folder, client, clock, self.outbox)
        self.told = Told(self.outbox)
        self.speaker = Speaker(self.identity, self.outbox, self.told, clock, software=software)
        self._clock = clock
        self._changed = changed
        self._sleep = sleep
        self._running: dict[str, tuple[Plan, Source, asyncio.Task[None]]] = {}
        self._counted: dict[tuple[str, str], tuple[int, float]] = {}

    async def follow(self, plans: Mapping[str, Plan]) -> None:
        """Run these sources and no others; one whose plan is as before goes on undisturbed."""
        for subject, (plan, source, task) in list(self._running.items()):
            if plans.get(subject) != plan:
                del self._running[subject]
                await _end(source, task)
        for subject in self.told.subjects() - plans.keys():
            self.told.forget(subject)
            self._changed()
        for subject, plan in plans.items():
            if subject not in self._running:
                self._begin(subject, plan)

    def _begin(self, subject: str, plan: Plan) -> None:
        try:
            source = build(plan, self._clock)
        except (BadSettings, KeyError, NoResult) as error:
            log.error("relay.source_refused", terminal=plan.terminal, subject=subject, why=str(error))
            return
        if isinstance(source, Heartbeat):
            source.called_before = bool(self.outbox.recall(f"called.{subject}"))
        task = asyncio.create_task(self._watch(plan, source), name=f"{plan.terminal} {subject}")
        self._running[subject] = (plan, source, task)

    def heartbeats(self) -> dict[str, Heartbeat]:
        """The heartbeat sources at work, by subject."""
        return {key: source for key, (_p, source, _t) in self._running.items() if isinstance(source, Heartbeat)}

    def doors(self) -> dict[str, Door]:
        """The access controllers that tell of their doors, by subject."""
        return {key: source for key, (_p, source, _t) in self._running.items() if isinstance(source, Door)}

    def tell_door(self, subject: str, said: DoorSays) -> None:
        """A controller called, with the right token: what happened is written at once, the state with the next look."""
        source = self.doors()[subject]
        source.tell(said)
        for kind, body in source.happened:
            self.outbox.append(kind, dict(body))
        if source.happened:
            self._changed()
        source.happened.clear()

    def beat(self, subject: str) -> None:
        """The machine's own scheduler called, with the right token."""
        source = self.heartbeats()[subject]
        if not source.called_before:
            self.outbox.remember(f"called.{subject}", True)
        source.beat()

    async def _watch(self, plan: Plan, source: Source) -> None:
        """Look again and again. What was not learned for `keep_s` is unknown again."""
        learned_at = self._clock.monotonic()
        await self._sleep(random.uniform(0, min(plan.interval_s, 2.0)))  # sources that begin together spread
        while True:
            said: list[Said] = []
            try:
                async with asyncio.timeout(CHECK_LIMIT_S):
                    said = await source.check()
                learned_at = self._clock.monotonic()
            except (NoResult, TimeoutError) as error:
                log.info("relay.no_result", terminal=plan.terminal, subject=plan.subject, why=str(error))
            except Exception:
                log.exception("relay.source_failed", terminal=plan.terminal, subject=plan.subject)
            try:
                if not said and self._clock.monotonic() - learned_at >= plan.keep_s:
                    said = self._nothing_known(plan)
                self._take(said, getattr(source, "meters", []) if said else [])
            except Exception:
                # A disk that is full or a store that is locked: the source goes on, and its state is written later.
                log.exception("relay.not_written", terminal=plan.terminal, subject=plan.subject)
            await self._sleep(plan.interval_s)

    def _nothing_known(self, plan: Plan) -> list[Said]:
        props = self.told.properties(plan.subject) or [BY_KIND[plan.kind].prop]
        return [plan.said("unknown", "no result", prop) for prop in props]

    def _take(self, said: list[Said], meters: list[Meter]) -> None:
        if self.told.take(said):
            self._changed()
        now = self._clock.monotonic()
        for one in meters:
            value, at = self._counted.get((one.subject, one.counter), (-1, now - COUNT_EVERY_S))
            if one.value != value and now - at >= COUNT_EVERY_S:
                body = {"subject": one.subject, "counter": one.counter, "value": one.value}
                self.outbox.append("counts", {"counts": [body]})
                self._counted[one.subject, one.counter] = (one.value, now)
                self._changed()

    async def close(self) -> None:
        """End all sources and let go of the store."""
        for _plan, source, task in self._running.values():
            await _end(source, task)
        self._running.clear()
        self.outbox.close()


async def _end(source: Source, task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await source.close()


def plans_of(machine: Mapping[str, Any], secrets: Mapping[str, Mapping[str, str]]) -> dict[str, Plan]:
    """The plans in a machine's part of the message "watch"; what cannot be read is logged and left out."""
    plans: dict[str, Plan] = {}
    for one in machine.get("sources", []):
        try:
            settings = dict(one["settings"])
            plan = Plan(
                str(machine["terminal"]), str(one["subject"]), str(one["kind"]), settings,
                max(float(one["interval_s"]), 0.05), float(one["keep_s"]),
                dict(secrets.get(str(settings.get("secret", "")), {})),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            log.error("relay.plan_unreadable", terminal=str(machine.get("terminal", "")))
            continue
        plans[plan.subject] = plan
    return plans
