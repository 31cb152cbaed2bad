"""报修: what anybody may say is wrong, by its chip; how a report moves; what is known of it already.

A report is no proof: it takes no minute from anybody (its causes affect nothing) until somebody or a device says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from budayang.rules.causes import IncidentKind, get_cause

GENERAL, SERIOUS, URGENT = "report_general", "report_serious", "report_urgent"
"""The causes (rules/cause_table) under which a report is an incident: they differ in how grave it is."""
UNANSWERED = "report_unanswered"
REPORT_CAUSES = frozenset({GENERAL, SERIOUS, URGENT})


@dataclass(frozen=True)
class ReportKind:
    """One chip. ``cause``: the incident that it opens. ``affects``: what people lose (keys of causes.AFFECTS); an open
    incident that takes one of these is the same thing. ``knows``: further kinds of incident that are the same thing.
    ``first``: what the person does before anything else; shown where it is chosen.
    """

    code: str
    label: str
    cause: str = GENERAL
    affects: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    first: str = ""

    def is_known_by(self, incident: IncidentKind) -> bool:
        """Whether an incident of this kind, at the same machine or place, is what the person sees."""
        return incident.code in self.knows or any(one in incident.affects for one in self.affects)


_CALL_110 = "有人身危险，请先打 110；着火打 119，急病打 120。"
# A sheet that lies in a machine without power is the power's matter, whatever the person calls it.
_ALL_DOWN = ("terminal",)
_NO_POWER_OR_NETWORK = (
    "area_power", "power_lost", "power_ending", "area_network", "network_down", "area_silent", "terminal_silent",
)  # fmt: skip

TERMINAL_KINDS: tuple[ReportKind, ...] = (
    ReportKind("screen", "黑屏、死机或没有反应", SERIOUS, _ALL_DOWN, ("page_dead", "application_down")),
    ReportKind("print", "打印不出来", GENERAL, ("printing", *_ALL_DOWN)),
    ReportKind("print_bad", "打印不清楚、缺页", GENERAL, (), ("toner_low", "toner_out")),
    ReportKind("receipt", "不出凭条", GENERAL, ("receipt", *_ALL_DOWN)),
    ReportKind("id_card", "身份证读不出来", GENERAL, ("identity", *_ALL_DOWN)),
    ReportKind("card_stuck", "卡或证件取不出来", SERIOUS, (), ("ic_card_stuck", "card_jam"),
               "请不要用工具撬，证件信息不要写在这里；可以按机器上的“呼叫帮办”。"),
    ReportKind("money", "扣了钱，没有办成", URGENT, (), ("paid_without_output",),
               "请保留付款记录，不要重复付款；钱的去向会逐笔核对。"),
    ReportKind("scan", "扫码没有反应", GENERAL, ("scanning", "payment", *_ALL_DOWN)),
    ReportKind("item", "办到一半办不下去", GENERAL, ("items", *_ALL_DOWN), ("department_down", "department_link_down")),
    ReportKind("voice", "听不到语音", GENERAL, ("voice", *_ALL_DOWN), ("speaker_muted",)),
    ReportKind("damage", "机器被砸坏、撬过", SERIOUS, (), ("cabinet_forced", "cabinet_pried", "part_tampered")),
    ReportKind("sticker", "贴了可疑的二维码、广告", SERIOUS, first="请不要扫贴上去的二维码。"),
    ReportKind("left", "有人落下证件或打印件", SERIOUS, first="请放在原处，不要拍下别人证件的内容。"),
)  # fmt: skip
AREA_KINDS: tuple[ReportKind, ...] = (
    ReportKind("door", "门打不开", URGENT, ("entry",)),
    ReportKind("power", "停电、断网", SERIOUS, (), _NO_POWER_OR_NETWORK),
    ReportKind("danger", "有人滞留、破坏或遇到危险", URGENT, first=_CALL_110),
    ReportKind("fire", "冒烟、漏水、有焦味", URGENT, (), ("site_smoke",), _CALL_110),
    ReportKind("help", "呼叫帮办没有人应", SERIOUS),
    ReportKind("climate", "太冷、太热", GENERAL, (), ("site_cold", "site_hot")),
    ReportKind("light", "灯不亮", GENERAL),
    ReportKind("dirty", "地面湿滑、不干净", GENERAL),
)
OTHER = ReportKind("other", "其他毛病")
KINDS: dict[str, ReportKind] = {one.code: one for one in (*TERMINAL_KINDS, *AREA_KINDS, OTHER)}


def kinds_of(what: str) -> tuple[ReportKind, ...]:
    """The chips of an address. ``what``: "terminal" (its own and the area's) or "area" (the area's)."""
    return (*TERMINAL_KINDS, *AREA_KINDS, OTHER) if what == "terminal" else (*AREA_KINDS, OTHER)


def is_of_area(kind: ReportKind) -> bool:
    """It is the area's matter, at whichever machine the person stands."""
    return kind in AREA_KINDS


def knows(kind: ReportKind, incident_code: str) -> bool:
    """``ReportKind.is_known_by`` for an incident's code."""
    return kind.is_known_by(get_cause(incident_code))


# How a report moves.

STATE_NAMES: dict[str, str] = {
    "held": "等人看过",
    "received": "已收到",
    "working": "有人处理",
    "fixed": "已修好",
    "checked": "看过了，没有发现问题",
    "withdrawn": "已撤回",
    "set_aside": "不作处理",
}
OPEN_STATES: frozenset[str] = frozenset({"held", "received", "working"})
TRANSITIONS: dict[tuple[str, str], str] = {
    ("held", "admit"): "received",
    ("held", "withdraw"): "withdrawn",
    ("held", "set_aside"): "set_aside",
    ("received", "work"): "working",
    ("received", "fix"): "fixed",
    ("received", "find_nothing"): "checked",
    ("received", "withdraw"): "withdrawn",
    ("received", "set_aside"): "set_aside",
    ("working", "give_back"): "received",
    ("working", "fix"): "fixed",
    ("working", "find_nothing"): "checked",
    ("working", "withdraw"): "withdrawn",
    ("working", "set_aside"): "set_aside",
}
ABUSE_REASONS: dict[str, str] = {
    "joke": "内容与自助区无关",
    "flood": "大量重复提交",
    "advert": "广告、推销",
    "insult": "辱骂、攻击他人",
    "picture": "照片不当",
}
_WORKING = frozenset({"accepted", "accepted_paused", "on_site", "on_site_paused", "repaired"})


def next_state(state: str, event: str) -> str | None:
    """The state after an event; None where the table has none."""
    return TRANSITIONS.get((state, event))


def event_of(state: str, *, own: bool, incident_open: bool, order_state: str | None) -> str | None:
    """What a report in ``state`` learns from how its incident and that one's order stand; None: nothing new.

    ``own``: the incident is one of reports, which no device ends: its order's acceptance does. Any other ends when
    whoever found it says so. ``order_state``: None while there is no order.
    """
    if own and order_state == "cancelled":
        found = "find_nothing"
    elif (own and order_state in ("verified", "closed")) or (not own and not incident_open):
        found = "fix"
    else:
        found = "work" if order_state in _WORKING else "give_back"
    return found if next_state(state, found) is not None else None
