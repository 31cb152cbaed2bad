"""Regular absences: named where the numbers carry it, and nowhere else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.causes import Bucket
from budayang.rules.patterns import PATTERNS, Absence, clock, find_patterns

ZONE = "Asia/Shanghai"
PLACE = ZoneInfo(ZONE)
FIRST = date(2026, 11, 2)  # a Monday
DAYS = 28
LAST = FIRST + timedelta(days=DAYS)


def night(on: date, off: str, back: str, bucket: Bucket = Bucket.UNDETERMINED, shift_m: int = 0) -> Absence:
    """From `off` on the day until `back`, on the next day when that is earlier."""
    start = datetime.combine(on, time.fromisoformat(off), PLACE) + timedelta(minutes=shift_m)
    end = datetime.combine(on, time.fromisoformat(back), PLACE)
    if end <= start:
        end += timedelta(days=1)
    return Absence(start, end, bucket)


def days(count: int = DAYS) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(count)]


def sentences(absences: list[Absence], last: date = LAST) -> list[str]:
    return [one.sentence for one in find_patterns(absences, FIRST, last, ZONE)]


def test_a_24_hour_machine_switched_on_each_morning_is_told_as_what_it_is() -> None:
    kept = [on for n, on in enumerate(days()) if n not in (5, 17)]
    found = [
        night(on, "22:31", "08:29", Bucket.SWITCHED_OFF if n < 21 else Bucket.UNDETERMINED) for n, on in enumerate(kept)
    ]
    assert sentences(found) == ["28 天中 26 天 22:31—08:29 不可用：疑似每日人工关机/开机（现场证据 21 次）"]


def test_without_evidence_the_regularity_is_told_and_nobody_is_blamed() -> None:
    found = [night(on, "22:31", "08:29") for on in days()]
    assert sentences(found) == [
        "28 天中 28 天 22:31—08:29 不可用：疑似每日人工关机/开机（没有现场证据，只说明规律，不归责）"
    ]


@pytest.mark.parametrize(
    ("bucket", "guess"),
    [
        (Bucket.SITE, "疑似夜间锁门或关闭场所"),
        (Bucket.POWER, "疑似定时断电"),
        (Bucket.NETWORK, "疑似定时断网"),
        (Bucket.DEPARTMENT, "部门系统定时关闭"),
    ],
)
def test_evidence_chooses_the_words(bucket: Bucket, guess: str) -> None:
    assert guess in sentences([night(on, "22:00", "06:00", bucket) for on in days()])[0]


def test_a_late_start_is_a_pattern_too() -> None:
    """Promised from 08:00, on at 08:25: what was not promised is not here."""
    found = find_patterns([night(on, "08:00", "08:25") for on in days()], FIRST, LAST, ZONE)
    assert [(one.code, clock(one.off_m), clock(one.on_m)) for one in found] == [("daily", "08:00", "08:25")]


def test_people_do_not_press_the_button_by_the_second() -> None:
    chance = Random(7)
    found = find_patterns(
        [night(on, "22:30", "08:30", shift_m=chance.randint(-20, 20)) for on in days()], FIRST, LAST, ZONE
    )
    assert len(found) == 1
    assert found[0].alike == 28
    assert 0 < found[0].spread_m <= 20


def test_off_after_midnight_belongs_to_the_night_before() -> None:
    found = find_patterns([night(on, "00:40", "07:10") for on in days()], FIRST, LAST, ZONE)
    assert [(clock(one.off_m), clock(one.on_m), one.days) for one in found] == [("00:40", "07:10", 28)]


def test_workdays_only() -> None:
    found = find_patterns([night(on, "17:30", "08:30") for on in days() if on.weekday() < 4], FIRST, LAST, ZONE)
    assert [(one.code, one.alike, one.days) for one in found] == [("workdays", 16, 16)]
    assert "16 个周一至周四的夜里中 16 个" in found[0].sentence


def test_closed_from_friday_evening_to_monday_morning() -> None:
    week = []
    for on in days():
        if on.weekday() < 4:
            week.append(night(on, "17:30", "08:30", Bucket.SWITCHED_OFF))
        elif on.weekday() == 4:
            start = datetime.combine(on, time(17, 30), PLACE)
            week.append(Absence(start, start + timedelta(hours=63), Bucket.SWITCHED_OFF))
    found = find_patterns(week, FIRST, LAST, ZONE)
    assert [(one.code, one.alike, one.days) for one in found] == [("workdays", 16, 16), ("weekend", 8, 8)]
    assert found[1].sentence == "8 个周末日中 8 个整天不可用：疑似周末关机（现场证据 8 次）"


def test_small_pieces_of_one_night_are_one_night() -> None:
    """The machine says a word while it goes down: the silence and what follows are one absence."""
    found = []
    for on in days():
        whole = night(on, "22:00", "06:00", Bucket.SWITCHED_OFF)
        found += [
            Absence(whole.start, whole.start + timedelta(minutes=10), Bucket.UNDETERMINED),
            Absence(whole.start + timedelta(minutes=12), whole.end, Bucket.SWITCHED_OFF),
        ]
    assert len(sentences(found)) == 1


@pytest.mark.parametrize(
    "absences",
    [
        pytest.param([], id="nothing"),
        pytest.param([night(on, "22:00", "06:00") for on in days()[:20]], id="20 of 28 nights are not enough"),
        pytest.param(
            [night(on, f"{(9 + 5 * n) % 24:02}:00", f"{(11 + 5 * n) % 24:02}:00") for n, on in enumerate(days())],
            id="every day at another hour",
        ),
        pytest.param([night(on, "22:00", "22:10") for on in days()], id="ten minutes are no absence"),
        pytest.param([night(on, "22:00", "06:00", Bucket.PLANNED) for on in days()], id="announced"),
        pytest.param([night(on, "22:00", "06:00", Bucket.CONSUMABLES) for on in days()], id="without paper, but on"),
    ],
)
def test_no_name_without_numbers(absences: list[Absence]) -> None:
    assert sentences(absences) == []


def test_too_young_to_say() -> None:
    six = FIRST + timedelta(days=6)
    assert sentences([night(on, "22:00", "06:00") for on in days(6)], six) == []
    assert len(sentences([night(on, "22:00", "06:00") for on in days(7)], FIRST + timedelta(days=7))) == 1


@given(
    st.lists(st.tuples(st.integers(0, DAYS * 1440), st.integers(1, 900), st.sampled_from(list(Bucket))), max_size=60),
)
def test_a_name_always_rests_on_its_numbers(rows: list[tuple[int, int, Bucket]]) -> None:
    start = datetime.combine(FIRST, time(), PLACE)
    absences: list[Absence] = []
    for minute, length, bucket in sorted(rows, key=lambda row: row[:2]):
        at = start + timedelta(minutes=minute)
        if not absences or at >= absences[-1].end:
            absences.append(Absence(at, at + timedelta(minutes=length), bucket))
    table = {one.code: one for one in PATTERNS}
    for found in find_patterns(absences, FIRST, LAST, ZONE):
        rule = table[found.code]
        assert found.days >= rule.min_days
        assert found.alike >= rule.min_share * found.days
        assert found.evidence <= found.alike <= found.days
        assert (found.evidence == 0) == (found.bucket is Bucket.UNDETERMINED)
