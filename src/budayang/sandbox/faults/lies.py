"""Faults of the wire itself: late data, data twice, a copied machine, a lost outbox, a wrong clock."""

from __future__ import annotations

from collections.abc import Callable

from budayang.sandbox.faults.table import Act, Expected, FaultKind, Known, Scene, Scope, Step, Timing, nothing

DAY_S = 86400.0
OLD_EVENTS = 60
_PAPER = {"subject": "printer", "kind": "printer", "prop": "paper.upper"}
_CONSUMABLES = frozenset({"consumables"})


def _paper(scene: Scene, at_s: float, state: str, mark: str = "") -> Step:
    return Step(at_s, Act.STATE, scene.terminal, {**_PAPER, "state": state, "raw": ""}, mark)


def _paper_out(scene: Scene, mark: str, since_s: float, until_s: float | None) -> Expected:
    return Expected(
        scene.fault.number, frozenset({"paper_out"}), f"terminal:{scene.terminal}/printer", since_s, until_s,
        Known(mark, (scene.terminal,)), _CONSUMABLES, _CONSUMABLES,
    )  # fmt: skip


# Days offline --------------------------------------------------------------------------------------------------------


def _old_events(scene: Scene) -> list[tuple[float, str, str, str]]:
    """Three days of a printer that ran out and was filled again and again; at the end it is full."""
    dice, events, age_s = scene.dice(), [], 3 * DAY_S
    for _number in range(OLD_EVENTS // 2):
        for state in ("out", "full"):
            events.append((age_s, "printer", "paper.upper", state))
            age_s -= dice.uniform(0.3, 0.7) * 3 * DAY_S / OLD_EVENTS
    return events


def _late_steps(scene: Scene) -> list[Step]:
    start = scene.fault.start_s
    return [
        Step(start, Act.OLD, scene.terminal, {"events": _old_events(scene)}),
        Step(start, Act.JOIN, scene.terminal),
    ]


def _late_standing_steps(scene: Scene) -> list[Step]:
    start = scene.fault.start_s
    events = [*_old_events(scene), (DAY_S, "printer", "paper.upper", "out")]
    return [
        Step(start, Act.OLD, scene.terminal, {"events": events}),
        Step(start, Act.JOIN, scene.terminal, mark="sent"),
    ]


def _late_standing_truth(scene: Scene) -> list[Expected]:
    return [_paper_out(scene, "sent", scene.fault.start_s - DAY_S, None)]


# Once more -----------------------------------------------------------------------------------------------------------


def _twice_steps(scene: Scene) -> list[Step]:
    """The answer to the sync that told of the fault is lost: the event comes twice."""
    fault = scene.fault
    steps = [Step(fault.start_s, Act.LOSE_ANSWER, scene.terminal), _paper(scene, fault.start_s, "out", "sent")]
    return steps if fault.end_s is None else [*steps, _paper(scene, fault.end_s, "full")]


def _sent_truth(scene: Scene) -> list[Expected]:
    return [_paper_out(scene, "sent", scene.fault.start_s, scene.fault.end_s)]


def _replay_truth(scene: Scene) -> list[Expected]:
    fault, nobody = scene.fault, frozenset({"undetermined"})
    return [
        Expected(
            fault.number, frozenset({"terminal_cloned"}), f"terminal:{scene.terminal}", fault.start_s, None,
            Known("sent", fault.terminals), nobody, nobody,
        )
    ]  # fmt: skip


def _gap_truth(scene: Scene) -> list[Expected]:
    """What never came is gone, and the machine says so: its program lost events, whatever they were."""
    fault, ours = scene.fault, frozenset({"software"})
    return [
        Expected(
            fault.number, frozenset({"events_lost"}), f"terminal:{scene.terminal}", fault.start_s, None,
            Known("sent", fault.terminals), ours, ours,
        )
    ]  # fmt: skip


def _drift_steps(scene: Scene) -> list[Step]:
    """A clock that is minutes or hours off; the fault's moment must be right all the same."""
    fault = scene.fault
    drift_ms = scene.dice().choice((-7_200_000, -300_000, 240_000, 5_400_000))
    steps = [
        Step(fault.start_s - 3, Act.DRIFT, scene.terminal, {"ms": drift_ms}),
        _paper(scene, fault.start_s, "out", "sent"),
    ]
    return steps if fault.end_s is None else [*steps, _paper(scene, fault.end_s, "full")]


def _single(act: Act, mark: str = "") -> Callable[[Scene], list[Step]]:
    def steps(scene: Scene) -> list[Step]:
        return [Step(scene.fault.start_s, act, scene.terminal, {}, mark)]

    return steps


def _hold(timing: Timing) -> tuple[float, float]:
    return 15.0, max(20.0, timing.length_s / 4)


def _at_once(_timing: Timing) -> float:
    return 0.0


_ONE = Scope.TERMINAL

LIES: tuple[FaultKind, ...] = (
    FaultKind(
        "late_history", "离线数日后补报", _ONE, _late_steps, nothing, _hold, _at_once, lasts=True, joins_late=True
    ),
    FaultKind(
        "late_standing",
        "离线数日后补报，仍缺纸",
        _ONE,
        _late_standing_steps,
        _late_standing_truth,
        _hold,
        _at_once,
        lasts=True,
        joins_late=True,
    ),
    FaultKind("sent_twice", "数据重复", _ONE, _twice_steps, _sent_truth, _hold, _at_once),
    FaultKind(
        "copied_machine",
        "凭证被重复使用",
        _ONE,
        _single(Act.REPLAY, "sent"),
        _replay_truth,
        _hold,
        _at_once,
        lasts=True,
    ),
    FaultKind("lost_events", "事件丢失", _ONE, _single(Act.GAP, "sent"), _gap_truth, _hold, _at_once, lasts=True),
    FaultKind("new_disk", "更换硬盘", _ONE, _single(Act.NEW_DISK), nothing, _hold, _at_once, lasts=True),
    FaultKind("wrong_clock", "时钟不准", _ONE, _drift_steps, _sent_truth, _hold, _at_once),
)
