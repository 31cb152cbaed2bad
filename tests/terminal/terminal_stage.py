"""A stage for the terminal's tests: a center that speaks the wire with real keys, a reader and a printer in the hand.

Fake only at the terminal's own seams: clock, device, transport. All people and facts are invented.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.applications import Starlette

from budayang import data
from budayang.terminal.app import Terminal, create_app
from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.devices.idreader.driver import Phase
from budayang.terminal.devices.printer.jobs import ENDED, Job, JobState
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.terminal.testpage import test_page as make_page
from budayang.uplink.clock import Clock, SystemClock, milliseconds
from budayang.wire import mac
from budayang.wire import messages as wire
from budayang.wire.commands import FILE_PATH, PACKAGE_PATH, Command, sign_command
from budayang.wire.numbers import parse_number
from budayang.wire.sealing import case_info, identity_info, open_text, person_info, result_info, seal_text

CODE = "KBS-01"
NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
KEY = "launcher-key-of-the-test"
ORIGIN = "http://127.0.0.1:8821"
CARD = Card("resident", "测试甲", "999999199003070012", "1", None, address="演示市演示路1号")
PDF = make_page(["paper"])
CODE_REFUSALS = {"identity_unavailable": 424, "too_many_codes": 429}
RECEIPT = make_page(["receipt"])
CATALOGUE: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "terminal": {"number": "1", "area": "演示自助区", "keeper_phone": "0477-0000000"},
    "consent": {"version": "2026-1", "title": "告知", "lines": ["一"], "keeps": "平台"},
    "items": [
        {
            "code": "ZZ001", "name": "个人参保证明查询打印", "short": "参保证明",
            "department": "RS", "department_name": "人社",
            "minutes": 2, "fee": "0", "bring": "带身份证", "needs": ["idReader", "printer"], "after_hours": "全时可办",
            "calendar": "RS", "hot": 1, "life_events": ["print"], "schema": data.form("ZZ001"),
        },
        {
            "code": "ZZ031", "name": "医保参保凭证打印", "department": "YB", "department_name": "医保",
            "needs": ["printer"], "after_hours": "全时可办", "calendar": "YB", "hot": 2, "schema": None,
        },
        {
            "code": "ZZ130", "name": "法律援助申请", "department": "SF", "department_name": "司法",
            "needs": ["printer"], "after_hours": "夜间可提交、工作日审核", "calendar": "SF", "schema": None,
        },
        {
            "code": "ZZ200", "name": "没有人确认的事项", "department": "YB", "department_name": "医保", "needs": [],
            "after_hours": "全时可办", "calendar": "none",
        },
    ],
    "calendars": {
        "RS": {"confirmed": True, "always": True},
        "YB": {"confirmed": True, "weekly": [[day, "08:00", "24:00"] for day in range(7)]},
        "SF": {"confirmed": True, "weekly": [[day, "09:00", "17:00"] for day in range(5)], "follows_workdays": True},
    },
}  # fmt: skip
AVAILABILITY: dict[str, Any] = {
    "connectors": {code: {"state": "ok"} for code in ("RS", "YB", "SF")},
    "alternatives": {"ZZ001": [{"terminal": "YJHL-01", "area": "伊旗自助区", "distance_km": 22.0, "text": "可办"}]},
}


@dataclass
class Center:
    """The wire's other end, as much of it as a terminal can see. Tests turn its knobs."""

    down: bool = False
    sync_error: str | None = None
    error_once: bool = False
    epoch: int = 1
    hold: bool = False
    outgoing: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    case_state: str = "done"
    refuse_case: str = ""
    unknown_codes: set[str] = field(default_factory=set)
    codes_refused: str = ""
    holder: str = "测**"
    papers: list[dict[str, Any]] = field(default_factory=list)
    paper: bytes | None = PDF
    asked_about: set[str] = field(default_factory=set)
    seal: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    audit: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    public_key: str = ""
    key: bytes = b""
    agreements: int = 0
    floor: int = 0
    counters: list[int] = field(default_factory=list)
    acked: int = 0
    events: list[wire.Event] = field(default_factory=list)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    syncs: list[wire.Sync] = field(default_factory=list)
    cases: dict[str, tuple[wire.CaseSubmit, dict[str, Any]]] = field(default_factory=dict)
    grants: dict[str, set[str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    sent_ids: int = 0
    sent_numbers: int = 1000
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ahead: timedelta = timedelta(0)
    files: dict[int, bytes] = field(default_factory=dict)
    packages: dict[str, bytes] = field(default_factory=dict)
    unacked: dict[int, wire.OutgoingMessage] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, kind: str, body: dict[str, Any]) -> None:
        self.sent_ids += 1
        content = msgspec.Raw(msgspec.json.encode(body))
        self.unacked[self.sent_ids] = wire.OutgoingMessage(id=self.sent_ids, kind=kind, body=content)
        self.news.set()

    def order(self, name: str, *, terminal: str = CODE, expires_in_s: float = 3600, **more: Any) -> int:
        """Send a command as the center signs it; `more` are fields of wire.commands.Command. Gives its number."""
        self.sent_numbers += 1
        now_ms = int(self.now().timestamp() * 1000)
        fields: dict[str, Any] = {
            "not_before_ms": now_ms,
            "expires_ms": now_ms + int(expires_in_s * 1000),
            "reason": "测试",
        }
        command = Command(id=self.sent_numbers, terminal=terminal, name=name, **{**fields, **more})
        self.send("command", msgspec.to_builtins(sign_command(self.audit, command)))
        return command.id

    def told(self, number: int) -> list[tuple[str, str]]:
        """(state, reason) of a command as the terminal told it, in order."""
        said = [body for body in self.bodies("command.state") if body["id"] == number]
        return [(body["state"], body.get("reason", "")) for body in said]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [event.body for event in self.events if event.kind == kind]

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        if self.down:
            raise httpx.ConnectError("the center is down", request=request)
        routes: dict[str, Callable[[httpx.Request], Awaitable[httpx.Response]]] = {
            "/wire/v1/enrol": self._enrol,
            "/wire/v1/session": self._session,
            "/wire/v1/sync": self._sync,
        }
        route = routes.get(request.url.path)
        if request.url.path.startswith((FILE_PATH, PACKAGE_PATH)):
            route = self._files
        return await (route or self._cases)(request)

    async def _files(self, request: httpx.Request) -> httpx.Response:
        headers, path = request.headers, request.url.path
        wanted = mac.case_mac(self.key, "POST", path, int(headers["Budayang-Time"]), request.content)
        assert headers["Budayang-Mac"] == wanted
        last = path.rpartition("/")[2]
        if path.startswith(FILE_PATH):
            self.files[int(last)] = request.content
            return httpx.Response(200, json={})
        return httpx.Response(200, content=self.packages[last])

    async def _enrol(self, request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content, type=wire.Enrol)
        if asked.code != "GOOD-CODE" or self.public_key:
            return refusal("unknown_code", 403)
        assert mac.check_signature(asked.public_key, asked.code.encode(), asked.proof)
        self.public_key = asked.public_key
        return good(
            wire.Enrolled(
                terminal=CODE, name="1号终端", area="演示自助区", place="/A/", center_epoch=self.epoch,
                zone="Asia/Shanghai",
                seal_key=mac.public_text(self.seal), audit_key=mac.public_text(self.audit), demo=True,
            )
        )  # fmt: skip

    async def _session(self, request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content, type=wire.SessionRequest)
        message = mac.session_request_message(asked.terminal, asked.ephemeral, asked.at_ms)
        if not mac.check_signature(self.public_key, message, asked.signature):
            return refusal("bad_signature", 403)
        own = X25519PrivateKey.generate()
        self.key = mac.agree(own, asked.ephemeral, asked.terminal)
        self.agreements += 1
        expires, public = (datetime.now(UTC) + timedelta(days=365)).isoformat(), mac.public_text(own)
        signed = mac.session_answer_message(asked.terminal, asked.ephemeral, public, expires, self.floor)
        signature = mac.sign(self.audit, signed)
        return good(
            wire.SessionAnswer(
                ephemeral=public, expires_at=expires, counter_floor=self.floor, center_signature=signature
            )
        )

    async def _sync(self, request: httpx.Request) -> httpx.Response:
        body = msgspec.json.decode(request.content, type=wire.SyncBody)
        (raw,) = body.syncs
        envelope = msgspec.json.decode(raw, type=wire.Envelope)
        plain = bytes(envelope.sync)
        error = self.sync_error
        if self.error_once:
            self.sync_error, self.error_once = None, False
        if not mac.check_sync_mac(self.key, envelope.epoch, envelope.counter, plain, envelope.mac):
            error = wire.BAD_MAC
        assert envelope.counter not in self.counters, "a counter was used twice"
        self.counters.append(envelope.counter)
        sync = msgspec.json.decode(plain, type=wire.Sync)
        self.syncs.append(sync)
        if error is None and sync.first_seq > max(self.acked, sync.lost_seq) + 1:
            error = wire.GAP
        if error is not None:
            return self._answer(ok=False, error=error)
        for event in sync.events:
            if event.seq > self.acked:
                self._take(event)
        if sync.state is not None:
            self.states = {subject: {p: v.s for p, v in props.items()} for subject, props in sync.state.items()}
        if self.hold and sync.wait_s and not self.unacked:
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), sync.wait_s)
        return self._answer(ok=True)

    def _take(self, event: wire.Event) -> None:
        self.acked = event.seq
        self.events.append(event)
        if event.kind == "status":
            body = event.body
            self.states.setdefault(body["subject"], {})[body["property"]] = body["state"]
        if event.kind == "outgoing.ack":
            for message_id in event.body["ids"]:
                self.unacked.pop(message_id, None)

    def _answer(self, *, ok: bool, error: str | None = None) -> httpx.Response:
        answer = wire.Answer(
            terminal=CODE, ok=ok, error=error, acked_seq=self.acked, center_epoch=self.epoch, next_in_s=0.05,
            outgoing=list(self.unacked.values()) if ok else [],
            audit_head=wire.AuditWitness(seq=7, hash="ab" * 32, signature="cd", at="2026-11-23T18:00:00+00:00"),
            clock_ms=milliseconds(self.now() + self.ahead),
        )  # fmt: skip
        return good(wire.AnswerBody(v=1, answers=[answer]))

    async def _cases(self, request: httpx.Request) -> httpx.Response:
        headers, path = request.headers, request.url.path
        time_ms = int(headers["Budayang-Time"])
        wanted = mac.case_mac(self.key, "POST", path, time_ms, request.content)
        if headers["Budayang-Mac"] != wanted:
            return refusal("bad_mac", 401)
        if path.endswith("/pending"):
            return self._pending(msgspec.json.decode(request.content))
        if path.endswith("/wait"):
            if self.case_state == "working":
                await asyncio.sleep(0.01)  # held, as a center does: else nothing else would ever run
            return self._wait(path.split("/")[-2], msgspec.json.decode(request.content, type=wire.CaseWait))
        asked = msgspec.json.decode(request.content, type=wire.CaseSubmit)
        if self.refuse_case:
            return refusal(self.refuse_case, CODE_REFUSALS.get(self.refuse_case, 400))
        parse_number(asked.number)
        private = msgspec.json.decode(open_text(self.seal, asked.sealed, case_info(asked.number)))
        known = self.cases.get(asked.number)
        assert known is None or known[0] == asked, "the same number with another body"
        self.cases[asked.number] = (asked, private)
        self.grants.setdefault(asked.number, set()).add(asked.reply_key)
        return good(wire.CaseAnswer(number=asked.number, state="accepted"), 202)

    def _pending(self, asked: dict[str, Any]) -> httpx.Response:
        identity = msgspec.json.decode(open_text(self.seal, asked["sealed"], identity_info(CODE)))
        by_code = identity["id_kind"] == "card_code"
        if by_code and self.codes_refused:
            return refusal(self.codes_refused, CODE_REFUSALS[self.codes_refused])
        if identity["id_number"] in self.unknown_codes:
            return refusal("unknown_person", 422)
        for paper in self.papers:
            self.grants.setdefault(paper["number"], set()).add(asked["reply_key"])
        if not by_code:
            return httpx.Response(200, json={"cases": self.papers})
        plain = msgspec.json.encode({"name": self.holder})
        sealed = seal_text(base64.b64decode(asked["reply_key"]), plain, person_info(CODE))
        return httpx.Response(200, json={"cases": self.papers, "person": sealed})

    def _wait(self, number: str, asked: wire.CaseWait) -> httpx.Response:
        if asked.reply_key not in self.grants.get(number, set()):
            return refusal("unknown_reply_key", 403)
        told: dict[str, Any] = {"number": number, "state": self.case_state, "asked": number in self.asked_about}
        if self.case_state not in {"done", "handed_in"}:
            return good(wire.CaseAnswer(**told, message="未查到记录"))
        result = wire.CaseResult(
            message="正常参保",
            rows=[("缴费月数", "86")],
            paper_pdf=base64.b64encode(self.paper).decode() if self.paper else None,
            receipt_pdf=base64.b64encode(RECEIPT).decode(),
            receipt_code="7KQ2-M9XD",
            verify_url="http://127.0.0.1:8800/verify/7KQ2M9XD",
            head={"seq": 7, "hash": "ab" * 32, "signature": "cd", "at": "2026-11-23T18:00:00+00:00"},
        )
        public = base64.b64decode(asked.reply_key)
        sealed = seal_text(public, msgspec.json.encode(result), result_info(number))
        return good(wire.CaseAnswer(**told, message="", result=sealed))


def good(struct: msgspec.Struct, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=msgspec.json.encode(struct))


def refusal(error: str, status: int) -> httpx.Response:
    return httpx.Response(status, content=msgspec.json.encode(wire.Refusal(error=error)))


class HandReader:
    """A reader on which a test lays a card."""

    subject = kind = "idReader"
    poll_s = 0.05

    def __init__(self) -> None:
        self.phase = Phase.OFF
        self.on_phase: Callable[[], None] = lambda: None
        self.states = {"device": Reading("online"), "security": Reading("open")}
        self._card: asyncio.Queue[Card] = asyncio.Queue()
        self.waiting = 0

    def lay(self, card: Card = CARD) -> None:
        self._card.put_nowait(card)

    async def next_card(self, laid_after_s: float) -> Card:
        self.waiting += 1
        self.phase = Phase.WAITING
        try:
            return await self._card.get()
        finally:
            self.waiting -= 1
            self.phase = Phase.OFF

    async def poll(self) -> States:
        return dict(self.states)

    async def close(self) -> None:
        return None


class HandPrinter:
    """A printer whose paper, jam and death are a test's."""

    subject = kind = "printer"
    poll_s = 0.05

    def __init__(self) -> None:
        self.paper = 100
        self.jam = False
        self.off = False
        self.slow = False
        self.jobs: dict[int, Job] = {}
        self.documents: list[tuple[str, bytes]] = []
        self.canceled: list[int] = []

    async def poll(self) -> States:
        if self.off:
            return {"device": Reading("offline")}
        paper = "jammed" if self.jam else "out" if not self.paper else "full"
        return {
            "device": Reading("online"),
            "paper.upper": Reading(paper),
            "media": Reading("jammed" if self.jam else "notPresent"),
            "toner": Reading("full"),
        }

    async def print_pdf(self, name: str, document: bytes) -> Job:
        self._alive()
        job = Job(len(self.jobs) + 1, name, JobState.PENDING)
        self.jobs[job.id] = job
        self.documents.append((name, document))
        return job

    async def job(self, job_id: int) -> Job | None:
        self._alive()
        job = self.jobs.get(job_id)
        if job is None or job.state in ENDED or self.slow:
            return job
        if self.jam:
            return self._end(job, JobState.ABORTED)
        if self.paper:
            self.paper -= 1
            return self._end(job, JobState.COMPLETED)
        return job

    async def find_job(self, name: str) -> Job | None:
        self._alive()
        return next((job for job in reversed(self.jobs.values()) if job.name == name), None)

    async def cancel(self, job_id: int) -> None:
        self._alive()
        self.canceled.append(job_id)
        if self.jobs[job_id].state not in ENDED:
            self._end(self.jobs[job_id], JobState.CANCELED)

    async def close(self) -> None:
        return None

    def _end(self, job: Job, state: JobState) -> Job:
        self.jobs[job.id] = Job(job.id, job.name, state)
        return self.jobs[job.id]

    def _alive(self) -> None:
        if self.off:
            raise DeviceError("offline")


def make_settings(folder: Path, **more: Any) -> Settings:
    given: dict[str, Any] = {"data_dir": folder, "kiosk_key": KEY, "enrolment_code": "GOOD-CODE", "heartbeat_s": 0.1}
    return Settings(**{**given, **more})


@dataclass
class Stage:
    """A running terminal, its center, its devices and a browser that was let in."""

    center: Center
    reader: HandReader | None
    printer: HandPrinter | None
    app: Starlette
    terminal: Terminal
    browser: httpx.AsyncClient

    async def post(self, event: str, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Origin": ORIGIN, "Accept": "application/json"}
        answer = await self.browser.post(f"/journey/{event}", data=dict(form or {}), headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    def view(self) -> dict[str, Any]:
        return self.terminal.view()

    async def until(self, true: Callable[[], object], seconds: float = 6.0) -> None:
        for _ in range(int(seconds / 0.01)):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"not within {seconds} s; state {self.terminal.attendant.state}")

    async def state(self, state: str, seconds: float = 6.0) -> dict[str, Any]:
        await self.until(lambda: self.terminal.attendant.state == state, seconds)
        return self.view()

    async def identified(self, item: str = "ZZ001") -> None:
        """Choose, agree, lay the card: the person is known."""
        assert (await self.post("choose", {"item": item}))["ok"]
        assert (await self.post("agree"))["ok"]
        assert self.reader is not None
        self.reader.lay()
        await self.until(lambda: self.terminal.attendant.state not in {"identity", "consent"})


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    center: Center | None = None,
    reader: bool = True,
    printer: HandPrinter | None = None,
    clock: Clock | None = None,
    ready: bool = True,
    more: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """A terminal that is enrolled and has its catalogue, unless `ready` is False. `more`: devices by their kind."""
    center = center or Center()
    if clock is not None:
        center.now = clock.now
    hand, press = (HandReader() if reader else None), printer or HandPrinter()
    devices: dict[str, Any] = {"printer": press, **(more or {})} | ({"idReader": hand} if hand else {})
    app = create_app(
        make_settings(folder, **settings),
        clock=clock or SystemClock(),
        transport=httpx.MockTransport(center.handle),
        devices=devices,
    )
    terminal: Terminal = app.state.terminal
    if ready and not center.sent_ids:
        center.send("catalogue", CATALOGUE)
        center.send("availability", AVAILABILITY)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
            built = Stage(center, hand, press, app, terminal, browser)
            assert (await browser.get("/start", params={"k": KEY})).status_code == 303
            if ready:
                await built.until(lambda: len(terminal.catalogue) and terminal.uplink.line.level == "ok")
                await built.until(lambda: terminal.peripherals.reading("printer", "device").state != "unknown")
            yield built


def play(work: Callable[[], Awaitable[None]]) -> None:
    """Run one scene."""

    async def scene() -> None:
        await work()

    asyncio.run(scene())
