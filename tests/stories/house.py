"""A house that stands for a story: real processes on ports of their own, and the facts in its databases."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import traces

from budayang import data
from budayang.cli.messages import Stop
from budayang.cli.night import AREA, FORM, ITEM, Night
from budayang.cli.processes import refuse_taken_ports
from budayang.cli.stage import Stage
from budayang.cli.visitors import Citizen, Clerk

__all__ = ["AREA", "FORM", "ITEM", "Citizen", "Clerk", "Facts", "Night", "Stage", "free_port", "stands", "wait_for"]

T = TypeVar("T")
# SQLite, whatever database the tests beside this one use.
ENVIRONMENT = {"BUDAYANG_DATABASE_URL": "", "BUDAYANG_PUBLIC_URL": ""}
CATALOGUE_S = 120
LOWEST, STEP, BLOCKS = 20000, 60, 200  # below the ports that the kernel gives out by itself


@contextmanager
def free_port() -> Iterator[int]:
    """The center's port of a block in which every port of a house is free; the block is ours while it lasts."""
    for number in range(BLOCKS):
        port = LOWEST + (os.getpid() + number) % BLOCKS * STEP
        # Ports are free between two houses, too: the lock tells other test processes that they are spoken for.
        with open(Path(tempfile.gettempdir()) / f"budayang-test-ports-{port}", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                refuse_taken_ports(Stage(Path(), port).ports())
            except (OSError, Stop):
                continue
            yield port
            return
    raise AssertionError("no free block of ports")


@contextmanager
def stands(folder: Path, port: int) -> Iterator[Stage]:
    """The whole house on `folder`, ended at the end. It stands when each terminal knows what can be done there."""
    stage = Stage(folder, port, environment=dict(ENVIRONMENT))
    stage.environment["BUDAYANG_PUBLIC_URL"] = stage.center
    stage.take()
    try:
        stage.prepare()
        stage.start(lambda _zh, _en: None)
        for number, row in enumerate(stage.terminals, start=1):
            knows_it = partial(knows, stage, number, stage.screen(row))
            wait_for(f"{row.code} has its catalogue", knows_it, CATALOGUE_S)
        yield stage
    finally:
        stage.leave()


def knows(stage: Stage, reader: int, screen: str) -> bool:
    """Whether a terminal finds the story's item. Nothing is begun there, and no page stays that could fall silent."""
    passer_by = Citizen(screen, stage.sandbox, reader, "")
    try:
        passer_by.begin()
        return any(item["code"] == ITEM for item in passer_by.find("参保证明"))
    finally:
        passer_by.close()


def wait_for(what: str, look: Callable[[], T | None], within_s: float = 60) -> T:
    """Ask until there is an answer other than None or False."""
    ends = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < ends, f"{what}: not within {within_s:.0f} s"
        time.sleep(0.1)


def order(stage: Stage, what: str, **settings: Any) -> None:
    """Handle something of the sandbox, e.g. order(stage, "printers/1", paper=0)."""
    httpx.post(f"{stage.sandbox}/control/{what}", json=settings, timeout=20).raise_for_status()


def nothing_left(stage: Stage) -> None:
    """No file of the house but the department's own holds anything of a person."""
    assert traces.in_files(stage.folder, but=("sandbox",)) == []


class Facts:
    """What the databases of a house hold, read only."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._center = stage.folder / "center.sqlite3"

    def center(self, sql: str, *values: object) -> list[Any]:
        """Rows of the center; a row of one column comes as its value."""
        return _rows(self._center, sql, values)

    def outbox(self, terminal: str, sql: str, *values: object) -> list[Any]:
        """Rows of a terminal's outbox."""
        return _rows(self._stage.folder / "terminals" / terminal / "outbox.sqlite3", sql, values)

    def count(self, sql: str, *values: object) -> int:
        """The one number of the center's answer."""
        return int(self.center(sql, *values)[0])

    def answered(self) -> int:
        """How many matters the department of the story's item has answered, by its own word."""
        state = httpx.get(f"{self._stage.sandbox}/control/state", timeout=20).json()
        return int(state["departments"]["RS"]["answered"])

    def quiet(self) -> bool:
        """Whether all that terminals wrote has arrived, and all that arrived has been dealt with."""
        for row in self._stage.terminals:
            if self.outbox(row.code, "SELECT count(*) FROM events WHERE acked_at_ms IS NULL")[0]:
                return False
        waiting = "SELECT count(*) FROM {} WHERE done_at IS NULL"
        return not self.count(waiting.format("terminals_inbox")) and not self.count(waiting.format("platform_delivery"))

    def inbox_is_what_was_sent(self) -> None:
        """Each event of each outbox stands in the inbox once: none lost, none twice.

        Terminals go on meanwhile: one that was longer away tells that it is back, a stay ends. So what was acknowledged
        is read before the inbox, and all that was ever written after it.
        """
        events = "SELECT seq, kind FROM events WHERE kind NOT IN ('status', 'outgoing.ack')"
        for row in self._stage.terminals:
            known = self.outbox(row.code, f"{events} AND acked_at_ms IS NOT NULL ORDER BY seq")
            epoch = self.outbox(row.code, "SELECT value FROM meta WHERE key = 'epoch'")[0]
            got = self.center(
                "SELECT seq, inbox.kind FROM terminals_inbox inbox JOIN terminals_terminal t ON t.id = terminal_id"
                " WHERE t.code = ? AND inbox.epoch = ? ORDER BY seq",
                row.code,
                epoch,
            )
            written = self.outbox(row.code, f"{events} ORDER BY seq")
            assert len(got) == len(set(got)), f"{row.code}: an event stands twice"
            assert set(known) <= set(got), f"{row.code}: an acknowledged event is lost"
            assert set(got) <= set(written), f"{row.code}: an event that was never written"


def _rows(path: Path, sql: str, values: tuple[object, ...]) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
        rows = database.execute(sql, values).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def clerk(stage: Stage, username: str) -> Clerk:
    """A signed-in member of staff."""
    person = Clerk(stage.center, username, data.demo().password)
    person.sign_in()
    return person
