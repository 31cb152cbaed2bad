"""The simulated terminal against a small center of its own that checks every MAC and counter by the wire's rules."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budayang.rules.terminals import state_hash
from budayang.sandbox.simulated_terminal import BadCenter, Offline, Refused, SimulatedTerminal
from budayang.wire import mac as keys
from budayang.wire import messages as wire

CODE = "ABCD-EFGH-JKLM"


class SmallCenter:
    """Keeps what it heard; no rule of the real center beyond those that a client can see."""

    def __init__(self) -> None:
        self.audit_key = Ed25519PrivateKey.generate()
        self.public_key = ""
        self.session_key = b""
        self.counters: set[int] = set()
        self.floor = 0
        self.acked = 0
        self.syncs: list[wire.Sync] = []
        self.outgoing: list[wire.OutgoingMessage] = []
        self.states: dict[str, dict[str, str]] = {}
        self.forged = False
        self.app = Starlette(
            routes=[
                Route("/wire/v1/enrol", self.enrol, methods=["POST"]),
                Route("/wire/v1/session", self.session, methods=["POST"]),
                Route("/wire/v1/sync", self.sync, methods=["POST"]),
            ]
        )

    async def enrol(self, request: Request) -> Response:
        asked = msgspec.json.decode(await request.body(), type=wire.Enrol)
        if asked.code != CODE or not keys.check_signature(asked.public_key, asked.code.encode(), asked.proof):
            return self.json(wire.Refusal(error="bad_code"), 403)
        self.public_key = asked.public_key
        return self.json(
            wire.Enrolled(
                terminal="KBS-01", name="1号终端", area="KBS", place="/150600/", center_epoch=3, seal_key="",
                audit_key=keys.public_text(self.audit_key), zone="Asia/Shanghai", demo=True,
            )
        )  # fmt: skip

    async def session(self, request: Request) -> Response:
        asked = msgspec.json.decode(await request.body(), type=wire.SessionRequest)
        said = keys.session_request_message(asked.terminal, asked.ephemeral, asked.at_ms)
        if not keys.check_signature(self.public_key, said, asked.signature):
            return self.json(wire.Refusal(error="bad_signature"), 403)
        ephemeral = X25519PrivateKey.generate()
        self.session_key = keys.agree(ephemeral, asked.ephemeral, asked.terminal)
        own, ends = keys.public_text(ephemeral), "2026-01-02T00:00:00Z"
        answer = keys.session_answer_message(asked.terminal, asked.ephemeral, own, ends, self.floor)
        signer = Ed25519PrivateKey.generate() if self.forged else self.audit_key
        signature = keys.sign(signer, answer)
        return self.json(
            wire.SessionAnswer(ephemeral=own, expires_at=ends, counter_floor=self.floor, center_signature=signature)
        )

    async def sync(self, request: Request) -> Response:
        (raw,) = msgspec.json.decode(await request.body(), type=wire.SyncBody).syncs
        envelope = msgspec.json.decode(raw, type=wire.Envelope)
        return self.json(wire.AnswerBody(v=1, answers=[self.judge(envelope)]))

    def judge(self, envelope: wire.Envelope) -> wire.Answer:
        raw = bytes(envelope.sync)
        if not keys.check_sync_mac(self.session_key, envelope.epoch, envelope.counter, raw, envelope.mac):
            return wire.Answer(terminal=envelope.terminal, ok=False, error=wire.BAD_MAC)
        if envelope.counter in self.counters:
            return wire.Answer(terminal=envelope.terminal, ok=False, error=wire.COUNTER_REUSED)
        self.counters.add(envelope.counter)
        sync = msgspec.json.decode(raw, type=wire.Sync)
        self.syncs.append(sync)
        if sync.events and sync.first_seq > self.acked + 1 and sync.lost_seq < sync.first_seq - 1:
            return wire.Answer(terminal=envelope.terminal, ok=False, error=wire.GAP, acked_seq=self.acked)
        for event in sync.events:
            self.acked = max(self.acked, event.seq)
            if event.kind == "status":
                body = msgspec.convert(event.body, wire.StatusBody)
                self.states.setdefault(body.subject, {})[body.property] = body.state
            if event.kind == "outgoing.ack":
                self.outgoing = [one for one in self.outgoing if one.id not in event.body["ids"]]
        if sync.state is not None:
            self.states = {subject: {p: v.s for p, v in props.items()} for subject, props in sync.state.items()}
        return wire.Answer(
            terminal=envelope.terminal, ok=True, acked_seq=self.acked, outgoing=self.outgoing, center_epoch=3,
            audit_head=wire.AuditWitness(seq=7, hash="ab", signature="", at=""),
            want_state=state_hash(self.states) != sync.state_hash,
        )  # fmt: skip

    def json(self, body: Any, status: int = 200) -> Response:
        return Response(msgspec.json.encode(body), status, media_type="application/json")


def meet(story: Callable[[SimulatedTerminal, SmallCenter], Awaitable[None]], *, joined: bool = True) -> None:
    async def run() -> None:
        center = SmallCenter()
        async with SimulatedTerminal("http://center", transport=httpx.ASGITransport(app=center.app)) as terminal:
            if joined:
                await terminal.enrol(CODE)
                await terminal.agree()
            await story(terminal, center)

    asyncio.run(run())


def test_it_enrols_agrees_and_reports() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        assert terminal.code == "KBS-01"
        terminal.set_state("printer-1", "paper.upper", "full", kind="printer")
        terminal.set_state("printer-1", "paper.upper", "full")
        terminal.set_state("printer-1", "paper.upper", "out", raw="media-empty-error")
        terminal.add_event("help", {"kind": "call", "step": "print"})
        answer = await terminal.settle()
        assert answer.ok
        assert (answer.acked_seq, terminal.unacknowledged()) == (3, 0)
        assert center.states == {"printer-1": {"paper.upper": "out"}}
        assert [event.kind for event in center.syncs[0].events] == ["status", "status", "help"]
        assert center.syncs[0].events[0].body["kind"] == "printer"
        assert terminal.heads[-1].seq == 7
        assert terminal.center_epoch == 3

    meet(story)


def test_the_whole_state_is_sent_when_the_center_asks() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        terminal.set_state("idReader-1", "device", "online")
        await terminal.settle()
        center.states = {}
        await terminal.settle()
        assert center.states == {"idReader-1": {"device": "online"}}
        assert center.syncs[-1].kinds == {"idReader-1": "idReader"}

    meet(story)


def test_messages_are_received_once_and_acknowledged() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        center.outgoing = [wire.OutgoingMessage(id=5, kind="notice", body=msgspec.Raw(b'{"text":"x"}'))]
        await terminal.settle()
        assert [message.content() for message in terminal.received] == [{"text": "x"}]
        assert center.outgoing == []

    meet(story)


def test_a_wrong_code_is_refused() -> None:
    async def story(terminal: SimulatedTerminal, _center: SmallCenter) -> None:
        with pytest.raises(Refused) as caught:
            await terminal.enrol("WRONG")
        assert (caught.value.status, caught.value.error) == (403, "bad_code")

    meet(story, joined=False)


def test_a_center_that_cannot_sign_is_not_believed() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        center.forged = True
        with pytest.raises(BadCenter):
            await terminal.agree()

    meet(story)


def test_the_counter_goes_on_above_the_floor() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        center.floor = 40
        await terminal.agree()
        await terminal.sync()
        assert center.counters == {41}

    meet(story)


def test_it_can_misbehave_in_each_named_way() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        assert (await terminal.sync(mac=secrets.token_hex(32))).error == wire.BAD_MAC
        assert (await terminal.sync()).ok
        assert (await terminal.replay()).error == wire.COUNTER_REUSED
        twin = terminal.clone()
        assert (await terminal.sync()).ok
        assert (await twin.sync()).error == wire.COUNTER_REUSED
        await twin.close()
        terminal.go_offline()
        terminal.add_event("help", {})
        with pytest.raises(Offline):
            await terminal.sync()
        terminal.go_online()
        assert (await terminal.sync()).acked_seq == 1
        terminal.skip_events(2)
        terminal.add_event("help", {})
        answer = await terminal.sync()
        assert (answer.error, answer.acked_seq) == (wire.GAP, 1)
        terminal.forget_unacknowledged()
        terminal.add_event("help", {})
        assert (await terminal.sync()).acked_seq == 5
        epoch = terminal.epoch
        terminal.lose_outbox()
        assert terminal.epoch != epoch

    meet(story)


def test_the_age_of_an_event_grows_while_the_clock_may_lie() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        terminal.clock_offset_ms = 86_400_000
        terminal.add_event("help", {})
        await asyncio.sleep(0.1)
        await terminal.sync()
        (event,) = center.syncs[-1].events
        assert 100 <= event.age_ms < 5_000
        assert center.syncs[-1].clock_ms >= event.at_ms

    meet(story)


def test_what_a_program_tells_of_its_own_life() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        terminal.started("boot", stopped="unclean", boot_age_s=20, stop_age_s=600)
        terminal.stopping("person")
        terminal.reconnected(90, "connect")
        terminal.count("printer", "pages", 812)
        await terminal.settle()
        started, stopping, reconnected, counts = (event for sync in center.syncs for event in sync.events)
        assert (started.kind, started.body["cause"], started.body["stopped"]) == ("started", "boot", "unclean")
        assert abs(started.body["boot_at_ms"] - started.body["stopped_at_ms"] - 580_000) < 1000
        assert (stopping.kind, stopping.body) == ("stopping", {"by": "person"})
        assert reconnected.body["found_at_ms"] - reconnected.body["lost_at_ms"] == 90_000
        assert (counts.kind, counts.body["counts"][0]["value"]) == ("counts", 812)

    meet(story)


def test_an_event_kept_for_days_tells_its_age() -> None:
    async def story(terminal: SimulatedTerminal, center: SmallCenter) -> None:
        terminal.add_event("note", {}, age_s=3 * 86400)
        await terminal.settle()
        (event,) = (event for sync in center.syncs for event in sync.events)
        assert 3 * 86_400_000 <= event.age_ms < 3 * 86_400_000 + 60_000
        assert abs(center.syncs[0].clock_ms - event.at_ms - event.age_ms) < 1000

    meet(story)
