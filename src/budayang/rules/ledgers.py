"""Ledgers (台账): the eleven books that inspectors ask for, the small registers behind some of them, and what free
words in them may not hold.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BOOK_NAMES: dict[str, str] = {
    "assets": "设备台账",
    "patrol": "巡查台账",
    "inspection": "巡检台账",
    "repair": "维修台账",
    "supplies": "耗材台账",
    "cleaning": "保洁台账",
    "fire": "消防台账",
    "training": "培训台账",
    "duty": "值班日志台账",
    "lost": "遗失物台账",
    "viewing": "视频调阅台账",
}
FORM_NAMES: dict[str, str] = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel"}

DUTY_KINDS: dict[str, str] = {
    "routine": "日常",
    "unusual": "异常情况",
    "visit": "来人来访",
    "call": "来电、求助",
    "order": "交办事项",
    "other": "其他",
}
TRAINING_KINDS: dict[str, str] = {
    "operation": "设备操作",
    "service": "帮办服务",
    "fire": "消防安全",
    "drill": "应急演练",
    "security": "信息安全与保密",
    "other": "其他",
}
AUTHORITY_KINDS: dict[str, str] = {
    "inside": "本单位授权",
    "police": "公安机关",
    "court": "法院、检察院、监察机关",
    "person": "当事人申请（经批准）",
    "supervision": "主管部门检查",
}
LOST_KINDS: dict[str, str] = {
    "document": "证件、证照",
    "card": "银行卡、社保卡",
    "paper": "打印件、材料",
    "thing": "随身物品",
    "cash": "现金",
    "other": "其他",
}

LOST_STATE_NAMES: dict[str, str] = {
    "kept": "保管中",
    "claimed": "已领回",
    "police": "已移交公安机关",
    "returned": "已转交发证单位",
    "disposed": "已按规定处理",
}
LOST_FIRST = "kept"
LOST_TRANSITIONS: dict[tuple[str, str], str] = {
    ("kept", "claim"): "claimed",
    ("kept", "hand_to_police"): "police",
    ("kept", "return_to_issuer"): "returned",
    ("kept", "dispose"): "disposed",
}
LOST_EVENT_NAMES: dict[str, str] = {
    "claim": "失主领回",
    "hand_to_police": "移交公安机关",
    "return_to_issuer": "转交发证单位",
    "dispose": "按规定处理",
}

LOOK_REASONS: dict[str, str] = {
    "claim": "核对领取人",
    "dispute": "处理争议、投诉",
    "authority": "有权机关查询",
    "correct": "更正登记",
}
"""Why somebody may look at what is sealed in these registers."""
GAP_NAMES: dict[str, str] = {
    "unanswered": "没有一项作答的巡查巡检",
    "missed": "未按时完成、没有补做的巡查巡检",
    "not_closed": "没有关闭的工单",
    "empty": "没有记录的台账",
}
"""What the archive of a year is checked for."""

_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{15}(?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_ACCOUNT = re.compile(r"(?<!\d)\d{16,19}(?!\d)")


def holds_personal_number(text: str) -> bool:
    """Whether free words hold an identity number, a mobile number or the number of a bank card. Spaces and hyphens
    between digits hide none.
    """
    plain = re.sub(r"(?<=\d)[ \-—](?=\d)", "", text)
    return any(one.search(plain) for one in (_ID_NUMBER, _MOBILE, _ACCOUNT))


def period(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """[start, end) of whole days at a place, both days in it, in UTC. Raises ValueError when they are swapped."""
    if last < first:
        raise ValueError("the last day lies before the first")
    at = ZoneInfo(zone)
    return (
        datetime.combine(first, time(), at).astimezone(UTC),
        datetime.combine(last + timedelta(days=1), time(), at).astimezone(UTC),
    )
