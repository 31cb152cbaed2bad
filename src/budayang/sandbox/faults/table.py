"""The words of the fault tables: a kind of fault, one fault of a plan, its steps on the wire, its truth.

The truth is written from the wire and from the world, never from what a center happens to answer: a fault kind names
what an honest center must say, where, and since when it could know. Seconds count from the start of the play.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from budayang.sandbox.fleet.layout import Fleet, FleetArea


class Scope(StrEnum):
    """What a fault takes for itself: nothing else is done there while it lasts."""

    AREA = "area"
    TERMINAL = "terminal"
    DEPARTMENT = "department"


class Act(StrEnum):
    """What can be done to a machine, and nothing else."""

    STATE = "state"  # subject, prop, state, raw, kind: a component changes
    CUT = "cut"  # the program is gone without a word: power, a crash, a hung machine
    STOP = "stop"  # by: it says that it goes down, and goes
    START = "start"  # cause, stopped, by: it comes up again and says so
    UNPLUG = "unplug"  # the program runs on, its line is dead
    PLUG = "plug"  # reason: the line is back
    OLD = "old"  # events: (age_s, subject, prop, state) that happened long ago and come now
    LOSE_ANSWER = "lose_answer"  # the next answer is lost on its way: what it acknowledged is sent again
    REPLAY = "replay"  # the last body once more, byte for byte
    GAP = "gap"  # numbers are missing in the outbox; the machine says so when asked
    NEW_DISK = "new_disk"  # a new outbox, its numbering begins again; the keys survived
    DRIFT = "drift"  # ms: the clock is wrong from now on
    JOIN = "join"  # a machine that never spoke before begins
    DEPARTMENT = "department"  # code, down: a department's system is switched
    PRESS = "press"  # kind: somebody presses the help button at the machine


@dataclass(frozen=True, slots=True)
class Step:
    """One act at one moment. `mark` names the moment for the truth; see Known."""

    at_s: float
    act: Act
    terminal: str = ""
    args: Mapping[str, object] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """plan_s and grace_s of every terminal of the fleet; the play lasts `length_s`."""

    plan_s: float
    grace_s: float
    length_s: float

    @property
    def silence_s(self) -> float:
        """The longest time from a cut to the moment at which the silence may be called one."""
        return self.plan_s + self.grace_s


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan. `end_s` None: it lasts beyond the end."""

    number: int
    kind: str
    area: str
    terminals: tuple[str, ...]
    start_s: float
    end_s: float | None
    department: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Since when a center could know: the moment at which `share` of the marked moments have passed.

    A mark of a CUT, STOP or UNPLUG is the moment at which the machine's next word was due (its last word plus the
    planned pause): before it nobody can know. Every other mark is the moment at which the machine could send it.
    """

    mark: str
    terminals: tuple[str, ...]
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """One incident that must be found as a cause: one of `kinds` at `where`.

    where: area:CODE, terminal:CODE, terminal:CODE/SUBJECT or department:CODE. `told`: buckets that are no lie while it
    stands; `settled`: those that are none after the evidence of its end. `also`: kinds that are true for the same
    fault beside it, at most `also_max` of them (a component that flaps was down before it was called unstable).
    """

    fault: int
    kinds: frozenset[str]
    where: str
    since_s: float
    until_s: float | None
    known: Known
    told: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    also_max: int = 0


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A stop that was announced beforehand; `terminal` empty: the whole area."""

    area: str
    terminal: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A fault with all that its kind needs to write its steps and truth; the same scene gives the same steps."""

    fault: Fault
    fleet: Fleet
    timing: Timing
    seed: int

    def dice(self) -> random.Random:
        return random.Random(f"{self.seed} {self.fault.number} {self.fault.kind}")

    @property
    def area(self) -> FleetArea:
        return self.fleet.area(self.fault.area)

    @property
    def terminal(self) -> str:
        return self.fault.terminals[0]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One row: how a fault looks on the wire and what is true of it.

    `hold_s` (least, most) and `least_s`, the longest time from its start until a center can know, are functions of
    the timing. `lasts`: it has no end that the play shows. `silent`: its machines fall silent, or may.
    `joins_late`: its machine has never spoken before. `weight`: how often `mixed` draws it.
    """

    code: str
    title: str
    scope: Scope
    steps: Callable[[Scene], list[Step]]
    truth: Callable[[Scene], list[Expected]]
    hold_s: Callable[[Timing], tuple[float, float]]
    least_s: Callable[[Timing], float]
    stops: Callable[[Scene], list[PlannedStop]] = lambda _scene: []
    lasts: bool = False
    silent: bool = False
    joins_late: bool = False
    weight: int = 1


def nothing(_scene: Scene) -> list[Expected]:
    """The truth of what must alarm nobody."""
    return []
