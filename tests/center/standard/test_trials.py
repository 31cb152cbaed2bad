"""Trials against plain loops over the minutes of a known quarter, which use none of the product's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.the_trial import FIRST, LATER, MINUTES, MONTHS, Minutes, Truth, bridged, draft, fed, live

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Work
from budayang.center.platform.works import Progress, run_work
from budayang.center.standard import trial_actions, trial_making, trial_queries
from budayang.center.standard.models import ClauseVerdict, Edition, Trial
from budayang.center.standard.queries import current_edition
from budayang.rules.standard import trial_measures
from budayang.rules.standard.trial_measures import MEASURES
from budayang.rules.standard.trial_results import Result, plain, read
from budayang.rules.standard.trials import Chosen

pytestmark = pytest.mark.django_db
US = 60_000_000
BITS = {"power": 1, "dark": 2, "jam": 4, "paper": 8}
Grid = dict[str, bytearray]
"""Machine → a byte for each minute: bits of what troubled it."""


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterable[tuple[Hall, Truth]]:
    """The quarter is written once for the whole module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield live()
        transaction.set_rollback(True)


Lived = tuple[Hall, Truth]


def tried(hall: Hall, *chosen: Chosen, edition: Edition | None = None) -> Result:
    row = Trial(
        title="试", place=hall.area.place, place_path=hall.area.place.path, first_month=MONTHS[0],
        last_month=MONTHS[-1], measures=[{"code": one.code, "values": dict(one.values)} for one in chosen],
        edition=edition,
    )  # fmt: skip
    return trial_actions.compute(row, current_edition(), LATER)


def grid(truth: Truth, *, without: Callable[[str, str, Minutes], list[Minutes]] | None = None) -> Grid:
    """What troubled each machine at each minute; `without`: what is left of a trouble."""
    found: Grid = {}
    for code in truth.dark:
        found[code] = bytearray(MINUTES)
        rows = {"dark": truth.dark[code], "jam": truth.jam[code], "paper": truth.paper[code]}
        rows["power"] = [
            (max(a, c), min(b, d)) for a, b in truth.power for c, d in truth.dark[code] if max(a, c) < min(b, d)
        ]
        for name, spans in rows.items():
            for span in spans:
                for start, end in without(code, name, span) if without else [span]:
                    for minute in range(start, min(end, MINUTES)):
                        found[code][minute] |= BITS[name]
    return found


def usable(found: Grid) -> int:
    return sum(row.count(0) for row in found.values())


def lost(found: Grid) -> dict[str, int]:
    """By the house's order: power, then device, then consumables, then what is not settled."""
    out = {"power": 0, "device": 0, "consumables": 0, "undetermined": 0}
    for row in found.values():
        for bits in row:
            if bits:
                name = next(
                    word
                    for word, bit in (("power", 1), ("device", 4), ("consumables", 8), ("undetermined", 2))
                    if bits & bit
                )
                out[name] += 1
    return {name: n * US for name, n in out.items() if n}


def open_at(minute: int, closes: int = 17) -> bool:
    """Whether the department takes the item: working days by its own week, nine to five."""
    when = FIRST + timedelta(minutes=minute)
    return when.weekday() < 5 and 9 <= when.hour < closes


def avoided(truth: Truth, before: Grid, after: Grid, closes: int = 17) -> tuple[int, int]:
    """(refusals that the troubles or the hours explain, those that would not have been)."""
    explained = spared = 0
    for code, _item, minute in truth.refused:
        was = open_at(minute) and not before[code][minute]
        would = open_at(minute, closes) and not after[code][minute]
        explained += not was
        spared += not was and would
    return explained, spared


def test_the_quarter_as_it_was_equals_the_plain_loop(lived: Lived) -> None:
    hall, truth = lived
    result = tried(hall, Chosen("ups", {"minutes": 0.0, "recharge_h": 0.0}))
    plainly = grid(truth)
    assert result.before == result.after
    assert result.before.promised == 2 * MINUTES * US
    assert result.before.usable == usable(plainly) * US
    assert result.before.lost == lost(plainly)
    assert len(result.before.lost) == 4, "a quarter without troubles proves nothing"
    assert result.refusals.refused == len(truth.refused)
    assert result.refusals.explained == avoided(truth, plainly, plainly)[0]
    assert (result.refusals.avoided, result.turned) == (0, [])


@pytest.mark.parametrize("holds", [30, 100])
def test_a_ups_equals_the_plain_loop(lived: Lived, holds: int) -> None:
    hall, truth = lived
    result = tried(hall, Chosen("ups", {"minutes": float(holds), "recharge_h": 1.0}))
    bridges = bridged(truth, holds, 60)

    def without(_code: str, name: str, span: Minutes) -> list[Minutes]:
        if name not in ("power", "dark"):
            return [span]
        return [(minute, minute + 1) for minute in range(*span) if minute not in bridges]

    before, after = grid(truth), grid(truth, without=without)
    assert result.after.usable == usable(after) * US
    assert result.after.lost == lost(after)
    explained, spared = avoided(truth, before, after)
    assert (result.refusals.explained, result.refusals.avoided) == (explained, spared)
    assert spared > 0


def test_repair_in_time_equals_the_plain_loop(lived: Lived) -> None:
    hall, truth = lived
    result = tried(hall, Chosen("repair", {"hours": 4.0}))

    def without(_code: str, name: str, span: Minutes) -> list[Minutes]:
        return [(span[0], min(span[1], span[0] + 240))] if name == "jam" else [span]

    before, after = grid(truth), grid(truth, without=without)
    assert result.after.usable == usable(after) * US > result.before.usable
    assert result.after.lost == lost(after)
    assert (result.refusals.explained, result.refusals.avoided) == avoided(truth, before, after)


def test_paper_on_fridays_equals_the_plain_loop(lived: Lived) -> None:
    """Sheet by sheet: what is really there, what was brought beside it, and what an outage takes of it."""
    hall, truth = lived
    values: dict[str, float | str] = {
        "consumable": "a4",
        "weekdays": "4",
        "at": "16:00",
        "amount": 50.0,
        "per_day": 0.0,
    }
    result = tried(hall, Chosen("restock", values))
    code = hall.terminal.code
    spared = fed(truth, code, 50.0)

    def without(machine: str, name: str, span: Minutes) -> list[Minutes]:
        if name != "paper" or machine != code:
            return [span]
        return [(minute, minute + 1) for minute in range(*span) if minute not in spared]

    assert len(spared) > 3000
    after = grid(truth, without=without)
    assert result.after.usable == pytest.approx(usable(after) * US, abs=2 * US)
    assert result.after.lost["consumables"] == pytest.approx(lost(after)["consumables"], abs=2 * US)
    assert result.refusals.avoided == pytest.approx(avoided(truth, grid(truth), after)[1], abs=1)


def test_a_department_open_until_ten_equals_the_plain_loop(lived: Lived) -> None:
    hall, truth = lived
    result = tried(hall, Chosen("department", {"department": "RS", "until": "22:00", "saturday": "no"}))
    plainly = grid(truth)
    assert result.after == result.before, "the machines are as they were"
    was = sum(not row[minute] for row in plainly.values() for minute in range(MINUTES) if open_at(minute))
    would = sum(not row[minute] for row in plainly.values() for minute in range(MINUTES) if open_at(minute, 22))
    (area,) = result.areas
    assert area.items_before.usable == was * US
    assert area.items_after.usable == would * US
    explained, spared = avoided(truth, plainly, plainly, closes=22)
    assert (result.refusals.explained, result.refusals.avoided) == (explained, spared)
    assert spared > 10


def test_clauses_read_the_replayed_minutes(lived: Lived) -> None:
    """The share of the device's lost time (YJ-09) and the usable share (YJ-07), month by month."""
    hall, truth = lived
    result = tried(hall, Chosen("repair", {"hours": 1.0}))
    assert result.replayed == [
        "JB-01", "YJ-07", "YJ-08", "YJ-09", *(f"WH-{n}" for n in range(15, 23)), "PJ-24",
    ]  # fmt: skip
    assert result.judged == 3 * len(result.replayed)
    assert len({*result.replayed, *(code for codes in result.left.values() for code in codes)}) == 150

    def without(_code: str, name: str, span: Minutes) -> list[Minutes]:
        return [(span[0], min(span[1], span[0] + 60))] if name == "jam" else [span]

    before, after = grid(truth), grid(truth, without=without)
    changed = {(one.month, one.clause): one for one in result.areas[0].clauses}
    starts = {"2026-09": (0, 30), "2026-10": (30, 61), "2026-11": (61, 91)}
    for month, (first, last) in starts.items():
        part = range(first * 1440, last * 1440)
        for clause, good in (("YJ-07", _well), ("YJ-09", _device)):
            numbers = [
                sum(good(row[minute]) for row in found.values() for minute in part) / (2 * len(part))
                for found in (before, after)
            ]
            one = changed[month, clause]
            assert (one.number_before, one.number_after) == pytest.approx(tuple(numbers), abs=1e-9)
            answers = ["met" if (n >= 0.98 if clause == "YJ-07" else n <= 0.05) else "not_met" for n in numbers]
            assert [one.before, one.after] == answers
    assert result.turned, "an answer changes"
    assert not ClauseVerdict.objects.exists(), "a trial writes no verdict"


def _well(bits: int) -> bool:
    return not bits


def _device(bits: int) -> bool:
    """Jams and empty trays are the machine's; a power cut comes first."""
    return bool(bits & (4 | 8)) and not bits & 1


def test_a_draft_with_another_threshold_turns_the_answers_between(lived: Lived) -> None:
    hall, _truth = lived
    with transaction.atomic():
        made = draft(LATER, availability_target=0.5)
        result = tried(hall, edition=made)
        transaction.set_rollback(True)
    changed = {(one.month, one.clause): (one.before, one.after) for one in result.areas[0].clauses}
    months = [f"{one:%Y-%m}" for one in MONTHS]
    for month in months:
        assert changed.pop((month, "YJ-07")) == ("not_met", "met"), month
        assert changed.pop((month, "JB-02"))[1] == "", "the draft does not have it"
    assert not changed, "every other clause reads as before"
    assert result.before == result.after
    assert result.judged == 3 * 150


def test_results_come_back_from_json_as_they_were(lived: Lived) -> None:
    hall, _truth = lived
    result = tried(hall, Chosen("repair", {"hours": 1.0}))
    assert read(plain(result)) == result
    assert read({**plain(result), "form": 0}) is None


def ask(hall: Hall, name: str = "lin", **changes: Any) -> Trial:
    given: dict[str, Any] = {
        "title": "装 UPS", "months": (MONTHS[0], MONTHS[-1]),
        "measures": [Chosen("ups", {"minutes": 30.0, "recharge_h": 8.0})], "edition": None, "once": 3000.0,
        "monthly": 20.0, "note": "", "now": LATER,
    }  # fmt: skip
    return trial_actions.ask_trial(hall.actor(name), hall.area.place, **{**given, **changes})


def test_a_trial_is_asked_made_kept_and_run_again(lived: Lived) -> None:
    hall, _truth = lived
    row = ask(hall)
    assert row.work is not None
    assert trial_queries.told(row).result is None
    trial_actions.run(Progress(row.work.pk), {"trial": row.pk})
    row.refresh_from_db()
    work = Work.objects.get(pk=row.work.pk)
    assert (work.total, work.done) == (3, 3)
    told = trial_queries.told(row)
    assert told.result is not None
    assert told.cost is not None
    assert told.cost.total == 3060
    assert told.cost.each == pytest.approx(3060 / told.result.refusals.avoided)
    assert row.in_force == current_edition()
    again = trial_actions.run_again(hall.actor("lin"), row, now=LATER)
    assert again.work_id is not None
    assert again.work_id == row.work_id, "one that waits is not run twice"
    trial_actions.cancel_trial(hall.actor("lin"), again, now=LATER)
    run_work.func(again.work_id)
    assert Work.objects.get(pk=again.work_id).state == Work.State.CANCELLED
    assert trial_actions.run_again(hall.actor("lin"), row, now=LATER).work_id != row.work_id
    names = list(AuditLine.objects.filter(action__startswith="standard.").values_list("action", flat=True))
    assert {"standard.ask_trial", "standard.make_trial"} <= set(names)


def test_who_may_and_what_is_refused(lived: Lived) -> None:
    hall, _truth = lived
    for name in ("ou", "ning", "ren"):
        with pytest.raises(Forbidden):
            ask(hall, name)
    refusals: dict[str, dict[str, Any]] = {
        "不能早于": {"months": (MONTHS[1], MONTHS[0])},
        "已经发生": {"months": (MONTHS[0], MONTHS[-1].replace(year=2027))},
        "最多试算": {"months": (MONTHS[0].replace(year=2025), MONTHS[-1])},
        "至少选一项": {"measures": []},
        "没有这项": {"measures": [Chosen("magic", {})]},
        "就是现在用的": {"edition": current_edition()},
    }
    for words, changes in refusals.items():
        with pytest.raises(Refused, match=words):
            ask(hall, **changes)
    row = ask(hall)
    assert not trial_queries.trials_visible_to(hall.actor("ou")).filter(pk=row.pk).exists()
    assert trial_queries.trials_visible_to(hall.actor("ning")).filter(pk=row.pk).exists()


def test_several_measures_win_no_less_than_each_alone(lived: Lived) -> None:
    hall, _truth = lived
    one = [Chosen("ups", {"minutes": 30.0, "recharge_h": 8.0}), Chosen("repair", {"hours": 4.0})]
    together = tried(hall, *one).after.usable
    assert together >= max(tried(hall, each).after.usable for each in one)
    assert {each.code for each in one} <= {each.code for each in MEASURES}


def test_the_job_sees_areas_of_the_place_only(lived: Lived) -> None:
    hall, _truth = lived
    row = Trial(
        title="市", place=hall.city, place_path=hall.city.path, first_month=MONTHS[0], last_month=MONTHS[0],
        measures=[],
    )  # fmt: skip
    result = trial_actions.compute(row, current_edition(), LATER)
    assert [one.code for one in result.areas] == ["HJ", "KBS"]
    assert result.areas[0].terminals == 0
    assert SYSTEM.sees_all


class Told(Progress):
    """Keeps what it is told, in order with what is computed."""

    def __init__(self, said: list[object]) -> None:
        super().__init__(0)
        self.said = said

    def begin(self, total: int) -> None:
        self.said.append(f"of {total}")

    def step(self, count: int = 1) -> None:
        self.said.append(count)


def test_the_lease_is_renewed_before_the_first_area_is_done(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, _truth = lived
    said: list[object] = []
    plainly, reading = trial_making._hours_of, trial_measures.replay

    def hours_of(*args: Any) -> Any:
        said.append("area")
        return plainly(*args)

    def read(*args: Any) -> Any:
        said.append("read")
        return reading(*args)

    monkeypatch.setattr(trial_making, "_hours_of", hours_of)
    monkeypatch.setattr(trial_making, "replay", read)
    row = Trial(
        title="市", place=hall.city, place_path=hall.city.path, first_month=MONTHS[0], last_month=MONTHS[0], measures=[]
    )
    trial_actions.compute(row, current_edition(), LATER, Told(said))
    before = said[: said.index("area")]
    assert before[0] == "of 2"
    assert set(before[1:]) == {0, "read"}
    assert before.count(0) > 2
    assert before[before.index("read") - 1] == 0, "between the areas too"
    assert sum(one for one in said if isinstance(one, int)) == 2
