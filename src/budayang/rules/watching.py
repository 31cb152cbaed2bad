"""A department's own machine (部门专机), watched from beside: what each source proves, and what several prove together.

A source says one thing about one fact (a ping: the machine answers). A profile says which facts each source of a
machine stands for. `judge` puts them together by one table, first row that fits; what no row settles is unknown, never
well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Usable(StrEnum):
    """What is known of the machine as a whole."""

    OK = "ok"  # it serves: its program answers, or a person saw it work
    ON = "on"  # it answers, and whether its program serves is not known
    OFF = "off"
    UNREACHABLE = "unreachable"
    FAULT = "fault"
    UNKNOWN = "unknown"


USABLE_NAMES: dict[Usable, str] = {
    Usable.OK: "能用",
    Usable.ON: "开着，能否办理未知",
    Usable.OFF: "关机",
    Usable.UNREACHABLE: "联系不上",
    Usable.FAULT: "有故障",
    Usable.UNKNOWN: "未知",
}


class Counts(StrEnum):
    """How a minute of it counts in the hours: usable when it is known to serve, unusable when it is known to fail."""

    USABLE = "usable"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"


COUNTS: dict[Usable, Counts] = {
    Usable.OK: Counts.USABLE,
    Usable.ON: Counts.UNKNOWN,
    Usable.OFF: Counts.UNUSABLE,
    Usable.UNREACHABLE: Counts.UNUSABLE,
    Usable.FAULT: Counts.UNUSABLE,
    Usable.UNKNOWN: Counts.UNKNOWN,
}


class Evidence(StrEnum):
    """Whose the lost minute is, as far as the sources settle it; a bucket of the hours is found by the same word."""

    NONE = ""
    SWITCHED_OFF = "switched_off"
    POWER = "power"
    NETWORK = "network"
    DEVICE = "device"
    CONSUMABLES = "consumables"
    DEPARTMENT = "department"
    MONITORING_LOST = "monitoring_lost"


class Fact(StrEnum):
    """What can be known of a machine."""

    REACH = "reach"  # something on it answers over the network
    APPLICATION = "application"  # the program that people use answers
    POWER = "power"  # it draws power
    NETWORK = "network"  # its cable and its port carry
    PRINTER = "printer"
    PAPER = "paper"
    DEPARTMENT = "department"  # the department's system behind it


FACT_NAMES: dict[Fact, str] = {
    Fact.REACH: "开机并联网",
    Fact.APPLICATION: "办理程序",
    Fact.POWER: "用电",
    Fact.NETWORK: "网线和端口",
    Fact.PRINTER: "打印机",
    Fact.PAPER: "纸和碳粉",
    Fact.DEPARTMENT: "部门系统",
}

YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True)
class SourceKind:
    """One way to watch. `proves`: what it may stand for, the first is taken when a profile says nothing.

    `subject` and `prop`: where its state is kept, in the words of rules.terminals; `says`: state → what that means for
    the fact. `parts`: what must be bought; `price` in yuan and `minutes` of work are our own estimates, policy may set
    others (parameters `watch_<kind>_price`, `watch_<kind>_minutes`).
    """

    kind: str
    name: str
    proves: tuple[Fact, ...]
    subject: str
    prop: str
    says: Mapping[str, str]
    interval_s: int
    keep_s: int
    parts: str
    price: int
    minutes: int
    settles: str


SOURCES: tuple[SourceKind, ...] = (
    SourceKind("ping", "ping", (Fact.REACH,), "reach", "ping", {"ok": YES, "down": NO}, 30, 180, "", 0, 5,
               "机器是否开机并联网"),
    SourceKind("tcp", "端口连接", (Fact.REACH, Fact.APPLICATION), "reach", "tcp", {"ok": YES, "down": NO}, 30, 180,
               "", 0, 10, "机器上的某个程序是否在听"),
    SourceKind("http", "网页检查", (Fact.APPLICATION, Fact.REACH, Fact.DEPARTMENT), "reach", "http",
               {"ok": YES, "error": NO, "down": NO}, 60, 300, "", 0, 15, "办理程序或部门系统是否应答"),
    SourceKind("snmp_printer", "打印机 SNMP", (Fact.PRINTER, Fact.PAPER), "printer", "device",
               {"online": YES, "potentialFraud": YES, "userError": NO, "hardwareError": NO, "offline": NO}, 60, 300,
               "", 0, 20, "打印机是否正常、还有多少纸和碳粉"),
    SourceKind("snmp_port", "交换机端口 SNMP", (Fact.NETWORK,), "reach", "link", {"up": YES, "down": NO}, 60, 300,
               "可网管交换机（整个自助区一台）", 260, 30, "网线和端口是否接通"),
    SourceKind("plug", "计量插座", (Fact.POWER,), "power", "load",
               {"drawing": "drawing", "standby": "standby", "off": "off"}, 30, 180, "带计量的智能插座", 60, 15,
               "机器是否通电、是否被人关机"),
    SourceKind("heartbeat", "机器自己的心跳", (Fact.REACH, Fact.APPLICATION), "reach", "heartbeat",
               {"ok": YES, "late": NO}, 60, 300, "", 0, 20, "操作系统是否在运行"),
    # It stands for no fact of the machine: the door is the area's.
    SourceKind("door", "门禁控制器", (), "door", "entrance", {}, 5, 7200, "", 0, 30,
               "自助区的门开着、关着还是锁着，怎么打开的"),
)  # fmt: skip
BY_KIND: dict[str, SourceKind] = {one.kind: one for one in SOURCES}


class Seen(StrEnum):
    """What somebody saw at the machine."""

    WORKING = "working"
    BROKEN = "broken"
    NO_PAPER = "no_paper"
    OFF = "off"


SEEN_NAMES: dict[Seen, str] = {
    Seen.WORKING: "能用（试打成功）",
    Seen.BROKEN: "不能用",
    Seen.NO_PAPER: "缺纸或缺耗材",
    Seen.OFF: "关着",
}
HOW_SEEN: dict[str, str] = {"test_print": "试打一张", "self_check": "试办一次", "looked": "看过屏幕"}


@dataclass(frozen=True)
class Word:
    """What one source says now. `source` names it for people and in `stands_on`, `word` is a value of its `says`."""

    source: str
    fact: Fact
    word: str
    since: datetime | None = None


PAPER_SAYS: Mapping[str, str] = {"full": YES, "low": YES, "out": NO, "jammed": NO}


def word_of(kind: str, fact: Fact, state_of: Mapping[str, str]) -> str:
    """What a source's states (property → state) say of a fact. A state that it does not name says nothing."""
    if fact is Fact.PAPER:
        return PAPER_SAYS.get(state_of.get("paper.upper", ""), UNKNOWN)
    source = BY_KIND[kind]
    state = state_of.get(source.prop, "")
    if fact is Fact.REACH and state == "error":
        return YES  # a page that answers with an error answers
    return source.says.get(state, UNKNOWN)


def words_of(source: str, kind: str, facts: Iterable[Fact], state_of: Mapping[str, str], since: datetime) -> list[Word]:
    """What a source says of the facts that it stands for. A program that answers, be it with an error, is reached."""
    said = [Word(source, fact, word_of(kind, fact, state_of), since) for fact in facts]
    if any(one.fact is Fact.APPLICATION for one in said) and word_of(kind, Fact.REACH, state_of) == YES:
        said.append(Word(source, Fact.REACH, YES, since))
    return [one for one in said if one.word != UNKNOWN]


@dataclass(frozen=True)
class Row:
    """One row of the table. A condition names what must be known; what it does not name may be anything."""

    usable: Usable
    evidence: Evidence
    text: str
    relay: tuple[str, ...] = ("heard",)
    mains: tuple[str, ...] = ()
    power: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    printer: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


CONDITIONS = ("relay", "mains", "power", "reach", "application", "network", "printer", "department", "seen")
_ANY = ("heard", "none")
_ON, _WORKS = ("drawing", "standby"), (Seen.WORKING.value,)

# fmt: off
# The first row that fits decides. While the relay cannot be heard nothing is used that anybody said before.
TABLE: tuple[Row, ...] = (
    Row(Usable.UNKNOWN, Evidence.MONITORING_LOST, "中继失去联系，这段时间看不到这台机器", relay=("silent",)),
    Row(Usable.OK, Evidence.NONE, "有人在现场确认能用", relay=("none",), seen=_WORKS),
    Row(Usable.FAULT, Evidence.CONSUMABLES, "有人在现场看到缺纸或缺耗材", relay=_ANY, seen=(Seen.NO_PAPER,)),
    Row(Usable.FAULT, Evidence.NONE, "有人在现场看到不能用", relay=_ANY, seen=(Seen.BROKEN,)),
    Row(Usable.UNKNOWN, Evidence.NONE, "来源互相矛盾：插座说没有用电，机器却有应答，请核对插座接的是哪台机器",
        power=("off",), reach=(YES,)),
    Row(Usable.UNKNOWN, Evidence.NONE, "来源互相矛盾：交换机端口没有连接，机器却有应答，请核对端口号",
        network=(NO,), reach=(YES,)),
    Row(Usable.OFF, Evidence.POWER, "整个自助区停电，机器没有用电", mains=("off",), power=("off",)),
    Row(Usable.OFF, Evidence.SWITCHED_OFF, "自助区有电，这台机器没有用电：被人关机或拔了插头",
        mains=("on",), power=("off",)),
    Row(Usable.OFF, Evidence.NONE, "机器没有用电，不知道自助区是否有电", power=("off",)),
    Row(Usable.OFF, Evidence.SWITCHED_OFF, "插座有电，机器只有待机用电且没有应答：被人关机",
        power=("standby",), reach=(NO,)),
    Row(Usable.OFF, Evidence.NONE, "有人在现场看到关着", relay=_ANY, reach=(NO, UNKNOWN), seen=(Seen.OFF,)),
    Row(Usable.UNREACHABLE, Evidence.NETWORK, "机器在用电，交换机端口没有连接：网线或网卡",
        power=("drawing",), network=(NO,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "机器在用电，端口也通，没有应答：系统死机或网络设置",
        power=("drawing",), reach=(NO,), network=(YES,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "机器在用电，没有应答：网络或操作系统", power=("drawing",), reach=(NO,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "没有应答，端口也没有连接：关机或断网，分不清", network=(NO,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "没有应答：关机、断网还是死机，分不清", reach=(NO,)),
    Row(Usable.FAULT, Evidence.DEPARTMENT, "部门系统没有应答，机器本身没有问题", reach=(YES,), department=(NO,)),
    Row(Usable.FAULT, Evidence.DEPARTMENT, "部门系统没有应答", department=(NO,)),
    Row(Usable.FAULT, Evidence.NONE, "机器有应答，办理程序没有应答", reach=(YES,), application=(NO,)),
    Row(Usable.OFF, Evidence.SWITCHED_OFF, "插座有电，机器只有待机用电，办理程序没有应答：被人关机",
        power=("standby",), application=(NO,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "机器在用电，办理程序没有应答：网络、系统还是程序，分不清",
        power=("drawing",), application=(NO,)),
    Row(Usable.UNREACHABLE, Evidence.NONE, "办理程序没有应答：关机、断网还是程序，分不清", application=(NO,)),
    Row(Usable.FAULT, Evidence.DEVICE, "打印机不能用", printer=(NO,)),
    Row(Usable.OK, Evidence.NONE, "办理程序有应答", application=(YES,)),
    Row(Usable.OK, Evidence.NONE, "机器有应答，有人在现场确认能用", reach=(YES,), seen=_WORKS),
    Row(Usable.OK, Evidence.NONE, "机器在用电，有人在现场确认能用", power=("drawing",), seen=_WORKS),
    Row(Usable.OK, Evidence.NONE, "有人在现场确认能用", seen=_WORKS),
    Row(Usable.ON, Evidence.NONE, "机器有应答，办理程序是否正常没有来源能证明", reach=(YES,)),
    Row(Usable.ON, Evidence.NONE, "机器在用电，是否应答没有来源能证明", power=("drawing",)),
    Row(Usable.UNKNOWN, Evidence.NONE, "还没有分配中继，也没有人在现场确认", relay=("none",)),
)
# fmt: on
_NOTHING = Row(Usable.UNKNOWN, Evidence.NONE, "现有来源都没有结果", relay=_ANY)


@dataclass(frozen=True)
class WatchVerdict:
    """What is known of a machine, why, and on which sources it stands (their names; "seen" for a person's word).

    `unknown` are the facts that no source tells now. `since` is the youngest of the words that it stands on.
    """

    usable: Usable
    evidence: Evidence
    text: str
    stands_on: tuple[str, ...]
    unknown: tuple[Fact, ...]
    since: datetime | None = None

    @property
    def counts(self) -> Counts:
        return COUNTS[self.usable]

    @property
    def name(self) -> str:
        return USABLE_NAMES[self.usable]


def together(fact: Fact, words: Iterable[Word]) -> str:
    """What several sources of one fact say as one word. One that answers outweighs any that do not: whoever answers is
    there. For power the most that is drawn counts.
    """
    said = {one.word for one in words if one.fact is fact}
    order = ("drawing", "standby", "off") if fact is Fact.POWER else (YES, NO)
    return next((one for one in order if one in said), UNKNOWN)


def judge(words: Sequence[Word], *, relay: str, mains: str = UNKNOWN, seen: Word | None = None) -> WatchVerdict:
    """The verdict of one moment.

    `relay`: heard, silent, or none (no relay watches it). `mains`: whether the area has power: on, off, unknown.
    `seen`: the newest word of a person that is not too old, with a `Seen` as its word.
    """
    heard = tuple(words) if relay == "heard" else ()
    known = {fact.value: together(fact, heard) for fact in Fact}
    if known["application"] == YES:
        known["reach"] = YES  # a program that answers proves that its machine does
    known |= {"relay": relay, "mains": mains, "seen": seen.word if seen else UNKNOWN}
    row = next((one for one in TABLE if _fits(one, known)), _NOTHING)
    stands = _stands_on(row, known, heard, seen)
    unknown = tuple(fact for fact in Fact if known[fact.value] == UNKNOWN)
    since = max((one.since for one in stands if one.since is not None), default=None)
    return WatchVerdict(row.usable, row.evidence, row.text, tuple(one.source for one in stands), unknown, since)


def _fits(row: Row, known: Mapping[str, str]) -> bool:
    return all(not allowed or known[name] in allowed for name in CONDITIONS if (allowed := getattr(row, name)) != ())


def _stands_on(row: Row, known: Mapping[str, str], words: Sequence[Word], seen: Word | None) -> list[Word]:
    named = {name for name in CONDITIONS if getattr(row, name)}
    found = [one for one in words if one.fact.value in named and one.word == known[one.fact.value]]
    if "reach" in named and known["reach"] == YES and not any(one.fact is Fact.REACH for one in found):
        found += [one for one in words if one.fact is Fact.APPLICATION and one.word == YES]
    if seen is not None and "seen" in named:
        found.append(seen)
    return found


def cheapest(unknown: Iterable[Fact], present: Iterable[str]) -> list[SourceKind]:
    """Sources not there yet that could settle one of these facts, cheapest first, then least work."""
    open_facts, there = set(unknown), set(present)
    found = [one for one in SOURCES if one.kind not in there and open_facts & set(one.proves)]
    return sorted(found, key=lambda one: (one.price, one.minutes))
