"""What one group commit writes: plain rows, collected in memory, handed to the store.

Times are whole milliseconds since 1970 (`_ms`); the store turns them into what its database keeps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class News:
    """A Transition to be written, with its deliveries. `payload` is JSON text."""

    kind: str
    subject: str
    place_path: str
    payload: str
    occurred_ms: int
    recorded_ms: int


def joined(several: Sequence[News]) -> News:
    """One piece of news of terminals of one place for pieces that each tell of one; dated to the first and under its
    subject: a place's path may be longer than a subject, and an ingest that cannot write is deaf to everybody.
    """
    if len(several) == 1:
        return several[0]
    first = min(several, key=lambda one: one.occurred_ms)
    payload = {"terminals": [json.loads(one.payload)["terminal"] for one in several]}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return replace(first, payload=text)


@dataclass(slots=True)
class OpenRow:
    """A status interval to insert; `until_ms` is set when it was superseded before it was written."""

    terminal_id: int
    subject: str
    property: str
    kind: str
    state: str
    raw: str
    since_ms: int
    until_ms: int | None
    received_ms: int


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Where a terminal's outbox and counter stand; replaces the columns as a whole."""

    terminal_id: int
    last_seen_ms: int
    counter: int
    acked_seq: int
    epoch: str
    past_epochs: str  # JSON list
    software: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A change that counts only when the row still is as expected (compare-and-set); its news and interval with it.

    Those of one place that fall silent in one commit are told as one piece of news: a network that goes takes
    thousands with it, and each piece has five readers.
    """

    what: str  # "silent", "heard" or "clone"
    terminal_id: int
    at_ms: int
    last_seen_ms: int
    news: News
    link_state: str = ""  # with "silent" and "heard": the new word of terminal/link


@dataclass(slots=True)
class Batch:
    """Everything that waits for the next commit, in the order in which it was judged."""

    closes: list[tuple[int, int, str, str]] = field(default_factory=list)  # until, terminal, subject, property
    opens: dict[tuple[int, str, str], OpenRow] = field(default_factory=dict)  # open at the end of this batch
    passed: list[OpenRow] = field(default_factory=list)  # begun and ended within this batch
    inbox: list[tuple[int, str, int, str, str, int, int]] = field(default_factory=list)
    acks: list[tuple[int, int, int]] = field(default_factory=list)  # at, outgoing, terminal
    # terminal, subject, kind, first seen (kept when it is known already), gone since
    peripherals: dict[tuple[int, str], tuple[int, str, str, int, int | None]] = field(default_factory=dict)
    links: dict[int, LinkRow] = field(default_factory=dict)
    swaps: list[Swap] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def size(self) -> int:
        """Grows with whatever is added."""
        return (
            len(self.closes)
            + len(self.opens)
            + len(self.passed)
            + len(self.inbox)
            + len(self.acks)
            + len(self.peripherals)
            + len(self.links)
            + len(self.swaps)
            + len(self.news)
        )

    def change(self, row: OpenRow, *, first: bool) -> None:
        """`row` begins; what was open under its key ends at its `since_ms`. `first`: nothing was open."""
        key = (row.terminal_id, row.subject, row.property)
        self.end(key, row.since_ms, first=first)
        self.opens[key] = row

    def end(self, key: tuple[int, str, str], at_ms: int, *, first: bool = False) -> None:
        """The open interval under `key` ends, be it in the database or still in this batch."""
        waiting = self.opens.pop(key, None)
        if waiting is not None:
            waiting.until_ms = at_ms
            self.passed.append(waiting)
        elif not first:
            self.closes.append((at_ms, *key))
