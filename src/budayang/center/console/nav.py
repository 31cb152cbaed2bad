"""The frame's navigation: the standard's chapters in order, each entry shown only to those who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from budayang.center.console.reader import may_open, reader
from budayang.center.maintenance import queries as maintenance


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation. `path` also covers everything below it."""

    path: str
    title: str | Promise


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of the navigation with its pages; `icon` is the id of a symbol in icons.svg."""

    title: str | Promise
    icon: str
    entries: tuple[Entry, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(_("总览"), "overview", (Entry("/console/", _("总览")),)),
    Chapter(_("基本要求"), "area", (Entry("/console/areas/", _("自助区")),)),
    Chapter(_("硬件设备"), "terminal", (Entry("/console/terminals/", _("自助终端")),)),
    Chapter(
        _("办理事项"),
        "item",
        (
            Entry("/console/items/", _("事项目录")),
            Entry("/console/departments/", _("部门办理时间")),
            Entry("/console/cases/", _("办件")),
        ),
    ),
    Chapter(
        _("维护管理"),
        "maintenance",
        (Entry("/console/incidents/", _("故障")), Entry("/console/orders/", _("工单"))),
    ),
    Chapter(_("评价与改进"), "rating", (Entry("/console/ratings/", _("评价")),)),
    Chapter(_("标准"), "standard", (Entry("/console/conformity/", _("条款符合性")),)),
    Chapter(
        _("系统管理"),
        "system",
        (
            Entry("/console/staff/", _("人员与角色")),
            Entry("/console/audit/", _("审计记录")),
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
    def path(self) -> str:
        """Where the chapter's own link goes."""
        return self.entries[0].path


def _covers(entry: Entry, path: str) -> bool:
    return path == entry.path or (entry.path != "/console/" and path.startswith(entry.path))


def _open_to(request: HttpRequest, path: str) -> bool:
    """Whether the page is there and its declaration admits this reader."""
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    return may_open(view, reader(request))


def chapters(request: HttpRequest) -> list[ShownChapter]:
    """The navigation for the reader of `request`; chapters of which nothing may be opened are left out."""
    shown: list[ShownChapter] = []
    for chapter in CHAPTERS:
        entries = tuple(
            ShownEntry(entry.path, str(entry.title), _covers(entry, request.path))
            for entry in chapter.entries
            if _open_to(request, entry.path)
        )
        if entries:
            count = maintenance.open_incident_count(reader(request)) if chapter.icon == "maintenance" else 0
            current = any(one.current for one in entries)
            shown.append(ShownChapter(str(chapter.title), chapter.icon, entries, current, count))
    return shown
