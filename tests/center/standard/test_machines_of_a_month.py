"""A month is judged by the machines that stood there then, whatever became of them since, and by none of later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import hours_jobs
from budayang.center.maintenance.models import HoursMonth
from budayang.center.standard import actions
from budayang.center.standard.models import ClauseVerdict
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Terminal

NOV = date(2026, 11, 1)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
# From its enrolment at 02:14 on the 23rd to the end of November a machine promises 7 days, 21 hours and 46 minutes.
WHOLE = 7 * DAY + 21 * HOUR + 46 * timedelta(minutes=1)


def judged(hall: Hall, now: datetime) -> dict[str, ClauseVerdict]:
    return {one.clause.code: one for one in actions.assess_many([hall.area.place], NOV, now)}


def test_the_outage_of_a_machine_that_was_retired_stays_in_its_month(hall: Hall, now: datetime) -> None:
    hall.silence(hall.terminal, now + DAY, now + DAY + HOUR)
    gone = now + 5 * DAY
    hall.listen(gone)
    terminals.retire(SYSTEM, hall.terminal.pk, gone)
    hall.listen(DECEMBER)
    found = judged(hall, DECEMBER)
    promised = 6 * DAY + WHOLE  # the retired one promised its six days, the other one all
    assert (found["JB-01"].answer, found["JB-01"].number) == ("not_met", (4 * DAY).total_seconds())
    assert found["YJ-07"].number == pytest.approx(1 - 4 * DAY / promised, abs=1e-9)
    assert (found["YJ-07"].sample, found["YJ-08"].sample) == (2, 1), "good or not is asked of those still there"
    assert found["YJ-08"].answer == "met"
    hours_jobs.close_and_correct(DECEMBER + DAY)
    counted = HoursMonth.objects.filter(month=NOV, area=hall.area).aggregate(us=Sum("promised_us"))
    assert counted["us"] == promised // timedelta(microseconds=1), "and the hours of the month are of the same time"


def test_machines_that_came_later_are_none_of_the_month(hall: Hall, now: datetime) -> None:
    before = {code: (one.answer, one.number, one.sample) for code, one in judged(hall, DECEMBER).items()}
    assert before["YJ-08"] == ("met", 1, 2)
    for code in ("KBS-03", "KBS-04", "KBS-05"):
        terminals.register_terminal(
            SYSTEM, code=code, name=code, area="KBS", owner="RS", vendor="VN1", now=DECEMBER + HOUR, is_demo=True
        )
    Terminal.objects.filter(enrolled_at=None).update(enrolled_at=DECEMBER + 2 * HOUR, state="active")
    after = {code: (one.answer, one.number, one.sample) for code, one in judged(hall, DECEMBER + DAY).items()}
    changed = {code for code, one in after.items() if one != before[code]}
    assert not changed
    assert after["YJ-01"][2] == 2


def test_a_machine_that_was_registered_but_never_worked_promised_nothing(hall: Hall, now: datetime) -> None:
    Terminal.objects.filter(pk=hall.other.pk).update(enrolled_at=None)
    found = judged(hall, DECEMBER)
    assert (found["YJ-08"].number, found["YJ-08"].sample) == (1, 1)


def test_a_machine_that_stood_ready_on_no_promised_minute_is_not_a_good_one(hall: Hall, now: datetime) -> None:
    """Enrolled at the very end: nothing of its time is known."""
    Terminal.objects.filter(pk=hall.other.pk).update(enrolled_at=DECEMBER)
    found = judged(hall, DECEMBER)
    assert (found["YJ-08"].number, found["YJ-08"].sample) == (1, 1)
