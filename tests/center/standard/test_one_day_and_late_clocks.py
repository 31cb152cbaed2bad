"""What is given again on one day, and areas whose month begins later than the platform's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform.models import Place
from budayang.center.standard import actions, given_actions, jobs, queries
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict
from budayang.rules.standard.parts import Kind

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def clause(code: str) -> Clause:
    return Clause.objects.get(code=code, edition__code="REF-2026")


def answer(hall: Hall, code: str, now: datetime) -> tuple[str, float | None]:
    actions.assess_many([hall.area.place], NOV, now)
    row = ClauseVerdict.objects.get(clause__code=code, place=hall.area.place, period_start=queries.month_bounds(NOV)[0])
    return row.answer, row.number


def test_a_number_measured_again_the_same_day_replaces_the_first(hall: Hall, now: datetime) -> None:
    for place, mm, told in (
        (hall.area.place, 1400, ("not_met", 1400)),
        (hall.area.place, 1500, ("met", 1500)),
        (hall.city, 1300, ("not_met", 1300)),
    ):
        given_actions.give_numbers(
            SYSTEM, place, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": mm}, on=date(2026, 11, 2),
            source="卷尺", now=now,
        )  # fmt: skip
        assert answer(hall, "YJ-19", now) == told, "of one day what was given last"


def test_a_document_renewed_the_same_day_holds_longer(hall: Hall, now: datetime) -> None:
    for until, told in ((date(2026, 11, 3), "no_evidence"), (date(2027, 11, 3), "met")):
        given_actions.give_document(
            SYSTEM, hall.area.place, clause("JB-10"), title="拓扑图", on=date(2026, 11, 2), until_on=until, name="a",
            content=PDF, now=now,
        )  # fmt: skip
        assert answer(hall, "JB-10", now)[0] == told


@pytest.mark.parametrize("zone", ["Asia/Urumqi", "Europe/Berlin"])
def test_an_area_whose_month_begins_later_stops_nobody(hall: Hall, now: datetime, zone: str) -> None:
    Place.objects.filter(pk=hall.far_area.place_id).update(zone=zone)
    begins = datetime(2026, 11, 30, 16, 0, 30, tzinfo=UTC)  # a moment after midnight of the platform's clock
    Assessment.objects.all().delete()
    assert jobs.keep_fresh(begins) == 2
    assert actions.recompute(begins, limit=1) == 1, "the other area's turn is not used up by one that waits"
    assert list(Assessment.objects.filter(computed_at=begins).values_list("place", flat=True)) == [hall.area.place_id]
    assert actions.recompute(begins) == 0
    later = queries.month_bounds(DEC, zone)[0] + timedelta(seconds=1)
    assert actions.recompute(later) == 1
    assert set(Assessment.objects.filter(month=DEC).values_list("dirty_at", flat=True)) == {None}
