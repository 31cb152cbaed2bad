"""Roll-outs: rings fixed at the start, the next ring by rule, and a bad version that stops itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center import hall as halls
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.terminals import command_actions, profile_actions, rollout_actions
from budayang.center.terminals.models import CommandRun, Package, Rollout, RolloutMember, Terminal

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hall(now: datetime) -> Hall:
    return halls.build(now)


@pytest.fixture
def fleet(hall: Hall, now: datetime) -> list[Terminal]:
    """Twenty terminals."""
    Terminal.objects.bulk_create(
        Terminal(
            code=f"R-{number:02}", name="x", area=hall.area, owner=hall.bodies["RS"], state="active",
            registered_at=now, is_demo=True,
        )
        for number in range(20)
    )  # fmt: skip
    return list(Terminal.objects.filter(code__startswith="R-").select_related("area__place"))


@pytest.fixture
def package(now: datetime) -> Package:
    return Package.objects.create(
        version="2.0", sha256="ab" * 32, size=10, added_at=now, added_by="x", manifest={"version": "2.0"}
    )


def open_runs() -> list[CommandRun]:
    return list(CommandRun.objects.filter(state="queued").select_related("command", "terminal__area__place"))


def answer(states: list[str], at: datetime) -> None:
    for run, state in zip(open_runs(), states, strict=True):
        assert command_actions.advance(run, state, at=at, now=at, reason="rolled_back" if state == "failed" else "")
    rollout_actions.judge_all(at)


def test_a_version_that_fails_on_the_first_stops_there(
    hall: Hall, fleet: list[Terminal], package: Package, now: datetime
) -> None:
    rollout = rollout_actions.start_rollout(hall.actor("lin"), package, fleet, reason="修复打印", now=now)
    assert len(open_runs()) == 1
    answer(["failed"], now + MINUTE)
    rollout.refresh_from_db()
    assert (rollout.state, rollout.ring) == ("paused", 0)
    assert "1 台没有成功" in rollout.why
    rollout_actions.judge_all(now + 600 * MINUTE)
    assert CommandRun.objects.count() == 1, "nobody else was touched"


def test_a_version_that_fails_in_the_tenth_stops_there(
    hall: Hall, fleet: list[Terminal], package: Package, now: datetime
) -> None:
    rollout = rollout_actions.start_rollout(hall.actor("lin"), package, fleet, reason="x", now=now)
    rings = dict(RolloutMember.objects.values_list("terminal__code", "ring"))
    assert sorted(rings.values()) == [0, 1] + [2] * 18
    answer(["done"], now + MINUTE)
    assert len(open_runs()) == 0, "the first terminal is watched for a while"
    rollout.refresh_from_db()
    assert "观察" in rollout.why
    rollout_actions.judge_all(now + 32 * MINUTE)
    assert [run.terminal.code for run in open_runs()] == [code for code, ring in rings.items() if ring == 1]
    answer(["failed"], now + 33 * MINUTE)
    rollout.refresh_from_db()
    assert (rollout.state, rollout.ring) == ("paused", 1)
    assert CommandRun.objects.count() == 2, "eighteen of twenty were never asked"
    with pytest.raises(Forbidden):
        rollout_actions.steer(hall.actor("ou"), rollout, "resume", now=now + 40 * MINUTE)
    rollout_actions.steer(hall.actor("lin"), rollout, "resume", now=now + 40 * MINUTE)
    assert len(open_runs()) == 18


def test_a_good_version_reaches_all_and_a_few_late_failures_are_borne(
    hall: Hall, fleet: list[Terminal], package: Package, now: datetime
) -> None:
    profile_actions.set_value(SYSTEM, "update_ring", "first", terminal=fleet[7], now=now)
    rollout = rollout_actions.start_rollout(hall.actor("lin"), package, fleet, reason="x", now=now)
    assert open_runs()[0].terminal.code == fleet[7].code, "who asked to be first is first"
    with pytest.raises(Refused, match="另一次升级"):
        rollout_actions.start_rollout(hall.actor("lin"), package, fleet[:3], reason="x", now=now)
    answer(["done"], now)
    rollout_actions.judge_all(now + 31 * MINUTE)
    answer(["done"], now + 31 * MINUTE)
    rollout_actions.judge_all(now + 92 * MINUTE)
    answer(["done"] * 16 + ["failed"] * 2, now + 93 * MINUTE)
    rollout.refresh_from_db()
    assert (rollout.state, rollout.ended_at) == ("done", now + 93 * MINUTE)


def test_three_failures_of_eighteen_stop_the_last_ring(
    hall: Hall, fleet: list[Terminal], package: Package, now: datetime
) -> None:
    rollout = rollout_actions.start_rollout(hall.actor("lin"), package, fleet, reason="x", now=now)
    for at in (now, now + 31 * MINUTE):
        answer(["done"], at)
        rollout_actions.judge_all(at + 61 * MINUTE)
    for run in open_runs()[:3]:
        command_actions.advance(run, "failed", at=now + 95 * MINUTE, now=now + 95 * MINUTE, reason="rolled_back")
    rollout_actions.judge_all(now + 95 * MINUTE)
    rollout.refresh_from_db()
    assert rollout.state == "paused"
    assert Rollout.objects.get().why.startswith("“全部”这一批里 3 台有结果，3 台没有成功")
    assert not open_runs(), "what had not begun was taken back"
