"""Faults that a machine reports itself: a component in a bad state, one that flaps, one that is only being filled."""

from __future__ import annotations

from dataclasses import dataclass

from budayang.sandbox.faults.table import Act, Expected, FaultKind, Known, Scene, Scope, Step, Timing, nothing
from budayang.sandbox.fleet.layout import OWNERS


@dataclass(frozen=True, slots=True)
class _Bad:
    """A state of one component, its well state, the cause that it is and whose time it takes."""

    code: str
    title: str
    subject: str
    prop: str
    state: str
    well: str
    raw: str
    cause: str
    bucket: str


_PLAIN: tuple[_Bad, ...] = (
    _Bad("paper_out", "缺纸", "printer", "paper.upper", "out", "full", "media-empty", "paper_out", "consumables"),
    _Bad("paper_low", "纸快用完", "printer", "paper.upper", "low", "full", "media-low", "paper_low", "consumables"),
    _Bad("paper_jam", "卡纸", "printer", "media", "jammed", "notPresent", "media-jam", "paper_jam", "device"),
    _Bad("toner_out", "碳粉用完", "printer", "toner", "out", "full", "toner-empty", "toner_out", "consumables"),
    _Bad("printer_dead", "打印机无应答", "printer", "device", "offline", "online", "EIO", "printer_offline", "device"),
    _Bad(
        "receipt_out", "凭条缺纸", "receiptPrinter", "paper.upper", "out", "full", "20/04", "receipt_paper_out",
        "consumables",
    ),
    _Bad("reader_dead", "读卡器无应答", "idReader", "device", "offline", "online", "EIO", "id_reader_down", "device"),
    _Bad(
        "reader_sam", "安全模块未就绪", "idReader", "security", "notReady", "open", "60", "id_reader_security", "device"
    ),
    _Bad("card_stuck", "卡片卡住", "icCard", "media", "jammed", "notPresent", "6F00", "ic_card_stuck", "device"),
    _Bad("scanner_dead", "扫码器无应答", "scanner", "device", "offline", "online", "EIO", "scanner_down", "device"),
    _Bad("camera_dead", "摄像头不可用", "camera", "device", "noDevice", "online", "ENODEV", "camera_down", "device"),
    _Bad("cabinet_forced", "机柜被撬", "door", "cabinet", "tampered", "locked", "DI2", "cabinet_forced", "damage"),
    _Bad(
        "program_stopped", "程序停止服务", "terminal", "application", "outOfService", "inService", "disk full",
        "application_down", "software",
    ),
)  # fmt: skip


def _state(scene: Scene, at_s: float, bad: _Bad, *, well: bool, mark: str = "") -> Step:
    args = {
        "subject": bad.subject,
        "kind": bad.subject,
        "prop": bad.prop,
        "state": bad.well if well else bad.state,
        "raw": "" if well else bad.raw,
    }
    return Step(at_s, Act.STATE, scene.terminal, args, mark)


def _where(scene: Scene, bad: _Bad) -> str:
    return f"terminal:{scene.terminal}/{bad.subject}"


def _plain_steps(scene: Scene, bad: _Bad) -> list[Step]:
    steps = [_state(scene, scene.fault.start_s, bad, well=False, mark="sent")]
    if scene.fault.end_s is not None:
        steps.append(_state(scene, scene.fault.end_s, bad, well=True))
    return steps


def _plain_truth(scene: Scene, bad: _Bad) -> list[Expected]:
    fault, bucket = scene.fault, frozenset({bad.bucket})
    known = Known("sent", fault.terminals)
    return [
        Expected(
            fault.number, frozenset({bad.cause}), _where(scene, bad), fault.start_s, fault.end_s, known, bucket, bucket
        )
    ]


def _hold(timing: Timing) -> tuple[float, float]:
    return 15.0, max(20.0, timing.length_s / 4)


def _at_once(_timing: Timing) -> float:
    return 0.0


def _plain(bad: _Bad) -> FaultKind:
    return FaultKind(
        bad.code,
        bad.title,
        Scope.TERMINAL,
        lambda scene: _plain_steps(scene, bad),
        lambda scene: _plain_truth(scene, bad),
        _hold,
        _at_once,
    )


# The entrance of an area ---------------------------------------------------------------------------------------------

_ENTRANCE = _Bad("", "", "door", "entrance", "locked", "closed", "maglock", "door_locked", "site")


def _entrance_steps(scene: Scene) -> list[Step]:
    """The second machine of each area watches its door."""
    watcher = scene.area.terminals[1].code
    steps = [_state(scene, scene.fault.start_s, _ENTRANCE, well=False, mark="sent")]
    if scene.fault.end_s is not None:
        steps.append(_state(scene, scene.fault.end_s, _ENTRANCE, well=True))
    return [Step(one.at_s, one.act, watcher, one.args, one.mark) for one in steps]


def _entrance_truth(scene: Scene) -> list[Expected]:
    fault, site = scene.fault, frozenset({"site"})
    known = Known("sent", (scene.area.terminals[1].code,))
    where = f"area:{fault.area}"
    return [Expected(fault.number, frozenset({"door_locked"}), where, fault.start_s, fault.end_s, known, site, site)]


# A component that comes and goes -------------------------------------------------------------------------------------

_FLAP = _PLAIN[4]
FLAP_S = 3.0
# Three faults of the same kind within a minute are no three faults: from the third on it must be called unstable.
FLAPS_TO_KNOW = 3


def _flap_steps(scene: Scene) -> list[Step]:
    fault, steps, number = scene.fault, [], 0
    assert fault.end_s is not None
    at_s = fault.start_s
    while at_s + FLAP_S < fault.end_s:
        number += 1
        steps.append(_state(scene, at_s, _FLAP, well=False, mark="sent" if number == FLAPS_TO_KNOW else ""))
        steps.append(_state(scene, at_s + FLAP_S, _FLAP, well=True))
        at_s += 2 * FLAP_S
    return steps


def _flap_truth(scene: Scene) -> list[Expected]:
    """It ends only after long calm, which the play does not show."""
    fault, device = scene.fault, frozenset({"device"})
    known = Known("sent", fault.terminals)
    return [
        Expected(
            fault.number, frozenset({"unstable"}), _where(scene, _FLAP), fault.start_s, None, known, device, device,
            also=frozenset({_FLAP.cause}), also_max=FLAPS_TO_KNOW,
        )
    ]  # fmt: skip


# What is nobody's business -------------------------------------------------------------------------------------------

_COVER = _Bad("", "", "printer", "device", "userError", "online", "cover-open", "", "")
_PAPER = _PLAIN[0]


def _refill_steps(scene: Scene) -> list[Step]:
    """Somebody opens the cover, fills up and closes it before the paper is out: work, no fault."""
    fault = scene.fault
    assert fault.end_s is not None
    return [
        _state(scene, fault.start_s, _COVER, well=False),
        _state(scene, fault.end_s, _COVER, well=True),
    ]


def _blip_steps(scene: Scene) -> list[Step]:
    """Gone and back before it was told: the line was away, and history comes with its end."""
    fault = scene.fault
    assert fault.end_s is not None
    return [
        Step(fault.start_s, Act.UNPLUG, scene.terminal),
        _state(scene, fault.start_s + 0.5, _FLAP, well=False),
        _state(scene, fault.end_s - 0.5, _FLAP, well=True),
        Step(fault.end_s, Act.PLUG, scene.terminal, {"reason": "timeout"}),
    ]


# A department's system -----------------------------------------------------------------------------------------------


def _department_steps(scene: Scene) -> list[Step]:
    fault = scene.fault
    steps = [Step(fault.start_s, Act.DEPARTMENT, "", {"code": fault.department, "down": True}, "down")]
    if fault.end_s is not None:
        steps.append(Step(fault.end_s, Act.DEPARTMENT, "", {"code": fault.department, "down": False}))
    return steps


def _department_truth(scene: Scene) -> list[Expected]:
    fault, theirs = scene.fault, frozenset({"department"})
    where = f"department:{fault.department}"
    known = Known("down", ("",))
    return [
        Expected(fault.number, frozenset({"department_down"}), where, fault.start_s, fault.end_s, known, theirs, theirs)
    ]


DEPARTMENTS = OWNERS

STATES: tuple[FaultKind, ...] = (
    *(_plain(bad) for bad in _PLAIN),
    FaultKind("door_locked", "自助区的门锁着", Scope.AREA, _entrance_steps, _entrance_truth, _hold, _at_once),
    FaultKind(
        "flapping",
        "打印机时好时坏",
        Scope.TERMINAL,
        _flap_steps,
        _flap_truth,
        lambda _timing: (FLAP_S * 16, FLAP_S * 20),
        lambda _timing: FLAP_S * 2 * FLAPS_TO_KNOW,
        weight=2,
    ),
    FaultKind(
        "refill", "开盖加纸", Scope.TERMINAL, _refill_steps, nothing, lambda _timing: (8.0, 25.0), _at_once
    ),
    FaultKind(
        "blip",
        "断线时坏过又好了",
        Scope.TERMINAL,
        _blip_steps,
        nothing,
        lambda timing: (3.0, max(4.0, timing.grace_s * 0.5)),
        _at_once,
    ),
    FaultKind(
        "department_down",
        "部门系统不通",
        Scope.DEPARTMENT,
        _department_steps,
        _department_truth,
        lambda timing: (30.0, max(35.0, timing.length_s / 4)),
        _at_once,
    ),
)  # fmt: skip
