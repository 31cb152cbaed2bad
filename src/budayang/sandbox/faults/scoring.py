"""What the center found beside what it should have found.

Compared are causes: what a center lists as an incident of its own, symptoms left out. An incident that was hung below
another within the two minutes in which messages are bundled was never told to anybody and counts as a symptom.

- precision: of the causes found, how many are true. A cause that nothing explains, and a second one for the same
  fault, are false.
- recall: of the true causes, how many were found.
- latency: from the moment at which the center could know (see table.Known) until its incident was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from budayang.sandbox.faults.table import Expected, Known, Timing

BUNDLE_S = 120.0
# Clocks of two processes, a driver that is a little late, and the second that the silence loop may take.
SLACK_S = 5.0

Diary = Mapping[tuple[int, str, str], float]
"""(fault, mark, terminal) -> seconds since 1970 at which the marked moment came."""


@dataclass(frozen=True, slots=True)
class Found:
    """One incident of the center. Moments in seconds since 1970.

    `turns`: ("hung", at) when it became a symptom, ("own", at) when it stood for itself again. `owner_orders`: work
    orders of it and of its symptoms that went to an owner unit.
    """

    id: int
    kind: str
    where: str
    opened_at: float
    noticed_at: float
    closed_at: float | None
    cause: int | None
    bucket: str
    turns: tuple[tuple[str, float], ...] = ()
    born_symptom: bool = False
    symptoms: int = 0
    owner_orders: int = 0

    def own_spans(self) -> list[tuple[float, float | None]]:
        """When it stood as a cause of its own; the last end None while it still does."""
        spans: list[tuple[float, float | None]] = []
        since = None if self.born_symptom else self.noticed_at
        for turn, at in self.turns:
            if turn == "hung" and since is not None:
                spans.append((since, at))
                since = None
            elif turn == "own" and since is None:
                since = at
        return spans if since is None else [*spans, (since, self.closed_at)]

    @property
    def is_cause(self) -> bool:
        """Never a symptom, or its own for longer than messages are held back, or its own to this hour."""
        if not self.born_symptom and not self.turns:
            return True
        return any(end is None or end - start > BUNDLE_S for start, end in self.own_spans())

    @property
    def told_at(self) -> float:
        """Since when it was there to be seen as a cause."""
        spans = self.own_spans()
        return spans[0][0] if spans else self.noticed_at


@dataclass(frozen=True, slots=True)
class Match:
    """A true cause with the incident that says it, or None where it was missed. latency_s: see the module."""

    expected: Expected
    found: Found | None
    latency_s: float | None


@dataclass(slots=True)
class Score:
    """All that was compared; `beside` are true but not asked for (Expected.also)."""

    matches: list[Match] = field(default_factory=list)
    false: list[Found] = field(default_factory=list)
    beside: list[Found] = field(default_factory=list)
    unclosed: list[Match] = field(default_factory=list)
    wrong_bucket: list[Match] = field(default_factory=list)
    wrong_moment: list[Match] = field(default_factory=list)
    blamed: list[Match] = field(default_factory=list)

    @property
    def found(self) -> list[Match]:
        return [one for one in self.matches if one.found is not None]

    @property
    def missed(self) -> list[Match]:
        return [one for one in self.matches if one.found is None]

    @property
    def precision(self) -> float:
        said = len(self.found) + len(self.false)
        return len(self.found) / said if said else 1.0

    @property
    def recall(self) -> float:
        return len(self.found) / len(self.matches) if self.matches else 1.0

    def latency_s(self, share: float) -> float:
        """The latency that `share` of the found causes did not exceed (nearest rank); 0 when none was found."""
        waits = sorted(one.latency_s for one in self.found if one.latency_s is not None)
        return waits[max(0, ceil(len(waits) * share) - 1)] if waits else 0.0


def score(truth: Sequence[Expected], found: Sequence[Found], diary: Diary, began_at: float, timing: Timing) -> Score:
    """Compare. `began_at`: seconds since 1970 at which the play began."""
    result = Score()
    causes = sorted((one for one in found if one.is_cause), key=lambda one: (one.noticed_at, one.id))
    taken: set[int] = set()
    for expected in truth:
        mine = next((one for one in causes if one.id not in taken and _says(one, expected, began_at)), None)
        known_at = _known_at(expected.known, expected, diary)
        if mine is not None:
            taken.add(mine.id)
        latency = max(0.0, mine.told_at - known_at) if mine and known_at is not None else None
        result.matches.append(Match(expected, mine, latency))
    for expected in truth:
        beside = [one for one in causes if one.id not in taken and _beside(one, expected, began_at)]
        result.beside += beside[: expected.also_max]
        taken |= {one.id for one in beside[: expected.also_max]}
    result.false = [one for one in causes if one.id not in taken]
    for match in result.found:
        _check(match, result, began_at, timing)
    return result


def _says(found: Found, expected: Expected, began_at: float) -> bool:
    return found.kind in expected.kinds and _there(found, expected) and _overlap(found, expected, began_at)


def _beside(found: Found, expected: Expected, began_at: float) -> bool:
    return found.kind in expected.also and _there(found, expected) and _overlap(found, expected, began_at)


def _there(found: Found, expected: Expected) -> bool:
    return found.where == expected.where or found.where.startswith(f"{expected.where}/")


def _overlap(found: Found, expected: Expected, began_at: float) -> bool:
    begins = found.closed_at is None or found.closed_at >= began_at + expected.since_s - SLACK_S
    ends = expected.until_s is None or found.opened_at <= began_at + expected.until_s + SLACK_S
    return begins and ends


def _known_at(known: Known, expected: Expected, diary: Diary) -> float | None:
    moments = sorted(
        diary[expected.fault, known.mark, terminal]
        for terminal in known.terminals
        if (expected.fault, known.mark, terminal) in diary
    )
    if not moments:
        return None
    return moments[min(len(moments) - 1, int(len(known.terminals) * known.share))]


def _check(match: Match, result: Score, began_at: float, timing: Timing) -> None:
    """What else must be right of a cause that was found: its end, its bucket, its moment, and whom it blames."""
    expected, found = match.expected, match.found
    assert found is not None
    ended = expected.until_s is not None
    if ended and found.closed_at is None:
        result.unclosed.append(match)
    allowed = expected.settled if ended else expected.told
    if allowed and found.bucket not in allowed:
        result.wrong_bucket.append(match)
    latest = began_at + expected.since_s + timing.silence_s + SLACK_S
    if not began_at + expected.since_s - timing.plan_s - SLACK_S <= found.opened_at <= latest:
        result.wrong_moment.append(match)
    if expected.where.startswith("area:") and found.owner_orders:
        result.blamed.append(match)
