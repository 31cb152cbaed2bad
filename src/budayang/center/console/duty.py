"""Pages of the duty roster: who is on duty now, the week, gaps, shifts, stand-ins and swaps."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.duty_forms import ExtraForm, ShiftForm, StandInForm, SwapForm
from budayang.center.console.duty_week import days_of, monday_of, on_duty_now
from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.maintenance import duty_actions as actions
from budayang.center.maintenance import duty_queries as queries
from budayang.center.maintenance import leave_queries
from budayang.center.maintenance.models import DutyShift, DutySwap
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules import duty as rules
from budayang.rules.duty import Days, Duty, Post, Turn
from budayang.rules.duty_time import AGAINST_NAMES
from budayang.rules.intervals import Interval

PLANNERS = frozenset(actions.PLANNERS)
WEEK = timedelta(days=7)


def _chosen(request: HttpRequest, rosters: list[tuple[Organization, Place]]) -> tuple[Organization, Place] | None:
    """The roster that the address names, else the first."""
    wanted = (request.GET.get("org", ""), request.GET.get("place", ""))
    named = [pair for pair in rosters if (pair[0].code, pair[1].code) == wanted]
    return named[0] if named else (rosters[0] if rosters else None)


@allow(OPERATING_ROLES)
def roster(request: HttpRequest) -> HttpResponse:
    """The roster: on duty now, the week with its gaps, swaps that wait, and the reader's own duties."""
    actor, now = reader(request), timezone.now()
    rosters = queries.rosters_visible_to(actor)
    chosen = _chosen(request, rosters)
    context: dict[str, Any] = {
        "rosters": [(body, place, _address(body, place)) for body, place in rosters],
        "chosen": chosen,
        "now_on_duty": [on_duty_now(body, place, now) for body, place in rosters[:12]],
        "mine": [_my_duty(duty, shift) for duty, shift in queries.my_duties(actor.staff_id or 0, now, now + 2 * WEEK)],
        "swaps": _swaps(actor, now),
        "may_begin": actor.may(*actions.PLANNERS),
        "title": _("值班表"),
    }
    if chosen is not None:
        body, place = chosen
        zone = ZoneInfo(place.zone)
        monday = monday_of(request.GET.get("week", ""), now.astimezone(zone).date())
        start = datetime.combine(monday, time(0), tzinfo=zone)
        found = queries.roster(body, place, start, start + WEEK)
        if request.GET.get("export") == "xlsx":
            return _export(actor, body, place, found, monday)
        shifts = queries.shifts_visible_to(actor).filter(organization=body, place=place).order_by("opens", "pk")
        context |= {
            "body": body,
            "place": place,
            "monday": monday,
            "sunday": monday + timedelta(days=6),
            "previous": _address(body, place, monday - WEEK),
            "next": _address(body, place, monday + WEEK),
            "this_week": _address(body, place),
            "export": _address(body, place, monday) + "&export=xlsx",
            "days": days_of(found, monday, zone, now, actor),
            "gaps": [words(rules.gap_words(one, place.zone)) for one in found.gaps],
            "clashes": [
                (found.people[one.person].name, words(rules.when_words(other.interval, place.zone)))
                for one, other in found.clashes
            ],
            "shifts": [_shown_shift(row) for row in shifts if row.ends_on is None or row.ends_on >= monday],
            "may_plan": actions.may_plan(actor, body.pk, place.path),
        }
    return render(request, "console/duty/roster.html", context)


def _address(body: Organization, place: Place, monday: date | None = None) -> str:
    query = {"org": body.code, "place": place.code} | ({"week": monday.isoformat()} if monday else {})
    return f"{reverse('console:duty')}?{urlencode(query)}"


def _shown_shift(row: DutyShift) -> dict[str, Any]:
    shift = queries.shift_of(row)
    return {
        "row": row,
        "words": words(rules.shift_words(shift)),
        "post": words(rules.POST_NAMES[shift.post]),
        "people": "、".join(one.staff.name for one in row.members.all()),
    }


def _my_duty(duty: Duty, shift: DutyShift | None) -> dict[str, Any]:
    return {
        "duty": duty,
        "name": shift.name if shift else _("加班"),
        "url": reverse("console:duty_day", args=[duty.shift, duty.on.isoformat()]) if shift else "",
    }


def _swaps(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Swaps that wait for this reader or were the reader's own, newest first."""
    rows = queries.swaps_visible_to(actor).filter(asked_at__gte=now - timedelta(days=14))[:20]
    return [_shown_swap(actor, row) for row in rows]


def _shown_swap(actor: Actor, row: DutySwap) -> dict[str, Any]:
    shift = row.shift
    involved = actor.staff_id in (row.asker_id, row.answerer_id)
    steps = []
    if row.state == "asked" and actor.staff_id == row.answerer_id:
        steps += [("accept", _("同意换班"), True), ("refuse", _("不同意"), False)]
    if row.state == "accepted" and not involved and actions.may_plan(actor, shift.organization_id, shift.place.path):
        steps += [("approve", _("批准"), True), ("reject", _("不批准"), False)]
    if row.state in ("asked", "accepted") and actor.staff_id == row.asker_id:
        steps += [("withdraw", _("撤回"), False)]
    tone = {"done": "ok", "refused": "stop", "withdrawn": "ask"}.get(row.state, "hand")
    return {"row": row, "state": words(rules.SWAP_NAMES[row.state]), "tone": tone, "steps": steps}


def _export(actor: Actor, body: Organization, place: Place, found: queries.Roster, monday: date) -> HttpResponse:
    """The week as a file, with an audit line as every export."""
    columns = (
        exports.Column(_("日期"), lambda one: one.on.isoformat()),
        exports.Column(_("班次"), lambda one: found.names.get(one.shift, _("加班"))),
        exports.Column(_("岗位"), lambda one: words(rules.POST_NAMES[one.post])),
        exports.Column(_("值班人"), lambda one: found.people[one.person].name),
        exports.Column(_("开始"), lambda one: one.start),
        exports.Column(_("结束"), lambda one: one.end),
        exports.Column(_("原定"), lambda one: found.people[one.planned].name if one.changed else ""),
    )
    title = _("值班表")
    with transaction.atomic():
        details = {"format": "xlsx", "rows": len(found.duties), "week": monday.isoformat()}
        record(actor, "console.export", subject=f"list:{title}", place_path=place.path, details=details)
    content = exports.workbook(title, columns, found.duties, demo=settings.BUDAYANG.demo, zone=place.zone)
    answer = HttpResponse(content, content_type=XLSX)
    name = f"{title} {body.name} {place.name} {monday:%Y-%m-%d}.xlsx"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(PLANNERS)
def shift_new(request: HttpRequest) -> HttpResponse:
    """Plan a shift."""
    actor, now = reader(request), timezone.now()
    form = ShiftForm(actor, request.POST or None, initial=_initial(request, now))
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            row = actions.add_shift(
                actor,
                organization=found["organization"],
                place=found["place"],
                name=found["name"],
                days=Days(found["days"]),
                weekdays=frozenset(int(day) for day in found["weekdays"]),
                opens=found["opens"],
                closes=found["closes"],
                people=found["people"],
                turn=Turn(found["turn"]),
                post=Post(found["post"]),
                starts_on=found["starts_on"],
                ends_on=found["ends_on"],
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("已排好：%(words)s。") % {"words": words(rules.shift_words(queries.shift_of(row)))}
            )
            return redirect(_address(row.organization, row.place))
    return _form(request, form, _("新增班次"), _("每个班按规律重复，几个人按顺序轮流。"))


def _initial(request: HttpRequest, now: datetime) -> dict[str, Any]:
    return {
        "organization": Organization.objects.filter(code=request.GET.get("org", "")).first(),
        "place": Place.objects.filter(code=request.GET.get("place", "")).first(),
        "starts_on": timezone.localdate(now),
        "opens": "20:00",
        "closes": "08:00",
    }


def _form(request: HttpRequest, form: Any, title: str, note: str, back: str = "") -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "note": note,
        "back_url": back or reverse("console:duty"),
        "back_word": _("值班表"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(PLANNERS)
def extra_new(request: HttpRequest) -> HttpResponse:
    """One more person on duty for a stretch, for instance to fill a gap."""
    actor, now = reader(request), timezone.now()
    form = ExtraForm(actor, request.POST or None, initial=_initial(request, now))
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            row = actions.add_extra(
                actor,
                organization=found["organization"],
                place=found["place"],
                person=found["person"],
                starts_at=found["starts_at"],
                ends_at=found["ends_at"],
                post=Post(found["post"]),
                reason=found["reason"],
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已加班次。"))
            return redirect(_address(row.organization, row.place, monday_of(f"{row.starts_at:%Y-%m-%d}", now.date())))
    return _form(request, form, _("临时加班"), _("补空档或增加人手，只这一次。"))


def _shift(request: HttpRequest, shift_id: int) -> DutyShift:
    row = queries.shifts_visible_to(reader(request)).filter(pk=shift_id).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def duty_day(request: HttpRequest, shift_id: int, on: str) -> HttpResponse:
    """One shift of one day: who has it, who stands in, and the forms to change that."""
    actor, row, now = reader(request), _shift(request, shift_id), timezone.now()
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    duty = actions.find_duty(row, day)
    may_plan = actions.may_plan(actor, row.organization_id, row.place.path)
    is_mine = duty is not None and duty.person == actor.staff_id
    when = rules.span(queries.shift_of(row), day, row.place.zone)
    stand_in = StandInForm(actor, row, request.POST if request.POST.get("form") == "stand_in" else None)
    swap = SwapForm(actor, row, now, request.POST if request.POST.get("form") == "swap" else None)
    if request.method == "POST":
        done = _change_day(request, row, day, stand_in if stand_in.is_bound else swap, now)
        if done is not None:
            return done
    changes = queries.changes_visible_to(actor).filter(shift=row, on=day).order_by("-pk")
    context = {
        "row": row,
        "day": day,
        "title": _("%(name)s · %(on)s") % {"name": row.name, "on": f"{day:%m-%d}"},
        "when": words(rules.when_words(when, row.place.zone)),
        "person": Staff.objects.filter(pk=duty.person).first() if duty else None,
        "planned": Staff.objects.filter(pk=duty.planned).first() if duty and duty.changed else None,
        "stand_in": stand_in if may_plan else None,
        "could": _could(row, when, duty.person if duty else 0, now) if may_plan and when.end > now else [],
        "swap": swap if is_mine and when.end > now else None,
        "changes": changes,
        "may_plan": may_plan,
        "words": words(rules.shift_words(queries.shift_of(row))),
        "back": _address(row.organization, row.place, monday_of(on, day)),
        "today": timezone.localdate(now),
    }
    wrong = stand_in.errors or swap.errors
    return render(request, "console/duty/day.html", context, status=422 if wrong else 200)


def _could(row: DutyShift, when: Interval, has_it: int, now: datetime) -> list[dict[str, Any]]:
    """Who could have the shift instead, as the page shows it."""
    return [
        {
            "person": person,
            "hours": f"{found.hours:g}",
            "against": [words(AGAINST_NAMES[one]) for one in found.against],
        }
        for person, found in leave_queries.who_could(row, when, now)
        if person.pk != has_it
    ]


def _change_day(
    request: HttpRequest, row: DutyShift, day: date, form: StandInForm | SwapForm, now: datetime
) -> HttpResponse | None:
    """Carry out the form of a day; None when it was refused and the page is shown again."""
    if not form.is_valid():
        return None
    actor, found = reader(request), form.cleaned_data
    try:
        if isinstance(form, StandInForm):
            actions.stand_in(actor, row, day, found["person"], reason=found["reason"], now=now)
            messages.success(request, _("已改。"))
        else:
            shift, on = form.in_return()
            actions.ask_swap(
                actor, row, day, found["answerer"], reason=found["reason"], return_shift=shift, return_on=on, now=now
            )
            messages.success(request, _("已请对方答复，对方在值班表页上能看到。"))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    return redirect("console:duty_day", row.pk, day.isoformat())


@allow(PLANNERS)
@require_POST
def shift_end(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The shift stands for the last time on the day given."""
    row = _shift(request, shift_id)
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        messages.error(request, _("请选一个日期。"))
    else:
        actions.end_shift(reader(request), row, on=on, now=timezone.now())
        messages.success(request, _("这个班到 %(on)s 为止。") % {"on": f"{on:%Y-%m-%d}"})
    return redirect(_address(row.organization, row.place))


@allow(PLANNERS)
@require_POST
def change_withdraw(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take a stand-in or an extra duty back."""
    row = queries.changes_visible_to(reader(request)).filter(pk=change_id).first()
    if row is None:
        raise Http404
    try:
        actions.withdraw_change(reader(request), row, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤回，恢复原来的排班。"))
    return redirect(_address(row.organization, row.place))


@allow(OPERATING_ROLES)
@require_POST
def swap_step(request: HttpRequest, swap_id: int, step: str) -> HttpResponse:
    """Answer, approve or withdraw a swap."""
    actor, now = reader(request), timezone.now()
    row = queries.swaps_visible_to(actor).filter(pk=swap_id).first()
    if row is None or step not in {"accept", "refuse", "approve", "reject", "withdraw"}:
        raise Http404
    try:
        if step in ("accept", "refuse"):
            actions.answer_swap(actor, row, accept=step == "accept", now=now)
        elif step == "withdraw":
            actions.withdraw_swap(actor, row, now=now)
        else:
            actions.approve_swap(actor, row, approve=step == "approve", now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:duty")


urlpatterns = [
    path("duty/", roster, name="duty"),
    path("duty/shifts/new/", shift_new, name="duty_shift_new"),
    path("duty/extra/new/", extra_new, name="duty_extra_new"),
    path("duty/shifts/<int:shift_id>/end/", shift_end, name="duty_shift_end"),
    path("duty/shifts/<int:shift_id>/<str:on>/", duty_day, name="duty_day"),
    path("duty/changes/<int:change_id>/withdraw/", change_withdraw, name="duty_change_withdraw"),
    path("duty/swaps/<int:swap_id>/<slug:step>/", swap_step, name="duty_swap_step"),
]
