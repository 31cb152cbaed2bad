"""Notices (通知): their states, quiet hours, retries, and the words in which people are told.

A message says where, what, since when, what people cannot do, who is on it, and how to confirm. It holds nothing about
any citizen: none of its parts could.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from budayang.rules.escalation import inside, next_at, span_words
from budayang.rules.incident_kinds import Severity

RUN_NAMES: dict[str, str] = {
    "running": "正在通知",
    "acknowledged": "已有人确认",
    "exhausted": "已通知完，无人确认",
    "held": "暂不通知",
    "closed": "已恢复",
}
RUN_TRANSITIONS: dict[tuple[str, str], str] = {
    ("running", "acknowledge"): "acknowledged",
    ("exhausted", "acknowledge"): "acknowledged",
    ("running", "exhaust"): "exhausted",
    ("running", "hold"): "held",
    ("acknowledged", "hold"): "held",
    ("exhausted", "hold"): "held",
    ("held", "free"): "running",
    ("running", "close"): "closed",
    ("acknowledged", "close"): "closed",
    ("exhausted", "close"): "closed",
    ("held", "close"): "closed",
}

SEND_NAMES: dict[str, str] = {
    "queued": "等待发送",
    "sending": "正在发送",
    "sent": "已发出",
    "delivered": "已送达",
    "failed": "失败，会再试",
    "given_up": "没有发成",
    "cancelled": "不用再发",
}
SEND_TRANSITIONS: dict[tuple[str, str], str] = {
    ("queued", "claim"): "sending",
    ("failed", "claim"): "sending",
    # The process that sent it is gone: its lease ran out, and nobody knows whether it got through.
    ("sending", "claim"): "sending",
    ("sending", "send"): "sent",
    ("sending", "fail"): "failed",
    ("sending", "give_up"): "given_up",
    ("sent", "confirm"): "delivered",
    ("sent", "refuse"): "given_up",
    ("queued", "cancel"): "cancelled",
    ("failed", "cancel"): "cancelled",
}
RETRY_S = (10, 60, 300, 900, 3600)
"""Pauses between attempts: after the last one the delivery is given up and the next channel of the person is used."""

CHANNEL_NAMES: dict[str, str] = {
    "wecom": "企业微信群机器人",
    "dingtalk": "钉钉群机器人",
    "feishu": "飞书群机器人",
    "lark": "Lark 群机器人",
    "webhook": "网络回调（CloudEvents）",
    "mail": "电子邮件",
    "sms": "短信",
}
GROUP_CHANNELS = frozenset({"wecom", "dingtalk", "feishu", "lark", "webhook"})
"""A group or a program hears these; the others reach one person at an address of his own."""
MESSAGE_NAMES: dict[str, str] = {
    "alarm": "故障通知",
    "reminder": "未恢复提醒",
    "recovery": "恢复通知",
    "order": "工单提醒",
    "stop": "计划停用通知",
    "round": "巡查提醒",
    "monthly": "月报",
    "rating": "评价与投诉提醒",
    "visit": "监督检查提醒",
    "improve": "改进事项提醒",
    "project": "标准项目提醒",
    "test": "测试消息",
}
NEVER = "never"
_GRAVITY = {Severity.GENERAL.value: 0, Severity.SERIOUS.value: 1, Severity.URGENT.value: 2, NEVER: 3}
MOST_LINES = 8


@dataclass(frozen=True)
class Quiet:
    """A person's quiet hours. ``breaks``: the least severity that may disturb; "never" for none."""

    opens: time
    closes: time
    breaks: str = Severity.URGENT.value


def hold_until(quiet: Quiet | None, severity: str, now: datetime, *, zone: str, on_duty: bool) -> datetime | None:
    """Until when a message waits for the end of the quiet hours; None: it goes now. Who is on duty is awake."""
    if quiet is None or on_duty or quiet.opens == quiet.closes:
        return None
    if _GRAVITY[severity] >= _GRAVITY[quiet.breaks]:
        return None
    if not inside(quiet.opens, quiet.closes, now.astimezone(_zone(zone)).time()):
        return None
    return next_at(quiet.closes, now, zone)


def retry_s(attempts: int) -> float | None:
    """Seconds until the next attempt after ``attempts`` failures; None: give up."""
    return RETRY_S[attempts - 1] if attempts <= len(RETRY_S) else None


def graver(severities: Sequence[str]) -> str:
    """The gravest of several severities; general when there is none."""
    return max(severities, key=lambda one: _GRAVITY[one], default=Severity.GENERAL.value)


@dataclass(frozen=True)
class Fact:
    """One thing to tell. ``until``: when it recovered, or when a planned stop ends. ``who``: who is on it, in words."""

    title: str
    where: str
    severity: str
    since: datetime
    affects: str = ""
    who: str = ""
    also: int = 0
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Text:
    """``short`` fits a text message (SMS): title and link, without the rest."""

    title: str
    body: str
    short: str


@dataclass(frozen=True)
class _Words:
    """The fixed words of one language."""

    marks: dict[str, str]
    severities: dict[str, str]
    since: str
    until: str
    lasted: str
    affects: str
    nothing: str
    who: str
    also: str
    several: str
    more: str
    ack: str
    look: str
    stop: str


_ZH = _Words(
    marks={
        "alarm": "{severity}", "reminder": "仍未恢复", "recovery": "已恢复", "order": "工单", "stop": "计划停用",
        "round": "巡查", "monthly": "月报", "rating": "评价", "visit": "监督检查", "improve": "改进事项",
        "project": "标准项目", "test": "测试",
    },
    severities={"general": "一般", "serious": "严重", "urgent": "紧急"},
    since="{at} 开始，已 {span}",
    until="{since} 开始，{until} 恢复",
    lasted="历时 {span}",
    affects="影响：{what}",
    nothing="暂不影响办事",
    who="承办：{who}",
    also="另有 {count} 项随它停用，不再单独通知",
    several="{count} 起：{first} 等",
    more="还有 {count} 起，见管理平台",
    ack="收到请点此确认：{link}",
    look="查看：{link}",
    stop="{since} 至 {until}",
)  # fmt: skip
_EN = _Words(
    marks={
        "alarm": "{severity}", "reminder": "still open", "recovery": "recovered", "order": "work order",
        "stop": "planned stop", "round": "round", "monthly": "monthly report", "rating": "rating",
        "visit": "supervision visit", "improve": "improvement item", "project": "standard project", "test": "test",
    },
    severities={"general": "general", "serious": "serious", "urgent": "URGENT"},
    since="since {at}, for {span}",
    until="from {since}, recovered {until}",
    lasted="lasted {span}",
    affects="Affects: {what}",
    nothing="services go on for now",
    who="With: {who}",
    also="{count} more stopped because of it and are not told one by one",
    several="{count} faults: {first} and others",
    more="{count} more on the console",
    ack="Please confirm here: {link}",
    look="See: {link}",
    stop="{since} to {until}",
)  # fmt: skip
_LANGUAGES = {"zh": _ZH, "en": _EN}


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def compose(
    kind: str,
    facts: Sequence[Fact],
    now: datetime,
    *,
    language: str = "zh",
    zone: str = "Asia/Shanghai",
    link: str = "",
    confirms: bool = True,
    say: Callable[[str], str] = str,
) -> Text:
    """The message about one or several facts, gravest first.

    Args:
        kind: a key of MESSAGE_NAMES.
        link: where it is confirmed, or looked at when ``confirms`` is false.
        say: puts Chinese words of the house (titles, what is affected) into the language.
    """
    words = _LANGUAGES[language]
    ordered = sorted(facts, key=lambda one: (-_GRAVITY[one.severity], one.since))
    first = ordered[0]
    mark = words.marks[kind].format(severity=words.severities[first.severity])
    head = f"{first.where} {say(first.title)}".strip()
    topic = head if len(ordered) == 1 else words.several.format(count=len(ordered), first=head)
    title = f"【{mark}】{topic}" if language == "zh" else f"[{mark}] {topic}"
    blocks = [_block(kind, one, now, words, zone, say, language) for one in ordered[:MOST_LINES]]
    if len(ordered) > MOST_LINES:
        blocks.append(words.more.format(count=len(ordered) - MOST_LINES))
    tail = (words.ack if confirms else words.look).format(link=link) if link else ""
    body = "\n\n".join(block for block in (*blocks, tail) if block)
    return Text(title=title, body=body, short=" ".join(part for part in (title, tail) if part))


def _block(
    kind: str, fact: Fact, now: datetime, words: _Words, zone: str, say: Callable[[str], str], language: str
) -> str:
    since = _clock(fact.since, zone)
    lines = [f"{fact.where} {say(fact.title)}".strip()]
    if kind in ("stop", "round") and fact.until is not None:
        lines.append(words.stop.format(since=since, until=_clock(fact.until, zone)))
    elif fact.until is not None:
        lines.append(words.until.format(since=since, until=_clock(fact.until, zone)))
        lines.append(words.lasted.format(span=_span((fact.until - fact.since).total_seconds(), language)))
    elif kind not in ("test", "monthly", "project"):
        lines.append(words.since.format(at=since, span=_span((now - fact.since).total_seconds(), language)))
    if kind in ("alarm", "reminder"):
        what = "、".join(say(part) for part in fact.affects.split("、")) if fact.affects else words.nothing
        lines.append(words.affects.format(what=what if language == "zh" else what.replace("、", ", ")))
    if fact.who and kind != "recovery":
        lines.append(words.who.format(who=fact.who))
    if fact.also and kind in ("alarm", "reminder"):
        lines.append(words.also.format(count=fact.also))
    if fact.note:
        lines.append(say(fact.note))
    return "\n".join(lines)


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(_zone(zone)):%m-%d %H:%M}"


def _span(seconds: float, language: str) -> str:
    if language == "zh":
        return span_words(seconds)
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def mask(text: str) -> str:
    """A phone number or mail address that a reader may recognise and nobody else can use: ``138****5678``."""
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 8 else f"{text[:1]}****"
