"""The sender as real processes: a channel that hangs holds up nobody, and a sender that is killed loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

SCRIPT = """
import django, json, sys
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from budayang.center.maintenance import notice_actions, notice_messages
from budayang.center.maintenance.models import NoticeChannel, NoticeDelivery
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Delivery, Place
from budayang.rules.notices import Fact
SYSTEM, now, what = Actor.system(), timezone.now(), sys.argv[1]
if what == "prepare":
    call_command("migrate", verbosity=0)
    platform.add_place(SYSTEM, code="1", name="测试", kind="region", parent=None)
if what == "channel":
    values = {"url": sys.argv[3], "secret": "a-secret-of-the-test"}
    top = Place.objects.get()
    row = notice_actions.add_channel(SYSTEM, kind="webhook", name=sys.argv[2], place=top, values=values, now=now)
    for number in range(int(sys.argv[4])):
        fact = Fact(title=f"{sys.argv[2]} {number}", where="", severity="general", since=now)
        message = notice_messages.new_message("alarm", staff=None, channel=row, place_path="/1/", severity="general",
            facts=[fact], language="zh", now=now)
        notice_messages.queue_one(message, row, row.hint, now)
if what == "news":
    with transaction.atomic():
        told = {"department": "-"}
        platform.emit("services.connector", subject="x", place_path="/1/", payload=told, occurred_at=now, now=now)
if what == "expire":
    NoticeDelivery.objects.filter(state="sending").update(lease_until=now - timedelta(seconds=1))
rows = NoticeDelivery.objects.order_by("pk").values_list("channel__name", "state", "attempts", "key")
print(json.dumps({
    "rows": [list(one) for one in rows],
    "unsealed": AuditLine.objects.filter(seq__isnull=True).count(),
    "waiting": Delivery.objects.filter(done_at__isnull=True).count(),
    "news": Delivery.objects.count(),
}))
"""


@dataclass
class Hook:
    """A real receiver. While `open` is not set it takes a request and says nothing."""

    open: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)
    keys: list[str] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def listening(hook: Hook) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.keys.append(self.headers["Idempotency-Key"])
            hook.came.set()
            hook.open.wait(120)
            with contextlib.suppress(OSError):
                self.send_response(202)
                self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/in"
    try:
        yield hook
    finally:
        hook.open.set()
        server.shutdown()
        server.server_close()


@dataclass
class Center:
    """A center's data in a folder of its own, and the commands that touch it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings",
            "BUDAYANG_DATA_DIR": str(self.folder),
            "BUDAYANG_DATABASE_URL": "",
            "BUDAYANG_DEMO": "1",
        }

    def do(self, *arguments: str) -> dict[str, Any]:
        """Run one step of the script and read what it tells of the rows."""
        command = [sys.executable, "-W", "ignore", "-c", SCRIPT, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """The real worker, ended by its own number."""
        command = [sys.executable, "-m", "budayang.cli.main", "worker", "--lane", "all"]
        with open(self.folder / "worker.log", "ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()

    def until(self, true: Callable[[dict[str, Any]], bool], within_s: float = 240) -> dict[str, Any]:
        """Look again until it is so. The bound only ends a test that would never end."""
        end = time.monotonic() + within_s
        while True:
            found = self.do("look")
            if true(found) or time.monotonic() > end:
                return found
            time.sleep(0.5)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("center")
    Center(folder).do("prepare")
    return folder


@pytest.fixture
def center(prepared: Path, tmp_path: Path) -> Center:
    shutil.copytree(prepared, tmp_path / "data")
    return Center(tmp_path / "data")


def states(found: dict[str, Any], channel: str) -> list[str]:
    return [state for name, state, _attempts, _key in found["rows"] if name == channel]


def test_a_channel_that_hangs_delays_neither_detection_nor_the_others(center: Center) -> None:
    with listening(Hook()) as slow, listening(Hook()) as good:
        good.open.set()
        center.do("channel", "慢", slow.url, "5")
        with center.worker():
            assert slow.came.wait(240)
            center.do("channel", "好", good.url, "4")
            center.do("news")
            found = center.until(
                lambda now: states(now, "好") == ["sent"] * 4 and now["waiting"] == 0 and now["unsealed"] == 0
            )
            tried = set(slow.keys)  # before the look: a try that begins after it is not in its rows
            later = center.do("look")
        assert states(found, "好") == ["sent"] * 4
        assert len(set(good.keys)) == len(good.keys) == 4
        assert found["news"] > 0, "the news had readers, or this proves nothing"
        assert (found["waiting"], found["unsealed"]) == (0, 0), "consumers and due loops went on"
        assert "sent" not in states(later, "慢")
        assert len(tried) <= 2 + states(later, "慢").count("failed"), "it holds no more than its own places"


def test_a_killed_sender_sends_again_with_the_same_key(center: Center) -> None:
    with listening(Hook()) as hook:
        center.do("channel", "群", hook.url, "1")
        with center.worker() as process:
            assert hook.came.wait(240)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        found = center.do("look")
        assert [row[1:3] for row in found["rows"]] == [["sending", 1]], "sent, and nobody wrote it down"
        hook.open.set()
        center.do("expire")
        with center.worker():
            found = center.until(lambda now: states(now, "群") == ["sent"])
        assert [row[1:3] for row in found["rows"]] == [["sent", 2]]
        assert hook.keys == [found["rows"][0][3]] * 2, "the receiver can tell that it is a repeat"
