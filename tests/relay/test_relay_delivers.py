"""A relay that is killed with -9 again and again, beside a center of its own processes: what it saw arrives, once."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

PREPARE = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from budayang.center.areas.actions import create_area
from budayang.center.platform.actions import add_organization, add_place
from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, watching_actions
from budayang.center.terminals.models import WatchSource

call_command("migrate", verbosity=0, interactive=False)
system, now = Actor.system(), timezone.now()
city = add_place(system, code="150600", name="试", kind="region", parent=None, is_demo=True)
owner = add_organization(system, code="RS", name="试", kind="owner", place=city)
create_area(system, code="KBS", name="试", parent=city, is_demo=True)
more = {"area": "KBS", "owner": "RS", "now": now, "is_demo": True}
relay = actions.register_terminal(system, code="KBS-R1", name="中继", kind="relay", **more)
machine = actions.register_terminal(system, code="KBS-11", name="专机", kind="watched", **more)
watching_actions.set_relay(system, machine.pk, relay.pk, now)
watching_actions.add_source(system, machine.pk, kind="plug", settings={"url": sys.argv[1]}, now=now)
WatchSource.objects.update(interval_s=1)
print(actions.issue_enrolment_code(system, relay.pk, now))
"""
WATTS = {"drawing": 60.0, "standby": 5.0, "off": 0.0}


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
def plug() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Plug)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class House:
    """A center (its door and its worker) and a relay, each a process of its own."""

    def __init__(self, folder: Path, plug: str) -> None:
        self.center, self.relay_folder = folder / "center", folder / "relay"
        self.center.mkdir()
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings", "BUDAYANG_DATA_DIR": str(self.center),
            "BUDAYANG_DEMO": "1", "BUDAYANG_DATABASE_URL": "", "BUDAYANG_PUBLIC_URL": "",
        }  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        made = subprocess.run(
            [sys.executable, "-c", PREPARE, plug], env=self.environment, capture_output=True, text=True, timeout=900,
            check=True,
        )  # fmt: skip
        self.code = made.stdout.strip()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.start("ingest", "--port", str(self.port))
        self.start("worker")

    def start(self, name: str, *words: str, **more: str) -> None:
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "budayang.cli.main", name, *words], env=self.environment | more,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def start_relay(self) -> None:
        self.start(
            "relay", BUDAYANG_RELAY_DATA_DIR=str(self.relay_folder), BUDAYANG_RELAY_ENROLMENT_CODE=self.code,
            BUDAYANG_RELAY_CENTER_URL=f"http://127.0.0.1:{self.port}", BUDAYANG_RELAY_WAIT_S="1",
            BUDAYANG_RELAY_HEARTBEAT_S="1",
        )  # fmt: skip

    def signal(self, name: str, how: signal.Signals) -> None:
        self.running[name].send_signal(how)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait(20)

    def told(self, where: str = "machines/KBS-11", *, unsent: bool = False) -> list[tuple[int, str, dict[str, Any]]]:
        """What the relay wrote down, in order: (seq, kind, body)."""
        path = self.relay_folder / where / "outbox.sqlite3"
        if not path.exists():
            return []
        if not _rows(path, "SELECT 1 FROM sqlite_master WHERE name = 'events'"):
            return []  # it is just being made
        only = "WHERE acked_at_ms IS NULL" if unsent else ""
        rows = _rows(path, f"SELECT seq, kind, body FROM events {only} ORDER BY seq")
        return [(seq, kind, json.loads(body)) for seq, kind, body in rows]

    def loads(self) -> list[str]:
        """The states of the plug that the relay wrote down."""
        told = (body for _seq, kind, body in self.told() if kind == "status")
        return [body["state"] for body in told if body["property"] == "load"]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return _rows(self.center / "center.sqlite3", sql)


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(sql).fetchall()


def _until(what: str, true: Callable[[], object], within_s: float = 240) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture
def house(tmp_path: Path, plug: str) -> Iterator[House]:
    standing = House(tmp_path, plug)
    try:
        yield standing
    finally:
        for name in list(standing.running):
            standing.signal(name, signal.SIGCONT)
            standing.kill(name)


def test_killed_while_the_center_is_away_and_while_it_listens_nothing_is_lost_or_doubled(house: House) -> None:
    wanted = ["drawing"]

    def becomes(word: str) -> None:
        wanted.append(word)
        _Plug.watts = WATTS[word]
        _until(f"the relay saw {wanted}", lambda: house.loads() == wanted)

    house.start_relay()
    _until("the machine speaks", lambda: house.loads() == wanted and not house.told(unsent=True))
    for away in (True, False, True):
        if away:
            house.signal("ingest", signal.SIGSTOP)  # the center hangs: what is sent gets no answer
        becomes("off")
        becomes("standby")
        house.kill("relay")  # while the sync with it is under way, or right after
        if away:
            assert house.told(unsent=True), "it had something that nobody had acknowledged"
        house.start_relay()
        becomes("drawing")
        if away:
            house.signal("ingest", signal.SIGCONT)
    _until("all is acknowledged", lambda: not house.told(unsent=True) and not house.told("", unsent=True))
    house.kill("relay")
    house.signal("ingest", signal.SIGTERM)  # what it holds is written
    house.running["ingest"].wait(30)

    told = [seq for seq, _kind, _body in house.told()]
    assert told == list(range(1, len(told) + 1)), "no hole in what the relay wrote down"
    history = house.ask(
        "SELECT i.state, since, until FROM terminals_statusinterval i JOIN terminals_terminal t ON t.id = i.terminal_id"
        " WHERE t.code = 'KBS-11' AND i.property = 'load' ORDER BY i.since, i.id"
    )
    assert [state for state, _since, _until in history] == wanted, "each state once, in its order"
    assert [until for _state, _since, until in history[:-1]] == [since for _state, since, _until in history[1:]]
    for code, where in (("KBS-11", "machines/KBS-11"), ("KBS-R1", "")):
        got = house.ask(
            "SELECT seq, i.kind FROM terminals_inbox i JOIN terminals_terminal t ON t.id = i.terminal_id"
            f" WHERE t.code = '{code}' ORDER BY i.id"
        )
        sent = [(seq, kind) for seq, kind, _body in house.told(where) if kind not in ("status", "outgoing.ack")]
        assert got == sent, code
