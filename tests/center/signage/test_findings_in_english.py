"""What judging a plan says, said in English: no sentence keeps a Chinese word."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import translation
from tests.rules.signs_area import DAY, FACTS, KINDS, PLANTED, VALUES, found_in, planted, with_sign
from tests.rules.test_sign_drawing import GOOD, WRONG

from budayang.center.platform.wording import words
from budayang.data.demo_plan import demo_plan
from budayang.rules.signs.access import judge_access
from budayang.rules.signs.conformity import Evidence, judge_clauses
from budayang.rules.signs.drawing import Drawing, NotADrawing, read
from budayang.rules.signs.facts import AreaFacts, TerminalFact
from budayang.rules.signs.kinds import FACT_NAMES, Mounting

CHINESE = re.compile(r"[一-鿿]")


def _sentences() -> Iterator[str]:
    plan = demo_plan()
    came = replace(FACTS, terminals=(*FACTS.terminals[1:], TerminalFact("TY-21")))
    lacking = AreaFacts(
        DAY, frozenset({"water", "toilet", "charger", "seats", "call", "accessible"}), (), frozenset(FACT_NAMES)
    )
    bare = replace(plan, signs=(), path=(), turns=())
    for drawing, facts in (
        (planted(*PLANTED), FACTS),
        (planted("hidden"), came),
        (bare, lacking),
        (bare, FACTS),
        (with_sign(plan, "s-complaint", facing=90), FACTS),
        (with_sign(plan, "s-complaint", bottom_mm=1900), FACTS),
        (with_sign(plan, "s-complaint", mounting=Mounting.FLOOR), FACTS),
        (with_sign(plan, "s-call", seen_from=None, edition=""), FACTS),
        (with_sign(plan, "s-fire", seen_from=(15000, 17000)), FACTS),
        (replace(plan, path=((0, 0), (100, 0), (100, 5000)), turns=((1, 1), (6000, 9000)), measured={}), FACTS),
        (replace(plan, path=((3700, 12_500), (3700, 11_000))), FACTS),
    ):
        found = [*found_in(drawing, facts), *judge_access(drawing, AreaFacts(DAY), VALUES)]
        yield from (one.words for one in found)
        for evidence in (
            {},
            {"BS-02": Evidence(3, 1, "半年检查"), "BS-24": Evidence(1, 0, "巡查"), "BS-04": Evidence(2, 0, "巡查")},
        ):
            yield from (one.why for one in judge_clauses(drawing, facts, KINDS, found, evidence))
    yield from (one.why for one in judge_clauses(Drawing(9, 9), AreaFacts(DAY), KINDS, [], {}))
    for change, _message in WRONG:
        kept = copy.deepcopy(GOOD)
        change(kept)
        try:
            read(kept)
        except NotADrawing as refused:
            yield str(refused)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_every_kind_has_its_english(kind: object) -> None:
    with translation.override("en"):
        assert not CHINESE.search(str(words(kind.message)))  # type: ignore[attr-defined]  # a SignKind


def test_every_sentence_is_said_in_english() -> None:
    said = set(_sentences())
    assert len(said) > 100
    with translation.override("en"):
        assert sorted(one for one in said if CHINESE.search(str(words(one)))) == []
