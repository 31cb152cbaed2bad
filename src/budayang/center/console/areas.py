"""Pages of the areas: list, one area, its facts, hours, facilities and planned stops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import actions, queries
from budayang.center.areas.hours_text import describe
from budayang.center.areas.models import Area
from budayang.center.console.forms import AreaForm, ExceptionForm, FacilityForm, HoursForm, NewAreaForm
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.states import terminal_state
from budayang.center.console.stop_targets import planners
from budayang.center.console.stops import week_strip
from budayang.center.console.strips import axis, legend, terminal_strip
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.terminals import queries as terminals

STRIPS = 24  # terminals of one area whose day is drawn
KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})


def _url(area: Area) -> str:
    return reverse("console:area", args=[area.code])


def _area(request: HttpRequest, code: str) -> Area:
    """The area, or 404 when it is not there or not this reader's."""
    try:
        return queries.get_area(reader(request), code)
    except Area.DoesNotExist as error:
        raise Http404 from error


class _AreaRows:
    """What the columns of a page of areas read: fetched once for the page, not once a row."""

    def __init__(self, request: HttpRequest, now: datetime) -> None:
        self.actor, self.now = reader(request), now
        self.hours: dict[int, str] = {}
        self.machines: dict[int, list[State]] = {}

    def prepare(self, areas: Sequence[Area]) -> None:
        ids = [area.pk for area in areas]
        in_force = queries.hours_in_force(ids, timezone.localdate(self.now))
        self.hours = {one: describe(in_force[one]) if one in in_force else "" for one in ids}
        machines = list(terminals.visible_to(self.actor).filter(area_id__in=ids).exclude(state="retired"))
        alive = terminals.liveness_of(machines, self.now)
        facts = terminals.facts_of([one.pk for one in machines])
        for one in machines:
            state = terminal_state(one.state, alive[one.pk], *facts[one.pk].pair)
            self.machines.setdefault(one.area_id, []).append(state)

    def machine_state(self, area: Area) -> State | None:
        """The worst first: how many of the area's terminals are not well."""
        states = self.machines.get(area.pk, [])
        for tone, word in (("stop", _("%(n)d 台不能用")), ("warn", _("%(n)d 台预警")), ("ask", _("%(n)d 台未知"))):
            count = sum(1 for state in states if state.tone == tone)
            if count:
                return State(tone, word % {"n": count} + _("，共 %(n)d 台") % {"n": len(states)})  # type: ignore[arg-type]
        return State("ok", _("%(n)d 台正常") % {"n": len(states)}) if states else None


@allow(OPERATING_ROLES)
def area_list(request: HttpRequest) -> HttpResponse:
    """Every area that the reader may see."""
    actor, rows = reader(request), _AreaRows(request, timezone.now())

    def regions() -> list[tuple[str, str]]:
        found = platform.places_visible_to(actor).filter(kind="region").values_list("path", "name")
        return [(path_, name) for path_, name in found]

    def inside(areas: QuerySet[Any], path_: str) -> QuerySet[Any]:
        return areas.filter(place__path__startswith=path_)

    may_create = actor.may(Role.SUPERVISOR)
    return listing(
        request,
        title=_("自助区"),
        columns=(
            Column("name", _("自助区"), lambda area: area.name, sort="name"),
            Column("code", _("代码"), lambda area: area.code, sort="code"),
            Column("region", _("行政区划"), lambda area: area.place.parent.name, sort="place__path"),
            Column("machines", _("终端"), rows.machine_state, kind="state"),
            Column("hours", _("承诺开放"), lambda area: rows.hours.get(area.pk) or _("未承诺")),
            Column(
                "manager", _("综合管理单位"), lambda area: area.manager.name if area.manager else "", "manager__name"
            ),
            Column("keeper", _("管理员"), lambda area: area.keeper.name if area.keeper else "", "keeper__name"),
            Column("phone", _("电话"), lambda area: area.keeper_phone),
        ),
        queryset=queries.visible_to(actor).select_related("place__parent"),
        filters=(
            Filter("region", _("行政区划"), regions, inside),
            Filter("kind", _("类别"), lambda: Area.Kind.choices, lambda areas, kind: areas.filter(kind=kind)),
        ),
        search=("name", "code", "address", "place__parent__name"),
        default_sort="region",
        row_url=_url,
        empty=_("还没有自助区。请主管新建，或在“区划与自助区导入”里用表格导入。"),
        export_name=_("自助区"),
        topic="terminals areas",
        actions=(Action(reverse("console:area_new"), _("新建自助区"), primary=True),) if may_create else (),
        prepare=rows.prepare,
    )


@allow(OPERATING_ROLES)
def area_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One area: facts, promise against use, terminals, facilities, planned stops."""
    actor, area, now = reader(request), _area(request, code), timezone.now()
    machines = list(terminals.visible_to(actor).filter(area_id=area.pk).exclude(state="retired"))
    alive = terminals.liveness_of(machines, now)
    facts = terminals.facts_of([one.pk for one in machines])
    today = timezone.localdate(now)
    versions = [(one, describe(queries.weekly(one))) for one in queries.list_hours(area.pk)]
    strips = [strip for one in machines[:STRIPS] if (strip := terminal_strip(one, now))]
    context = {
        "area": area,
        "now": now,
        "may_edit": queries.may_edit(actor, area),
        "promise": queries.promise_now(area.pk, now),
        "current": next((pair for pair in versions if pair[0].valid_from <= today), None),
        "coming": [pair for pair in versions if pair[0].valid_from > today],
        "earlier": [pair for pair in versions if pair[0].valid_from <= today][1:],
        "exceptions": queries.list_exceptions(area.pk, today),
        "facilities": queries.list_facilities(area.pk),
        "machines": [(one, terminal_state(one.state, alive[one.pk], *facts[one.pk].pair)) for one in machines],
        "week": week_strip(actor, area, now),
        "may_plan": planners(actor),
        "strips": strips,
        "legend": legend(strips),
        "axis": axis(now),
    }
    return render(request, "console/area.html", context)


def _form_page(request: HttpRequest, form: BaseForm, *, area: Area | None, title: str, note: str = "") -> HttpResponse:
    back_url = _url(area) if area else reverse("console:areas")
    context = {
        "form": form,
        "title": title,
        "note": note,
        "back_url": back_url,
        "back_word": area.name if area else _("自助区"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(Role.SUPERVISOR)
def area_new(request: HttpRequest) -> HttpResponse:
    """Open an area."""
    form = NewAreaForm(reader(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in actions.CHANGEABLE}
        code, region = form.cleaned_data["code"], form.cleaned_data["region"]
        try:
            area = actions.create_area(reader(request), code=code, parent=region, **facts)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已新建。接着写明承诺开放时间，市民才会看到它开放。"))
            return redirect("console:area_hours", area.code)
    return _form_page(request, form, area=None, title=_("新建自助区"))


@allow(KEEPERS)
def area_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change an area's facts."""
    area = _area(request, code)
    form = AreaForm(reader(request), request.POST or None, instance=area)
    if request.method == "POST" and form.is_valid():
        # The form wrote its values onto its own instance; the action compares with the row as it is stored.
        actions.update_area(reader(request), _area(request, code), **form.cleaned_data)
        messages.success(request, _("已保存。"))
        return redirect(_url(area))
    return _form_page(request, form, area=_area(request, code), title=_("修改基本情况"))


@allow(KEEPERS)
def area_hours(request: HttpRequest, code: str) -> HttpResponse:
    """Promise hours from a day on."""
    area, now = _area(request, code), timezone.now()
    today = timezone.localdate(now)
    in_force = queries.hours_in_force([area.pk], today).get(area.pk)
    initial = {"hours": describe(in_force) if in_force else _("全天"), "valid_from": today}
    form = HoursForm(request.POST or None, initial=initial, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_promised_hours(
                reader(request), area, form.windows, valid_from=form.cleaned_data["valid_from"], now=now
            )
        except Refused as refusal:
            form.add_error("hours", str(refusal))
        else:
            messages.success(request, _("承诺已记下：%(hours)s。") % {"hours": describe(form.windows)})
            return redirect(_url(area))
    note = _("承诺的时间就是考核可用率的分母：写多少，就要开多少。")
    return _form_page(request, form, area=area, title=_("承诺开放时间"), note=note)


@allow(KEEPERS)
def area_exception(request: HttpRequest, code: str) -> HttpResponse:
    """Say that one day differs."""
    area, now = _area(request, code), timezone.now()
    form = ExceptionForm(request.POST or None, initial={"on": timezone.localdate(now), "closed": True})
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_exception(reader(request), area, now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("例外日已记下。"))
            return redirect(_url(area))
    return _form_page(request, form, area=area, title=_("增加例外日"))


@allow(KEEPERS)
@require_POST
def area_exception_remove(request: HttpRequest, code: str, on: str) -> HttpResponse:
    """Take a future exception back."""
    area = _area(request, code)
    try:
        day = datetime.fromisoformat(on).date()
    except ValueError as error:
        raise Http404 from error
    actions.remove_exception(reader(request), area, day, now=timezone.now())
    messages.success(request, _("例外日已取消。"))
    return redirect(_url(area))


@allow(KEEPERS)
def area_facility(request: HttpRequest, code: str) -> HttpResponse:
    """Add a facility, or change one."""
    area = _area(request, code)
    form = FacilityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.set_facility(reader(request), area, **form.cleaned_data)
        messages.success(request, _("设施已记下。"))
        return redirect(_url(area))
    note = _("同一类别、同一名称的设施再填一次，就是修改它的数量和说明。")
    return _form_page(request, form, area=area, title=_("登记设施"), note=note)


@allow(KEEPERS)
@require_POST
def area_facility_remove(request: HttpRequest, code: str, facility_id: int) -> HttpResponse:
    """Take a facility off the list."""
    area = _area(request, code)
    facility = queries.list_facilities(area.pk).filter(pk=facility_id).first()
    if facility is None:
        raise Http404
    actions.remove_facility(reader(request), facility)
    messages.success(request, _("设施已移除。"))
    return redirect(_url(area))


urlpatterns = [
    path("areas/", area_list, name="areas"),
    path("areas/new/", area_new, name="area_new"),
    path("areas/<slug:code>/", area_detail, name="area"),
    path("areas/<slug:code>/edit/", area_edit, name="area_edit"),
    path("areas/<slug:code>/hours/", area_hours, name="area_hours"),
    path("areas/<slug:code>/exceptions/", area_exception, name="area_exception"),
    path("areas/<slug:code>/exceptions/<slug:on>/remove/", area_exception_remove, name="area_exception_remove"),
    path("areas/<slug:code>/facilities/", area_facility, name="area_facility"),
    path("areas/<slug:code>/facilities/<int:facility_id>/remove/", area_facility_remove, name="area_facility_remove"),
]
