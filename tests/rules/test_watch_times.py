"""Verdicts over time: the facts' own times, the age of a word, and sources that look at different moments."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.watch_times import SaidSpan, Span, looks_again_s, timeline
from budayang.rules.watching import NO, YES, Evidence, Fact, Seen, Usable, Word

NIGHT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MAINS = [SaidSpan(NIGHT - timedelta(days=1), None, Word("mains", Fact.POWER, "on"))]


def person(word: Seen) -> Word:
    return Word("seen", Fact.APPLICATION, word, NIGHT)


def at(seconds: float) -> datetime:
    return NIGHT + timedelta(seconds=seconds)


def said(
    source: str, fact: Fact, *words: tuple[float, str], again_s: float = 80, end: float | None = None
) -> list[SaidSpan]:
    """What a source said, one word after the other; each ends when the next begins, the last at `end`."""
    ends = [at(since) for since, _word in words[1:]] + [at(end) if end is not None else None]
    return [
        SaidSpan(at(since), until, Word(source, fact, word, at(since)), again_s)
        for (since, word), until in zip(words, ends, strict=True)
    ]


def told(*spans: list[SaidSpan], end: float, now: float | None = None) -> list[tuple[float, Usable]]:
    """From which second on the machine was what."""
    placed = timeline(
        NIGHT, at(end), said=[one for some in spans for one in some], seen=[], silent=[], has_relay=True, mains=MAINS,
        now=at(end if now is None else now),
    )  # fmt: skip
    return [((one.start - NIGHT).total_seconds(), one.verdict.usable) for one in placed]


def test_history_is_computed_from_the_facts_own_times() -> None:
    def at(minutes: int) -> datetime:
        return NIGHT + timedelta(minutes=minutes)

    plug = [
        SaidSpan(at(0), at(120), Word("plug", Fact.POWER, "drawing")),
        SaidSpan(at(120), None, Word("plug", Fact.POWER, "off")),
    ]
    page = [SaidSpan(at(0), at(120), Word("page", Fact.APPLICATION, YES)),
            SaidSpan(at(120), None, Word("page", Fact.APPLICATION, NO))]  # fmt: skip
    placed = timeline(
        at(0), at(240), said=[*plug, *page], seen=[], silent=[Span(at(60), at(90))], has_relay=True,
        mains=[SaidSpan(at(0), None, Word("mains", Fact.POWER, "on"))],
    )  # fmt: skip
    assert [(one.start, one.end, one.verdict.usable) for one in placed] == [
        (at(0), at(60), Usable.OK),
        (at(60), at(90), Usable.UNKNOWN),
        (at(90), at(120), Usable.OK),
        (at(120), at(240), Usable.OFF),
    ]
    assert placed[-1].verdict.evidence is Evidence.SWITCHED_OFF


def test_a_person_s_word_ends_with_its_age() -> None:
    seen = [SaidSpan(NIGHT, NIGHT + timedelta(hours=1), person(Seen.WORKING))]
    placed = timeline(NIGHT, NIGHT + timedelta(hours=2), said=[], seen=seen, silent=[], has_relay=False)
    assert [one.verdict.usable for one in placed] == [Usable.OK, Usable.UNKNOWN]


def test_switched_off_and_on_again_though_the_page_is_looked_at_later_than_the_plug() -> None:
    plug = said("plug", Fact.POWER, (0, "drawing"), (600, "off"), (1200, "drawing"))
    page = said("page", Fact.APPLICATION, (0, YES), (655, NO), (1250, YES))
    assert told(plug, page, end=1500) == [
        (0, Usable.OK), (600, Usable.OFF), (1200, Usable.UNREACHABLE), (1250, Usable.OK),
    ]  # fmt: skip


def test_a_page_that_answers_before_the_plug_is_looked_at_again_is_believed() -> None:
    plug = said("plug", Fact.POWER, (0, "off"), (620, "drawing"))
    page = said("page", Fact.APPLICATION, (0, NO), (600, YES))
    assert told(plug, page, end=900) == [(0, Usable.OFF), (600, Usable.OK)]


def test_a_port_that_lost_its_link_is_no_contradiction_to_an_older_ping() -> None:
    port = said("port", Fact.NETWORK, (0, YES), (600, NO))
    ping = said("ping", Fact.REACH, (0, YES), (640, NO))
    assert told(port, ping, end=900) == [(0, Usable.ON), (600, Usable.UNREACHABLE)]


def test_sources_that_go_on_contradicting_each_other_are_told_once_both_have_looked() -> None:
    plug = said("plug", Fact.POWER, (0, "drawing"), (600, "off"))
    page = said("page", Fact.APPLICATION, (0, YES))
    assert told(plug, page, end=900, now=660) == [(0, Usable.OK), (600, Usable.OFF), (680, Usable.UNKNOWN)]
    # Who asks later knows that it was in earnest all the time, and nobody is said to have switched it off.
    assert told(plug, page, end=900) == [(0, Usable.OK), (600, Usable.UNKNOWN)]
    ended = said("page", Fact.APPLICATION, (0, YES), (800, NO))
    assert told(plug, ended, end=900) == [(0, Usable.OK), (600, Usable.UNKNOWN), (800, Usable.OFF)]


@pytest.mark.parametrize(
    ("kind", "settings", "seconds"),
    [
        ("http", {"url": "http://10.0.0.2/"}, 80),
        ("plug", {"url": "http://10.0.0.3/status"}, 80),
        ("plug", {"url": "mqtts://10.0.0.4/"}, 300),
        ("heartbeat", {"every_s": 60}, 300),
    ],
)
def test_how_old_a_word_may_be(kind: str, settings: dict[str, object], seconds: float) -> None:
    assert looks_again_s(kind, settings, 60, 300) == seconds


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(0, 500), min_size=1, max_size=6, unique=True),
    st.integers(0, 200),
)
def test_the_time_is_covered_without_holes_and_neighbours_differ(
    plugs: list[int], pages: list[int], again_s: int
) -> None:
    plug = said("plug", Fact.POWER, *((second, ("off", "drawing")[i % 2]) for i, second in enumerate(sorted(plugs))),
                again_s=again_s)  # fmt: skip
    page = said("page", Fact.APPLICATION, *((second, (YES, NO)[i % 2]) for i, second in enumerate(sorted(pages))),
                again_s=again_s)  # fmt: skip
    placed = timeline(NIGHT, at(600), said=[*plug, *page], seen=[], silent=[], has_relay=True, mains=MAINS)
    assert (placed[0].start, placed[-1].end) == (NIGHT, at(600))
    for one, other in itertools.pairwise(placed):
        assert one.end == other.start
        assert one.verdict != other.verdict
