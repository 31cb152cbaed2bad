"""kill -9 of a real center process under load: what was acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from budayang.wire import mac
from budayang.wire import messages as wire

CENTER = Path(__file__).resolve().parents[3] / "bench" / "ingest_center.py"
EPOCH = "0123456789abcdef"
EVENTS = 5


class Center:
    """The door as a process on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.environ = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings", "BUDAYANG_DATA_DIR": str(folder),
            "BUDAYANG_DEMO": "1", "BUDAYANG_DATABASE_URL": "", "BUDAYANG_PUBLIC_URL": "",
        }  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self, key_file: Path) -> None:
        subprocess.run(self._command("prepare", "1", str(key_file)), env=self.environ, check=True, timeout=120)

    def start(self) -> None:
        self.process = subprocess.Popen(self._command("serve", str(self.port), "-1"), env=self.environ)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, str(CENTER), *words]


def send(port: int, body: bytes) -> wire.Answer | None:
    """The answer, or None when there was none that counts."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/wire/v1/sync", body)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if response.status != 200:
        return None
    return msgspec.json.decode(content, type=wire.AnswerBody).answers[0]


@pytest.mark.processes
@pytest.mark.enable_socket
def test_kill_nine_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    center, key_file = Center(tmp_path), tmp_path / "keys.json"
    center.prepare(key_file)
    [(code, key)] = json.loads(key_file.read_text()).items()
    acked = counter = kills = 0
    next_kill = 40
    center.start()
    try:
        end = time.monotonic() + 180
        while acked < 250:
            assert time.monotonic() < end, f"stuck at {acked}"
            counter += 1
            events = [event(seq) for seq in range(acked + 1, acked + 1 + EVENTS)]
            raw = msgspec.json.encode(wire.Sync(first_seq=acked + 1, events=events, clock_ms=0))
            made = mac.sync_mac(bytes.fromhex(key), EPOCH, counter, raw)
            body = wire.sync_body([wire.seal_sync(terminal=code, epoch=EPOCH, counter=counter, mac=made, raw=raw)])
            if kills < 3 and acked >= next_kill and center.process is not None:
                # The blow falls while the request is under way: after it came, before, or while it is committed.
                killer = subprocess.Popen(["sh", "-c", f"sleep 0.0{kills * 2}; kill -9 {center.process.pid}"])
                answer = send(center.port, body)
                killer.wait(10)
                center.kill()
                kills, next_kill = kills + 1, next_kill + 60
                center.start()
            else:
                answer = send(center.port, body)
            if answer is None:
                time.sleep(0.05)
                continue
            assert answer.ok, answer
            acked = answer.acked_seq
            assert not missing(tmp_path, acked), "acknowledged, so it is durable"
    finally:
        center.kill(signal.SIGTERM)
    assert kills == 3
    rows = inbox(tmp_path)
    assert [seq for seq, _body in rows] == list(range(1, len(rows) + 1))
    assert all(json.loads(body) == {"n": seq} for seq, body in rows)


def event(seq: int) -> wire.Event:
    return wire.Event(seq=seq, kind="rating", at_ms=0, body={"n": seq})


def inbox(folder: Path) -> list[tuple[int, Any]]:
    with sqlite3.connect(folder / "center.sqlite3", timeout=10) as database:
        rows = database.execute("SELECT seq, body FROM terminals_inbox ORDER BY seq").fetchall()
    database.close()
    return rows


def missing(folder: Path, acked: int) -> set[int]:
    return set(range(1, acked + 1)) - {seq for seq, _body in inbox(folder)}
