"""The fleet as a list: every terminal with what it is first of all, why, whose it is, and what it kept yesterday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.hours_pictures import share_text
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.states import terminal_state
from budayang.center.maintenance.hours_queries import day_of_terminals
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries, summary_queries
from budayang.center.terminals.models import GRAVITY, Terminal, TerminalNow
from budayang.rules.hours import Tally
from budayang.rules.terminals import KINDS

MOST_CHOICES = 200
"""More areas than this are offered after a region is chosen: nobody scrolls through 2,500."""
GRAVITY_WORDS: dict[str, str | Promise] = {
    "silent": gettext_lazy("失联"),
    "fault": gettext_lazy("故障"),
    "warning": gettext_lazy("预警"),
    "unknown": gettext_lazy("未知"),
    "ok": gettext_lazy("正常"),
    "suspended": gettext_lazy("停用"),
    "registered": gettext_lazy("未入网"),
    "retired": gettext_lazy("已退役"),
}


def terminal_url(terminal: Terminal) -> str:
    return reverse("console:terminal", args=[terminal.code])


class _Rows:
    """What the columns of one page read: summaries, links and yesterday, in a fixed number of queries."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.alive: dict[int, queries.Liveness] = {}
        self.summaries: dict[int, TerminalNow] = {}
        self.yesterday: dict[int, Tally] = {}

    def prepare(self, terminals: Sequence[Terminal]) -> None:
        ids = [one.pk for one in terminals]
        self.alive = queries.liveness_of(terminals, self.now)
        self.summaries = summary_queries.summary_of(ids)
        self.yesterday = day_of_terminals(ids, (timezone.localtime(self.now) - timedelta(days=1)).date())

    def _told(self, terminal: Terminal) -> State:
        health, program = summary_queries.health_of_summary(self.summaries.get(terminal.pk))
        return terminal_state(terminal.state, self.alive[terminal.pk], health, program)

    def _speaks(self, terminal: Terminal, told: State) -> bool:
        """Whether the state is what it says of itself, program or devices, and not its life or its link."""
        heard = terminal.state == Terminal.State.ACTIVE and self.alive[terminal.pk] == "online"
        return heard and told.tone in ("stop", "warn")

    def state(self, terminal: Terminal) -> State:
        """One word; what is wrong stands in the column beside it."""
        told = self._told(terminal)
        if not self._speaks(terminal, told):
            return told
        return State(told.tone, str(GRAVITY_WORDS["fault" if told.tone == "stop" else "warning"]))

    def why(self, terminal: Terminal) -> str:
        """What is wrong now, or the worst that the devices of a silent terminal said last."""
        told = self._told(terminal)
        if self._speaks(terminal, told):
            return told.word
        summary = self.summaries.get(terminal.pk)
        if summary is None or not summary.reasons:
            return ""
        word = words(summary.reasons[0]["text"])
        more = summary.reason_count - 1
        return _("%(word)s，另 %(count)d 项") % {"word": word, "count": more} if more > 0 else word

    def kept(self, terminal: Terminal) -> str:
        found = self.yesterday.get(terminal.pk)
        return share_text(found) if found else ""


def _by_word(terminals: QuerySet[Any], word: str) -> QuerySet[Any]:
    return terminals.filter(now__gravity=GRAVITY.index(word))


def _by_heard(terminals: QuerySet[Any], word: str) -> QuerySet[Any]:
    at_work = terminals.filter(state=Terminal.State.ACTIVE)
    if word == "silent":
        return at_work.filter(silent_since__isnull=False)
    return at_work.filter(silent_since__isnull=True, last_seen_at__isnull=False)


def _regions(actor: Actor) -> list[tuple[str, str]]:
    return list(platform.places_visible_to(actor).filter(kind="region").values_list("code", "name")[:MOST_CHOICES])


def _areas_in(actor: Actor, place_path: str) -> QuerySet[Area]:
    return areas.visible_to(actor).filter(place__path__startswith=place_path)


def _in_region(actor: Actor) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    def narrow(terminals: QuerySet[Any], code: str) -> QuerySet[Any]:
        place = platform.places_visible_to(actor).get(code=code)
        # Areas are few and terminals many: the areas are found first, and the index over them is used.
        return terminals.filter(area__in=list(_areas_in(actor, place.path).values_list("pk", flat=True)))

    return narrow


def _filters(request: HttpRequest, actor: Actor) -> tuple[Filter, ...]:
    """Region and area first, then whose, then how it is, then what it is."""
    region = request.GET.get("region", "")

    def area_choices() -> list[tuple[str, str]]:
        place = platform.places_visible_to(actor).filter(code=region).first() if region else None
        found = _areas_in(actor, place.path) if place else areas.visible_to(actor)
        chosen = request.GET.get("area", "")
        rows = list(found.values_list("code", "name")[: MOST_CHOICES + 1])
        if len(rows) <= MOST_CHOICES:
            return rows
        return list(areas.visible_to(actor).filter(code=chosen).values_list("code", "name")) if chosen else []

    def bodies(kind: str) -> Callable[[], list[tuple[str, str]]]:
        def choices() -> list[tuple[str, str]]:
            found = platform.organizations_visible_to(actor).filter(kind=kind).values_list("code", "name")
            return list(found[:MOST_CHOICES])

        return choices

    known = cache(lambda: summary_queries.choices_of(actor))

    return (
        Filter("region", _("旗区"), lambda: _regions(actor), _in_region(actor)),
        Filter("area", _("自助区"), area_choices, lambda found, code: found.filter(area__code=code)),
        Filter("owner", _("归属单位"), bodies("owner"), lambda found, code: found.filter(owner__code=code)),
        Filter("vendor", _("运维商"), bodies("vendor"), lambda found, code: found.filter(vendor__code=code)),
        Filter("now", _("现在"), lambda: list(GRAVITY_WORDS.items()), _by_word),
        Filter("heard", _("联系"), lambda: [("online", _("听得到")), ("silent", _("失联"))], _by_heard),
        Filter(
            "part", _("出问题的部件"),
            lambda: [(kind, words(one.name)) for kind, one in KINDS.items() if kind != "terminal"],
            lambda found, kind: found.filter(now__troubled__contains=f" {kind} "),
        ),
        Filter("life", _("登记状态"), lambda: Terminal.State.choices, lambda found, word: found.filter(state=word)),
        Filter("kind", _("类别"), lambda: Terminal.Kind.choices[:2], lambda found, word: found.filter(kind=word)),
        Filter(
            "make", _("型号"), lambda: [(one, one) for one in known().makes],
            lambda found, word: found.filter(make=word),
        ),
        Filter(
            "software", _("软件版本"), lambda: [(one, one) for one in known().software],
            lambda found, word: found.filter(software=word),
        ),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def terminal_list(request: HttpRequest) -> HttpResponse:
    """Every terminal that the reader may see, the worst first."""
    actor, rows = reader(request), _Rows(timezone.now())
    terminals = queries.visible_to(actor)
    by_state = request.GET.get("sort", "state").lstrip("-") == "state"
    if by_state:
        # The order by gravity is read from its index; a machine without a summary (for a minute after an import) is
        # not in it, and is in every other order.
        terminals = terminals.filter(now__isnull=False)
    may_register = actor.may(Role.SUPERVISOR, Role.AREA_KEEPER)
    return listing(
        request,
        title=_("自助终端"),
        note=_(
            "状态由终端自己报来；没有报过的写“未知”，听不到的写“失联”，都不当作正常。"
            "“昨日可用”是昨天应计时间里可用的部分，结算以后才有。"
        ),
        columns=(
            Column("code", _("编号"), lambda one: one.code, sort="code", kind="code"),
            Column("name", _("名称"), lambda one: one.name, sort="name"),
            Column("state", _("现在"), rows.state, sort="now__gravity", kind="state"),
            Column("why", _("异常"), rows.why),
            Column("kept", _("昨日可用"), rows.kept, kind="number"),
            Column("area", _("自助区"), lambda one: one.area.name, sort="area__name"),
            Column("owner", _("设备归属单位"), lambda one: one.owner.name, sort="owner__name"),
            Column("vendor", _("运维商"), lambda one: one.vendor and one.vendor.name, sort="vendor__name"),
            Column("software", _("软件"), lambda one: one.software, sort="software"),
            Column("seen", _("最近一次听到"), lambda one: one.last_seen_at, sort="last_seen_at", kind="moment"),
        ),
        queryset=terminals,
        filters=_filters(request, actor),
        search=("code", "name", "serial", queries.where_or_whose),
        default_sort="state",
        # Of the summary's own table while it gives the order: then the page is read from its index, and nothing sorted.
        tie="now__terminal_id" if by_state else "pk",
        row_url=terminal_url,
        empty=_("还没有终端。请管理员登记终端，再到终端页发入网码。"),
        export_name=_("自助终端"),
        topic="terminals",
        actions=(Action(reverse("console:terminal_new"), _("登记终端"), primary=True),) if may_register else (),
        prepare=rows.prepare,
    )


urlpatterns = [path("terminals/", terminal_list, name="terminals")]
