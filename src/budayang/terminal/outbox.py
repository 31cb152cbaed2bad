"""What the terminal keeps beside its events: cases until the center took them, and each paper's printing.

A case is a blob that only the center can open. An act and its event are written in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from budayang.uplink.outbox import EventOutbox
from budayang.wire.numbers import make_number

TABLES = """
CREATE TABLE IF NOT EXISTS cases (
  number TEXT PRIMARY KEY, item TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('made', 'accepted', 'refused')),
  request TEXT NOT NULL, made_at_ms INTEGER NOT NULL, sent_at_ms INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS sheets (
  number TEXT NOT NULL, position INTEGER NOT NULL, sealed BLOB NOT NULL, sent INTEGER NOT NULL DEFAULT 0,
  made_at_ms INTEGER NOT NULL, PRIMARY KEY (number, position)) STRICT;
CREATE TABLE IF NOT EXISTS acts (
  number TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('entitled', 'sent', 'confirmed', 'taken', 'failed')),
  attempt INTEGER NOT NULL, jobs TEXT NOT NULL, documents INTEGER NOT NULL, misprints INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL) STRICT;
"""


class CaseRowState(StrEnum):
    """Where a case's row stands: not yet accepted by the center, accepted (202), or refused for good."""

    MADE = "made"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """`request` is the body of POST /wire/v1/cases/ as it was first made: sent again byte for byte."""

    number: str
    item: str
    state: CaseRowState
    request: bytes
    made_at_ms: int


@dataclass(frozen=True, slots=True)
class ActRow:
    """A paper's printing. `jobs` are the printer's job ids of this attempt, one a document sent of `documents`."""

    number: str
    state: str
    attempt: int
    jobs: tuple[int, ...] = ()
    documents: int = 0
    misprints: int = 0


class Outbox(EventOutbox):
    """The store of one of our own terminals."""

    TABLES = TABLES

    def _center_changed(self) -> None:
        """What the center took may be lost to it: cases are sent again, it knows them by number."""
        super()._center_changed()
        self._db.execute("UPDATE cases SET state = 'made' WHERE state = 'accepted'")
        self._db.execute("UPDATE sheets SET sent = 0")

    def _forget(self, limit_ms: int) -> int:
        gone = super()._forget(limit_ms)
        gone += self._db.execute("DELETE FROM cases WHERE state <> 'made' AND made_at_ms < ?", (limit_ms,)).rowcount
        forgotten = "DELETE FROM sheets WHERE number NOT IN (SELECT number FROM cases)"
        gone += self._db.execute(forgotten).rowcount
        gone += self._db.execute("DELETE FROM acts WHERE updated_at_ms < ?", (limit_ms,)).rowcount
        return gone

    # Cases

    def new_number(self, terminal: str) -> str:
        """A case number never used before. A number that was taken and not used stays unused."""
        with self._write():
            counter = int(self._get("case_counter")) + 1
            self._set("case_counter", counter)
        return make_number(terminal, self.epoch, counter)

    def store_case(self, number: str, item: str, request: bytes, sheets: Sequence[bytes] = ()) -> None:
        """Write the case and its materials before anything is sent. Both hold the person's data sealed, never in
        clear.
        """
        with self._write():
            for position, sealed in enumerate(sheets):
                self._db.execute(
                    "INSERT INTO sheets (number, position, sealed, made_at_ms) VALUES (?, ?, ?, ?)",
                    (number, position, sealed, self._now_ms()),
                )
            self._db.execute(
                "INSERT INTO cases (number, item, state, request, made_at_ms) VALUES (?, ?, 'made', ?, ?)",
                (number, item, request.decode(), self._now_ms()),
            )

    def settle_case(self, number: str, state: CaseRowState) -> None:
        """The center took the case, or will never take it."""
        with self._write():
            self._db.execute(
                "UPDATE cases SET state = ?, sent_at_ms = ? WHERE number = ?", (state, self._now_ms(), number)
            )

    def unsent_sheets(self, number: str) -> list[tuple[int, bytes]]:
        """(position, sealed) of the case's sheets that the center does not have yet, in order."""
        rows = self._db.execute(
            "SELECT position, sealed FROM sheets WHERE number = ? AND sent = 0 ORDER BY position", (number,)
        )
        return [(int(position), bytes(sealed)) for position, sealed in rows]

    def note_sheet_sent(self, number: str, position: int) -> None:
        """The center has this sheet."""
        with self._write():
            self._db.execute("UPDATE sheets SET sent = 1 WHERE number = ? AND position = ?", (number, position))

    def send_sheets_again(self, number: str) -> None:
        """The center says that it does not have them (any more)."""
        with self._write():
            self._db.execute("UPDATE sheets SET sent = 0 WHERE number = ?", (number,))

    def find_case(self, number: str) -> CaseRow | None:
        """The row of that number."""
        return next(iter(self._cases("number = ?", number)), None)

    def unsent_cases(self) -> list[CaseRow]:
        """Cases that the center has not taken yet, oldest first."""
        return self._cases("state = ?", "made")

    def _cases(self, where: str, value: str) -> list[CaseRow]:
        rows = self._db.execute(
            f"SELECT number, item, state, request, made_at_ms FROM cases WHERE {where} ORDER BY made_at_ms, number",
            (value,),
        )
        return [CaseRow(n, item, CaseRowState(state), request.encode(), at) for n, item, state, request, at in rows]

    # Printing acts

    def save_act(self, act: ActRow, event: Mapping[str, Any] | None) -> None:
        """Write the act's new state and its event together: the center hears of each change once."""
        with self._write():
            self._db.execute(
                "INSERT OR REPLACE INTO acts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    act.number,
                    act.state,
                    act.attempt,
                    json.dumps(act.jobs),
                    act.documents,
                    act.misprints,
                    self._now_ms(),
                ),
            )
            if event is not None:
                self._append("case.paper", event)

    def find_act(self, number: str) -> ActRow | None:
        """The act of that case."""
        return next(iter(self._acts("number = ?", number)), None)

    def acts_in(self, state: str) -> list[ActRow]:
        """All acts in that state."""
        return self._acts("state = ?", state)

    def _acts(self, where: str, value: str) -> list[ActRow]:
        rows = self._db.execute(
            f"SELECT number, state, attempt, jobs, documents, misprints FROM acts WHERE {where}", (value,)
        )
        return [ActRow(n, state, attempt, tuple(json.loads(jobs)), *rest) for n, state, attempt, jobs, *rest in rows]
