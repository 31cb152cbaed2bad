"""Plans: which faults happen where and when. The same name, fleet, timing and seed give the same plan.

A machine has one fault at a time and an area-wide fault has its area to itself, so that the truth of each stands
alone; what comes together on purpose (a printer that breaks while the power is away) is a kind of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from budayang.sandbox.faults.lies import LIES
from budayang.sandbox.faults.losses import LOSSES
from budayang.sandbox.faults.states import DEPARTMENTS, STATES
from budayang.sandbox.faults.table import Expected, Fault, FaultKind, PlannedStop, Scene, Scope, Step, Timing
from budayang.sandbox.fleet.layout import Fleet, FleetArea

KINDS: tuple[FaultKind, ...] = (*LOSSES, *STATES, *LIES)
KIND_BY_CODE: dict[str, FaultKind] = {kind.code: kind for kind in KINDS}

PLANS: dict[str, tuple[str, ...]] = {
    "mixed": tuple(kind.code for kind in KINDS),
    "power": ("area_power", "area_power_battery", "power_dip", "broken_in_outage", "plug_pulled"),
    "network": ("area_network", "lone_line", "blip"),
    "storm": ("storm",),
    "flapping": ("flapping", "refill", "blip", "power_dip"),
    "late": ("late_history", "late_standing", "sent_twice", "lost_events", "new_disk", "wrong_clock"),
    "quiet": (),
}
AREA_SHARE, TERMINAL_SHARE = 1 / 5, 0.15
STORM_SHARE = 1.0
# At the end the center must have had time to find what began last, and to hear of what ended last.
TAIL_S, BEGIN_S, LULL_S = 12.0, 5.0, 20.0


class BadPlan(ValueError):
    """The plan cannot be played: says what is wrong and what repairs it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Faults with the fleet and the timing that they were made for."""

    name: str
    fleet: Fleet
    timing: Timing
    seed: int
    faults: tuple[Fault, ...]

    def scenes(self) -> list[tuple[FaultKind, Scene]]:
        return [(KIND_BY_CODE[one.kind], Scene(one, self.fleet, self.timing, self.seed)) for one in self.faults]

    def steps(self) -> list[tuple[int, Step]]:
        """(number of the fault, step), in the order of time; steps of one moment in the order of their making."""
        made = [(scene.fault.number, step) for kind, scene in self.scenes() for step in kind.steps(scene)]
        return sorted(made, key=lambda one: one[1].at_s)

    def truth(self) -> list[Expected]:
        """What an honest center must have found, and nothing else."""
        return [one for kind, scene in self.scenes() for one in kind.truth(scene)]

    def stops(self) -> list[PlannedStop]:
        return [one for kind, scene in self.scenes() for one in kind.stops(scene)]

    def late_joiners(self) -> frozenset[str]:
        """Machines that have not spoken before their fault begins."""
        return frozenset(one.terminals[0] for one in self.faults if KIND_BY_CODE[one.kind].joins_late)

    def needs_departments(self) -> bool:
        return any(KIND_BY_CODE[one.kind].scope is Scope.DEPARTMENT for one in self.faults)


def compose(name: str, fleet: Fleet, timing: Timing, seed: int, *, departments: bool = True) -> Plan:
    """The plan of this name, or the one in the JSON file of this name.

    Raises:
        BadPlan: no such plan, a file that cannot be read, or too little time for the plan's slowest fault.
    """
    if name not in PLANS:
        return Plan(Path(name).stem, fleet, timing, seed, tuple(_read(Path(name), fleet)))
    kinds = [KIND_BY_CODE[code] for code in PLANS[name]]
    if not departments:
        kinds = [kind for kind in kinds if kind.scope is not Scope.DEPARTMENT]
    for kind in kinds:
        if _last_start(kind, timing) < BEGIN_S:
            least = timing.length_s + BEGIN_S - _last_start(kind, timing)
            raise BadPlan(f"{kind.code} ({kind.title}) needs {least:.0f} s at this plan and grace: play longer")
    return Plan(name, fleet, timing, seed, tuple(_draw(kinds, fleet, timing, random.Random(f"{name} {seed}"))))


def _draw(kinds: Sequence[FaultKind], fleet: Fleet, timing: Timing, dice: random.Random) -> list[Fault]:
    by_scope = {scope: [kind for kind in kinds if kind.scope is scope] for scope in Scope}
    for found in by_scope.values():
        dice.shuffle(found)
    faults: list[Fault] = []
    areas = list(fleet.areas)
    dice.shuffle(areas)
    wide = by_scope[Scope.AREA]
    if wide:
        share = STORM_SHARE if [kind.code for kind in wide] == ["storm"] else AREA_SHARE
        wanted = max(min(len(wide), len(areas) // 2), round(len(areas) * share))
        for kind in _cycle(wide, wanted):
            area = _take_area(areas, kind)
            if area is not None:
                faults.append(_fault(len(faults) + 1, kind, area, timing, dice))
    for number, kind in enumerate(by_scope[Scope.DEPARTMENT]):
        fault = _fault(len(faults) + 1, kind, None, timing, dice, department=DEPARTMENTS[number])
        faults.append(fault)
    machines = _machines(areas, dice)
    alone = by_scope[Scope.TERMINAL]
    if alone:
        free = sum(len(pool) for pool in machines.values())
        wanted = max(min(len(alone), free // 2), round(free * TERMINAL_SHARE))
        faults += _draw_alone(alone, wanted, machines, timing, dice, first=len(faults) + 1)
    return faults


def _draw_alone(
    kinds: Sequence[FaultKind],
    wanted: int,
    machines: Mapping[str, list[tuple[FleetArea, str]]],
    timing: Timing,
    dice: random.Random,
    *,
    first: int,
) -> list[Fault]:
    """Machines alone. Few fall silent in one area, so that nobody could take them for a fault of the area."""
    faults: list[Fault] = []
    for kind in _cycle(kinds, wanted):
        pool = machines["silent" if kind.silent else "any"]
        if pool:
            area, code = pool.pop()
            faults.append(_fault(first + len(faults), kind, area, timing, dice, terminal=code))
    return faults


def _machines(areas: Iterable[FleetArea], dice: random.Random) -> dict[str, list[tuple[FleetArea, str]]]:
    """Free machines in two pools: one in twenty may fall silent, the others have all other faults."""
    silent, others = [], []
    for area in areas:
        # The first two watch UPS and entrance of their area; they stay whole.
        codes = [one.code for one in area.terminals[2:]]
        dice.shuffle(codes)
        quiet = max(1, round(len(area.terminals) / 20)) if codes else 0
        silent += [(area, code) for code in codes[:quiet]]
        others += [(area, code) for code in codes[quiet:]]
    dice.shuffle(silent)
    dice.shuffle(others)
    return {"silent": silent, "any": others}


def _cycle(kinds: Sequence[FaultKind], wanted: int) -> list[FaultKind]:
    """`wanted` kinds: each once before any comes again, those of more weight more often."""
    round_ = [*kinds, *(kind for kind in kinds for _more in range(kind.weight - 1))]
    return [round_[number % len(round_)] for number in range(wanted)]


def _take_area(areas: list[FleetArea], kind: FaultKind) -> FleetArea | None:
    needs_ups = kind.code in ("area_power_battery", "power_dip")
    for number, area in enumerate(areas):
        if (area.has_ups or not needs_ups) and len(area.terminals) > 1:
            return areas.pop(number)
    return None


def _last_start(kind: FaultKind, timing: Timing) -> float:
    """The latest start from which the fault is found, and heard to end where it ends, before the end of the play."""
    return timing.length_s - TAIL_S - max(kind.least_s(timing), _shortest(kind, timing))


def _shortest(kind: FaultKind, timing: Timing) -> float:
    return 0.0 if kind.lasts else kind.hold_s(timing)[0]


def _fault(
    number: int,
    kind: FaultKind,
    area: FleetArea | None,
    timing: Timing,
    dice: random.Random,
    *,
    terminal: str = "",
    department: str = "",
) -> Fault:
    start = dice.uniform(BEGIN_S, _last_start(kind, timing))
    end = None
    if not kind.lasts:
        shortest, longest = kind.hold_s(timing)
        end = start + min(dice.uniform(shortest, longest), timing.length_s - TAIL_S - start)
        end = round(end, 2)
    terminals = (terminal,) if terminal else tuple(one.code for one in area.terminals) if area else ()
    return Fault(number, kind.code, area.code if area else "", terminals, round(start, 2), end, department)


def _read(path: Path, fleet: Fleet) -> Iterable[Fault]:
    """{"faults": [{"kind", "area" or "terminal" or "department", "start_s", "end_s"}]}; see docs."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["faults"]
    except FileNotFoundError as error:
        raise BadPlan(f"no plan is called {path}: choose one of {', '.join(PLANS)}, or a JSON file") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadPlan(f"{path} is no plan: {error!r}") from error
    area_of = {one.code: one.area for one in fleet.terminals}
    for number, row in enumerate(rows, 1):
        try:
            kind, terminal = KIND_BY_CODE[row["kind"]], row.get("terminal", "")
            area = area_of[terminal] if terminal else row.get("area", "")
            codes = (terminal,) if terminal else tuple(one.code for one in fleet.area(area).terminals) if area else ()
            end = row.get("end_s")
            yield Fault(
                number, kind.code, area, codes, float(row["start_s"]), None if end is None else float(end),
                row.get("department", ""),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise BadPlan(f"{path}, fault {number}: {error!r}") from error


def as_json(plan: Plan) -> str:
    """The plan as a file that `compose` reads again."""
    rows = []
    for fault in plan.faults:
        row = asdict(fault)
        codes = row.pop("terminals")
        if len(codes) == 1 and KIND_BY_CODE[fault.kind].scope is Scope.TERMINAL:
            row["terminal"] = codes[0]
        rows.append(row)
    return json.dumps({"faults": rows}, ensure_ascii=False, indent=1)
