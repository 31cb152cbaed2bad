from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.terminals import meaning
from budayang.rules.watching import (
    BY_KIND,
    CONDITIONS,
    NO,
    SOURCES,
    TABLE,
    UNKNOWN,
    YES,
    Counts,
    Evidence,
    Fact,
    Seen,
    Usable,
    Word,
    cheapest,
    judge,
    words_of,
)

NIGHT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def words(**said: str) -> list[Word]:
    return [Word(name, Fact(name), word, NIGHT) for name, word in said.items()]


def person(word: Seen) -> Word:
    return Word("seen", Fact.APPLICATION, word, NIGHT)


# name, words, relay, mains, seen → usable, evidence
CASES = [
    ("nothing is known", {}, "heard", UNKNOWN, None, Usable.UNKNOWN, Evidence.NONE),
    ("no relay, nobody looked", {}, "none", UNKNOWN, None, Usable.UNKNOWN, Evidence.NONE),
    ("the relay is silent", {"reach": YES, "application": YES}, "silent", "on", None, Usable.UNKNOWN,
     Evidence.MONITORING_LOST),
    ("silent, though somebody saw it work", {}, "silent", "on", Seen.WORKING, Usable.UNKNOWN,
     Evidence.MONITORING_LOST),
    ("only a ping", {"reach": YES}, "heard", UNKNOWN, None, Usable.ON, Evidence.NONE),
    ("only a plug", {"power": "drawing"}, "heard", UNKNOWN, None, Usable.ON, Evidence.NONE),
    ("its program answers", {"application": YES}, "heard", UNKNOWN, None, Usable.OK, Evidence.NONE),
    ("a ping and a test print", {"reach": YES}, "heard", UNKNOWN, Seen.WORKING, Usable.OK, Evidence.NONE),
    ("a test print without any relay", {}, "none", UNKNOWN, Seen.WORKING, Usable.OK, Evidence.NONE),
    ("plug off, mains on", {"power": "off"}, "heard", "on", None, Usable.OFF, Evidence.SWITCHED_OFF),
    ("plug off, ping down, mains on", {"power": "off", "reach": NO}, "heard", "on", None, Usable.OFF,
     Evidence.SWITCHED_OFF),
    ("plug off in an area without power", {"power": "off"}, "heard", "off", None, Usable.OFF, Evidence.POWER),
    ("plug off, mains unknown", {"power": "off"}, "heard", UNKNOWN, None, Usable.OFF, Evidence.NONE),
    ("plug off outweighs yesterday's test print", {"power": "off"}, "heard", "on", Seen.WORKING, Usable.OFF,
     Evidence.SWITCHED_OFF),
    ("standby and no answer", {"power": "standby", "reach": NO}, "heard", UNKNOWN, None, Usable.OFF,
     Evidence.SWITCHED_OFF),
    ("drawing, no answer", {"power": "drawing", "reach": NO}, "heard", "on", None, Usable.UNREACHABLE, Evidence.NONE),
    ("drawing, port down", {"power": "drawing", "network": NO, "reach": NO}, "heard", "on", None,
     Usable.UNREACHABLE, Evidence.NETWORK),
    ("drawing, port up, no answer", {"power": "drawing", "network": YES, "reach": NO}, "heard", "on", None,
     Usable.UNREACHABLE, Evidence.NONE),
    ("no answer and nothing else", {"reach": NO}, "heard", "on", None, Usable.UNREACHABLE, Evidence.NONE),
    ("port down and nothing else", {"network": NO}, "heard", "on", None, Usable.UNREACHABLE, Evidence.NONE),
    ("the department's site is down", {"reach": YES, "department": NO}, "heard", "on", None, Usable.FAULT,
     Evidence.DEPARTMENT),
    ("drawing, its program does not answer", {"power": "drawing", "application": NO}, "heard", "on", None,
     Usable.UNREACHABLE, Evidence.NONE),
    ("standby, its program does not answer", {"power": "standby", "application": NO}, "heard", "on", None, Usable.OFF,
     Evidence.SWITCHED_OFF),
    ("only its program, which does not answer", {"application": NO}, "heard", "on", None, Usable.UNREACHABLE,
     Evidence.NONE),
    ("its program is down", {"reach": YES, "application": NO}, "heard", "on", None, Usable.FAULT, Evidence.NONE),
    ("its printer is down", {"application": YES, "printer": NO}, "heard", "on", None, Usable.FAULT, Evidence.DEVICE),
    ("somebody saw it broken", {"application": YES}, "heard", "on", Seen.BROKEN, Usable.FAULT, Evidence.NONE),
    ("somebody saw no paper", {"reach": YES}, "heard", "on", Seen.NO_PAPER, Usable.FAULT, Evidence.CONSUMABLES),
    ("somebody saw it off", {"reach": NO}, "heard", "on", Seen.OFF, Usable.OFF, Evidence.NONE),
    ("seen off, and now it answers", {"reach": YES}, "heard", "on", Seen.OFF, Usable.ON, Evidence.NONE),
    ("plug and ping contradict each other", {"power": "off", "reach": YES}, "heard", "on", None, Usable.UNKNOWN,
     Evidence.NONE),
    ("port and ping contradict each other", {"network": NO, "reach": YES}, "heard", "on", None, Usable.UNKNOWN,
     Evidence.NONE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "relay", "mains", "seen", "usable", "evidence"), CASES)
def test_what_sources_prove_together(
    name: str, said: dict[str, str], relay: str, mains: str, seen: Seen | None, usable: Usable, evidence: Evidence
) -> None:
    found = judge(words(**said), relay=relay, mains=mains, seen=person(seen) if seen else None)
    assert (found.usable, found.evidence) == (usable, evidence), name
    assert found.text


def test_a_verdict_names_the_sources_that_it_stands_on() -> None:
    said = [
        Word("plug-3", Fact.POWER, "drawing", NIGHT),
        Word("ping-1", Fact.REACH, NO, NIGHT + timedelta(minutes=2)),
        Word("port-2", Fact.NETWORK, NO, NIGHT + timedelta(minutes=1)),
    ]
    found = judge(said, relay="heard")
    assert set(found.stands_on) == {"plug-3", "port-2"}
    assert found.since == NIGHT + timedelta(minutes=1)
    assert Fact.APPLICATION in found.unknown


def test_one_that_answers_outweighs_those_that_do_not() -> None:
    said = [Word("ping-1", Fact.REACH, NO), Word("tcp-2", Fact.REACH, YES)]
    assert judge(said, relay="heard").usable is Usable.ON


@given(
    st.fixed_dictionaries({fact.value: st.sampled_from([YES, NO, UNKNOWN]) for fact in Fact if fact is not Fact.POWER}),
    st.sampled_from(["drawing", "standby", "off", UNKNOWN]),
    st.sampled_from(["heard", "silent", "none"]),
    st.sampled_from(["on", "off", UNKNOWN]),
    st.sampled_from([None, *Seen]),
)
def test_nobody_is_blamed_without_proof_and_unknown_is_never_well(
    said: dict[str, str], power: str, relay: str, mains: str, seen: Seen | None
) -> None:
    found = judge(words(**said, power=power), relay=relay, mains=mains, seen=person(seen) if seen else None)
    if found.evidence is Evidence.SWITCHED_OFF:
        assert relay == "heard"
        assert power in {"off", "standby"}
    if relay == "silent":
        assert (found.counts, found.evidence) == (Counts.UNKNOWN, Evidence.MONITORING_LOST)
    if found.usable is Usable.OK:
        assert seen is Seen.WORKING or (relay == "heard" and said["application"] == YES)


def test_a_page_that_answers_with_an_error_proves_that_its_machine_does() -> None:
    said = words_of("reach-1", "http", [Fact.APPLICATION], {"http": "error"}, NIGHT)
    assert {(one.fact, one.word) for one in said} == {(Fact.APPLICATION, NO), (Fact.REACH, YES)}
    assert judge(said, relay="heard").usable is Usable.FAULT
    down = words_of("reach-1", "http", [Fact.APPLICATION], {"http": "down"}, NIGHT)
    assert [one.fact for one in down] == [Fact.APPLICATION]
    assert words_of("reach-1", "http", [Fact.DEPARTMENT], {"http": "error"}, NIGHT)[0].fact is Fact.DEPARTMENT


def test_every_row_of_the_table_can_be_reached() -> None:
    hit = set()
    for row in TABLE:
        known = {name: getattr(row, name)[0] for name in CONDITIONS if getattr(row, name)}
        said = {fact.value: known[fact.value] for fact in Fact if fact.value in known}
        seen = person(Seen(known["seen"])) if "seen" in known else None
        found = judge(words(**said), relay=known["relay"], mains=known.get("mains", UNKNOWN), seen=seen)
        hit.add(found.text)
    assert hit == {row.text for row in TABLE}


def test_every_source_is_kept_in_words_that_the_house_knows() -> None:
    for source in SOURCES:
        for state in source.says:
            assert meaning(source.subject, source.prop, state).text, (source.kind, state)
        assert "unknown" not in source.says


def test_the_cheapest_source_that_settles_it_comes_first() -> None:
    offered = cheapest([Fact.POWER, Fact.NETWORK], ["ping"])
    assert [one.kind for one in offered] == ["plug", "snmp_port"]
    assert BY_KIND["ping"] not in cheapest([Fact.REACH], ["ping"])
