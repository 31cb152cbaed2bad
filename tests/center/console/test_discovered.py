"""From the hall to a machine: `relay discover` asks, a yes goes to the center, a keeper gives it to a machine."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from tests.center.console.the_desk import Desk

from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, jobs, watching_actions
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import Inbox, Terminal, WatchFound
from budayang.uplink.clock import SystemClock
from budayang.uplink.outbox import EventOutbox

SYSTEM = Actor.system()


@pytest.fixture
def page_port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def discover(folder: Path, port: int, answers: str, *more: str) -> subprocess.CompletedProcess[str]:
    """127.0.0.1 and 127.0.0.2 answer an echo; a page listens on the first alone."""
    command = ["relay", "discover", "127.0.0.0/30", "--data-dir", str(folder), "--ports", str(port), *more]
    return subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", *command], input=answers, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def handed(folder: Path) -> list[dict[str, Any]]:
    outbox = EventOutbox(folder / "outbox.sqlite3", SystemClock())
    try:
        return [dict(one.body) for one in outbox.unsent() if one.kind == "watch.found"]
    finally:
        outbox.close()


@pytest.mark.processes
def test_each_address_is_asked_for_and_only_a_yes_is_handed_up(tmp_path: Path, page_port: int) -> None:
    EventOutbox(tmp_path / "outbox.sqlite3", SystemClock()).close()
    done = discover(tmp_path, page_port, "n\ny\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[y/N]") == 2
    assert f"{page_port} 端口在听" in done.stdout
    assert "报给管理平台 1 台" in done.stdout
    assert [one["host"] for one in handed(tmp_path)] == ["127.0.0.2"]
    again = discover(tmp_path, page_port, "\n")  # an empty line, and then nobody answers at all
    assert "报给管理平台 0 台" in again.stdout
    assert len(handed(tmp_path)) == 1
    only_look = discover(tmp_path, page_port, "y\ny\n", "--json")
    assert '"host": "127.0.0.1"' in only_look.stdout
    assert len(handed(tmp_path)) == 1


@pytest.mark.processes
def test_where_no_relay_lives_nothing_can_be_handed_up(tmp_path: Path, page_port: int) -> None:
    done = discover(tmp_path / "empty", page_port, "y\ny\n")
    assert done.returncode != 0
    assert "没有中继：先启动一次中继" in done.stderr


@pytest.mark.django_db
def test_what_was_handed_up_becomes_sources_of_a_machine(desk: Desk, today: datetime) -> None:
    area = desk.hall.area.code
    relay = actions.register_terminal(
        SYSTEM, code="KBS-R1", name="值班室电脑", area=area, owner="RS", kind="relay", now=today
    )
    machine = actions.register_terminal(
        SYSTEM, code="KBS-11", name="社保自助机", area=area, owner="RS", kind="watched", now=today
    )
    watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, today)
    offers = [
        {"kind": "ping", "settings": {"host": "192.168.10.21", "count": 3}, "saw": "有应答 1.0 ms"},
        {"kind": "tcp", "settings": {"host": "192.168.10.21", "port": 9100}, "saw": "打印（原始端口） 9100 端口在听"},
        {"kind": "tcp", "settings": {"host": "192.168.10.21", "port": "nine"}, "saw": "?"},
        {"kind": "strange", "settings": {}, "saw": "?"},
    ]

    def said(by: Terminal, seq: int) -> None:
        body = {"host": "192.168.10.21", "sources": offers, "notes": []}
        Inbox.objects.create(
            terminal=by, epoch="0123456789abcdef", seq=seq, kind="watch.found", body=body, at=today, received_at=today
        )
        jobs.read_relays(today + timedelta(seconds=seq))

    said(desk.hall.terminal, 1)
    assert not WatchFound.objects.exists(), "only a relay speaks for others"
    said(relay, 2)
    said(relay, 3)
    (found,) = WatchFound.objects.all()
    assert [one["kind"] for one in found.sources] == ["ping", "tcp"], (
        "what cannot work is left out; looked twice, kept once"
    )
    browser = desk.client("zhu")
    assert "9100 端口在听" in browser.get(reverse("console:relay", args=["KBS-R1"])).content.decode()
    settle = reverse("console:relay_found", args=["KBS-R1", found.pk])
    assert desk.client("ou").post(settle, {"machine": "KBS-11"}).status_code in (403, 404)
    assert browser.post(settle, {"machine": "KBS-11"}).status_code == 302
    sources = watching.sources_of(watching.profile_of(machine.pk))
    assert [(one.kind, one.settings["host"]) for one in sources] == [
        ("ping", "192.168.10.21"),
        ("tcp", "192.168.10.21"),
    ]
    assert "没有待处理的" in browser.get(reverse("console:relay", args=["KBS-R1"])).content.decode()
