"""Every promised minute is usable or in exactly one bucket, and late news corrects it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.maintenance.queries import attributed, usable
from budayang.center.terminals.models import MonitoringGap, StatusInterval
from budayang.rules.maintenance import Bucket

HOUR = timedelta(hours=1)


def test_a_quiet_day_is_all_usable(hall: Hall, now: datetime) -> None:
    found = usable(hall.terminal.pk, now - 12 * HOUR, now)
    assert (found.promised_s, found.usable_s, found.by_bucket) == (12 * 3600, 12 * 3600, {})


def test_nothing_is_promised_before_the_first_enrolment(hall: Hall, now: datetime) -> None:
    assert usable(hall.terminal.pk, now - 48 * HOUR, now).promised_s == 24 * 3600


def test_each_minute_has_one_owner(hall: Hall, now: datetime) -> None:
    start = now - 10 * HOUR
    hall.tell(hall.terminal, "printer", "paper.upper", "out", start + 1 * HOUR, start + 1 * HOUR)
    hall.silence(hall.terminal, start + 2 * HOUR, start + 2 * HOUR)
    hall.heard(hall.terminal, start + 3 * HOUR, start + 3 * HOUR)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", start + 4 * HOUR, start + 4 * HOUR)
    MonitoringGap.objects.create(since=start + 5 * HOUR, until=start + 6 * HOUR, cause="test")
    areas.plan_stop(
        SYSTEM, place=hall.area.place, starts_at=start + 7 * HOUR, ends_at=start + 8 * HOUR, reason="检修", now=start
    )
    found = usable(hall.terminal.pk, start, now)
    assert found.by_bucket == {
        # Paper is a settled cause, the silence is not: it takes only what no other explains.
        Bucket.CONSUMABLES: 3 * 3600,
        Bucket.MONITORING_LOST: 3600,
        Bucket.PLANNED: 3600,
    }
    assert found.usable_s + sum(found.by_bucket.values()) == found.promised_s == 10 * 3600


def test_a_notice_written_afterwards_excuses_nothing(hall: Hall, now: datetime) -> None:
    start = now - 4 * HOUR
    hall.silence(hall.terminal, start, start + HOUR)
    areas.plan_stop(
        SYSTEM, place=hall.area.place, starts_at=start, ends_at=start + 3 * HOUR, reason="检修", now=start + 2 * HOUR
    )
    buckets = usable(hall.terminal.pk, start, now).by_bucket
    assert buckets == {Bucket.UNDETERMINED: 3 * 3600, Bucket.PLANNED: 3600}


def test_late_intervals_correct_history_without_an_alarm(hall: Hall, now: datetime) -> None:
    StatusInterval.objects.create(
        terminal=hall.terminal, subject="printer", property="media", kind="printer", state="jammed",
        since=now - 3 * HOUR, until=now - 2 * HOUR, received_at=now,
    )  # fmt: skip
    assert usable(hall.terminal.pk, now - 4 * HOUR, now).by_bucket == {Bucket.DEVICE: 3600}


def test_low_paper_takes_nothing_from_anybody(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "low", now - 2 * HOUR, now - 2 * HOUR)
    assert usable(hall.terminal.pk, now - 2 * HOUR, now).by_bucket == {}


def test_each_piece_names_its_fact(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - HOUR, now - HOUR)
    pieces = [one for one in attributed(hall.terminal.pk, now - 2 * HOUR, now) if one.bucket]
    incident = hall.terminal and pieces[0].fact_ref
    assert incident is not None
    assert incident.startswith("incident:")
