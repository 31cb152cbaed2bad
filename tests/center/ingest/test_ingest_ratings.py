"""PJ-02 from the wire to the answer: what a terminal sends decides, and nobody types anything in."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.center.hall import number
from the_door import SYSTEM, Clock, Machine

from budayang.center.evaluation import jobs
from budayang.center.standard.actions import adopt_reference_edition, assess_many
from budayang.center.terminals.models import Inbox


def test_ratings_on_the_five_levels_are_met_and_one_on_a_level_of_its_own_is_not(
    hall: Any, machine: Machine, clock: Clock
) -> None:
    adopt_reference_edition(SYSTEM, now=clock.now)

    def told(*levels: tuple[int, str]) -> tuple[str, float | None, int]:
        for counter, level in levels:
            body = {"number": number(counter, "KBS-01"), "level": level, "reasons": []}
            assert machine.sync(machine.event("rating", body)).ok, "a terminal is not stopped by what its page offers"
        jobs.read_inbox(clock.now)
        assert not Inbox.objects.filter(kind="rating", done_at=None).exists()
        now = clock.pass_s(60)
        found = {one.clause.code: one for one in assess_many([hall.place], date(2026, 11, 1), now)}
        return found["PJ-02"].answer, found["PJ-02"].number, found["PJ-02"].sample

    assert told() == ("no_evidence", None, 0)
    assert told((1, "very_satisfied"), (2, "unsatisfied")) == ("met", 1, 2)
    assert told((3, "5"), (3, "4"), (4, "basically_satisfied")) == ("not_met", 0.75, 4)
