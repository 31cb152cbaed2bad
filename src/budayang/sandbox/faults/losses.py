"""Faults by which machines fall silent: power, network, a hand on the switch, a program that dies.

What a machine can prove when it is back (shared contract of `started` and `reconnected`): a boot after an unclean end
says that it had no power; a boot after a clean end by a person says that somebody switched it off; a program that
starts again without a boot died by itself; one that never ended and could not connect had no network.
"""

from __future__ import annotations

from budayang.sandbox.faults.table import (
    Act,
    Expected,
    FaultKind,
    Known,
    PlannedStop,
    Scene,
    Scope,
    Step,
    Timing,
    nothing,
)

# Three words of one incident: which of them stands depends on what is known of its reason, which is judged by bucket.
AREA_SILENT = frozenset({"area_silent", "area_power", "area_network"})
LONE_SILENT = frozenset({"terminal_silent"})
NOT_YET = frozenset({"undetermined"})
# More than half of an area's machines missed their word: before that one may still be looking at single faults.
MOST = 0.5
BATTERY_S = 6.0


def _codes(scene: Scene) -> tuple[str, ...]:
    return tuple(one.code for one in scene.area.terminals)


def _hold(timing: Timing) -> tuple[float, float]:
    """Long enough to be found, with something to spare."""
    return timing.silence_s + 12, timing.silence_s + max(20.0, timing.length_s / 6)


def _silence(timing: Timing) -> float:
    return timing.silence_s


def _area_wide(scene: Scene, told: frozenset[str], settled: frozenset[str]) -> Expected:
    known, fault = Known("cut", _codes(scene), MOST), scene.fault
    return Expected(fault.number, AREA_SILENT, f"area:{fault.area}", fault.start_s, fault.end_s, known, told, settled)


def _all_boot(scene: Scene, *, longest_s: float) -> list[Step]:
    if scene.fault.end_s is None:
        return []
    dice = scene.dice()
    args = {"cause": "boot", "stopped": "unclean", "by": ""}
    return [Step(scene.fault.end_s + dice.uniform(1, longest_s), Act.START, code, args) for code in _codes(scene)]


# The mains of an area ------------------------------------------------------------------------------------------------


def _power_steps(scene: Scene) -> list[Step]:
    cuts = [Step(scene.fault.start_s, Act.CUT, code, mark="cut") for code in _codes(scene)]
    return cuts + _all_boot(scene, longest_s=6)


def _power_truth(scene: Scene) -> list[Expected]:
    # Nothing told it: until the machines are back and say that they were without power, nobody can know why.
    return [_area_wide(scene, NOT_YET, frozenset({"power"}))]


def _supply(scene: Scene, at_s: float, state: str, raw: str) -> Step:
    args = {"subject": "ups", "kind": "ups", "prop": "supply", "state": state, "raw": raw}
    return Step(at_s, Act.STATE, _codes(scene)[0], args)


def _battery_steps(scene: Scene) -> list[Step]:
    """The UPS carries the machine beside it for some seconds: long enough to say so."""
    start, end = scene.fault.start_s, scene.fault.end_s
    first, *others = _codes(scene)
    steps = [_supply(scene, start, "powering", "OB DISCHRG")]
    steps += [Step(start, Act.CUT, code, mark="cut") for code in others]
    steps.append(Step(start + BATTERY_S, Act.CUT, first, mark="cut"))
    if end is not None:
        steps += [*_all_boot(scene, longest_s=6), _supply(scene, end + 6.5, "powerIn", "OL CHRG")]
    return steps


def _battery_truth(scene: Scene) -> list[Expected]:
    power = frozenset({"power"})
    return [_area_wide(scene, power, power)]


def _dip_steps(scene: Scene) -> list[Step]:
    """The battery carries a short dip: nobody loses anything, and nobody is to be called."""
    steps = [_supply(scene, scene.fault.start_s, "powering", "OB DISCHRG")]
    if scene.fault.end_s is not None:
        steps.append(_supply(scene, scene.fault.end_s, "powerIn", "OL CHRG"))
    return steps


# The network of an area ----------------------------------------------------------------------------------------------


def _network_steps(scene: Scene) -> list[Step]:
    dice, fault = scene.dice(), scene.fault
    steps = [Step(fault.start_s, Act.UNPLUG, code, mark="cut") for code in _codes(scene)]
    if fault.end_s is not None:
        back = {"reason": "connect"}
        steps += [Step(fault.end_s + dice.uniform(0, 2), Act.PLUG, code, back) for code in _codes(scene)]
    return steps


def _network_truth(scene: Scene) -> list[Expected]:
    return [_area_wide(scene, NOT_YET | {"network"}, frozenset({"network"}))]


def _storm_steps(scene: Scene) -> list[Step]:
    """The line is away for less than the grace, and all come back in the same instant."""
    fault = scene.fault
    steps = [Step(fault.start_s, Act.UNPLUG, code) for code in _codes(scene)]
    assert fault.end_s is not None
    return steps + [Step(fault.end_s, Act.PLUG, code, {"reason": "connect"}) for code in _codes(scene)]


def _storm_hold(timing: Timing) -> tuple[float, float]:
    return timing.grace_s * 0.4, timing.grace_s * 0.6


# A printer that breaks while nobody can see it -----------------------------------------------------------------------


def _hidden_steps(scene: Scene) -> list[Step]:
    """The power goes and comes back, and one printer does not."""
    steps = _power_steps(scene)
    broken = _hidden(scene)
    (boot,) = (step for step in steps if step.act is Act.START and step.terminal == broken)
    args = {"subject": "printer", "kind": "printer", "prop": "device", "state": "hardwareError", "raw": "fuser"}
    return [*steps, Step(boot.at_s + 0.5, Act.STATE, broken, args, mark="seen")]


def _hidden(scene: Scene) -> str:
    return _codes(scene)[-1]


def _hidden_truth(scene: Scene) -> list[Expected]:
    broken, fault = _hidden(scene), scene.fault
    assert fault.end_s is not None
    printer = Expected(
        fault.number,
        frozenset({"printer_offline"}),
        f"terminal:{broken}/printer",
        fault.end_s,
        None,
        Known("seen", (broken,)),
        frozenset({"device"}),
        frozenset({"device"}),
    )
    return [*_power_truth(scene), printer]


# An announced stop ---------------------------------------------------------------------------------------------------


def _announced(scene: Scene) -> list[PlannedStop]:
    fault = scene.fault
    assert fault.end_s is not None
    # The machines need some seconds to come up: the stop lasts until all have spoken.
    return [PlannedStop(fault.area, "", fault.start_s - 2, fault.end_s + scene.timing.plan_s + 12)]


# One machine alone ---------------------------------------------------------------------------------------------------


def _alone(scene: Scene, settled: frozenset[str], told: frozenset[str] = NOT_YET) -> list[Expected]:
    fault = scene.fault
    known = Known("cut", fault.terminals)
    where = f"terminal:{scene.terminal}"
    return [Expected(fault.number, LONE_SILENT, where, fault.start_s, fault.end_s, known, told, settled)]


def _lone_steps(scene: Scene, act: Act, end: Act, gone: dict[str, object], back: dict[str, object]) -> list[Step]:
    fault = scene.fault
    steps = [Step(fault.start_s, act, scene.terminal, gone, "cut")]
    if fault.end_s is not None:
        steps.append(Step(fault.end_s, end, scene.terminal, back))
    return steps


def _switched_steps(scene: Scene) -> list[Step]:
    back: dict[str, object] = {"cause": "boot", "stopped": "clean", "by": "person"}
    return _lone_steps(scene, Act.STOP, Act.START, {"by": "person"}, back)


def _pulled_steps(scene: Scene) -> list[Step]:
    return _lone_steps(scene, Act.CUT, Act.START, {}, {"cause": "boot", "stopped": "unclean", "by": ""})


def _crash_steps(scene: Scene) -> list[Step]:
    return _lone_steps(scene, Act.CUT, Act.START, {}, {"cause": "program", "stopped": "unclean", "by": ""})


def _lone_line_steps(scene: Scene) -> list[Step]:
    return _lone_steps(scene, Act.UNPLUG, Act.PLUG, {}, {"reason": "connect"})


def _gone_steps(scene: Scene) -> list[Step]:
    return _lone_steps(scene, Act.CUT, Act.START, {}, {})


def _restart_hold(timing: Timing) -> tuple[float, float]:
    return 1.0, max(1.5, min(6.0, timing.grace_s * 0.5))


_AREA, _ONE = Scope.AREA, Scope.TERMINAL

LOSSES: tuple[FaultKind, ...] = (
    FaultKind("area_power", "全区停电", _AREA, _power_steps, _power_truth, _hold, _silence, silent=True, weight=2),
    FaultKind(
        "area_power_battery", "全区停电，电池先报", _AREA, _battery_steps, _battery_truth, _hold, _silence, silent=True
    ),
    FaultKind(
        "power_dip",
        "市电短时中断，电池撑住",
        _AREA,
        _dip_steps,
        nothing,
        lambda _t: (20.0, 45.0),
        lambda _t: 0.0,
    ),
    FaultKind(
        "area_network", "全区断网", _AREA, _network_steps, _network_truth, _hold, _silence, silent=True, weight=2
    ),
    FaultKind("storm", "断线后同时回来", _AREA, _storm_steps, nothing, _storm_hold, lambda _t: 0.0, silent=True),
    FaultKind(
        "broken_in_outage", "停电期间打印机坏", _AREA, _hidden_steps, _hidden_truth, _hold, _silence, silent=True
    ),
    FaultKind(
        "announced_stop", "计划停机", _AREA, _power_steps, nothing, _hold, _silence, stops=_announced, silent=True
    ),
    FaultKind(
        "switched_off",
        "被人关机",
        _ONE,
        _switched_steps,
        # It said itself that a person stops it, so the bucket may be told at once.
        lambda scene: _alone(scene, frozenset({"switched_off"}), NOT_YET | {"switched_off"}),
        _hold,
        _silence,
        silent=True,
    ),
    FaultKind(
        "plug_pulled",
        "单台断电",
        _ONE,
        _pulled_steps,
        # A boot after an unclean end, its neighbours well: without power, but nobody knows by whose hand.
        lambda scene: _alone(scene, frozenset({"power", "undetermined"})),
        _hold,
        _silence,
        silent=True,
    ),
    FaultKind(
        "program_died",
        "程序崩溃",
        _ONE,
        _crash_steps,
        lambda scene: _alone(scene, frozenset({"software"})),
        _hold,
        _silence,
        silent=True,
    ),
    FaultKind(
        "lone_line",
        "单台断网",
        _ONE,
        _lone_line_steps,
        lambda scene: _alone(scene, frozenset({"network"})),
        _hold,
        _silence,
        silent=True,
    ),
    FaultKind(
        "gone",
        "失联未归",
        _ONE,
        _gone_steps,
        lambda scene: _alone(scene, NOT_YET),
        _hold,
        _silence,
        lasts=True,
        silent=True,
    ),
    FaultKind(
        "quick_restart", "程序很快自行恢复", _ONE, _crash_steps, nothing, _restart_hold, lambda _t: 0.0, silent=True
    ),
)
