"""Suggestions of placement: planted cases are found, nothing else is, and every number is that of plain loops."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.evaluation import improvement_actions
from budayang.center.evaluation import placement_actions as actions
from budayang.center.evaluation import placement_queries as queries
from budayang.center.evaluation.models import Improvement, PlacementStanding, PlacementSuggestion, Visit
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine, Organization
from budayang.center.services import search_actions
from budayang.center.services.models import Case, Department, Item, Offering, Trip
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Terminal

ZONE = ZoneInfo("Asia/Shanghai")
BORN, NOW = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)
LAST = date(2026, 11, 30)
FIRST = LAST - timedelta(days=59)
DAY = timedelta(days=1)
LOST = "办港澳通行证"


def moment(luck: random.Random, hours: tuple[int, int] = (0, 23)) -> datetime:
    on = FIRST + luck.randint(0, 59) * DAY
    at = time(luck.randint(*hours), luck.randint(0, 59), luck.randint(0, 59))
    return datetime.combine(on, at, ZONE)


def matters(hall: Hall, terminal: Terminal, item: Item, times: int, luck: random.Random) -> None:
    for _n in range(times):
        at = moment(luck)
        Case.objects.create(
            number=f"C-{Case.objects.count()}", terminal=terminal, item=item, place_path=hall.area.place.path,
            state="done", identity_hash="h", code_hash=f"c{Case.objects.count()}", masked={}, accepted_at=at,
        )  # fmt: skip


def trips(hall: Hall, terminal: Terminal, times: int, luck: random.Random) -> None:
    Trip.objects.bulk_create(
        Trip(source="terminal", area=hall.area, terminal=terminal, place_path=hall.area.place.path, result="finished",
             at=moment(luck))
        for _n in range(times)
    )  # fmt: skip


def visits(terminal: Terminal, hour: int, days: int, each: int, gap_s: int) -> None:
    """Each day from that hour on so many journeys of two minutes, so far from one another."""
    for day in range(days):
        start = datetime.combine(FIRST + day * DAY, time(hour, 1), ZONE)
        for _n in range(each):
            end = start + timedelta(minutes=2)
            Visit.objects.create(
                terminal=terminal, place_path="/", end="done", seconds=120, cleared=True, at=end, item_code="T0"
            )
            start = end + timedelta(seconds=gap_s)


@pytest.fixture
def planted(db: None) -> Hall:
    """KBS-01 and KBS-02 share seven items, five of them hardly used; KBS-03 came long ago and is hardly used; KBS-04
    came last week. At 19 people wait. T8 is looked for and nowhere offered, 港澳通行证 is in no catalogue.
    """
    hall, luck = build(BORN), random.Random(20261201)
    for code, since in (("KBS-03", BORN), ("KBS-04", NOW - 7 * DAY)):
        made = terminals.register_terminal(
            SYSTEM, code=code, name=f"{code} 号终端", area="KBS", owner="RS", vendor="VN1", now=since, is_demo=True
        )
        Terminal.objects.filter(pk=made.pk).update(enrolled_at=since, state="active")
    rooms = Department.objects.create(code="RS", name="人社")
    items = [
        Item.objects.create(code=f"T{n}", name=f"试验事项{n}", department=rooms, kind="query", audience="个人",
                            live="yes", after_hours="yes", driven=True)
        for n in range(9)
    ]  # fmt: skip
    for terminal, offered in ((hall.terminal, items[:7]), (hall.other, items[:8]), (_third(), items[7:8])):
        for item in offered:
            Offering.objects.create(item=item, terminal=terminal, driven=True)
    for n, times in enumerate((40, 30, 2, 1, 3, 0, 0)):
        matters(hall, hall.terminal if n % 2 else hall.other, items[n], times, luck)
    matters(hall, hall.other, items[7], 50, luck)
    trips(hall, hall.terminal, 90, luck)
    trips(hall, hall.other, 60, luck)
    trips(hall, _third(), 59, luck)
    visits(hall.terminal, 19, days=8, each=5, gap_s=20)
    visits(hall.other, 10, days=8, each=5, gap_s=300)
    visits(hall.other, 14, days=2, each=3, gap_s=20)
    for on, code, times in (
        (LAST, "T8", 9),
        (FIRST, "T8", 1),
        (FIRST - DAY, "T8", 50),
        (LAST, "T7", 40),
        (LAST, "T5", 9),
    ):
        for _n in range(times):
            search_actions.record_search(hall.area, item_code=code, on=on, now=NOW)
    for words, times in ((LOST, 12), ("养猫要办什么证", 9)):
        for _n in range(times):
            search_actions.record_search(hall.area, words=words, on=LAST, now=NOW)
    return hall


def _third() -> Terminal:
    return Terminal.objects.get(code="KBS-03")


def found(hall: Hall) -> dict[tuple[str, str], PlacementSuggestion]:
    actions.compute(hall.area, NOW)
    return {(one.kind, one.key): one for one in PlacementSuggestion.objects.filter(area=hall.area)}


def test_the_planted_are_found_and_nothing_else(planted: Hall) -> None:
    rows = found(planted)
    assert set(rows) == {
        ("idle", "KBS-03"), ("overlap", "KBS-01|KBS-02"), ("queue", "19"), ("missing", "T8"), ("unfound", LOST),
    }  # fmt: skip
    assert rows["idle", "KBS-03"].title == "KBS-03 号终端"
    assert rows["overlap", "KBS-01|KBS-02"].numbers == {"little": 5, "shared": 7, "done": 6}
    assert rows["queue", "19"].numbers == {"together": 32, "starts": 40, "share": 0.8}
    assert rows["missing", "T8"].numbers["searches"] == 10
    assert rows["missing", "T8"].title == "试验事项8"
    assert (rows["unfound", LOST].numbers["searches"], rows["unfound", LOST].sample) == (12, 80)
    for one in rows.values():
        assert (one.first_on, one.last_on, one.state) == (FIRST, LAST, "open")
        assert one.thresholds


def test_every_number_is_that_of_a_plain_loop(planted: Hall) -> None:
    rows = found(planted)

    def inside(at: datetime) -> bool:
        return FIRST <= at.astimezone(ZONE).date() <= LAST

    machines = [one for one in Terminal.objects.order_by("code") if one.area_id == planted.area.pk]
    idle = {}
    for one in machines:
        days = sum(FIRST + n * DAY > one.enrolled_at.astimezone(ZONE).date() for n in range(60))  # type: ignore[union-attr]
        came = sum(inside(trip.at) for trip in Trip.objects.all() if trip.terminal_id == one.pk)
        if days >= 14 and came < days:
            idle[one.code] = {"trips": came, "days": days, "a_day": came / days}
    assert {key: one.numbers for (kind, key), one in rows.items() if kind == "idle"} == idle
    offered: dict[str, set[str]] = {}
    for offer in Offering.objects.select_related("item", "terminal"):
        offered.setdefault(offer.terminal.code, set()).add(offer.item.code)
    done: dict[tuple[str, str], int] = {}
    for case in Case.objects.select_related("item", "terminal"):
        if inside(case.accepted_at):
            pair = case.terminal.code, case.item.code
            done[pair] = done.get(pair, 0) + 1
    overlap = {}
    for here, there in combinations(sorted(offered), 2):
        shared = offered[here] & offered[there]
        little = [item for item in shared if done.get((here, item), 0) + done.get((there, item), 0) <= 3]
        if len(little) >= 5:
            total = sum(done.get((code, item), 0) for code in (here, there) for item in little)
            overlap[f"{here}|{there}"] = {"little": len(little), "shared": len(shared), "done": total}
    assert {key: one.numbers for (kind, key), one in rows.items() if kind == "overlap"} == overlap


def test_the_rows_behind_add_up_to_the_numbers(planted: Hall) -> None:
    rows = found(planted)

    def total(kind: str, key: str, column: int) -> Any:
        return sum(row[column] for row in queries.behind(rows[kind, key]).rows)

    assert (total("idle", "KBS-03", 1), len(queries.behind(rows["idle", "KBS-03"]).rows)) == (59, 60)
    shared = queries.behind(rows["overlap", "KBS-01|KBS-02"])
    assert (len(shared.rows), total("overlap", "KBS-01|KBS-02", 1) + total("overlap", "KBS-01|KBS-02", 2)) == (5, 6)
    assert queries.behind(rows["queue", "19"]).total == 32
    assert total("missing", "T8", 1) == 10
    assert total("unfound", LOST, 1) == 12


def test_a_machine_beside_in_the_next_area_overlaps_too(planted: Hall) -> None:
    planted.area.latitude, planted.area.longitude = 39.60, 109.78
    planted.far_area.latitude, planted.far_area.longitude = 39.605, 109.78  # 560 m to the north
    for area in (planted.area, planted.far_area):
        area.save(update_fields=["latitude", "longitude"])
    made = terminals.register_terminal(
        SYSTEM, code="HJ-01", name="HJ-01", area="HJ", owner="RS", vendor="VN1", now=BORN, is_demo=True
    )
    Terminal.objects.filter(pk=made.pk).update(enrolled_at=BORN, state="active")
    for item in Item.objects.filter(code__in=("T2", "T3", "T4", "T5", "T6")):
        Offering.objects.create(item=item, terminal=made, driven=True)
    keys = {key for kind, key in found(planted) if kind == "overlap"}
    assert keys == {"KBS-01|KBS-02"}, "under the area of the machine whose code comes first"
    actions.compute(planted.far_area, NOW)
    far = PlacementSuggestion.objects.filter(area=planted.far_area, kind="overlap").values_list("key", flat=True)
    assert set(far) == {"HJ-01|KBS-01", "HJ-01|KBS-02"}


def test_the_worker_computes_each_area_once_a_month(planted: Hall) -> None:
    assert actions.run_due(NOW) == 2
    assert actions.run_due(NOW + DAY) == 0
    assert PlacementStanding.objects.get(area=planted.area).due_at == datetime(2027, 1, 1, 5, 30, tzinfo=ZONE)
    assert actions.run_due(datetime(2027, 1, 1, 5, 30, tzinfo=ZONE)) == 2
    lin = planted.actor("lin")
    actions.ask_again(lin, planted.area, NOW + 40 * DAY)
    assert actions.run_due(NOW + 40 * DAY) == 1
    with pytest.raises(Forbidden):
        actions.ask_again(planted.actor("ren"), planted.area, NOW)


def test_what_was_put_off_wakes_on_its_day(planted: Hall) -> None:
    search_actions.record_search(planted.area, item_code="T8", on=LAST, now=NOW)
    assert actions.run_due(NOW) == 2
    asleep = PlacementSuggestion.objects.get(kind="missing", key="T8")
    actions.snooze(planted.actor("lin"), asleep, until=date(2026, 12, 10), now=NOW)
    midnight = datetime(2026, 12, 10, tzinfo=ZONE)
    assert actions.run_due(midnight - timedelta(seconds=1)) == 0
    assert (actions.run_due(midnight), actions.run_due(midnight + timedelta(minutes=1))) == (1, 0)
    asleep.refresh_from_db()
    assert (asleep.state, asleep.found_at) == ("open", midnight)


def test_a_failure_costs_minutes_not_the_month(planted: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_seen: object, _area: int) -> None:
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(actions.Gathered, "suggestions", fail)
        with pytest.raises(ValueError, match="no"):
            actions.run_due(NOW)
    assert not PlacementStanding.objects.filter(computed_at__isnull=False).exists(), "nothing was computed"
    minute = timedelta(minutes=1)
    assert actions.run_due(NOW + minute) == 1, "the other area does not wait"
    assert (actions.run_due(NOW + 9 * minute), actions.run_due(NOW + 10 * minute)) == (0, 1)
    due = set(PlacementStanding.objects.values_list("due_at", flat=True))
    assert due == {datetime(2027, 1, 1, 5, 30, tzinfo=ZONE)}
    assert not PlacementStanding.objects.filter(computed_at__isnull=True).exists()


def in_the_middle(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """What others do between the read of the suggestions and the first write."""
    left, plain = list(steps), actions.Gathered.title

    def title(seen: Any, one: Any) -> str:
        while left:
            left.pop()()
        return plain(seen, one)

    monkeypatch.setattr(actions.Gathered, "title", title)


def test_a_decision_that_is_made_meanwhile_stands(planted: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    lin, rows = planted.actor("lin"), found(planted)
    holds, ends, woken = rows["queue", "19"], rows["overlap", "KBS-01|KBS-02"], rows["missing", "T8"]
    actions.snooze(lin, woken, until=date(2026, 12, 2), now=NOW)
    matters(planted, planted.terminal, Item.objects.get(code="T6"), 9, random.Random(1))
    later = NOW + DAY

    def sleep_longer() -> None:
        actions.reopen(lin, woken, later)
        actions.snooze(lin, woken, until=date(2026, 12, 20), now=later)

    in_the_middle(
        monkeypatch,
        lambda: actions.set_aside(lin, PlacementSuggestion.objects.get(pk=holds.pk), reason="年底才这样", now=later),
        lambda: actions.set_aside(lin, PlacementSuggestion.objects.get(pk=ends.pk), reason="留着", now=later),
        sleep_longer,
    )
    actions.compute(planted.area, later)
    for row in (holds, ends, woken):
        row.refresh_from_db()
    assert (holds.state, holds.reason, holds.computed_at) == ("aside", "年底才这样", later)
    assert (ends.state, ends.reason) == ("aside", "留着")
    assert (woken.state, woken.snoozed_until) == ("snoozed", date(2026, 12, 20))


def test_what_is_asked_for_while_it_is_computed_is_computed_again(
    planted: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_middle(monkeypatch, lambda: actions.ask_again(planted.actor("lin"), planted.area, NOW))
    assert (actions.run_due(NOW), actions.run_due(NOW)) == (2, 1)


def test_a_judgement_stays_and_what_no_longer_holds_is_gone(planted: Hall) -> None:
    lin, rows = planted.actor("lin"), found(planted)
    aside, asleep, taken = rows["queue", "19"], rows["missing", "T8"], rows["idle", "KBS-03"]
    with pytest.raises(Refused, match="为什么"):
        actions.set_aside(lin, aside, reason=" ", now=NOW)
    actions.set_aside(lin, aside, reason="年底才这样", now=NOW)
    with pytest.raises(Refused, match="以后"):
        actions.snooze(lin, asleep, until=NOW.astimezone(ZONE).date(), now=NOW)
    actions.snooze(lin, asleep, until=date(2026, 12, 10), now=NOW)
    owner = Organization.objects.get(code="RS")
    item = actions.accept(
        lin, taken, plan="挪到大厅门口", owner=owner, due_on=date(2026, 12, 20), problem="少有人用", now=NOW
    )
    assert taken.improvement == item
    with pytest.raises(Refused, match="已有人处理"):
        actions.set_aside(lin, taken, reason="x", now=NOW)
    Case.objects.filter(item__code="T2").update(item=Item.objects.get(code="T0"))
    search_actions.record_search(planted.area, item_code="T8", on=LAST, now=NOW)
    matters(planted, planted.terminal, Item.objects.get(code="T6"), 9, random.Random(1))
    actions.compute(planted.area, NOW + timedelta(hours=1))
    states = {one.key: one.state for one in PlacementSuggestion.objects.filter(area=planted.area)}
    assert states == {"19": "aside", "T8": "snoozed", "KBS-03": "accepted", "KBS-01|KBS-02": "gone", LOST: "open"}
    later = NOW + 10 * DAY
    Improvement.objects.filter(pk=item.pk).update(state="closed", closed_at=later)
    actions.compute(planted.area, later + DAY)
    states = {one.key: one.state for one in PlacementSuggestion.objects.filter(area=planted.area)}
    assert (states["T8"], states["KBS-03"], states["19"]) == ("open", "open", "aside")
    actions.reopen(lin, aside, later)
    assert aside.state == "open"
    told = set(AuditLine.objects.filter(action__startswith="evaluation.placement").values_list("action", flat=True))
    assert told == {f"evaluation.placement_{one}" for one in ("aside", "snoozed", "accepted", "open")}


def test_who_sees_and_who_judges(planted: Hall) -> None:
    row = found(planted)["queue", "19"]
    seen = {
        name: queries.suggestions_visible_to(planted.actor(name)).exists()
        for name in ("lin", "ning", "ren", "ou", "mo")
    }
    assert seen == {"lin": True, "ning": True, "ren": False, "ou": False, "mo": False}
    for actor in (planted.actor("ning"), planted.actor("ou"), Actor.public()):
        with pytest.raises(Forbidden):
            actions.set_aside(actor, row, reason="x", now=NOW)
    assert improvement_actions.MAKERS == actions.JUDGES
