"""Pages of the catalogue in force: its list, one item with how each field is known, and what it was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.services import truth_state
from budayang.center.console.terminals import terminal_of
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import actions, catalogue_queries, offering_actions, queries
from budayang.center.services.catalogue import BY_KEY
from budayang.center.services.item_words import fields_in_words, mark_word, shown_fields
from budayang.center.services.models import Item, ItemVersion, Offering
from budayang.center.services.rights import may_catalogue, may_confirm
from budayang.center.terminals import queries as terminals
from budayang.rules.catalogue import Mark
from budayang.rules.services import NEED_NAMES, Truth

MARK_TONES: dict[str, Tone] = {Mark.VERIFIED: "ok", Mark.CONFIRMED: "ok", Mark.UNVERIFIED: "ask"}
OFFERERS = frozenset(offering_actions.KEEPERS)
VERSIONS_SHOWN = 20


def mark_state(mark: str) -> State:
    """How a field is known, as word and shape."""
    return State(MARK_TONES.get(mark, "ask"), mark_word(mark))


def way_state(item: Item) -> State:
    """Where an item can be done at all: at our terminals, at the department's machine, or not yet at either."""
    if not item.in_force:
        return State("stop", _("已停用"))
    if item.driven:
        return State("ok", _("终端可办"))
    return State("ask", _("专机办理")) if item.own_machine else State("ask", _("还没有接入"))


def _kinds() -> list[tuple[str, str]]:
    kinds = Item.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, kind) for kind in kinds]


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


def _offered(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(offered__gt=0) if value == "1" else rows.filter(offered=0)


def _ways() -> list[tuple[str, str]]:
    return [("own", _("终端可办")), ("machine", _("专机办理")), ("none", _("还没有接入"))]


def _by_way(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "own":
        return rows.filter(driven=True)
    # What an item needs is a list: the database cannot ask it, and there are few enough items to look at each.
    mine = [one.pk for one in Item.objects.filter(driven=False) if one.own_machine == (value == "machine")]
    return rows.filter(pk__in=mine)


def _standings() -> list[tuple[str, str]]:
    return [("open", _("有未核实的栏目")), ("done", _("全部已核实或确认"))]


def _by_standing(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(open_fields__gt=0) if value == "open" else rows.filter(open_fields=0)


def _forces() -> list[tuple[str, str]]:
    return [("1", _("在用")), ("0", _("已停用"))]


def _after_hours(confirmed: Callable[[Item], bool]) -> Callable[[Item], str]:
    """What holds outside working hours; where no department confirmed its hours, that is said."""

    def word_of(item: Item) -> str:
        word = words(item.after_hours)
        return word if confirmed(item) else _("%(word)s · 待部门确认") % {"word": word}

    return word_of


def _unverified(item: Item) -> str:
    open_ones = [one for one in shown_fields(item) if one.lines and one.mark == Mark.UNVERIFIED]
    return "、".join(one.title for one in open_ones)


@allow(ANY_STAFF)
def items(request: HttpRequest) -> HttpResponse:
    """The catalogue, with on how many terminals each item is offered and can be done now."""
    active = Q(offerings__active=True)
    force = request.GET.get("force", "") == "0"
    rows = Item.objects.select_related("department").filter(in_force=not force)
    rows = rows.annotate(
        offered=Count("offerings", filter=active),
        doable=Count("offerings", filter=active & Q(offerings__truth__in=[Truth.DOABLE, Truth.SUBMITTABLE])),
    )
    edition = catalogue_queries.edition_in_force()
    after_hours = _after_hours(catalogue_queries.hours_confirmed())
    note = _("“现在能办”按终端最近一次判定计，含可提交。“未核实”是没有与公开来源核对、部门也没有确认的栏目。")
    if edition is not None:
        note = _("现行第 %(number)d 版“%(name)s”。") % {"number": edition.number, "name": edition.name} + note
    buttons = [Action(reverse("console:catalogue_editions"), _("目录版本"))]
    if may_catalogue(reader(request)):
        buttons.append(Action(reverse("console:catalogue_import"), _("导入新版"), primary=True))
    return listing(
        request,
        title=_("事项目录"),
        columns=(
            Column("name", _("事项"), lambda row: row.name, "name"),
            Column("code", _("编码"), lambda row: row.code, "code", "code"),
            Column("department", _("部门"), lambda row: row.department.name, "department__name"),
            Column("kind", _("类别"), lambda row: row.kind, "kind"),
            Column("way", _("在哪里办"), way_state, "driven", "state"),
            Column("after_hours", _("非工作时间"), after_hours, "after_hours"),
            Column("offered", _("登记终端"), lambda row: row.offered, "offered", "number"),
            Column("doable", _("现在能办"), lambda row: row.doable, "doable", "number"),
            Column("open", _("未核实栏目数"), lambda row: row.open_fields, "open_fields", "number"),
        ),
        queryset=rows,
        filters=(
            Filter("department", _("部门"), _departments, lambda found, code: found.filter(department__code=code)),
            Filter("kind", _("类别"), _kinds, lambda found, kind: found.filter(kind=kind)),
            Filter("way", _("在哪里办"), _ways, _by_way),
            Filter("offered", _("终端"), lambda: [("1", _("有终端登记")), ("0", _("没有终端登记"))], _offered),
            Filter("standing", _("核实"), _standings, _by_standing),
            Filter("force", _("状态"), _forces, lambda found, value: found, everything=False),
        ),
        search=("name", "code", "office", "official_code", "base_code"),
        default_sort="code",
        row_url=lambda row: reverse("console:item", args=[row.code]),
        empty=_("没有符合条件的事项。") if Item.objects.exists() else _("还没有导入事项，请先导入一版目录。"),
        export_name="items",
        topic="services",
        actions=buttons,
        note=note,
    )


def _item(code: str) -> Item:
    found = Item.objects.select_related("department__organization").filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _version_row(version: ItemVersion) -> dict[str, Any]:
    """A version with what was changed, in words."""
    what = "、".join(words(BY_KEY[key].title) for key in version.changed if key in BY_KEY)
    return {"version": version, "what": what}


@allow(ANY_STAFF)
def item(request: HttpRequest, code: str) -> HttpResponse:
    """One item: its fields and how each is known, its hours, what is true of it on the reader's terminals, its past."""
    found, actor = _item(code), reader(request)
    mine = terminals.visible_to(actor)
    rows = Offering.objects.filter(item=found, terminal__in=mine).filter(Q(active=True) | Q(derived=False))
    rows = rows.select_related("terminal__area__place").order_by("terminal__code")
    places = [
        (row, truth_state(row.truth), offering_actions.may_offer(actor, row.terminal), source_word(row)) for row in rows
    ]
    versions = list(catalogue_queries.versions_of(code)[:VERSIONS_SHOWN])
    context = {
        "item": found,
        "way": way_state(found),
        "fields": [(one, mark_state(one.mark)) for one in shown_fields(found)],
        "places": places,
        "hours": [row for row in queries.hours_of(found.department.code) if row.item_id in (None, found.pk)],
        "unverified": _unverified(found),
        "needs": "、".join(words(NEED_NAMES.get(need, need)) for need in found.needs),
        "may_confirm": may_confirm(actor, found.department) and found.in_force,
        "versions": [_version_row(one) for one in versions],
        "offer_to": _offer_choices(found, actor, {row.terminal_id for row in rows if row.active}),
    }
    return render(request, "console/services/item.html", context)


def _offer_choices(found: Item, actor: Any, offered: set[int]) -> list[Any]:
    """Own terminals at which this reader may say by hand that the item is offered."""
    if not found.in_force or not (actor.sees_all or actor.roles & OFFERERS):
        return []
    rows = terminals.visible_to(actor).filter(kind="own").exclude(state="retired").exclude(pk__in=offered)
    rows = rows.select_related("area__place").order_by("code")[:200]
    return [row for row in rows if offering_actions.may_offer(actor, row)]


def source_word(offering: Offering) -> str:
    """Where it comes from that a terminal offers an item, or does not."""
    if offering.derived:
        return _("按设备推得")
    return _("人工登记") if offering.active else _("人工停办")


@allow(OPERATING_ROLES)
def terminal_items(request: HttpRequest, code: str) -> HttpResponse:
    """What one terminal offers, where each comes from, and what is true of it now."""
    terminal = terminal_of(request, code)
    rows = Offering.objects.filter(terminal=terminal).filter(Q(active=True) | Q(derived=False))
    return listing(
        request,
        title=_("%(code)s 能办的事项") % {"code": terminal.code},
        columns=(
            Column("name", _("事项"), lambda row: row.item.name, "item__name"),
            Column("code", _("编码"), lambda row: row.item.code, "item__code", "code"),
            Column("department", _("部门"), lambda row: row.item.department.name, "item__department__name"),
            Column("truth", _("现在"), _truth_or_stopped, "truth", "state"),
            Column("reason", _("原因"), lambda row: words(row.text) if row.active else ""),
            Column("source", _("从哪里来"), source_word, "derived"),
        ),
        queryset=rows.select_related("item__department"),
        filters=(Filter("source", _("从哪里来"), _sources, _by_source),),
        search=("item__name", "item__code"),
        default_sort="code",
        row_url=lambda row: reverse("console:item", args=[row.item.code]),
        empty=_("这台终端还没有登记事项：它还没有报过设备，或没有设备够用的事项。"),
        export_name=f"items-{terminal.code}",
        topic="services",
        actions=[Action(reverse("console:terminal", args=[terminal.code]), _("回这台终端"))],
        note=_("按设备推得：有表单、需要的设备这台终端都有。人工登记和停办在事项页上改，也在那里恢复。"),
    )


def _truth_or_stopped(row: Offering) -> State:
    return truth_state(row.truth) if row.active else State("stop", _("人工停办"))


def _sources() -> list[tuple[str, str]]:
    return [("1", _("按设备推得")), ("0", _("人工登记或停办"))]


def _by_source(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(derived=value == "1")


@allow(OFFERERS)
@require_POST
def item_offer(request: HttpRequest, code: str) -> HttpResponse:
    """Say by hand that a terminal offers an item, or does not, or return it to what follows from its devices."""
    found, actor = _item(code), reader(request)
    terminal, what = request.POST.get("terminal", ""), request.POST.get("what", "")
    if not found.in_force or not terminals.visible_to(actor).filter(code=terminal).exists():
        raise Http404
    if what == "derive":
        offering_actions.return_to_derived(actor, terminal, found.code, timezone.now())
        messages.success(request, _("已恢复为按设备推算，终端随即更新。"))
    elif what in {"offer", "stop"}:
        actions.offer_item(actor, terminal, found.code, active=what == "offer")
        said = _("已登记，终端随即更新。") if what == "offer" else _("已停办，终端随即更新。")
        messages.success(request, said)
    else:
        raise Http404
    return redirect("console:item", code=code)


@allow(ANY_STAFF)
def item_then(request: HttpRequest, code: str) -> HttpResponse:
    """What an item was at a moment (?at=), for instance when a case was made."""
    found = _item(code)
    error, version, at = "", None, None
    asked = request.GET.get("at", "")
    if asked:
        at = _moment(asked)
        if at is None:
            error = _("时刻看不懂，请写成 2026-11-26 08:30 的样子。")
        else:
            version = catalogue_queries.item_at(code, at)
    context = {
        "item": found,
        "asked": asked,
        "error": error,
        "at": at,
        "version": version,
        "fields": [(one, mark_state(one.mark)) for one in fields_in_words(version.values, version.standing)]
        if version
        else [],
    }
    return render(request, "console/catalogue/then.html", context, status=422 if error else 200)


def _moment(text: str) -> datetime | None:
    """A moment as the browser's picker or a link writes it. A minute is meant as its end: what was true in it."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = timezone.make_aware(found)
        if found.second == 0:
            found += timedelta(seconds=59, microseconds=999_999)
    return found


urlpatterns = [
    path("items/", items, name="items"),
    path("items/<str:code>/", item, name="item"),
    path("items/<str:code>/then/", item_then, name="item_then"),
    path("items/<str:code>/offer/", item_offer, name="item_offer"),
    path("terminals/<slug:code>/items/", terminal_items, name="terminal_items"),
]
