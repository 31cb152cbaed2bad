"""The score: what is wrong lowers precision, what is missed lowers recall, and a symptom is no cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from budayang.sandbox.faults.scoring import BUNDLE_S, Found, score
from budayang.sandbox.faults.table import Expected, Known, Timing

BEGAN = 1_000_000.0
TIMING = Timing(30, 30, 600)
DEVICE = frozenset({"device"})

PAPER = Expected(
    1, frozenset({"paper_out"}), "terminal:A-01/printer", 100, 160, Known("sent", ("A-01",)),
    frozenset({"consumables"}), frozenset({"consumables"}),
)  # fmt: skip
DARK = Expected(
    2, frozenset({"area_silent", "area_power"}), "area:B", 200, 320, Known("cut", ("B-01", "B-02", "B-03"), 0.5),
    frozenset({"undetermined"}), frozenset({"power"}),
)  # fmt: skip
FLAPPING = Expected(
    3, frozenset({"unstable"}), "terminal:C-01/printer", 300, 350, Known("sent", ("C-01",)), DEVICE, DEVICE,
    also=frozenset({"printer_offline"}), also_max=2,
)  # fmt: skip
TRUTH = [PAPER, DARK, FLAPPING]
DIARY = {
    (1, "sent", "A-01"): BEGAN + 100.2,
    (2, "cut", "B-01"): BEGAN + 210,
    (2, "cut", "B-02"): BEGAN + 230,
    (2, "cut", "B-03"): BEGAN + 225,
    (3, "sent", "C-01"): BEGAN + 312,
}


def incident(number: int, kind: str, where: str, noticed_s: float, closed_s: float | None, bucket: str) -> Found:
    closed = None if closed_s is None else BEGAN + closed_s
    return Found(number, kind, where, BEGAN + noticed_s, BEGAN + noticed_s, closed, None, bucket)


FOUND = [
    incident(1, "paper_out", "terminal:A-01/printer", 100.7, 161, "consumables"),
    incident(2, "area_silent", "area:B", 256, 325, "power"),
    incident(3, "unstable", "terminal:C-01/printer", 313, 360, "device"),
]


def test_all_found_and_nothing_else_is_perfect() -> None:
    judged = score(TRUTH, FOUND, DIARY, BEGAN, TIMING)
    assert (judged.precision, judged.recall) == (1.0, 1.0)
    assert [judged.unclosed, judged.wrong_bucket, judged.wrong_moment, judged.blamed] == [[], [], [], []]


def test_latency_counts_from_when_it_could_be_known() -> None:
    judged = score(TRUTH, FOUND, DIARY, BEGAN, TIMING)
    # Of three machines the second to miss its word makes the most.
    assert [one.latency_s for one in judged.matches] == pytest.approx([0.5, 31, 1])
    assert judged.latency_s(0.95) == pytest.approx(31)
    assert judged.latency_s(0.5) == pytest.approx(1)


def test_a_wrong_cause_lowers_precision_only() -> None:
    wrong = incident(4, "toner_out", "terminal:A-01/printer", 120, None, "consumables")
    judged = score(TRUTH, [*FOUND, wrong], DIARY, BEGAN, TIMING)
    assert (judged.precision, judged.recall) == (0.75, 1.0)
    assert judged.false == [wrong]


def test_a_missed_one_lowers_recall_only() -> None:
    judged = score(TRUTH, FOUND[1:], DIARY, BEGAN, TIMING)
    assert judged.recall == pytest.approx(2 / 3)
    assert judged.precision == 1.0
    assert [one.expected for one in judged.missed] == [PAPER]


def test_a_second_cause_for_one_fault_is_false() -> None:
    twice = replace(FOUND[0], id=9, noticed_at=BEGAN + 130)
    judged = score(TRUTH, [*FOUND, twice], DIARY, BEGAN, TIMING)
    assert judged.false == [twice]


@pytest.mark.parametrize(("kind", "where"), [("paper_low", "A-01/printer"), ("paper_out", "A-02/printer")])
def test_another_kind_or_place_is_both_missed_and_false(kind: str, where: str) -> None:
    other = replace(FOUND[0], kind=kind, where=f"terminal:{where}")
    judged = score(TRUTH, [other, *FOUND[1:]], DIARY, BEGAN, TIMING)
    assert (len(judged.missed), judged.false) == (1, [other])


def test_what_was_over_before_it_began_is_not_it() -> None:
    early = replace(FOUND[0], opened_at=BEGAN + 10, closed_at=BEGAN + 20)
    judged = score(TRUTH, [early, *FOUND[1:]], DIARY, BEGAN, TIMING)
    assert (len(judged.missed), judged.false) == (1, [early])


def test_what_is_true_beside_is_neither_right_nor_wrong_up_to_its_bound() -> None:
    beside = [
        incident(10 + n, "printer_offline", "terminal:C-01/printer", 300 + n, 302 + n, "device") for n in (1, 5, 9)
    ]
    judged = score(TRUTH, [*FOUND, *beside], DIARY, BEGAN, TIMING)
    assert len(judged.beside) == 2
    assert judged.false == [beside[2]]


def silence(hung_after_s: float | None, freed_at_s: float | None = None, closed_s: float | None = 330) -> Found:
    turns = []
    if hung_after_s is not None:
        turns.append(("hung", BEGAN + 250 + hung_after_s))
    if freed_at_s is not None:
        turns.append(("own", BEGAN + freed_at_s))
    row = incident(5, "terminal_silent", "terminal:B-01", 250, closed_s, "undetermined")
    return replace(row, turns=tuple(turns))


def test_a_symptom_is_no_cause() -> None:
    hung = silence(4)
    born = replace(silence(None), id=6, cause=2, born_symptom=True)
    judged = score(TRUTH, [*FOUND, hung, born], DIARY, BEGAN, TIMING)
    assert judged.precision == 1.0


def test_one_that_stood_alone_for_longer_than_messages_wait_was_told() -> None:
    told = silence(BUNDLE_S + 1)
    assert score(TRUTH, [*FOUND, told], DIARY, BEGAN, TIMING).false == [told]


def test_one_that_is_freed_and_stays_is_a_cause_from_then_on() -> None:
    freed = silence(4, 325, None)
    assert score(TRUTH, [*FOUND, freed], DIARY, BEGAN, TIMING).false == [freed]
    over = silence(4, 325, 326)
    assert score(TRUTH, [*FOUND, over], DIARY, BEGAN, TIMING).false == []
    hidden = replace(FOUND[0], born_symptom=True, turns=(("own", BEGAN + 140),), closed_at=None)
    assert score([PAPER], [hidden], DIARY, BEGAN, TIMING).matches[0].latency_s == pytest.approx(39.8)


def test_end_bucket_moment_and_blame_are_told_beside() -> None:
    odd = [
        replace(FOUND[0], closed_at=None, opened_at=BEGAN + 40),
        replace(FOUND[1], bucket="device", owner_orders=3),
        FOUND[2],
    ]
    judged = score(TRUTH, odd, DIARY, BEGAN, TIMING)
    assert judged.precision == 1.0
    assert [one.expected for one in judged.unclosed] == [PAPER]
    assert [one.expected for one in judged.wrong_moment] == [PAPER]
    assert [one.expected for one in judged.wrong_bucket] == [DARK]
    assert [one.expected for one in judged.blamed] == [DARK]


def test_nothing_true_and_nothing_found_is_perfect() -> None:
    judged = score([], [], {}, BEGAN, TIMING)
    assert (judged.precision, judged.recall, judged.latency_s(0.95)) == (1.0, 1.0, 0.0)
