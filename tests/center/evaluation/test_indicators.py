"""The six indicators against a count by hand: every part of them, by area and owner unit, and what is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.evaluation.the_rater import PHONE, bad, finished_case, rate
from tests.center.hall import SYSTEM, Hall, number

from budayang.center.evaluation import actions
from budayang.center.evaluation import negative_actions as negative
from budayang.center.evaluation.indicator_queries import month_rows, month_span, months_back, total
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import seal_field
from budayang.center.services.case_actions import take_standing
from budayang.center.services.lines.answers import Correction, Standing
from budayang.center.services.models import Case
from budayang.center.services.queries import finished_at_places
from budayang.rules.evaluation import Counts, Ratio

MONTH = date(2026, 11, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ratios(hall: Hall, *, place: str = "/", code: str = "") -> dict[str, tuple[int, int]]:
    row = next(one for one in month_rows(MONTH, place, "area") if one.code == code)
    return {key: (one.numerator, one.denominator) for key, one in row.ratios.items()}


def test_every_part_of_the_six(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    for counter in range(1, 9):
        finished_case(hall.terminal, counter, now - counter * HOUR)
    finished_case(hall.terminal, 30, now - 40 * DAY)  # of October
    finished_case(hall.terminal, 31, now - HOUR, state="failed")
    rate(hall, 1, "very_satisfied", now)
    rate(hall, 2, "satisfied", now, channel="qr")
    rate(hall, 3, "unsatisfied", now, reasons=("no_paper",), channel="public")
    cases = [bad(hall, counter, now, phone=PHONE) for counter in (4, 5, 6)]
    for case in cases:
        negative.contact(lin, case, outcome="reached", note="x", now=now)
        negative.fix(lin, case, outcome="fixed", note="x", reply="y", now=now)
    negative.call_back(lin, cases[0], outcome="fixed_satisfied", note="", now=now + HOUR)
    negative.call_back(lin, cases[1], outcome="not_fixed", note="没有", now=now + HOUR)
    negative.call_back(lin, cases[2], outcome="fixed_unsatisfied", note="慢", now=now + HOUR)
    assert ratios(hall) == {
        "good_rate": (2, 6),
        "active_good_rate": (1, 2),
        "unrated_rate": (2, 8),
        "negative_reply_rate": (3, 4),
        "visit_fix_rate": (2, 3),
        "visit_satisfied_rate": (1, 2),
    }
    assert ratios(hall, code="KBS") == ratios(hall)


def test_a_later_word_of_the_person_counts(hall: Hall, now: datetime) -> None:
    lin, case = hall.actor("lin"), bad(hall, 1, now, phone=PHONE)
    negative.contact(lin, case, outcome="reached", note="x", now=now)
    negative.fix(lin, case, outcome="fixed", note="x", reply="y", now=now)
    negative.call_back(lin, case, outcome="fixed_unsatisfied", note="慢", now=now + HOUR)
    assert ratios(hall)["visit_satisfied_rate"] == (0, 1)
    negative.rerate(case, level="satisfied", now=now + 2 * HOUR)
    assert ratios(hall)["visit_satisfied_rate"] == (1, 1)


def test_what_is_set_aside_is_in_no_figure(hall: Hall, now: datetime, zhu: Actor) -> None:
    for counter in (1, 2):
        finished_case(hall.terminal, counter, now - HOUR)
    rating = rate(hall, 1, "unsatisfied", now, reasons=("other",))
    assert ratios(hall)["good_rate"] == (0, 1)
    negative.set_aside_rating(zhu, rating, reason="trial", note="试机", now=now)
    found = ratios(hall)
    assert (found["good_rate"], found["negative_reply_rate"]) == ((0, 0), (0, 0))
    assert found["unrated_rate"] == (1, 1), "its matter is neither rated nor unrated"


def test_by_owner_unit_and_confined_to_some(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    actions.record_rating(
        SYSTEM,
        number=number(1, "KBS-02"),
        level="unsatisfied",
        reasons=["other"],
        terminal_code="KBS-02",
        at=now,
        now=now,
    )
    rows = month_rows(MONTH, "/", "owner")
    assert [(one.code, one.counts.total) for one in rows] == [("", 2), ("RS", 1), ("SW", 1)]
    mine = month_rows(MONTH, "/", "owner", {hall.bodies["RS"].pk})
    assert [(one.code, one.counts.total) for one in mine] == [("", 1), ("RS", 1)]
    assert month_rows(MONTH, hall.far_area.place.path, "area")[0].counts.total == 0


def test_asked_is_what_the_machine_showed_of_what_was_done(hall: Hall, now: datetime, zhu: Actor) -> None:
    """A page after a matter of October, one from home, one of a rating that was removed: a share all the same."""

    def show(counter: int, channel: str = "terminal") -> None:
        actions.record_invitation(
            SYSTEM, number=number(counter), terminal_code="KBS-01", shown_at=now, now=now, channel=channel
        )

    for counter, days in ((1, 0), (2, 0), (3, 0), (4, 40)):
        finished_case(hall.terminal, counter, now - days * DAY - HOUR)
    for counter, channel in ((1, "terminal"), (1, "qr"), (2, "qr"), (3, "terminal"), (4, "terminal"), (9, "terminal")):
        show(counter, channel)
    negative.set_aside_rating(zhu, rate(hall, 3, "satisfied", now), reason="trial", note="x", now=now)
    counts = month_rows(MONTH, "/", "area")[0].counts
    assert (counts.asked, counts.done) == (1, 2)


def test_a_month_is_of_the_city_s_days(hall: Hall) -> None:
    start, end = month_span(date(2026, 12, 1))
    assert (start.isoformat(), end.isoformat()) == ("2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00")
    assert months_back(date(2026, 2, 14), 3) == [date(2026, 2, 1), date(2026, 1, 1), date(2025, 12, 1)]


@pytest.mark.parametrize("parts", [[], [Counts()]])
def test_nothing_is_no_rate(parts: list[Counts]) -> None:
    whole = total(parts)
    assert whole.total == 0
    assert Ratio(0, 0).value is None


def test_a_whole_is_of_counts_not_a_mean_of_rates() -> None:
    whole = total([Counts(rated={"satisfied": 1}), Counts(rated={"satisfied": 1, "unsatisfied": 8})])
    assert (whole.good, whole.total) == (2, 10)


def test_a_matter_that_was_handed_in_counts_in_that_month_however_far_it_has_come(hall: Hall) -> None:
    """Accepted by the department, sent back for more, done a month later: it is one matter of November."""
    november, december = date(2026, 11, 1), date(2026, 12, 1)
    handed_in = datetime(2026, 11, 30, 12, tzinfo=UTC)
    case, _code = finished_case(hall.terminal, 1, handed_in, state="handed_in")
    code = seal_field("services_case", case.number, "code", "A" * 20)
    Case.objects.update(department_received_at=handed_in, code_sealed=code)
    case.refresh_from_db()
    later = handed_in
    for standing in ("accepted", "correction", "done"):
        later += timedelta(days=3)
        told = Correction(later, ("身份证",), None) if standing == "correction" else None
        take_standing(case.number, Standing(standing, later, correction=told), head=None, now=later)
        month = month_rows(november, "/", "area")[0].counts
        assert (month.done, month_rows(december, "/", "area")[0].counts.done) == (1, 0), standing
        assert finished_at_places([case.place_path], *month_span(november)) == {
            case.place_path: [(case.number, handed_in)]
        }, standing
    case.refresh_from_db()
    assert (case.state, case.finished_at) == ("done", later), "its result is kept from its own end on"
    assert finished_at_places([case.place_path], *month_span(december)) == {}
