"""Rounds of a known quarter: which fell due, how each was walked, what was answered when. Drawn by lot with the borders
of months in it; what the clauses have to say of it is reckoned in `the_answers` from the same lists.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache

from tests.center.standard.the_orders import Trouble
from tests.center.standard.the_truth import DAY, HOUR, MINUTE, SECOND, ZONE

from budayang import data

GRACE, LOOK = 15 * MINUTE, 8 * HOUR
FATES = ("done", "done", "done", "done", "offline", "grace", "blank", "other", "edited", "late", "half", "missed",
         "cancelled")  # fmt: skip
SIGN_WORDS = ("缺失", "文字不对", "破损或变形", "褪色", "被遮挡或张贴")
WELL = "完好"


@dataclass(frozen=True)
class Asked:
    """A question as the shipped table has it."""

    code: str
    row: Mapping[str, str]

    @property
    def of_machine(self) -> bool:
        return self.row["about"] == "terminal"

    def value(self, *, bad: bool) -> str:
        """A good answer, on the border where it is a number, or one just beyond it."""
        if self.row["kind"] == "number":
            return str(int(self.row["high"]) + bad)
        if self.row["kind"] == "choice":
            return self.row["bad"].split("、")[0] if bad else self.row["choices"].split("、")[0]
        return "no" if bad else "yes"


@cache
def question(code: str) -> Asked:
    with data.table_path("check_questions.csv").open(encoding="utf-8", newline="") as file:
        return Asked(code, next(row for row in csv.DictReader(file) if row["code"] == code))


@dataclass(frozen=True)
class CheckList:
    """A list of the city with some of the shipped questions. `spans`: first days and how many days it is walked."""

    code: str
    rhythm: str
    windows: tuple[tuple[time, time], ...]
    questions: tuple[str, ...]
    spans: tuple[tuple[date, int], ...] = ()
    owner: bool = False


def _at(hour: int, minute: int = 0) -> time:
    return time(hour, minute)


AT_BORDERS = ((date(2026, 9, 28), 5), (date(2026, 9, 27), 4), (date(2026, 10, 30), 4), (date(2026, 11, 27), 4),
              (date(2026, 11, 29), 4))  # fmt: skip
LISTS = {
    one.code: one
    for one in (
        CheckList("daily", "daily", ((_at(8, 30), _at(11, 30)),),
                  ("machine_on", "test_print", "way_out", "barrier_free", "extinguisher_pressure"), AT_BORDERS),
        CheckList("before_work", "workdays", ((_at(8), _at(9)),), ("machine_on",), AT_BORDERS, owner=True),
        CheckList("night", "daily", ((_at(23, 30), _at(0, 30)),), ("way_out", "lost_documents"), AT_BORDERS),
        CheckList("guard", "daily", ((_at(0), _at(1)),), ("way_out",), AT_BORDERS),
        CheckList("cleaning", "daily", ((_at(7), _at(9)), (_at(16), _at(18))), ("clean",), AT_BORDERS),
        CheckList("daily_fire", "daily", ((_at(9), _at(11)),), ("fire_patrol", "fire_door"), AT_BORDERS),
        CheckList("weekly", "weekly", ((_at(9), _at(17)),), ("hotline",), ((date(2026, 9, 21), 80),)),
        CheckList("monthly_fire", "monthly", ((_at(9), _at(17)),),
                  ("extinguisher_count", "extinguisher_pressure", "emergency_light_test", "hydrant"),
                  ((date(2026, 9, 12), 90),)),
        CheckList("monthly_clauses", "monthly", ((_at(9), _at(17)),),
                  ("exception_hours", "choice_kept", "wired_only", "capture_notice", "face_choice", "camera_notice",
                   "private_places", "help_usage", "voice_large_braille", "low_desk_tools", "air_setting",
                   "security_devices", "sprinkler", "guide_video", "site_space", "site_order", "site_goods",
                   "site_devices", "site_papers"), ((date(2026, 9, 12), 60), (date(2026, 10, 12), 60))),
        CheckList("half_year_signs", "monthly", ((_at(9), _at(17)),), ("sign",), ((date(2026, 9, 12), 90),)),
    )
}  # fmt: skip


@dataclass
class Said:
    """One answer. `told`: when the center learned of it. `replaced`: whoever gave it gave another one after it."""

    stop: str
    code: str
    value: str
    at: datetime
    told: datetime
    bad: bool
    replaced: bool = False
    by: str = ""


@dataclass
class Walk:
    """A round. `finished`: when its walker says that it was handed over; `told`: when it came; None: never."""

    opens: datetime
    closes: datetime
    fate: str
    said: list[Said] = field(default_factory=list)
    finished: datetime | None = None
    told: datetime | None = None
    blank: bool = False

    @property
    def on(self) -> date:
        return self.opens.astimezone(ZONE).date()

    @property
    def over(self) -> datetime:
        return self.closes + GRACE

    @property
    def in_time(self) -> bool:
        return self.finished is not None and self.finished <= self.over and self.told is not None and (
            self.told < self.over
        )  # fmt: skip

    @property
    def stained(self) -> bool:
        """Blank, or signed after its time, or by another than who was to walk it."""
        late = any(one.at > self.closes for one in self.said)
        return self.blank or late or self.fate == "other"


@dataclass
class Planned:
    """A plan of an area with its rounds. `day`: of the week (0 Monday) or of the month."""

    area: str
    of: CheckList
    first: date
    last: date
    day: int
    walks: list[Walk] = field(default_factory=list)


def draw_rounds(
    luck: random.Random, area: str, machines: Mapping[str, str], lists: Sequence[str], signs: Sequence[str] = ()
) -> list[Planned]:
    """The plans of an area. `machines`: terminal → owner; `signs`: ids on its plan."""
    found = []
    for code in lists:
        of = LISTS[code]
        first, days = luck.choice(of.spans)
        made = Planned(area, of, first, first + (days - 1) * DAY, luck.choice([0, 2, 4]))
        if of.rhythm == "monthly":
            made.day = luck.choice([1, 5, 14, 31])
        stops = [one for one, owner in machines.items() if not of.owner or owner == "RS"]
        calm, bad_share = luck.random() < 0.5, luck.choice([0.0, 0.0, 0.12, 0.3])
        made.walks = [_walk(luck, of, start, calm) for start in _starts(made)]
        for one in made.walks:
            _answer(luck, made, one, stops, signs, bad_share)
        found.append(made)
    return found


def _starts(plan: Planned) -> list[tuple[datetime, datetime]]:
    found, day = [], plan.first
    while day <= plan.last:
        last = ((day.replace(day=28) + 4 * DAY).replace(day=1) - DAY).day
        due = {
            "daily": True,
            "workdays": day.weekday() < 5,
            "weekly": day.weekday() == plan.day,
            "monthly": day.day == min(plan.day, last),
        }[plan.of.rhythm]
        for opens, closes in plan.of.windows if due else ():
            ends = day + DAY if closes <= opens else day
            found.append((datetime.combine(day, opens, ZONE), datetime.combine(ends, closes, ZONE)))
        day += DAY
    return [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in found]


def _walk(luck: random.Random, of: CheckList, span: tuple[datetime, datetime], calm: bool) -> Walk:
    fate = "done" if calm else luck.choice(FATES)
    if fate == "other" and of.owner:
        fate = "late"
    return Walk(*span, fate)


def _answer(
    luck: random.Random, plan: Planned, one: Walk, stops: Sequence[str], signs: Sequence[str], bad_share: float
) -> None:
    """Fill in what is answered, when, and how it ends."""
    if one.fate in ("missed", "cancelled"):
        return
    asked = [(stop, question(code)) for code in plan.of.questions if code != "sign"
             for stop in (stops if question(code).of_machine else ("",))]  # fmt: skip
    begins = one.closes + 2 * HOUR if one.fate == "late" else one.opens + luck.randint(1, 20) * MINUTE
    if one.fate == "grace":
        begins = one.closes - (len(asked) + len(signs)) * SECOND
    told = one.closes + 5 * MINUTE if one.fate == "offline" else None
    by = {"other": "zhu"}.get(one.fate, "ren" if plan.of.owner else "lin")
    at = begins
    for stop, asks in asked:
        bad = luck.random() < bad_share and asks.code != "test_print"
        value = "na" if luck.random() < 0.06 else asks.value(bad=bad)
        at += SECOND
        one.said.append(Said(stop, asks.code, value, at, told or at, bad and value != "na", by=by))
    for sign in signs if "sign" in plan.of.questions else ():
        bad = luck.random() < bad_share / 6
        at += SECOND
        one.said.append(Said("", f"sign {sign}", luck.choice(SIGN_WORDS) if bad else WELL, at, told or at, bad, by=by))
    if one.fate in ("blank", "half") and one.said:
        del one.said[-max(1, len(signs) // 3) :]
        one.blank = True
    if one.fate == "edited" and one.said:
        _edit(one, at)
        at += 2 * MINUTE
    if one.fate == "half":
        return
    one.finished = one.closes + 14 * MINUTE if one.fate == "grace" else at + (SECOND if one.fate != "done" else MINUTE)
    one.told = one.finished if told is None else told + SECOND


def _edit(one: Walk, at: datetime) -> None:
    """The last answer was wrong: it was said to be bad, then well."""
    last = one.said[-1]
    sign = last.code.startswith("sign ")
    last.bad, last.replaced = True, True
    last.value = SIGN_WORDS[0] if sign else question(last.code).value(bad=True)
    again = at + MINUTE
    value = WELL if sign else question(last.code).value(bad=False)
    one.said.append(Said(last.stop, last.code, value, again, again, False, by=last.by))


# What the answers open ------------------------------------------------------------------------------------------------


def grave_of(code: str) -> str:
    return question("sign" if code.startswith("sign ") else code).row["severity"]


def public(code: str) -> bool:
    bucket = question("sign" if code.startswith("sign ") else code).row["bucket"]
    return bucket in ("power", "network", "site")


def troubles_of(luck: random.Random, plans: Sequence[Planned]) -> list[Trouble]:
    """The faults that an area's rounds found, each joined by whatever found it again, ended by whatever saw it well,
    or worked on by people; and rounds that nobody handed over, each ended by the next one that somebody did.
    """
    told: list[tuple[datetime, int, str, Planned, Walk, Said | None]] = []
    for plan in plans:
        for walk in plan.walks:
            told += [(one.told, 1, "said", plan, walk, one) for one in walk.said]
            if walk.fate in ("missed", "half", "late"):
                told.append((walk.over, 0, "missed", plan, walk, None))
            if walk.told is not None:
                told.append((walk.told, 2, "finished", plan, walk, None))
    told.sort(key=lambda one: one[:2])
    found: list[Trouble] = []
    for when, _nth, what, plan, walk, said in told:
        if what == "missed":
            key = ("missed", plan.of.code, walk.opens.isoformat())
            found.append(Trouble(plan.area, key, walk.closes, when, "serious"))
        elif what == "finished":
            handed_over(found, plan, walk)
        elif said is not None:
            heard(luck, found, plan, walk, said, [one[5] for one in told if one[5] is not None])
    return found


def handed_over(found: list[Trouble], plan: Planned, walk: Walk) -> None:
    """It and the earlier rounds of its plan are missed no more."""
    assert walk.finished is not None
    for one in found:
        missed = one.key[:2] == ("missed", plan.of.code) and one.key[2] <= walk.opens.isoformat()
        if missed and not one.ended:
            one.repaired, one.ended = max(walk.finished, one.opened), True


def heard(
    luck: random.Random, found: list[Trouble], plan: Planned, walk: Walk, said: Said, every: Sequence[Said]
) -> None:
    """What an answer opens, joins or ends."""
    key = ("found", said.stop, said.code)
    standing = [one for one in found if one.key == key and not one.ended]
    if not said.bad:
        for one in standing:
            if said.value != "na" and one.started < said.at:
                one.ended = True
                one.repaired = one.repaired or max(said.at, one.opened)
        return
    same = [one for one in every if (one.stop, one.code) == (said.stop, said.code)]
    newer = [one for one in same if not one.bad and one.at > said.at and one.told < said.told and one not in walk.said]
    if standing or newer:
        return
    made = Trouble(plan.area, key, said.at, said.told, grave_of(said.code), public(said.code), said.stop)
    found.append(made)
    if min((one.told for one in same if one.told > said.told), default=said.told + DAY) >= said.told + LOOK:
        _worked_on(luck, made)


def _worked_on(luck: random.Random, one: Trouble) -> None:
    """Somebody came for it, or nobody did; at the limits of answering, coming and handing on."""
    if luck.random() < 0.35:
        return
    one.accepted = one.opened + luck.choice([5, 30, 31]) * MINUTE
    one.arrived = at = one.accepted + luck.choice([10, 30, 200]) * MINUTE
    if luck.random() < 0.4:
        one.handed_on = at = one.arrived + luck.choice([20, 30, 31]) * MINUTE
    one.repaired = at + luck.choice([20, 90]) * MINUTE
    if luck.random() < 0.8:
        one.verified = one.repaired + 10 * MINUTE
        one.ended = True
