"""What each plate says today, from what the rooms know; nobody types it in again.

A fact that is not there leaves its row out; `rules.signs.plates.check` then says what has to be written down first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import translation

from budayang.center.areas import queries as areas
from budayang.center.areas.hours_text import all_day, describe
from budayang.center.platform import queries as platform
from budayang.center.services import queries as services
from budayang.center.services.privacy import notice_in_force
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.report_addresses import address_of
from budayang.rules.calendars import WeeklyWindow
from budayang.rules.parameters import deadline_name
from budayang.rules.signs.composing import Language, SignLine
from budayang.rules.signs.plates import ROWS_MOST, PlateData

Row = tuple[str, str]
ALWAYS = frozenset(all_day())
MINUTE_S = 60
# The states of our terminal's journey, as a person meets them (docs/rooms/terminal.md).
OUR_STEPS: tuple[Row, ...] = (
    ("选", "点屏幕，选要办的事项；说不清就点“查找”"),
    ("看", "看清需要什么、能不能现在办完，同意后继续"),
    ("刷", "放上身份证，或按屏幕提示核对身份"),
    ("填", "按提示填写，核对无误后提交"),
    ("取", "取走打印件、卡证和身份证"),
    ("评", "给这次办理打个分，点“结束”再离开"),
)
OWN = "own"
# What our own terminal program does with a person's data, whatever the edition of the notice says beside it (BS-19).
HOW_WE_DO: tuple[Row, ...] = (
    ("目的", "办理您选定的事项，把结果交给您"),
    ("方式", "由终端读证件或由您填写，加密后交给办理部门"),
    ("种类", "身份信息、您填写的内容、您交的材料"),
)


@dataclass(frozen=True, slots=True)
class About:
    """What a plate is of. `area` an areas.Area; `terminal` a terminals.Terminal, None for a plate of the area."""

    area: Any
    terminal: Any
    now: datetime

    @property
    def of_terminal(self) -> Any:
        """The terminal. Raises ValueError where the plate is of the area."""
        if self.terminal is None:
            raise ValueError("this plate belongs to a terminal")
        return self.terminal


def _door_head(about: About) -> PlateData:
    windows = _windows(about)
    if not windows:
        return PlateData("door_head", about.area.name)
    return PlateData("door_head", about.area.name, (("", "24小时" if set(windows) == ALWAYS else describe(windows)),))


def _windows(about: About) -> tuple[WeeklyWindow, ...]:
    today = about.now.astimezone(ZoneInfo(about.area.place.zone)).date()
    return areas.hours_in_force([about.area.pk], today).get(about.area.pk, ())


def _opening_hours(about: About) -> PlateData:
    rows = (("开放时间", describe(_windows(about))), ("人工帮办", about.area.helper_hours))
    return PlateData("opening_hours", f"{about.area.name} 服务时间", _told(rows))


def _item_list(about: About) -> PlateData:
    found: dict[str, list[str]] = {}
    for offering in services.offerings_on(_machines(about)).select_related("item__department"):
        names = found.setdefault(offering.item.department.name, [])
        if offering.item.name not in names:
            names.append(offering.item.name)
    rows = tuple((department, "、".join(sorted(names))) for department, names in sorted(found.items()))
    title = f"{(about.terminal or about.area).name} 可办事项"
    return PlateData("item_list", title, rows[:ROWS_MOST])


def _supervision(about: About) -> PlateData:
    rows = (("监督单位", _manager(about, "name")), ("监督电话", _manager(about, "phone")))
    return PlateData(
        "supervision",
        "监督投诉",
        _told(rows),
        qr=address_of("area", about.area.code),
        qr_word="扫码提意见",
    )


def _management_card(about: About) -> PlateData:
    terminal = about.of_terminal
    offered = services.offerings_on(_machines(about))
    names = sorted(set(offered.values_list("item__department__name", flat=True)))
    respond = platform.parameter(deadline_name("respond", "general"), about.area.place.path, about.now)
    rows = (
        ("设备编号", terminal.code),
        ("功能", "、".join(names)),
        ("归口单位", terminal.owner.name),
        ("责任人", _keeper(about)),
        ("承诺", f"故障{round(float(respond) / MINUTE_S)}分钟内响应"),
        ("监督电话", _manager(about, "phone") or terminal.owner.phone),
    )
    return PlateData(
        "management_card",
        terminal.name,
        _told(rows),
        qr=address_of("terminal", terminal.code),
        qr_word="扫码报修、提意见",
    )


def _keeper_phone(about: About) -> PlateData:
    rows = (("管理员", _keeper(about)), ("电话", about.area.keeper_phone), ("帮办电话", about.area.helper_phone))
    return PlateData("keeper_phone", "需要帮助请打电话", _told(rows))


def _rating_code(about: About) -> PlateData:
    return PlateData(
        "rating_code",
        "请您评价",
        qr=address_of("terminal", about.of_terminal.code),
        qr_word="扫码评价、报修、提意见",
    )


def _terminal_number(about: About) -> PlateData:
    return PlateData("terminal_number", about.of_terminal.code)


def _device_board(about: About) -> PlateData:
    """Management card, keeper's phone, rating code and where the notice is read, on one board."""
    card = _management_card(about)
    known = dict(card.rows)
    rows = (
        *((label, known.get(label, "")) for label in ("设备编号", "功能", "归口单位", "承诺")),
        ("管理员", _keeper(about)),
        ("电话", about.area.keeper_phone),
        ("监督电话", known.get("监督电话", "")),
        ("个人信息", "处理规则见屏幕首页" if about.terminal.kind == OWN else "处理规则请问归口单位"),
    )
    return PlateData("device_board", card.title, _told(rows), qr=card.qr, qr_word="扫码评价、报修、提意见")


def _steps(about: About) -> PlateData:
    if about.of_terminal.kind != OWN:
        raise ValueError("only its department knows the steps of a machine that does not run our program")
    return PlateData("steps", "操作指南", OUR_STEPS, note=f"不会办请打电话 {about.area.keeper_phone}".strip())


def _video_notice(about: About) -> PlateData:
    rows = (("采集单位", _manager(about, "name")), ("用途", "维护公共安全"), ("电话", _manager(about, "phone")))
    return PlateData("video_notice", "您已进入视频采集区域", _told(rows))


def _privacy_notice(about: About) -> PlateData:
    notice, phone = notice_in_force(about.now), _manager(about, "phone") or about.area.keeper_phone
    rows: tuple[Row, ...]
    if about.of_terminal.kind == OWN:
        rows = (
            ("处理者", _manager(about, "name")),
            *HOW_WE_DO,
            ("期限", notice.keeps),
            ("权利途径", f"查阅、更正、删除请拨打 {phone}" if phone else ""),
            *((f"说明{number}", line) for number, line in enumerate(notice.lines, start=1)),
        )
    else:  # its department knows what the machine does with a person's data, and we do not
        rows = (("处理者", about.terminal.owner.name),)
    return PlateData("privacy_notice", "个人信息处理规则", _told(rows), note=f"版本 {notice.version}")


_MAKERS: dict[str, Callable[[About], PlateData]] = {
    "door_head": _door_head,
    "opening_hours": _opening_hours,
    "item_list": _item_list,
    "supervision": _supervision,
    "management_card": _management_card,
    "keeper_phone": _keeper_phone,
    "rating_code": _rating_code,
    "privacy_notice": _privacy_notice,
    "terminal_number": _terminal_number,
    "device_board": _device_board,
    "steps": _steps,
    "video_notice": _video_notice,
}
DRAWN = frozenset(_MAKERS)
"""Kinds of plates whose words the rooms know."""
OF_TERMINAL = frozenset(
    {
        "management_card", "keeper_phone", "rating_code", "privacy_notice", "terminal_number", "device_board", "steps",
    }
)  # fmt: skip


def plate_of(kind: str, about: About) -> PlateData:
    """What a plate of that kind says now, in Chinese. Raises KeyError for a kind whose words the rooms do not know."""
    with translation.override("zh-hans"):
        return _MAKERS[kind](about)


def as_json(plate: PlateData) -> dict[str, Any]:
    """A plate as `HungPlate.said` keeps it."""
    return asdict(plate)


def from_json(kept: dict[str, Any]) -> PlateData:
    """A plate from what `as_json` gave."""
    texts = tuple(SignLine(Language(one["language"]), one["text"], one["approved"]) for one in kept["texts"])
    return PlateData(**{**kept, "rows": tuple((label, value) for label, value in kept["rows"]), "texts": texts})


def _machines(about: About) -> QuerySet[Any]:
    rows = terminals.in_service()
    return rows.filter(pk=about.terminal.pk) if about.terminal is not None else rows.filter(area=about.area)


def _told(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row[1])


def _keeper(about: About) -> str:
    return str(about.area.keeper.name) if about.area.keeper else ""


def _manager(about: About, fact: str) -> str:
    return str(getattr(about.area.manager, fact)) if about.area.manager else ""
