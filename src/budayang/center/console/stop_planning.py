"""The form by which a stop is planned or changed, with a preview of what it takes away from people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries, stop_actions
from budayang.center.areas.models import Area, PlannedStop
from budayang.center.areas.occurrences import occurrences
from budayang.center.areas.stop_words import rhythm_words, span_words
from budayang.center.console import stop_targets
from budayang.center.console.reader import reader
from budayang.center.console.stop_forms import StopPlanForm, StopTimesForm, suggestion, typed
from budayang.center.console.stop_targets import Target
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.terminals import queries as terminals
from budayang.rules.intervals import Interval, intersect, total_s

PREVIEWED = 5


def stop_url(stop: PlannedStop) -> str:
    return reverse("console:stop", args=[stop.pk])


def get_stop(request: HttpRequest, stop_id: int) -> PlannedStop:
    """The stop, or 404 when it is not there or not this reader's."""
    stop = queries.find_stop(reader(request), stop_id)
    if stop is None:
        raise Http404
    return stop


@allow(stop_targets.PLANNING_ROLES)
def area_stop(request: HttpRequest, code: str) -> HttpResponse:
    """Announce a stop in an area: of it or a region above, a terminal, a component, or a department's items."""
    actor, now = reader(request), timezone.now()
    try:
        area = queries.get_area(actor, code)
    except Area.DoesNotExist as error:
        raise Http404 from error
    targets = stop_targets.targets_of(actor, area)
    if not targets:
        raise Forbidden(f"{actor.name} may plan nothing in {code}")
    by_value = {one.value: one for one in targets}
    initial = suggestion(now.astimezone(ZoneInfo(area.place.zone))) | {
        "target": next((one.value for one in targets if one.code == request.GET.get("terminal")), targets[0].value)
    }
    groups = stop_targets.grouped(targets)
    form = StopPlanForm(request.POST or None, targets=groups, zone=area.place.zone, initial=initial)

    def draft() -> PlannedStop:
        chosen: Target = by_value[form.cleaned_data["target"]]
        kind = PlannedStop.Kind.DEPARTMENT if chosen.department else form.cleaned_data["kind"]
        return chosen.stop(
            kind=kind,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            rrule=form.rrule,
            reason=form.cleaned_data["reason"].strip(),
            announced_at=now,
            announced_by=actor.name,
        )

    def save(stop: PlannedStop) -> PlannedStop:
        return stop_actions.announce(actor, stop, now=now)

    return _plan(request, form, draft, save, area=area, title=_("公告计划停用"), back=(_stops_of(area), area.name))


@allow(stop_targets.PLANNING_ROLES)
def stop_change(request: HttpRequest, stop_id: int) -> HttpResponse:
    """Other times, rhythm or reason from now on."""
    actor, now, stop = reader(request), timezone.now(), get_stop(request, stop_id)
    if not stop_actions.may_change(actor, stop):
        raise Forbidden(f"{actor.name} may not change stop {stop.pk}")
    form = StopTimesForm(request.POST or None, zone=stop.place.zone, initial=typed(stop, now))

    def draft() -> PlannedStop:
        return stop_actions.successor(
            stop,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            reason=form.cleaned_data["reason"],
            rrule=form.rrule,
            by=actor,
            now=now,
        )

    def save(_draft: PlannedStop) -> PlannedStop:
        return stop_actions.change_stop(
            actor,
            stop,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            reason=form.cleaned_data["reason"],
            rrule=form.rrule,
            now=now,
        )

    area = queries.visible_to(actor).filter(place=stop.place).first()
    return _plan(request, form, draft, save, area=area, title=_("修改计划停用"), back=(stop_url(stop), stop.reason))


def _stops_of(area: Area) -> str:
    return f"{reverse('console:stops')}?area={area.code}"


def _plan(
    request: HttpRequest,
    form: StopTimesForm,
    draft: Callable[[], PlannedStop],
    save: Callable[[PlannedStop], PlannedStop],
    *,
    area: Area | None,
    title: str,
    back: tuple[str, str],
) -> HttpResponse:
    """Show the form, its preview, or save. The preview is asked for by the page as the form changes."""
    actor, now = reader(request), timezone.now()
    preview: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            stop = stop_actions.draft_stop(actor, draft(), now)
            preview = _preview(actor, stop, area, now)
            if "preview" not in request.POST and request.headers.get("HX-Target") != "stop-preview":
                saved = save(draft())
                messages.success(request, _("已公告。到时终端和公众页面会显示“暂停服务”和原因。"))
                return redirect(stop_url(saved))
        except Refused as refusal:
            form.add_error(None, str(refusal))
            preview = None
    context = {"form": form, "title": title, "preview": preview, "back_url": back[0], "back_word": back[1]}
    if request.headers.get("HX-Target") == "stop-preview":
        return render(request, "console/stops/_preview.html", context)
    return render(request, "console/stops/form.html", context, status=422 if form.errors else 200)


def _preview(actor: Actor, stop: PlannedStop, area: Area | None, now: datetime) -> dict[str, Any]:
    """The next occurrences with the promised time that each takes away, and how many terminals it covers."""
    windows = list(islice(occurrences(stop, now), PREVIEWED + 1))
    inside = terminals.visible_to(actor).exclude(state="retired").filter(area__place__path__startswith=stop.place.path)
    promised: list[Interval] = []
    whole = not stop.department and not stop.component and not stop.subject
    if windows and area is not None and whole:
        promised = queries.promised_windows(area.pk, windows[0].start, windows[-1].end)
    return {
        "windows": [
            {
                "words": span_words(one.start, one.end, stop.place.zone, now),
                "promised_s": total_s(intersect([one], promised)) if whole else None,
            }
            for one in windows[:PREVIEWED]
        ],
        "more": len(windows) > PREVIEWED,
        "rhythm": rhythm_words(stop),
        "terminals": 1 if stop.terminal_id is not None else inside.count(),
        "part": stop_targets.part_words(stop),
        "department": stop.department,
        "whole": whole,
        "late": stop.starts_at < now and not stop.rrule,
    }


urlpatterns = [
    path("areas/<slug:code>/stops/", area_stop, name="area_stop"),
    path("stops/<int:stop_id>/change/", stop_change, name="stop_change"),
]
