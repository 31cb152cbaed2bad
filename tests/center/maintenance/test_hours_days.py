"""Days are closed at night, late data changes exactly what it must, and what was published stays traceable."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.areas.models import Area, PlannedStop
from budayang.center.maintenance import hours_actions, hours_jobs, hours_recent
from budayang.center.maintenance.hours_ledger import load
from budayang.center.maintenance.models import (
    BUCKET_COLUMNS,
    HoursClosing,
    HoursCorrection,
    HoursDay,
    HoursDirty,
    HoursHour,
    HoursMonth,
    HoursPattern,
    Incident,
)
from budayang.center.maintenance.responsibility import attributed_many
from budayang.center.platform.models import Transition
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import MonitoringGap, StatusInterval, Terminal
from budayang.rules.causes import PRECEDENCE, cause_of
from budayang.rules.hours import micros, tally
from budayang.rules.maintenance import Bucket, get_cause

HOUR = timedelta(hours=1)
PLACE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 25, 0, 20, tzinfo=PLACE)  # the 24th is over, its closing is due
FIRST = date(2026, 11, 22)


@pytest.fixture
def long_ago(hall: Hall) -> Hall:
    """The hall, enrolled at the beginning of the 22nd, with a promise from then on."""
    start = datetime.combine(FIRST, datetime.min.time(), PLACE)
    Terminal.objects.update(enrolled_at=start)
    return hall


def local(day: int, hour: float) -> datetime:
    return datetime(2026, 11, day, tzinfo=PLACE) + timedelta(hours=hour)


def jam(
    terminal: Terminal, since: datetime, until: datetime | None, *, prop: str = "media", state: str = "jammed"
) -> Any:
    return StatusInterval.objects.create(
        terminal=terminal, subject="printer", property=prop, kind="printer", state=state, since=since, until=until,
        received_at=until or since,
    )  # fmt: skip


def incident(
    kind: str, since: datetime, until: datetime | None, *, terminal: Terminal | None = None, area: Area | None = None,
    bucket: str = "", department: str = "", component: str = "",
) -> Incident:  # fmt: skip
    cause = get_cause(kind)
    return Incident.objects.create(
        kind=kind, subject=f"x:{Incident.objects.count()}", title=cause.title, component=component, place_path="/",
        area=area, terminal=terminal, department=department, severity=cause.severity, bucket=bucket or cause.bucket,
        state="closed" if until else "open", opened_at=since, noticed_at=since, closed_at=until,
    )  # fmt: skip


def day_of(terminal: Terminal, day: int) -> HoursDay:
    return HoursDay.objects.get(terminal=terminal, on=date(2026, 11, day))


def lost(row: HoursDay) -> dict[str, float]:
    """Bucket -> hours."""
    columns = {bucket.value: getattr(row, name) / 3_600_000_000 for bucket, name in BUCKET_COLUMNS.items()}
    return {name: hours for name, hours in columns.items() if hours}


def tell(kind: str, payload: dict[str, object], at: datetime, now: datetime, place_path: str = "") -> None:
    hours_jobs.hear([Transition(kind=kind, subject="x", place_path=place_path, payload=payload, occurred_at=at)], now)


def test_days_are_closed_from_the_first_enrolment_on(long_ago: Hall) -> None:
    jam(long_ago.terminal, local(23, 10), local(23, 12))
    assert hours_jobs.close_and_correct(NIGHT) > 0
    rows = HoursDay.objects.filter(terminal=long_ago.terminal).order_by("on")
    assert [(one.on.day, one.promised_us // 3_600_000_000, lost(one)) for one in rows] == [
        (22, 24, {}),
        (23, 24, {"device": 2.0}),
        (24, 24, {}),
    ]
    assert HoursClosing.objects.get(area=long_ago.area).next_on == date(2026, 11, 25)
    assert hours_jobs.close_and_correct(NIGHT) == 0
    month = HoursMonth.objects.get(terminal=long_ago.terminal)
    assert (month.days, month.promised_us, month.device_us) == (3, 72 * 3_600_000_000, 2 * 3_600_000_000)


def test_a_day_is_not_closed_before_its_time(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(datetime(2026, 11, 25, 0, 14, tzinfo=PLACE))
    assert HoursDay.objects.filter(on=date(2026, 11, 24)).count() == 0
    hours_jobs.close_and_correct(datetime(2026, 11, 25, 0, 15, tzinfo=PLACE))
    assert HoursDay.objects.filter(on=date(2026, 11, 24)).count() == 2


def test_late_data_changes_exactly_what_it_must(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(NIGHT)
    before = {one.pk: one.figures() for one in HoursDay.objects.all()}
    jam(long_ago.terminal, local(23, 10), local(23, 12))
    now = NIGHT + HOUR
    payload: dict[str, object] = {
        "terminal": long_ago.terminal.code,
        "from_ms": round(local(23, 10).timestamp() * 1000),
        "to_ms": round(local(23, 12).timestamp() * 1000),
    }
    tell("terminals.corrected", payload, local(23, 10), now)
    assert [(one.terminal_id, one.on.day, one.reason) for one in HoursDirty.objects.all()] == [
        (long_ago.terminal.pk, 23, hours_jobs.LATE)
    ]
    assert hours_jobs.close_and_correct(now) == 0, "a burst is waited for"
    assert hours_jobs.close_and_correct(now + timedelta(minutes=3)) == 1
    changed = day_of(long_ago.terminal, 23)
    assert {one.pk for one in HoursDay.objects.all() if one.figures() != before[one.pk]} == {changed.pk}
    assert lost(changed) == {"device": 2.0}
    assert changed.version == 2
    kept = HoursCorrection.objects.get()
    assert (kept.day_id, kept.version, kept.reason) == (changed.pk, 1, hours_jobs.LATE)
    assert kept.before["usable_us"] == 24 * 3_600_000_000
    assert HoursMonth.objects.get(terminal=long_ago.terminal).device_us == 2 * 3_600_000_000
    assert HoursMonth.objects.get(terminal=long_ago.other).device_us == 0
    assert not HoursDirty.objects.exists()
    assert Transition.objects.filter(kind="maintenance.hours_corrected").count() == 1


def test_late_data_that_changes_nothing_leaves_no_trace(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(NIGHT)
    tell("terminals.status", {"terminal": long_ago.terminal.code}, local(23, 10), NIGHT)
    assert HoursDirty.objects.count() == 2  # from the 23rd to the last closed day
    hours_jobs.close_and_correct(NIGHT + HOUR)
    assert not HoursDirty.objects.exists()
    assert not HoursCorrection.objects.exists()
    assert set(HoursDay.objects.values_list("version", flat=True)) == {1}


def test_a_machine_that_was_retired_has_its_last_day_and_none_after(long_ago: Hall) -> None:
    """Also what is learned of it later; the day on which it went lies in the month's figures."""
    jam(long_ago.terminal, local(24, 10), local(24, 12))
    hours_jobs.close_and_correct(local(24, 1))
    terminals.retire(SYSTEM, long_ago.terminal.pk, local(24, 15))
    hours_jobs.close_and_correct(NIGHT)
    hours_jobs.close_and_correct(NIGHT + 24 * HOUR)
    rows = HoursDay.objects.filter(terminal=long_ago.terminal).order_by("on")
    assert [(one.on.day, one.promised_us // 3_600_000_000, lost(one)) for one in rows] == [
        (22, 24, {}), (23, 24, {}), (24, 15, {"device": 2.0}),
    ]  # fmt: skip
    month = HoursMonth.objects.get(terminal=long_ago.terminal)
    assert (month.days, month.promised_us, month.device_us) == (3, 63 * 3_600_000_000, 2 * 3_600_000_000)
    assert HoursMonth.objects.get(terminal=long_ago.other).days == 4
    assert not HoursPattern.objects.filter(terminal=long_ago.terminal).exists()
    jam(long_ago.terminal, local(24, 13), local(24, 14))
    tell("terminals.reported", {"terminal": long_ago.terminal.code}, local(24, 13), NIGHT + 25 * HOUR)
    assert [one.on.day for one in HoursDirty.objects.all()] == [24], "after it went there is nothing to count"
    hours_jobs.close_and_correct(NIGHT + 26 * HOUR)
    assert lost(day_of(long_ago.terminal, 24)) == {"device": 3.0}


def test_news_of_today_marks_nothing(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(NIGHT)
    tell("terminals.status", {"terminal": long_ago.terminal.code}, local(25, 0.2), NIGHT)
    row = incident("terminal_silent", local(25, 0.1), None, terminal=long_ago.terminal)
    tell("maintenance.incident_opened", {"incident": row.pk}, local(25, 0.1), NIGHT)
    assert not HoursDirty.objects.exists()


def test_evidence_that_comes_after_the_recovery_settles_the_bucket(long_ago: Hall) -> None:
    row = incident("terminal_silent", local(23, 20), local(24, 8), terminal=long_ago.terminal)
    hours_jobs.close_and_correct(NIGHT)
    assert [lost(day_of(long_ago.terminal, day)) for day in (22, 23, 24)] == [
        {}, {"undetermined": 4.0}, {"undetermined": 8.0},
    ]  # fmt: skip
    Incident.objects.filter(pk=row.pk).update(bucket="switched_off")
    tell("maintenance.incident_settled", {"incident": row.pk}, local(24, 8), NIGHT)
    hours_jobs.close_and_correct(NIGHT + HOUR)
    assert [lost(day_of(long_ago.terminal, day)) for day in (22, 23, 24)] == [
        {}, {"switched_off": 4.0}, {"switched_off": 8.0},
    ]  # fmt: skip
    assert [one.day.on.day for one in HoursCorrection.objects.order_by("day__on")] == [23, 24]
    assert {one.reason for one in HoursCorrection.objects.all()} == {hours_jobs.INCIDENT}


def test_an_incident_that_closes_in_the_past_frees_what_lies_after(long_ago: Hall) -> None:
    row = incident("terminal_silent", local(22, 12), None, terminal=long_ago.terminal)
    hours_jobs.close_and_correct(NIGHT)
    assert lost(day_of(long_ago.terminal, 24)) == {"undetermined": 24.0}
    Incident.objects.filter(pk=row.pk).update(state="closed", closed_at=local(24, 6))
    tell("maintenance.incident_closed", {"incident": row.pk}, local(24, 6), NIGHT)
    assert [one.on.day for one in HoursDirty.objects.all()] == [24]
    hours_jobs.close_and_correct(NIGHT + HOUR)
    assert [lost(day_of(long_ago.terminal, day)) for day in (22, 23, 24)] == [
        {"undetermined": 12.0}, {"undetermined": 24.0}, {"undetermined": 6.0},
    ]  # fmt: skip


def test_an_area_fault_takes_each_terminal_while_it_lasted_and_leaves_the_rest_to_their_own(long_ago: Hall) -> None:
    """What was inferred from silences takes only who was silent; what a device told takes the whole area."""
    incident("area_power", local(23, 10), local(23, 12), area=long_ago.area)
    incident("area_power", local(23, 13), local(23, 14), area=long_ago.area)
    incident("terminal_silent", local(23, 10), local(23, 15), terminal=long_ago.other)
    incident("network_down", local(23, 20), local(23, 21), area=long_ago.area)
    hours_jobs.close_and_correct(NIGHT)
    assert lost(day_of(long_ago.terminal, 23)) == {"network": 1.0}
    assert lost(day_of(long_ago.other, 23)) == {"power": 3.0, "undetermined": 2.0, "network": 1.0}


def test_a_full_bin_takes_a_part_away_and_a_full_tray_nothing(long_ago: Hall) -> None:
    terminal, bin_full = long_ago.terminal, (local(23, 10), local(23, 12))
    jam(terminal, *bin_full, prop="x-printer.outputBin", state="full")
    jam(terminal, local(23, 13), None, prop="paper.upper", state="full")
    ledger = load([terminal.pk], local(23, 0), local(24, 0))
    claims = [(kind, one.start, one.end) for kind, one in ledger.parts[terminal.pk]]
    assert claims == [("printer", *(micros(at) for at in bin_full))]


def test_hours_promised_anew_change_the_days_from_then_on(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(NIGHT)
    areas.set_promised_hours(SYSTEM, long_ago.area, [], valid_from=date(2026, 11, 23), now=NIGHT)
    tell("areas.hours_changed", {"area": "KBS"}, NIGHT, NIGHT)
    hours_jobs.close_and_correct(NIGHT + HOUR)
    assert [day_of(long_ago.terminal, day).promised_us for day in (22, 23, 24)] == [24 * 3_600_000_000, 0, 0]


def test_a_gap_that_was_written_after_the_closing_is_found(long_ago: Hall) -> None:
    hours_jobs.close_and_correct(NIGHT)
    MonitoringGap.objects.create(since=local(24, 22), until=NIGHT + HOUR, cause="test")
    assert hours_jobs.mark_gaps(NIGHT + 2 * HOUR) == 2  # of two terminals the 24th: the 25th is not closed
    hours_jobs.close_and_correct(NIGHT + 3 * HOUR)
    assert lost(day_of(long_ago.terminal, 24)) == {"monitoring_lost": 2.0}
    assert hours_jobs.mark_gaps(NIGHT + 4 * HOUR) == 0


def test_the_pattern_of_a_machine_that_is_switched_on_each_morning(hall: Hall) -> None:
    first = datetime(2026, 10, 20, tzinfo=PLACE)
    Terminal.objects.filter(pk=hall.terminal.pk).update(enrolled_at=first)
    areas.set_promised_hours(SYSTEM, hall.area, all_day(), valid_from=first.date(), now=first)
    for n in range(36):
        off = first + timedelta(days=n, hours=22, minutes=30 + n % 3)
        bucket = "switched_off" if n % 4 else ""
        incident("terminal_silent", off, off + timedelta(hours=10), terminal=hall.terminal, bucket=bucket)
    while hours_jobs.close_and_correct(NIGHT):
        pass
    kept = HoursPattern.objects.get()
    assert (kept.terminal_id, kept.kind, kept.through_on) == (hall.terminal.pk, "daily", date(2026, 11, 24))
    assert (kept.found[0]["alike"], kept.found[0]["days"], kept.found[0]["evidence"]) == (28, 28, 21)
    row = day_of(hall.terminal, 20)
    assert row.promised_us == 24 * 3_600_000_000
    assert 13.9 < row.usable_us / 3_600_000_000 < 14.1


def test_the_last_hours_by_area_are_the_sum_of_the_terminals(long_ago: Hall) -> None:
    now = local(24, 21.5)
    incident("terminal_silent", local(24, 18), local(24, 20.5), terminal=long_ago.terminal)
    hours_recent.compute_recent(now)
    rows = HoursHour.objects.all()
    assert rows.count() == 2 * 25  # two owners, 24 full hours and the running one
    assert sum(one.promised_us for one in rows) == 2 * 24.5 * 3_600_000_000
    mine = rows.filter(owner=long_ago.terminal.owner, hour_at__gte=local(24, 17))
    by_hour = {one.hour_at.astimezone(PLACE).hour: one.undetermined_us / 3_600_000_000 for one in mine}
    assert by_hour == {17: 0, 18: 1, 19: 1, 20: 0.5, 21: 0}
    # Evidence settles it later: the whole day is looked at again within half an hour.
    Incident.objects.update(bucket="network")
    hours_recent.compute_recent(now + timedelta(minutes=10))
    assert sum(one.network_us for one in rows.all()) == 0.5 * 3_600_000_000, "the running hour and the one before"
    hours_recent.compute_recent(now + timedelta(minutes=31))
    assert sum(one.network_us for one in rows.all()) == 2.5 * 3_600_000_000
    assert sum(one.undetermined_us for one in rows.all()) == 0


def count_queries(run: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        run()
    return len(found)


def test_queries_do_not_grow_with_the_terminals(long_ago: Hall) -> None:
    def everything() -> list[int]:
        return list(Terminal.objects.values_list("pk", flat=True))

    jam(long_ago.terminal, local(23, 10), local(23, 12))
    few_load = count_queries(lambda: load(everything(), local(23, 0), local(24, 0)))
    few_day = count_queries(lambda: hours_actions.compute_days(everything(), FIRST, "Asia/Shanghai", NIGHT, reason=""))
    template = long_ago.terminal
    for number in range(30):
        row = Terminal.objects.get(pk=template.pk)
        row.pk, row.code = None, f"KBS-{number + 10}"
        row.save()
        jam(row, local(23, 10), local(23, 12))
    assert count_queries(lambda: load(everything(), local(23, 0), local(24, 0))) == few_load <= 13
    HoursDay.objects.all().delete()
    HoursMonth.objects.all().delete()
    many_day = count_queries(lambda: hours_actions.compute_days(everything(), FIRST, "Asia/Shanghai", NIGHT, reason=""))
    assert many_day <= few_day + 2


@pytest.mark.parametrize("seed", range(6))
def test_a_count_minute_by_minute_of_the_rows_agrees_exactly(long_ago: Hall, seed: int) -> None:
    """Independent of the ledger and the sweep: every minute asks every row of the database."""
    chance = Random(seed)
    start, minutes = local(22, 0), 3 * 1440
    _random_history(long_ago, chance, start, minutes)
    end = start + timedelta(minutes=minutes)
    for terminal in (long_ago.terminal, long_ago.other):
        expected = _minute_by_minute(terminal, start, minutes)
        ledger = load([terminal.pk], start, end)
        found = tally(ledger.pieces_of(terminal.pk))
        assert found.usable == expected.pop("usable", 0) * 60_000_000
        assert {bucket.value: us // 60_000_000 for bucket, us in found.by_bucket().items()} == expected
        pieces = attributed_many([terminal.pk], start, end)[terminal.pk]
        assert sum(one.interval.seconds for one in pieces) == minutes * 60


def _random_history(hall: Hall, chance: Random, start: datetime, minutes: int) -> None:
    def span(longest: int) -> tuple[datetime, datetime]:
        at = chance.randrange(minutes)
        return start + timedelta(minutes=at), start + timedelta(minutes=at + chance.randint(1, longest))

    for terminal in (hall.terminal, hall.other):
        for prop, state in (("media", "jammed"), ("paper.upper", "out"), ("paper.upper", "low"), ("device", "offline")):
            at = start
            for _number in range(chance.randrange(5)):
                since = at + timedelta(minutes=chance.randint(1, 600))
                at = since + timedelta(minutes=chance.randint(1, 500))
                jam(terminal, since, at, prop=prop, state=state)
        for kind in ("terminal_silent", "application_down"):
            for _number in range(chance.randrange(4)):
                bucket = chance.choice(["", "switched_off", "power", "network"])
                incident(kind, *span(700), terminal=terminal, bucket=bucket)
    for kind in ("network_down", "door_locked", "power_ending", "power_lost"):
        for _number in range(chance.randrange(3)):
            incident(kind, *span(300), area=hall.area)
    for _number in range(chance.randrange(3)):
        incident("network_down", *span(300), area=hall.far_area)
        since, until = span(200)
        MonitoringGap.objects.create(since=since, until=until, cause="test")
    for _number in range(chance.randrange(3)):
        since, until = span(300)
        only = chance.choice([None, hall.terminal.pk, hall.other.pk])
        told = min(since - timedelta(minutes=chance.randint(-100, 100)), until - timedelta(minutes=1))
        areas.plan_stop(
            SYSTEM, place=hall.area.place, starts_at=since, ends_at=until, reason="检修", now=told,
            terminal_id=only,
        )  # fmt: skip


def _minute_by_minute(terminal: Terminal, start: datetime, minutes: int) -> dict[str, int]:
    found: dict[str, int] = {}
    states = list(StatusInterval.objects.filter(terminal=terminal))
    incidents = [one for one in Incident.objects.all() if get_cause(one.kind).affects]
    gaps = list(MonitoringGap.objects.all())
    stops = list(PlannedStop.objects.all())
    rank = {bucket: place for place, bucket in enumerate(PRECEDENCE)}
    for minute in range(minutes):
        at = start + timedelta(minutes=minute)
        here: list[Bucket] = []
        here += [Bucket.MONITORING_LOST for one in gaps if one.since <= at < one.until]
        here += [
            Bucket.PLANNED
            for one in stops
            if max(one.starts_at, one.announced_at) <= at < one.ends_at and one.terminal_id in (None, terminal.pk)
        ]
        for row in incidents:
            mine = row.terminal_id == terminal.pk or (row.terminal_id is None and row.area_id == terminal.area_id)
            if mine and row.opened_at <= at and (row.closed_at is None or at < row.closed_at):
                here.append(Bucket(row.bucket))
        for state in states:
            cause = cause_of(state.kind, state.property, state.state)
            if cause and cause.affects and state.since <= at and (state.until is None or at < state.until):
                here.append(cause.bucket)
        word = min(here, key=lambda bucket: rank[bucket]).value if here else "usable"
        found[word] = found.get(word, 0) + 1
    return found
