"""The frame's navigation: the standard's chapters in order, each entry shown only to those who may open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from budayang.center.console.reader import may_open, reader
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform.actors import Role

COUNTED = 1000
"""What waits is counted up to here: each page asks for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation. `path` also covers everything below it. `not_for`: roles that may open the address and
    are led on from it.
    """

    path: str
    title: str | Promise
    not_for: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of the navigation with its pages; `icon` is the id of a symbol in icons.svg."""

    title: str | Promise
    icon: str
    entries: tuple[Entry, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        _("总览"),
        "overview",
        (Entry("/console/", _("总览"), not_for=frozenset({Role.WINDOW_CLERK})), Entry("/console/wall/", _("大屏"))),
    ),
    Chapter(_("基本要求"), "area", (Entry("/console/areas/", _("自助区")),)),
    Chapter(
        _("硬件设备"),
        "terminal",
        (
            Entry("/console/terminals/", _("自助终端")),
            Entry("/console/assets/", _("资产")),
            Entry("/console/supplies/", _("耗材")),
            Entry("/console/stock/", _("库存台账")),
            Entry("/console/watching/", _("专机监测")),
            Entry("/console/relays/", _("中继")),
            Entry("/console/commands/", _("远程指令")),
            Entry("/console/rollouts/", _("分批升级")),
            Entry("/console/profiles/", _("终端设置")),
        ),
    ),
    Chapter(
        _("办理事项"),
        "item",
        (
            Entry("/console/finder/", _("事项检索")),
            Entry("/console/items/", _("事项目录")),
            Entry("/console/catalogue/", _("目录版本")),
            Entry("/console/departments/", _("部门办理时间")),
            Entry("/console/connectors/", _("部门接口")),
            Entry("/console/licences/", _("电子证照来源")),
            Entry("/console/calendars/", _("节假日日历")),
            Entry("/console/probes/", _("拨测")),
            Entry("/console/cases/", _("办件")),
            Entry("/console/payments/", _("缴费")),
            Entry("/console/providers/", _("支付机构")),
            Entry("/console/windows/", _("转窗口")),
        ),
    ),
    Chapter(
        _("标志标识"),
        "sign",
        (
            Entry("/console/sign-plans/", _("标志平面图")),
            Entry("/console/sign-looks/", _("标志检查")),
            Entry("/console/sign-kinds/", _("标志目录")),
            Entry("/console/plates/", _("标牌核对")),
            Entry("/console/sign-artwork/", _("标志制作")),
            Entry("/console/sign-texts/", _("标志文字")),
            Entry("/console/sign-rules/", _("双文规则")),
            Entry("/console/sign-symbols/", _("官方图形")),
        ),
    ),
    Chapter(
        _("维护管理"),
        "maintenance",
        (
            Entry("/console/incidents/", _("故障")),
            Entry("/console/fault-notices/", _("停用告示")),
            Entry("/console/reports/", _("群众报修")),
            Entry("/console/orders/", _("工单")),
            Entry("/console/contracts/", _("维修合同")),
            Entry("/console/my-rounds/", _("我的巡查")),
            Entry("/console/rounds/", _("巡查巡检")),
            Entry("/console/round-plans/", _("巡查计划")),
            Entry("/console/check-lists/", _("检查表")),
            Entry("/console/due/", _("到期事项")),
            Entry("/console/ledgers/", _("台账")),
            Entry("/console/duty/", _("值班表")),
            Entry("/console/notices/", _("通知记录")),
            Entry("/console/escalation/", _("升级规则")),
            Entry("/console/channels/", _("通知渠道")),
            Entry("/console/stops/", _("计划停用")),
            Entry("/console/hours/", _("可用时间")),
            Entry("/console/scorecards/", _("单位与运维商评分")),
            Entry("/console/evidence/", _("证据包")),
        ),
    ),
    Chapter(
        _("夜间安全"),
        "safety",
        (
            Entry("/console/help-calls/", _("求助呼叫")),
            Entry("/console/emergencies/", _("应急处置")),
            Entry("/console/emergency-cards/", _("应急卡")),
            Entry("/console/doors/", _("门禁")),
            Entry("/console/safety-tests/", _("安全测试")),
            Entry("/console/keys/", _("钥匙保管")),
            Entry("/console/cameras/", _("摄像头")),
        ),
    ),
    Chapter(
        _("评价与改进"),
        "rating",
        (
            Entry("/console/ratings/", _("评价")),
            Entry("/console/rating-indicators/", _("好差评指标")),
            Entry("/console/rating-flags/", _("评价异常")),
            Entry("/console/complaints/", _("投诉、表扬、建议")),
            Entry("/console/surveys/", _("满意度问卷")),
            Entry("/console/supervision/", _("监督检查")),
            Entry("/console/supervision-findings/", _("监督检查的问题")),
            Entry("/console/trips/", _("白跑率")),
            Entry("/console/monthly-reports/", _("月报")),
            Entry("/console/placement/", _("布局与使用建议")),
            Entry("/console/improvements/", _("改进事项")),
        ),
    ),
    Chapter(
        _("标准"),
        "standard",
        (
            Entry("/console/conformity/", _("条款符合性")),
            Entry("/console/clause-given/", _("条款文件")),
            Entry("/console/clause-exceptions/", _("不适用与过渡计划")),
            Entry("/console/editions/", _("标准版本")),
            Entry("/console/standard-text/", _("标准文本")),
            Entry("/console/standard-projects/", _("标准项目")),
            Entry("/console/clause-evidence/", _("条款实施证据")),
            Entry("/console/trials/", _("试算")),
            Entry("/console/spread/", _("宣贯")),
            Entry("/console/adoptions/", _("采用登记")),
            Entry("/console/questions/", _("测试题")),
            Entry("/console/standard-test/", _("标准测试")),
        ),
    ),
    Chapter(
        _("系统管理"),
        "system",
        (
            Entry("/console/staff/", _("人员与角色")),
            Entry("/console/audit/", _("审计记录")),
            Entry("/console/tokens/", _("接口密钥")),
            Entry("/console/privacy/", _("知情同意书")),
            Entry("/console/retention/", _("个人信息保存与删除")),
            Entry("/console/imports/", _("区划与自助区导入")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry for one reader and one page."""

    path: str
    title: str
    current: bool


@dataclass(frozen=True, slots=True)
class ShownChapter:
    """A chapter for one reader and one page; the link goes to its first page that the reader may open.

    `count` is what waits there: open causes of incidents.
    """

    title: str
    icon: str
    entries: tuple[ShownEntry, ...]
    current: bool
    count: int = 0

    @property
    def counted(self) -> str:
        """The number as it is shown; beyond what is counted "999+"."""
        return str(self.count) if self.count < COUNTED else f"{COUNTED - 1}+"

    @property
    def path(self) -> str:
        """Where the chapter's own link goes."""
        return self.entries[0].path


def _covers(entry: Entry, path: str) -> bool:
    return path == entry.path or (entry.path != "/console/" and path.startswith(entry.path))


def _open_to(request: HttpRequest, entry: Entry) -> bool:
    """Whether the page is there and its declaration admits this reader."""
    view = _view_of(entry.path)
    who = reader(request)
    return view is not None and may_open(view, who) and bool(who.roles - entry.not_for)


@cache
def _view_of(path: str) -> Callable[..., Any] | None:
    """What answers at an address, or None. Addresses stay as they are while the program runs; forty of them are looked
    up for each page.
    """
    try:
        return resolve(path).func
    except Resolver404:
        return None


def chapters(request: HttpRequest) -> list[ShownChapter]:
    """The navigation for the reader of `request`; chapters of which nothing may be opened are left out."""
    shown: list[ShownChapter] = []
    for chapter in CHAPTERS:
        entries = tuple(
            ShownEntry(entry.path, str(entry.title), _covers(entry, request.path))
            for entry in chapter.entries
            if _open_to(request, entry)
        )
        if entries:
            count = maintenance.open_incident_count(reader(request), COUNTED) if chapter.icon == "maintenance" else 0
            current = any(one.current for one in entries)
            shown.append(ShownChapter(str(chapter.title), chapter.icon, entries, current, count))
    return shown
