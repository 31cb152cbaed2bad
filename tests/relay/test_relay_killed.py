"""A relay process that is killed with -9 while the center is away: what it had seen is in its outboxes, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from budayang.uplink.clock import SystemClock
from budayang.uplink.outbox import EventOutbox, MessageRow
from budayang.wire.messages import Enrolled

pytestmark = pytest.mark.processes


class _Plug(BaseHTTPRequestHandler):
    watts = 60.0

    def do_GET(self) -> None:
        body = json.dumps({"power": self.watts}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None: ...


@pytest.fixture
def plug() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Plug)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _prepare(folder: Path, port: int) -> None:
    """The folder of a relay that was enrolled and told what to watch."""
    outbox = EventOutbox(folder / "outbox.sqlite3", SystemClock())
    settings = {
        "url": f"http://127.0.0.1:{port}/", "topic": "", "path": "power", "off_below_w": 1, "standby_below_w": 12,
        "secret": "",
    }  # fmt: skip
    source = {"subject": "power-1", "kind": "plug", "settings": settings, "interval_s": 0.2, "keep_s": 60}
    machine = {"terminal": "KBS-11", "name": "社保自助机", "key": "", "sources": [source]}
    outbox.take_messages([MessageRow("watch", "", 1, {"machines": [machine]})])
    outbox.close()
    enrolled = Enrolled(
        terminal="KBS-R1", name="中继", area="KBS", place="/150600/A-KBS/", center_epoch=1, seal_key="", audit_key="",
        zone="Asia/Shanghai", demo=True,
    )  # fmt: skip
    (folder / "enrolment.json").write_bytes(msgspec.json.encode(enrolled))


def _states(folder: Path) -> list[str]:
    path = folder / "machines" / "KBS-11" / "outbox.sqlite3"
    if not path.exists():
        return []
    outbox = EventOutbox(path, SystemClock())
    try:
        events = outbox.unsent(100_000)
        assert [one.seq for one in events] == list(range(1, outbox.next_seq)), "no hole, nothing twice"
        return [str(one.body["state"]) for one in events if one.kind == "status"]
    finally:
        outbox.close()


def test_what_was_seen_outlives_kill_9_and_is_told_once(tmp_path: Path, plug: int) -> None:
    _prepare(tmp_path, plug)
    environment = os.environ | {
        "BUDAYANG_RELAY_DATA_DIR": str(tmp_path), "BUDAYANG_RELAY_CENTER_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    wanted: list[str] = []
    for watts, word in ((60.0, "drawing"), (0.0, "off"), (60.0, "drawing"), (5.0, "standby")):
        _Plug.watts = watts
        wanted.append(word)
        child = subprocess.Popen(
            [sys.executable, "-m", "budayang.cli.main", "relay"], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            end = time.monotonic() + 60
            while _states(tmp_path) != wanted:
                assert time.monotonic() < end, (_states(tmp_path), wanted)
                time.sleep(0.1)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait(10)
    assert _states(tmp_path) == wanted


def test_a_clean_end_is_clean(tmp_path: Path, plug: int) -> None:
    _prepare(tmp_path, plug)
    environment = os.environ | {
        "BUDAYANG_RELAY_DATA_DIR": str(tmp_path), "BUDAYANG_RELAY_CENTER_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "budayang.cli.main", "relay"], env=environment, stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not _states(tmp_path):
            assert time.monotonic() < end
            time.sleep(0.1)
        child.terminate()
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait(10)
