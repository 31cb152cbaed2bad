"""The door for files and packages, over in-process ASGI: under the session's MAC, own files only, within bounds."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from tests.center import hall as halls
from tests.center.hall import Hall

from budayang.center.platform.sealing import seal_field
from budayang.center.terminals import command_actions, command_files
from budayang.center.terminals.files_app import CHUNK, FilesApplication
from budayang.center.terminals.models import CommandFile, CommandRun, Credential, Package, Session, Terminal
from budayang.wire import mac
from budayang.wire.commands import FILE_PATH, MAX_FILE, PACKAGE_PATH

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {"KBS-01": b"1" * 32, "KBS-02": b"2" * 32}


class FilesDoor:
    """The application and what a terminal sends to it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.app = FilesApplication(clock=lambda: self.now)

    def post(
        self,
        path: str,
        body: bytes,
        *,
        terminal: str = "KBS-01",
        key: bytes = b"",
        signed: bytes | None = None,
        late_s: float = 0,
        method: str = "POST",
        parts: int = 1,
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body); `signed` is what the MAC covers when it is not the body."""
        time_ms = int((self.now - timedelta(seconds=late_s)).timestamp() * 1000)
        plain = body if signed is None else signed
        code = mac.case_mac(key or KEYS.get(terminal, b"?" * 32), "POST", path, time_ms, plain)
        headers = [
            (b"budayang-terminal", terminal.encode()), (b"budayang-time", str(time_ms).encode()),
            (b"budayang-mac", code.encode()),
        ]  # fmt: skip
        return self.ask({"type": "http", "method": method, "path": path, "headers": headers}, body, parts)

    def ask(self, scope: dict[str, Any], body: bytes, parts: int = 1) -> tuple[int, dict[str, str], bytes]:
        size = len(body) // parts + 1
        pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(one["body"] for one in sent[1:])


@pytest.fixture
def hall(now: datetime) -> Hall:
    return halls.build(now)


@pytest.fixture
def door(hall: Hall, now: datetime) -> FilesDoor:
    """Both terminals have a session."""
    for terminal in (hall.terminal, hall.other):
        Credential.objects.create(terminal=terminal, public_key=terminal.code, enrolled_at=now)
        Session.objects.create(
            terminal=terminal, agreed_at=now, expires_at=now + timedelta(hours=24),
            sealed_key=seal_field("terminals_session", str(terminal.pk), "sealed_key", KEYS[terminal.code].hex()),
        )  # fmt: skip
    return FilesDoor(now)


@pytest.fixture
def number(hall: Hall, now: datetime) -> int:
    """A picture was ordered of KBS-01."""
    command_actions.order(hall.actor("lin"), [hall.terminal], "screenshot", reason="屏幕花了", now=now)
    return CommandRun.objects.get().number


def picture(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 60), colour).save(out, "PNG")
    return out.getvalue()


def error(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    status, headers, body = answer
    assert headers["cache-control"] == "no-store"
    return status, json.loads(body).get("error", "")


def test_a_file_is_taken_and_the_same_again_is_harmless(door: FilesDoor, number: int) -> None:
    path = f"{FILE_PATH}{number}"
    assert error(door.post(path, picture(), parts=3)) == (200, "")
    assert error(door.post(path, picture())) == (200, "")
    assert CommandFile.objects.count() == 1
    newer = door.post(path, picture("red"))
    assert error(newer) == (200, ""), "until the command is over, the last one counts"
    assert CommandFile.objects.get().run.number == number


def test_when_the_command_is_over_nothing_more_is_taken(door: FilesDoor, number: int) -> None:
    door.post(f"{FILE_PATH}{number}", picture())
    before = CommandFile.objects.get().sha256
    CommandRun.objects.update(state="done")
    assert error(door.post(f"{FILE_PATH}{number}", picture("red"))) == (404, "unknown_command")
    assert CommandFile.objects.get().sha256 == before


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"key": b"x" * 32}, (401, "bad_mac")),
        ({"signed": b"other bytes"}, (401, "bad_mac")),
        ({"terminal": "KBS-02"}, (404, "unknown_command")),  # its own key, another's command
        ({"terminal": "KBS-02", "key": KEYS["KBS-01"]}, (401, "bad_mac")),
        ({"terminal": "KBS-99"}, (401, "no_session")),
        ({"terminal": ""}, (401, "bad_mac")),
        ({"late_s": 301}, (401, "clock_off")),
        ({"late_s": -301}, (401, "clock_off")),
        ({"method": "GET"}, (405, "method_not_allowed")),
    ],
)
def test_who_may_not_hand_in(door: FilesDoor, number: int, given: dict[str, Any], answer: tuple[int, str]) -> None:
    assert error(door.post(f"{FILE_PATH}{number}", picture(), **given)) == answer
    assert not CommandFile.objects.exists()


@pytest.mark.parametrize(
    ("tail", "content", "answer"),
    [
        ("", b"<svg/>", (400, "malformed")),
        ("", b"", (400, "malformed")),
        ("", b"x" * (MAX_FILE + 1), (413, "too_large")),
        ("1", b"x", (404, "unknown_command")),
        ("/../x", b"x", (404, "unknown_command")),
    ],
    ids=["no picture", "empty", "too large", "another number", "a path"],
)
def test_what_is_not_taken(door: FilesDoor, number: int, tail: str, content: bytes, answer: tuple[int, str]) -> None:
    assert error(door.post(f"{FILE_PATH}{number}{tail}", content, parts=4)) == answer
    assert not CommandFile.objects.exists()


def test_a_request_without_its_headers_is_refused(door: FilesDoor, number: int) -> None:
    scope = {"type": "http", "method": "POST", "path": f"{FILE_PATH}{number}", "headers": []}
    assert error(door.ask(scope, picture())) == (401, "bad_mac")
    scope["headers"] = [(b"budayang-terminal", b"KBS-01"), (b"budayang-time", b"soon"), (b"budayang-mac", b"x")]
    assert error(door.ask(scope, picture())) == (401, "bad_mac")


def test_a_command_that_brings_nothing_takes_nothing(door: FilesDoor, hall: Hall, now: datetime) -> None:
    command_actions.order(hall.actor("lin"), [hall.terminal], "into_service", reason="好了", now=now)
    run = CommandRun.objects.get()
    assert error(door.post(f"{FILE_PATH}{run.number}", picture())) == (404, "unknown_command")


def test_a_suspended_terminal_has_no_session(door: FilesDoor, number: int) -> None:
    Terminal.objects.filter(code="KBS-01").update(state="suspended")
    assert error(door.post(f"{FILE_PATH}{number}", picture())) == (401, "no_session")


def test_a_package_comes_whole_to_whoever_has_a_session(door: FilesDoor, now: datetime) -> None:
    content = bytes(range(256)) * (CHUNK // 256 + 100)
    sha256 = hashlib.sha256(content).hexdigest()
    Package.objects.create(version="2.0", sha256=sha256, size=len(content), added_at=now, added_by="x", manifest={})
    assert error(door.post(f"{PACKAGE_PATH}{sha256}", b"{}")) == (503, "try_again"), "its bytes are gone from the disk"
    path = command_files.package_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    status, headers, body = door.post(f"{PACKAGE_PATH}{sha256}", b"{}")
    assert (status, headers["content-length"]) == (200, str(len(content)))
    assert hashlib.sha256(body).hexdigest() == sha256
    for tail in ("ab" * 32, "../secrets.json", sha256.upper()):
        assert error(door.post(f"{PACKAGE_PATH}{tail}", b"{}")) == (404, "unknown_package")
    assert error(door.post(f"{PACKAGE_PATH}{sha256}", b"{}", key=b"x" * 32)) == (401, "bad_mac")
