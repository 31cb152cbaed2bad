"""What was known of a watched machine, and when: the verdicts of `rules.watching` over time, from the facts' own times.

Sources look at different moments. A machine that is switched off is first seen by its plug and a minute later by the
page check: until then the older word is out of date, which is no contradiction.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from budayang.rules.watching import NO, UNKNOWN, YES, Fact, WatchVerdict, Word, judge

LOOK_TAKES_S = 20.0  # the longest that a usual check waits for answers; a source looks again so long after its interval
ANSWERS = frozenset({(Fact.REACH, YES), (Fact.APPLICATION, YES)})
DENIES_ANSWERS = frozenset({(Fact.POWER, "off"), (Fact.NETWORK, NO)})


@dataclass(frozen=True)
class Span:
    """Something that was so during [since, until); `until` None while it lasts."""

    since: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class SaidSpan(Span):
    """A word of a source during a time. `again_s`: so many seconds may pass until its source has looked again."""

    word: Word
    again_s: float = 0.0


@dataclass(frozen=True)
class PlacedVerdict:
    """A verdict during [start, end)."""

    start: datetime
    end: datetime
    verdict: WatchVerdict


def looks_again_s(kind: str, settings: Mapping[str, Any], interval_s: float, keep_s: float) -> float:
    """How old a word of a source may be while it stands, in seconds. What is asked is asked each `interval_s`; what
    tells by itself (a heartbeat, a plug on MQTT) holds what it heard for up to `keep_s`.
    """
    tells = kind == "heartbeat" or str(settings.get("url", "")).startswith("mqtt")
    return keep_s if tells else interval_s + LOOK_TAKES_S


def timeline(
    start: datetime,
    end: datetime,
    *,
    said: Sequence[SaidSpan],
    seen: Sequence[SaidSpan],
    silent: Sequence[Span],
    has_relay: bool,
    mains: Sequence[SaidSpan] = (),
    now: datetime | None = None,
) -> list[PlacedVerdict]:
    """The verdicts of [start, end) without holes, neighbours that say the same joined.

    It is computed from the facts' own times: what a relay tells days later changes it, and nothing else does.
    `silent` are the times in which the relay could not be heard and did not tell afterwards; `mains` says "on" or "off"
    of the area's power. `now` (default `end`): when it is asked; what lies behind it is what time alone will change.
    """
    cuts = {start, end}
    begins: dict[datetime, list[Span]] = {}
    ends: dict[datetime, list[Span]] = {}
    for span in (*said, *seen, *silent, *mains):
        since, until = max(span.since, start), span.until or end
        if since >= min(until, end):
            continue
        begins.setdefault(since, []).append(span)
        ends.setdefault(until, []).append(span)
        cuts |= {since, min(until, end)}
    now_on: dict[int, Span] = {}
    kinds = {id(one): kind for kind, found in (("seen", seen), ("mains", mains)) for one in found}
    out: list[PlacedVerdict] = []
    coming = sorted(cuts)
    while len(coming) > 1:
        at = heapq.heappop(coming)
        for span in ends.get(at, ()):
            now_on.pop(id(span), None)
        for span in begins.get(at, ()):
            now_on[id(span)] = span
        verdict, again_at = _of_moment(at, list(now_on.values()), kinds, has_relay, now or end)
        if again_at is not None and again_at < end and again_at not in cuts:
            cuts.add(again_at)
            heapq.heappush(coming, again_at)
        then = coming[0]
        if out and _same(out[-1].verdict, verdict):
            out[-1] = PlacedVerdict(out[-1].start, then, out[-1].verdict)
        else:
            out.append(PlacedVerdict(at, then, verdict))
    return out


def _of_moment(
    at: datetime, spans: Sequence[Span], kinds: Mapping[int, str], has_relay: bool, now: datetime
) -> tuple[WatchVerdict, datetime | None]:
    """The verdict, and when it must be judged again though no word begins or ends then."""
    told: dict[str, list[SaidSpan]] = {"": [], "seen": [], "mains": []}
    lost = False
    for span in spans:
        if isinstance(span, SaidSpan):
            told[kinds.get(id(span), "")].append(span)
        else:
            lost = True
    outdated = dict(_outdated(at, told[""], now))
    words = [one.word for one in told[""] if id(one) not in outdated]
    newest = max(told["seen"], key=lambda one: one.since, default=None)
    power = {one.word.word for one in told["mains"]}
    area = next((word for word in ("off", "on") if word in power), UNKNOWN)
    relay = "none" if not has_relay else "silent" if lost else "heard"
    verdict = judge(words, relay=relay, mains=area, seen=newest.word if newest else None)
    return verdict, min(outdated.values(), default=None)


def _outdated(at: datetime, said: Sequence[SaidSpan], now: datetime) -> Iterator[tuple[int, datetime]]:
    """Of two words of which only one can be true the older, until its source has looked again; with when that is.

    Who then still says it contradicts the other one in earnest, and has done so all the time.
    """
    answers = [one for one in said if (one.word.fact, one.word.word) in ANSWERS]
    denials = [one for one in said if (one.word.fact, one.word.word) in DENIES_ANSWERS]
    for one in answers:
        for other in denials:
            if one.word.source == other.word.source or one.since == other.since:
                continue
            older, newer = (one, other) if one.since < other.since else (other, one)
            again_at = newer.since + timedelta(seconds=older.again_s)
            overtaken = now < again_at if older.until is None else older.until <= again_at
            if at < again_at and overtaken:
                yield id(older), again_at


def _same(one: WatchVerdict, other: WatchVerdict) -> bool:
    return (one.usable, one.evidence, one.text) == (other.usable, other.evidence, other.text)
