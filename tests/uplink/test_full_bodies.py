"""A relay's line on which all machines have much to say: no body too long, nobody waits for ever, nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from budayang.rules.terminals import state_hash
from budayang.uplink.clock import ManualClock
from budayang.uplink.identity import Identity, Session
from budayang.uplink.outbox import EventOutbox
from budayang.uplink.speaker import SYNC_BYTES, Speaker
from budayang.uplink.uplink import Uplink
from budayang.wire import messages as wire

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
MACHINES = tuple(f"KBS-{number}" for number in range(11, 17))
EVENTS, LONG = 25, "长" * 20_000  # 60 kB each: one machine's sync is cut at SYNC_BYTES, and six fill several bodies


class Nothing:
    """States of which nothing was told."""

    def hash(self) -> str:
        return state_hash({})

    def whole(self) -> wire.State:
        return {}

    def kinds(self) -> dict[str, str]:
        return {}


class Center:
    """Takes bodies as ingest does: in order, each event once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.spoke: list[list[str]] = []
        self.taken: dict[str, list[int]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sizes.append(len(request.content))
        body = msgspec.json.decode(request.content, type=wire.SyncBody)
        envelopes = [msgspec.json.decode(raw, type=wire.Envelope) for raw in body.syncs]
        self.spoke.append([one.terminal for one in envelopes])
        answers = [self._answer(one) for one in envelopes]
        return httpx.Response(200, content=msgspec.json.encode(wire.AnswerBody(v=wire.VERSION, answers=answers)))

    def _answer(self, one: wire.Envelope) -> wire.Answer:
        sync = msgspec.json.decode(one.sync, type=wire.Sync)
        taken = self.taken.setdefault(one.terminal, [])
        assert sync.first_seq == len(taken) + 1
        taken += [event.seq for event in sync.events]
        return wire.Answer(terminal=one.terminal, ok=True, acked_seq=len(taken), center_epoch=1, next_in_s=10)


def speaker(folder: Path, code: str, client: httpx.AsyncClient, clock: ManualClock) -> Speaker:
    """A machine that is enrolled and has agreed its session."""
    outbox = EventOutbox(folder / code / "outbox.sqlite3", clock)
    identity = Identity(folder / code, client, clock, outbox)
    identity.adopt(
        wire.Enrolled(
            terminal=code, name=code, area="KBS", place="/150600/A-KBS/", center_epoch=1, seal_key="", audit_key="",
            zone="Asia/Shanghai", demo=True,
        )
    )  # fmt: skip
    identity._session = Session(b"k" * 32, clock.now() + timedelta(days=1))
    return Speaker(identity, outbox, Nothing(), clock)


def test_six_machines_that_were_offline_for_days_all_get_their_turn(tmp_path: Path) -> None:
    async def run() -> None:
        clock, center = ManualClock(NIGHT), Center()
        async with httpx.AsyncClient(transport=httpx.MockTransport(center), base_url="http://center") as client:
            first = speaker(tmp_path, "KBS-R1", client, clock)
            uplink = Uplink(client, first.identity, first.outbox, Nothing(), clock, wait_s=0)
            others = [speaker(tmp_path, code, client, clock) for code in MACHINES]
            for one in others:
                one.outbox.append_all(("counts", {"n": number, "text": LONG}) for number in range(EVENTS))
                uplink.join(one)
            pauses = []
            while any(one.outbox.waiting() for one in others):
                assert len(pauses) < 60, "it goes on for ever"
                pauses.append(await uplink.step())
            for one in (first, *others):
                one.outbox.close()

        assert max(center.sizes) <= wire.MAX_BODY, "ingest refuses what is longer, whole"
        assert max(center.sizes) > SYNC_BYTES, "the line is used, not one machine a body for ever"
        assert all(spoke[0] == "KBS-R1" for spoke in center.spoke), "the relay itself is in each body"
        assert any(len(spoke) <= len(MACHINES) for spoke in center.spoke), "there was no room for all"
        assert {code: center.taken[code] for code in MACHINES} == {
            code: list(range(1, EVENTS + 1)) for code in MACHINES
        }
        firsts = [next(n for n, spoke in enumerate(center.spoke) if code in spoke) for code in MACHINES]
        assert max(firsts) < len(MACHINES), "each has spoken before anybody has spoken many times"
        assert set(pauses[:-1]) == {0.0}, "while something waits the next body follows at once"

    asyncio.run(run())
