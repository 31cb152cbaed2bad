"""Causes, the tree of cause and symptom, and the division of promised time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval, subtract, total_s, union
from budayang.rules.maintenance import (
    BUCKETS,
    CAUSES,
    PRECEDENCE,
    Bucket,
    Fact,
    Node,
    NodeLevel,
    Severity,
    Source,
    attribute,
    cause_above,
    cause_of,
    get_cause,
    parents,
    summarize,
    symptoms_of,
)
from budayang.rules.terminals import KINDS, Level, meaning

START = datetime(2026, 11, 23, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def span(a: int, b: int) -> Interval:
    return Interval(at(a), at(b))


@pytest.mark.parametrize(
    ("kind", "prop", "state", "code", "bucket"),
    [
        ("printer", "paper.upper", "out", "paper_out", Bucket.CONSUMABLES),
        ("printer", "paper.upper", "low", "paper_low", Bucket.CONSUMABLES),
        ("printer", "media", "jammed", "paper_jam", Bucket.DEVICE),
        ("printer", "toner", "out", "toner_out", Bucket.CONSUMABLES),
        ("printer", "device", "offline", "printer_offline", Bucket.DEVICE),
        ("printer", "device", "userError", "printer_cover", Bucket.DEVICE),
        ("idReader", "device", "noDevice", "id_reader_down", Bucket.DEVICE),
        ("idReader", "security", "notReady", "id_reader_security", Bucket.DEVICE),
        ("terminal", "liveness", "silent", "terminal_silent", Bucket.UNDETERMINED),
        ("door", "entrance", "locked", "door_locked", Bucket.SITE),
        ("ups", "supply", "low", "power_ending", Bucket.POWER),
        ("department", "connector", "down", "department_down", Bucket.DEPARTMENT),
    ],
)
def test_cause_of(kind: str, prop: str, state: str, code: str, bucket: Bucket) -> None:
    found = cause_of(kind, prop, state)
    assert found is not None
    assert (found.code, found.bucket) == (code, bucket)
    assert get_cause(code) is found


@pytest.mark.parametrize(
    ("kind", "prop", "state"),
    [
        ("printer", "paper.upper", "full"),
        ("printer", "device", "unknown"),
        ("terminal", "liveness", "suspended"),
        ("x", "y", "z"),
    ],
)
def test_what_deserves_nobodys_time(kind: str, prop: str, state: str) -> None:
    assert cause_of(kind, prop, state) is None


def test_causes_use_words_of_the_vocabulary_and_no_two_claim_one_state() -> None:
    seen = set()
    told = [cause for cause in CAUSES if cause.source is Source.STATE]
    for cause in told:
        for state in cause.states:
            assert (cause.kind, cause.prop, state) not in seen
            seen.add((cause.kind, cause.prop, state))
            kind = "presence" if cause.kind == "any" else cause.kind
            assert meaning(kind, cause.prop, state).level in (Level.FAULT, Level.WARNING), cause.code
    assert len({c.code for c in CAUSES}) == len(CAUSES)


def test_every_fault_of_printer_and_reader_that_stops_an_item_has_a_cause() -> None:
    """Else an item would stop and nobody would be sent."""
    for kind in ("printer", "idReader"):
        for prop in KINDS[kind].properties:
            for state in prop.states:
                if state.level is Level.FAULT and (kind, state.state) != ("printer", "fraudAttempt"):
                    assert cause_of(kind, prop.name, state.state), (kind, prop.name, state.state)


SITE = Node(NodeLevel.SITE, "KBS")
POWER = Node(NodeLevel.POWER, "KBS")
NETWORK = Node(NodeLevel.NETWORK, "KBS")
TERMINAL = Node(NodeLevel.TERMINAL, "KBS", "KBS-01")
PRINTER = Node(NodeLevel.PERIPHERAL, "KBS", "KBS-01", "printer")
OTHER = Node(NodeLevel.PERIPHERAL, "HJ", "HJ-01", "printer")
DEPARTMENT = Node(NodeLevel.DEPARTMENT, department="RS")
ITEM = Node(NodeLevel.ITEM, "KBS", "KBS-01", department="RS", item="ZZ001")


def test_tree() -> None:
    assert parents(SITE) == ()
    assert parents(PRINTER) == (SITE, POWER, NETWORK, TERMINAL)
    assert parents(ITEM, {"printer"}) == (SITE, POWER, NETWORK, TERMINAL, PRINTER, DEPARTMENT)


def test_the_highest_fault_is_the_cause() -> None:
    down = {POWER, TERMINAL, PRINTER, OTHER}
    assert cause_above(PRINTER, down) == POWER
    assert cause_above(PRINTER, {TERMINAL}) == TERMINAL
    assert cause_above(POWER, down) is None
    assert cause_above(OTHER, {POWER}) is None
    assert cause_above(ITEM, {DEPARTMENT}) == DEPARTMENT
    assert cause_above(ITEM, {PRINTER}) is None
    assert cause_above(ITEM, {PRINTER}, {"printer"}) == PRINTER


def test_symptoms_are_judged_again_when_the_cause_recovers() -> None:
    nodes = [SITE, NETWORK, TERMINAL, PRINTER, OTHER, ITEM]
    assert symptoms_of(POWER, nodes) == [NETWORK, TERMINAL, PRINTER, ITEM]
    assert symptoms_of(PRINTER, nodes) == [ITEM]
    assert symptoms_of(DEPARTMENT, nodes) == [ITEM]


def test_severity_and_bucket_tables_are_complete() -> None:
    assert set(PRECEDENCE) == set(BUCKETS) == set(Bucket)
    assert len(PRECEDENCE) == len(Bucket)
    assert {c.severity for c in CAUSES} == set(Severity)


def test_attribute_follows_precedence() -> None:
    facts = [
        Fact("paper", Bucket.CONSUMABLES, at(10), at(60)),
        Fact("silent", Bucket.UNDETERMINED, at(20), None),
        Fact("power", Bucket.POWER, at(30), at(50)),
        Fact("planned", Bucket.PLANNED, at(40), at(45)),
    ]
    found = [(a.interval, a.bucket, a.fact_ref) for a in attribute([span(0, 100)], facts)]
    assert found == [
        (span(0, 10), None, None),
        (span(10, 30), Bucket.CONSUMABLES, "paper"),
        (span(30, 40), Bucket.POWER, "power"),
        (span(40, 45), Bucket.PLANNED, "planned"),
        (span(45, 50), Bucket.POWER, "power"),
        (span(50, 60), Bucket.CONSUMABLES, "paper"),
        (span(60, 100), Bucket.UNDETERMINED, "silent"),
    ]


def test_summary_leaves_out_what_counts_for_and_against_nobody() -> None:
    facts = [
        Fact("p", Bucket.PLANNED, at(0), at(20)),
        Fact("m", Bucket.MONITORING_LOST, at(20), at(30)),
        Fact("d", Bucket.DEVICE, at(30), at(37)),
    ]
    found = summarize(attribute([span(0, 100)], facts))
    assert found.promised_s == 6000
    assert found.usable_s == 63 * 60
    assert found.counted_s == 70 * 60
    assert found.availability == pytest.approx(0.9)
    assert summarize([]).availability is None


def test_a_fact_outside_what_was_promised_takes_nothing() -> None:
    assert attribute([], [Fact("x", Bucket.DEVICE, at(0), at(10))]) == []
    found = attribute([span(0, 10)], [Fact("x", Bucket.DEVICE, at(10), at(20)), Fact("y", Bucket.DEVICE, at(99), None)])
    assert [(a.interval, a.bucket) for a in found] == [(span(0, 10), None)]


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)).map(lambda p: span(p[0], p[0] + p[1])), max_size=5)
facts_st = st.lists(
    st.builds(
        lambda ref, bucket, start, length: Fact(
            f"f{ref}", bucket, at(start), None if length == 0 else at(start + length)
        ),
        st.integers(0, 99),
        st.sampled_from(list(Bucket)),
        st.integers(-20, 260),
        st.integers(0, 80),
    ),
    max_size=8,
)


@given(spans, facts_st)
def test_every_promised_moment_is_in_exactly_one_place(promised: list[Interval], facts: list[Fact]) -> None:
    found = attribute(promised, facts)
    assert union(a.interval for a in found) == union(promised)
    # exactly one: parts add up to the whole without overlap
    assert sum(a.interval.seconds for a in found) == total_s(promised)
    summary = summarize(found)
    assert summary.usable_s + sum(summary.by_bucket.values()) == summary.promised_s == total_s(promised)


@given(spans, facts_st)
def test_the_split_does_not_depend_on_the_order_of_facts(promised: list[Interval], facts: list[Fact]) -> None:
    assert summarize(attribute(promised, facts)) == summarize(attribute(promised, facts[::-1]))


@given(spans, facts_st)
def test_usable_is_what_no_fact_covers(promised: list[Interval], facts: list[Fact]) -> None:
    end = max((x.end for x in promised), default=at(0))
    covered = [Interval(f.start_at, f.end_at or end) for f in facts if f.start_at < (f.end_at or end)]
    usable = union(a.interval for a in attribute(promised, facts) if a.bucket is None)
    assert usable == subtract(promised, covered)
