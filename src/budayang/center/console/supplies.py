"""Pages of consumables: what runs out when, one supply with its week of use, refills; the part of a terminal's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Action, Column, Filter, listing
from budayang.center.console.reader import reader
from budayang.center.console.supply_forms import CapacityForm, RefillForm
from budayang.center.console.supply_pictures import (
    BACK,
    DEFINITIONS,
    forecast_of,
    grade_word,
    level_bar,
    level_line,
    level_state,
    per_day_words,
    week_picture,
    when_words,
)
from budayang.center.maintenance import runout_queries
from budayang.center.maintenance.models import RunOutWatch, WorkOrder
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import supply_actions, supply_queries
from budayang.center.terminals.models import SupplyLevel, Terminal
from budayang.rules.consumables import CONSUMABLES, Grade, Tell, get_consumable
from budayang.rules.run_out_words import moment_words

FILLERS = frozenset(supply_actions.FILLERS)
WEEK = timedelta(days=7)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # sorts what is not foretold last, on every database


def _url(row: SupplyLevel) -> str:
    return reverse("console:supply", args=[row.pk])


def _supply(request: HttpRequest, supply_id: int) -> SupplyLevel:
    """The supply, or 404 when it is not there or not this reader's."""
    try:
        return supply_queries.get_supply(reader(request), supply_id)
    except SupplyLevel.DoesNotExist as error:
        raise Http404 from error


def may_fill(actor: Actor, terminal: Terminal) -> bool:
    """Whether the reader may write down a refill of this machine."""
    bodies = (terminal.owner_id, terminal.vendor_id)
    return actor.may(*FILLERS, place_path=terminal.area.place.path, organizations=bodies)


class _Rows:
    """What the columns of a page of supplies read, in two queries."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.watches: dict[int, RunOutWatch] = {}
        self.orders: dict[int, WorkOrder] = {}

    def prepare(self, rows: Sequence[SupplyLevel]) -> None:
        self.watches = runout_queries.watches_of([one.pk for one in rows])
        incidents = [one.incident_id for one in self.watches.values() if one.incident_id]
        self.orders = runout_queries.orders_of(incidents)

    def name(self, row: SupplyLevel) -> str:
        return f"{row.terminal.code} {words(get_consumable(row.consumable).name)}"

    def when(self, row: SupplyLevel) -> str:
        return when_words(row, self.now)

    def duty(self, row: SupplyLevel) -> str:
        """When somebody is there next, and that nobody is when it runs out."""
        watch = self.watches.get(row.pk)
        if watch is None or watch.next_duty_at is None:
            return ""
        presses = watch.order_at is not None and watch.order_at <= self.now + runout_queries.SOON
        if presses and watch.back_at is not None:
            back = words(moment_words(watch.back_at, row.terminal.area.place.zone, self.now))
            return _("可能在无人时用完，%(back)s才有人") % {"back": back}
        if presses:
            return _("可能在无人时用完")
        if watch.next_duty_at <= self.now:
            return _("现在有人")
        return words(moment_words(watch.next_duty_at, row.terminal.area.place.zone, self.now))

    def order(self, row: SupplyLevel) -> str:
        watch = self.watches.get(row.pk)
        if watch is None:
            return ""
        order = self.orders.get(watch.incident_id or 0)
        if order is not None:
            return order.number
        if watch.order_at is not None and self.now < watch.order_at < self.now + WEEK:
            at = words(moment_words(watch.order_at, row.terminal.area.place.zone, self.now))
            return _("%(at)s 派单") % {"at": at}
        return ""


def _hows() -> list[tuple[str, str]]:
    return [
        ("unattended", _("将在无人值守时用完")),
        ("out", _("已用完")),
        ("low", _("快用完")),
        ("unknown", _("不知道还剩多少")),
    ]


@allow(OPERATING_ROLES)
def supply_list(request: HttpRequest) -> HttpResponse:
    """Every supply of the machines that the reader may see, what runs out first on top."""
    actor, now = reader(request), timezone.now()
    rows = _Rows(now)

    def by_how(found: QuerySet[Any], how: str) -> QuerySet[Any]:
        if how == "unattended":
            return found.filter(pk__in=runout_queries.pressing(actor, now).values("supply_id"))
        if how == "unknown":
            return found.filter(grade=Grade.UNKNOWN.value)
        return found.filter(tell=Tell.OUT.value if how == "out" else Tell.LOW.value)

    def bodies() -> list[tuple[str, str]]:
        return list(platform.organizations_visible_to(actor).filter(kind="owner").values_list("code", "name"))

    return listing(
        request,
        title=_("耗材"),
        note=_(
            "最先用完的在前。预计按各时段用量推算，括号里是从一成到九成把握的范围；不知道的写“不知道”，不当作充足。"
        ),
        columns=(
            Column("what", _("终端和耗材"), rows.name, sort="terminal__code"),
            Column("area", _("自助区"), lambda one: one.terminal.area.name, sort="terminal__area__name"),
            Column("level", _("还剩"), level_state, sort="tell_order", kind="state"),
            Column("bar", _("占容量"), level_bar, kind="bar"),
            Column("grade", _("怎么知道的"), grade_word, sort="grade"),
            Column("use", _("每天用"), per_day_words, sort="per_day"),
            Column("when", _("用完"), rows.when, sort="run_key"),
            Column("duty", _("下次有人"), rows.duty),
            Column("order", _("工单"), rows.order),
        ),
        queryset=supply_queries.supplies_visible_to(actor).annotate(
            run_key=Coalesce("early_at", Value(NEVER)), tell_order=Coalesce("amount", Value(10**6))
        ),
        filters=(
            Filter("how", _("只看"), _hows, by_how),
            Filter(
                "kind",
                _("耗材"),
                lambda: [(one.code, words(one.name)) for one in CONSUMABLES],
                lambda found, code: found.filter(consumable=code),
            ),
            Filter(
                "area",
                _("自助区"),
                lambda: list(areas.visible_to(actor).values_list("code", "name")),
                lambda found, code: found.filter(terminal__area__code=code),
            ),
            Filter("owner", _("归属单位"), bodies, lambda found, code: found.filter(terminal__owner__code=code)),
        ),
        search=("terminal__code", "terminal__name", "terminal__area__name", "terminal__owner__name"),
        default_sort="when",
        row_url=_url,
        empty=_("还没有耗材。终端报告打印机、发卡机等部件以后，这里自动出现它们的耗材。"),
        export_name=_("耗材"),
        topic="supplies",
        actions=(Action(reverse("console:stock"), _("库存台账")),),
        prepare=rows.prepare,
        template="console/supplies/list.html",
        definitions=[(str(term), str(meaning)) for term, meaning in DEFINITIONS],
    )


@allow(OPERATING_ROLES)
def supply_detail(request: HttpRequest, supply_id: int) -> HttpResponse:
    """One supply: level, forecast and why, the week of use, refills."""
    row, now = _supply(request, supply_id), timezone.now()
    kind, rows = get_consumable(row.consumable), _Rows(now)
    rows.prepare([row])
    watch = rows.watches.get(row.pk)
    fills = supply_queries.fills_of(row)
    profile = supply_queries.profile_of(row, now)
    ratio = float(platform.parameter("paper_low_ratio", row.terminal.area.place.path, now))
    order = rows.orders.get(watch.incident_id or 0) if watch else None
    return render(
        request,
        "console/supplies/supply.html",
        {
            "row": row,
            "kind": kind,
            "name": words(kind.name),
            "state": level_state(row),
            "bar": level_bar(row),
            "grade": grade_word(row),
            "when": when_words(row, now),
            "forecast": forecast_of(row),
            "per_day": per_day_words(row),
            "duty": rows.duty(row),
            "order": order,
            "order_words": rows.order(row),
            "watch": watch,
            "profile": profile,
            "week": week_picture(profile, kind) if profile.used else [],
            "line": level_line(row, supply_queries.uses_between(row, now - BACK, now), fills, now, ratio),
            "fills": fills,
            "low": int(row.capacity * ratio),
            "stocks": supply_queries.stocks_for(reader(request), row),
            "may_fill": may_fill(reader(request), row.terminal),
            "definitions": DEFINITIONS,
            "now": now,
            "sample_days": round(profile.days, 1),
            "history": timedelta(weeks=8),
        },
    )


def on_terminal(request: HttpRequest, terminal: Terminal) -> dict[str, Any]:
    """What `console/supplies/_on_terminal.html` shows on a terminal's page."""
    actor, now = reader(request), timezone.now()
    found, rows = supply_queries.supplies_of(actor, terminal.pk), _Rows(now)
    rows.prepare(found)
    fills = may_fill(actor, terminal)
    return {
        "supplies": [
            {
                "name": words(get_consumable(one.consumable).name),
                "url": _url(one),
                "refill_url": reverse("console:supply_refill", args=[one.pk]) if fills else "",
                "state": level_state(one),
                "bar": level_bar(one),
                "when": rows.when(one),
                "duty": rows.duty(one),
                "order": rows.order(one),
            }
            for one in found
        ]
    }


@allow(FILLERS)
def supply_refill(request: HttpRequest, supply_id: int) -> HttpResponse:
    """Write down a refill: into the machine and out of the stock in one go."""
    row, now = _supply(request, supply_id), timezone.now()
    stocks = supply_queries.stocks_for(reader(request), row)
    form = RefillForm(row, stocks, request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            supply_actions.refill(
                reader(request),
                row,
                added=typed["added"],
                full=typed["full"],
                stock=next((one for one in stocks if str(one.pk) == typed["stock"]), None),
                first=typed.get("first", ""),
                last=typed.get("last", ""),
                note=typed["note"],
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            row.refresh_from_db()
            messages.success(request, _("已登记。现在：%(level)s。") % {"level": level_state(row).word})
            return redirect(_url(row))
    return _form(request, form, row, _("登记补充"), level_state(row).word)


@allow(FILLERS)
def supply_capacity(request: HttpRequest, supply_id: int) -> HttpResponse:
    """How much this machine holds."""
    row = _supply(request, supply_id)
    form = CapacityForm(request.POST or None, initial={"capacity": row.capacity})
    if request.method == "POST" and form.is_valid():
        try:
            supply_actions.set_capacity(
                reader(request), row, capacity=form.cleaned_data["capacity"], now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("容量已改。"))
            return redirect(_url(row))
    return _form(request, form, row, _("改容量"), _("这台机器一次装满是多少"))


def _form(request: HttpRequest, form: Any, row: SupplyLevel, submit: str, note: str) -> HttpResponse:
    name = words(get_consumable(row.consumable).name)
    context = {
        "form": form,
        "title": f"{submit}：{row.terminal.code} {name}",
        "note": note,
        "submit": submit,
        "back_url": _url(row),
        "back_word": f"{row.terminal.code} {name}",
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("supplies/", supply_list, name="supplies"),
    path("supplies/<int:supply_id>/", supply_detail, name="supply"),
    path("supplies/<int:supply_id>/refill/", supply_refill, name="supply_refill"),
    path("supplies/<int:supply_id>/capacity/", supply_capacity, name="supply_capacity"),
]
