"""`budayang connector check`: sandbox and small server keep every rule; a bent service breaks the one it bends."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from budayang import data
from budayang.cli.connector import check
from budayang.cli.contract_item_rules import ITEM_RULES
from budayang.cli.contract_rules import SERVICE_RULES, declared
from budayang.cli.contract_session import MARK, Failed, Session, sample
from budayang.cli.main import main
from budayang.forms import validate
from budayang.sandbox.app import DEMO_KEYS
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger

SERVER = Path(__file__).parents[2] / "docs" / "departments" / "minimal_server.py"
Said = tuple[int, Any]
Bend = Callable[["Asked", Said], Said]


class Asked:
    """A request as a bend sees it."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.method, self.path, self.length = scope["method"], scope["path"].split("/v1/")[1], len(body)
        self.key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        self.text = body[:2000].decode("utf-8", "replace")


class Bent:
    """The departments behind a door that changes requests and answers; straight while nothing is set."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.answer: Bend | None = None
        self.headers: dict[bytes, Callable[[bytes], bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        given = dict(scope["headers"])
        for name, change in self.headers.items():
            given[name] = change(body)
        held: list[Message] = []
        told = [False]

        async def replay() -> Message:
            if told[0]:
                return {"type": "http.disconnect"}
            told[0] = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def hold(message: Message) -> None:
            held.append(message)

        await self.app({**scope, "headers": list(given.items())}, replay, hold)
        if self.answer is not None:
            content = b"".join(one.get("body", b"") for one in held[1:])
            status, said = self.answer(Asked(scope, body), (held[0]["status"], json.loads(content)))
            changed = json.dumps(said).encode()
            kept = [(name, value) for name, value in held[0]["headers"] if name != b"content-length"]
            kept.append((b"content-length", str(len(changed)).encode()))
            held = [
                {"type": "http.response.start", "status": status, "headers": kept},
                {"type": "http.response.body", "body": changed},
            ]
        for message in held:
            await send(message)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bent, int]]:
    ledger = Ledger(tmp_path_factory.mktemp("departments") / "a.sqlite3")
    departments = Departments(ledger, Clock(), dict(DEMO_KEYS))
    for switches in departments.switches.values():
        switches.always_open = True
    bent = Bent(Starlette(routes=departments.routes()))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(bent, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bent, listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    ledger.close()


@pytest.fixture
def bent(town: tuple[Bent, int]) -> Iterator[Bent]:
    yield town[0]
    town[0].answer, town[0].headers = None, {}


def session(town: tuple[Bent, int], code: str) -> Session:
    return Session(f"http://127.0.0.1:{town[1]}/dept/{code}", DEMO_KEYS[code], timeout_s=20)


@pytest.mark.parametrize("code", sorted(DEMO_KEYS))
def test_every_department_of_the_sandbox_keeps_every_rule(town: tuple[Bent, int], code: str) -> None:
    """One item of each kind and set of promises: they are carried by the same code."""
    trial = session(town, code)
    kinds = {(one.kind, one.honours_key, one.can_be_asked, one.can_withdraw): one.code for one in declared(trial)}
    results = check(trial, set(kinds.values()), lambda _one: None)
    assert [(one.rule, one.item, one.why) for one in results if one.result == "failed"] == []
    skipped = {one.rule for one in results if one.result == "skipped"}
    assert skipped <= {"known_after_a_cut_line", "form"}, "some items of the sandbox have no form at our terminals"
    assert sum(one.result == "passed" for one in results) > 20


def test_all_rules_are_tried_on_the_sandbox(town: tuple[Bent, int]) -> None:
    tried = {rule.name for rule in SERVICE_RULES}
    for code in DEMO_KEYS:
        items = declared(session(town, code))
        tried |= {rule.name for rule in ITEM_RULES for item in items if rule.when(item)}
    assert tried == {rule.name for rule in (*SERVICE_RULES, *ITEM_RULES)}


def outcome(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == "matters"


def on(path: str, change: Callable[[Any], Any], status: int = 200) -> Bend:
    return lambda asked, said: (status, change(said[1])) if re.fullmatch(path, asked.path) else said


def if_outcome(change: Callable[[Any], Any]) -> Bend:
    return lambda asked, said: (said[0], change(said[1])) if outcome(asked) and said[0] == 200 else said


def instead(status: int, body: Any, when: Callable[[Asked, Said], bool]) -> Bend:
    return lambda asked, said: (status, body) if when(asked, said) else said


def with_form(said: Any, form: Any) -> Any:
    return {**said, "items": {**said["items"], "ZZ001": {**said["items"]["ZZ001"], "form": form}}}


COUNTER = iter(range(10**9))
OK = {"outcome": "done", "message": "拨测：好"}
BENDS: dict[str, tuple[str, str, Bend]] = {
    "health": ("RS", "", on("health", lambda _: {"status": "ok"})),
    "items": ("RS", "", on("items", lambda said: {**said, "contract": "2"})),
    "health_lists_items": ("RS", "", on("health", lambda said: {**said, "items": []})),
    "hours": ("RS", "", on("hours", lambda said: {**said, "items": {"ZZ001": {"weekly": "always"}}})),
    "hours_confirmed": ("RS", "", on("hours", lambda said: {**said, "confirmed_by": ""})),
    "unknown_item": ("RS", "", instead(200, OK, lambda asked, said: outcome(asked) and said[0] == 404)),
    "unknown_case": ("RS", "", instead(404, {"error": "nothing"}, lambda asked, _s: asked.method == "GET")),
    "not_json": ("RS", "", instead(500, {"error": "x"}, lambda _a, said: said[0] == 400)),
    "no_person": ("RS", "", instead(400, {"error": "x", "detail": MARK}, lambda _a, said: said[0] == 400)),
    "wrong_types": ("RS", "", instead(500, {"error": "x"}, lambda _a, said: said[0] == 400)),
    "too_large": ("RS", "", instead(200, OK, lambda asked, _s: asked.length > 12_000_000)),
    "form": ("RS", "ZZ001", on("items", lambda said: with_form(said, {"properties": {"x": {"type": "string"}}}))),
    "answers": ("RS", "ZZ001", if_outcome(lambda _: {"outcome": "refused", "message": "不办"})),
    "says_it_is_a_try": ("RS", "ZZ001", if_outcome(lambda said: {**said, "message": "办好了"})),
    "bound": ("RS", "ZZ001", if_outcome(lambda said: {**said, "for": {"name": "测试乙", "id_number": "1"}})),
    "same_key_same_bytes": ("RS", "ZZ001", if_outcome(lambda said: {**said, "department_ref": str(next(COUNTER))})),
    "other_body": ("RS", "ZZ001", instead(200, OK, lambda _a, said: said[0] == 409)),
    "twins": ("RS", "ZZ001", if_outcome(lambda said: {**said, "department_ref": str(next(COUNTER))})),
    "after_a_cut_line": ("RS", "ZZ001", if_outcome(lambda said: {**said, "department_ref": str(next(COUNTER))})),
    "can_be_asked": ("RS", "ZZ001", on("matters/.*", lambda _: {"state": "done"})),
    "known_after_a_cut_line": ("GAHZ", "ZZ073", on("matters/.*", lambda _: {"error": "nothing"}, 404)),
    "withdraw": ("SF", "ZZ130", on("matters/.*/withdraw", lambda _: {"withdrawn": False})),
    "slots": ("SF", "ZZ132", on("slots", lambda _: {"slots": [{}]})),
    "paid": ("BDC", "ZZ106", on("matters/.*/paid", lambda _: OK)),
    "correct": ("SF", "ZZ130", on("matters/.*/correct", lambda _: OK)),
}
# These are bent before the department hears them.
DEAF: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "wrong_key": (b"authorization", lambda _body: b"Bearer demo-key-RS"),
    "wrong_key_acts": (b"authorization", lambda _body: b"Bearer demo-key-RS"),
    "key_is_the_case": (b"idempotency-key", lambda body: json.loads(body)["case"].encode()),
    "key_is_required": (b"idempotency-key", lambda body: json.loads(body)["case"].encode()),
    "content_type": (b"content-type", lambda _body: b"application/json"),
}


def broken(name: str, code: str, item: str, town: tuple[Bent, int]) -> str:
    """What the rule of that name says of the service now; empty when it is kept."""
    trial = session(town, code)
    try:
        if item:
            chosen = next(one for one in declared(trial) if one.code == item)
            next(rule for rule in ITEM_RULES if rule.name == name).check(trial, chosen)
        else:
            next(rule for rule in SERVICE_RULES if rule.name == name).check(trial)
    except Failed as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", sorted(BENDS))
def test_each_rule_is_broken_by_a_service_that_bends_it(town: tuple[Bent, int], bent: Bent, name: str) -> None:
    code, item, bend = BENDS[name]
    assert broken(name, code, item, town) == ""
    bent.answer = bend
    assert broken(name, code, item, town) != ""


@pytest.mark.parametrize("name", sorted(DEAF))
def test_each_rule_is_broken_by_a_service_that_does_not_listen(town: tuple[Bent, int], bent: Bent, name: str) -> None:
    assert broken(name, "RS", "", town) == ""
    header, change = DEAF[name]
    bent.headers = {header: change}
    assert broken(name, "RS", "", town) != ""


def test_every_rule_has_a_service_that_breaks_it() -> None:
    assert set(BENDS) | set(DEAF) == {rule.name for rule in (*SERVICE_RULES, *ITEM_RULES)}


def test_a_closed_department_is_not_tried_and_says_until_when(town: tuple[Bent, int], bent: Bent) -> None:
    closed: Bend = lambda asked, said: (503, {"error": "closed"}) if outcome(asked) else said  # noqa: E731
    bent.answer = closed
    with pytest.raises(Failed, match="Retry-After"):
        session(town, "RS").hand_in({"case": "X", "item": "ZZ001"})


def test_the_command_counts_and_ends_with_one_when_a_rule_is_broken(
    town: tuple[Bent, int], bent: Bent, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{town[1]}/dept/BDC"
    assert main(["connector", "check", url, "--key", "demo-key-BDC", "--item", "ZZ106", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["failed"], report["contract"]) == (0, "1")
    assert report["passed"] + report["skipped"] == len(report["rules"])
    assert {one["item"] for one in report["rules"]} == {"", "ZZ106"}
    assert main(["connector", "check", url, "--key", "wrong", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["failed"] > 3
    assert main(["connector", "check", url, "--key", "demo-key-BDC", "--item", "ZZ999"]) == 1
    out = capsys.readouterr().out
    assert "不合 failed  ZZ999" in out
    assert "怎么改：在 /v1/items 里说明它" in out
    assert main(["connector", "check", "ftp://x"]) == 2
    assert main(["connector", "check", url, "--forms", "/nowhere.json"]) == 2


def test_every_rule_says_what_to_do_when_it_is_broken() -> None:
    for rule in (*SERVICE_RULES, *ITEM_RULES):
        assert len(rule.repair) > 10, rule.name
    assert main(["connector", "check", "http://127.0.0.1:1"]) == 2, "nobody is there: said once, not by every rule"


def test_samples_fit_the_forms_that_ship() -> None:
    for code in data.items_with_forms():
        schema = data.form(code)
        conditional = any("x-when" in json.dumps(prop) for prop in schema["properties"].values())
        if not conditional:
            assert validate(schema, sample(schema)) == {}, code


@pytest.mark.processes
def test_the_small_server_of_the_docs_keeps_every_rule(tmp_path: Path) -> None:
    assert len(SERVER.read_text(encoding="utf-8").splitlines()) < 100
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(port), "geheim"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        assert main(["connector", "check", f"http://127.0.0.1:{port}", "--key", "geheim"]) == 0
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/health", trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the small server did not start")
