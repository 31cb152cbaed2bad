"""What is added to a project: units, people of the drafting group, meetings, field research, milestones, rounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.reader import reader
from budayang.center.console.standard_forms import (
    FindingForm,
    MeetingForm,
    MemberForm,
    MilestoneForm,
    RoundForm,
    UnitForm,
)
from budayang.center.console.standard_projects import LEADERS, form_page, project_of
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.standard import opinion_actions, project_actions, project_queries
from budayang.center.standard.models import Project

Write = Callable[[Actor, Project, dict[str, Any], datetime], object]


def _added(request: HttpRequest, row: Project, form: forms.Form, title: str, write: Write) -> HttpResponse:
    """A form that adds one thing: what was typed stays when it is refused."""
    if request.method == "POST" and form.is_valid():
        try:
            write(reader(request), row, form.cleaned_data, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("console:standard_project", row.code)
    return form_page(request, form, title, row)


def _for_drafters(request: HttpRequest, code: str) -> Project:
    row = project_of(request, code)
    if not project_queries.drafts(reader(request), row):
        raise Forbidden("only the drafting group writes")
    return row


@allow(LEADERS)
def unit_new(request: HttpRequest, project: str) -> HttpResponse:
    """Name a unit."""
    form = UnitForm(request.POST or None)
    return _added(
        request, project_of(request, project), form, _("添加单位"),
        lambda actor, row, typed, now: project_actions.add_unit(actor, row, typed["role"], typed["name"], now),
    )  # fmt: skip


@allow(LEADERS)
@require_POST
def unit_drop(request: HttpRequest, project: str, pk: int) -> HttpResponse:
    """Take a unit off."""
    row = project_of(request, project)
    unit = row.units.filter(pk=pk).first()
    if unit is None:
        raise Http404
    project_actions.drop_unit(reader(request), unit, timezone.now())
    return redirect("console:standard_project", row.code)


@allow(LEADERS)
def member_new(request: HttpRequest, project: str) -> HttpResponse:
    """Take a person into the drafting group."""
    row = project_of(request, project)
    form = MemberForm(reader(request), request.POST or None, initial={"since_on": timezone.localdate()})
    return _added(
        request, row, form, _("添加起草组成员"),
        lambda actor, row, typed, now: project_actions.add_member(
            actor, row, typed["staff"], typed["part"], typed["since_on"], now
        ),
    )  # fmt: skip


@allow(LEADERS)
@require_POST
def member_end(request: HttpRequest, project: str, pk: int) -> HttpResponse:
    """A person leaves the group today."""
    row = project_of(request, project)
    member = row.members.filter(pk=pk, until_on__isnull=True).first()
    if member is None:
        raise Http404
    try:
        project_actions.end_member(reader(request), member, timezone.localdate(), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:standard_project", row.code)


@allow(OPERATING_ROLES)
def meeting_new(request: HttpRequest, project: str) -> HttpResponse:
    """Write a meeting down."""
    row = _for_drafters(request, project)
    form = MeetingForm(request.POST or None, initial={"held_on": timezone.localdate()})
    return _added(
        request, row, form, _("登记会议"),
        lambda actor, row, typed, now: project_actions.add_meeting(actor, row, now=now, **typed),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def finding_new(request: HttpRequest, project: str) -> HttpResponse:
    """Write down what field research found."""
    row = _for_drafters(request, project)
    form = FindingForm(reader(request), request.POST or None, initial={"found_on": timezone.localdate()})
    return _added(
        request, row, form, _("登记调研"),
        lambda actor, row, typed, now: project_actions.add_finding(actor, row, now=now, **typed),
    )  # fmt: skip


@allow(LEADERS)
def milestone_set(request: HttpRequest, project: str) -> HttpResponse:
    """By which day a stage is to be reached."""
    form = MilestoneForm(request.POST or None)
    return _added(
        request, project_of(request, project), form, _("设定节点"),
        lambda actor, row, typed, now: project_actions.set_milestone(
            actor, row, typed["stage"], typed["due_on"], now
        ),
    )  # fmt: skip


@allow(LEADERS)
def round_new(request: HttpRequest, project: str) -> HttpResponse:
    """Ask for opinions from a day to a day."""
    form = RoundForm(request.POST or None, initial={"opens_on": timezone.localdate()})
    return _added(
        request, project_of(request, project), form, _("公开征求意见"),
        lambda actor, row, typed, now: opinion_actions.open_round(actor, row, now=now, **typed),
    )  # fmt: skip


_AT = "standard-projects/<slug:project>"
urlpatterns = [
    path(f"{_AT}/units/new/", unit_new, name="standard_unit_new"),
    path(f"{_AT}/units/<int:pk>/drop/", unit_drop, name="standard_unit_drop"),
    path(f"{_AT}/members/new/", member_new, name="standard_member_new"),
    path(f"{_AT}/members/<int:pk>/end/", member_end, name="standard_member_end"),
    path(f"{_AT}/meetings/new/", meeting_new, name="standard_meeting_new"),
    path(f"{_AT}/findings/new/", finding_new, name="standard_finding_new"),
    path(f"{_AT}/milestones/", milestone_set, name="standard_milestone_set"),
    path(f"{_AT}/rounds/new/", round_new, name="standard_round_new"),
]
