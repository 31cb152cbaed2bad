"""Pages of cameras: the register, and how far back each can be played. No picture is kept or shown here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import safety_actions as actions
from budayang.center.maintenance import safety_queries as queries
from budayang.center.maintenance.models import Camera
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES

TESTERS = frozenset(actions.TESTERS)


def camera_state(row: Any) -> State:
    """What the newest look found."""
    if row.checked_at is None:
        return State("ask", _("还没有核查"))
    if not row.checked_online:
        return State("stop", _("离线"))
    return State("ok", _("正常")) if row.checked_ok else State("stop", _("保存不够"))


def _by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "unseen":
        return rows.filter(checked_at__isnull=True)
    return rows.filter(checked_ok=value == "ok")


@allow(OPERATING_ROLES)
def camera_list(request: HttpRequest) -> HttpResponse:
    """Every camera that is there."""
    actor = reader(request)
    keeps = actor.may(*actions.TESTERS)
    return listing(
        request,
        title=_("摄像头"),
        note=_(
            "每个摄像头照哪里、录在哪台录像机、答应存多少天。核查时写能回放的最早一天，不够就开故障。平台不存任何画面。"
        ),
        columns=(
            Column("name", _("摄像头"), lambda row: row.name, sort="name"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("covers", _("照着哪里"), lambda row: row.covers),
            Column("recorder", _("录像机"), lambda row: row.recorder, sort="recorder"),
            Column("state", _("状态"), camera_state, kind="state"),
            Column("days", _("能回放（天）"), lambda row: row.checked_days, sort="checked_days", kind="number"),
            Column("keep", _("应存（天）"), lambda row: row.keep_d, sort="keep_d", kind="number"),
            Column("checked", _("最近核查"), lambda row: row.checked_at, sort="checked_at", kind="moment"),
        ),
        queryset=queries.cameras_visible_to(actor),
        filters=(
            Filter(
                "state",
                _("状态"),
                lambda: [("ok", _("正常")), ("short", _("离线或不够")), ("unseen", _("还没有核查"))],
                _by_state,
            ),
            Filter(
                "place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(area__place__path__startswith=v)
            ),
        ),
        search=("name", "covers", "recorder", "area__name"),
        default_sort="area",
        row_url=lambda row: reverse("console:camera", args=[row.pk]),
        empty=_("还没有登记摄像头。先从大门和等候区的开始。"),
        export_name=_("摄像头"),
        actions=(Action(reverse("console:camera_new"), _("登记"), primary=True),) if keeps else (),
    )


class CameraForm(forms.Form):
    """A camera of an area."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(actions.JOB), label=gettext_lazy("自助区"), empty_label=gettext_lazy("请选择")
    )
    name = forms.CharField(label=gettext_lazy("名称"), max_length=40, help_text=gettext_lazy("例如：大门外。"))
    covers = forms.CharField(
        label=gettext_lazy("照着哪里"), max_length=80,
        help_text=gettext_lazy("不能看清键盘、屏幕和证件（JB-25）。"),
    )  # fmt: skip
    recorder = forms.CharField(label=gettext_lazy("录像机"), max_length=60, required=False)
    keep_d = forms.IntegerField(
        label=gettext_lazy("答应存多少天"), min_value=1, max_value=3660, initial=30,
        help_text=gettext_lazy("不少于 30 天；当地另有规定的（例如 90 天）按当地。"),
    )  # fmt: skip

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor).order_by("name")


class CheckForm(forms.Form):
    """What was seen at the recorder."""

    online = forms.BooleanField(label=gettext_lazy("画面在线"), required=False, initial=True)
    earliest_on = DateField(
        label=gettext_lazy("能回放的最早一天"), required=False,
        help_text=gettext_lazy("在录像机上往回翻，翻到最早能放出来的那一天。"),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("说明"), max_length=120, required=False)


def _get(request: HttpRequest, number: int) -> Camera:
    row = queries.cameras_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@allow(TESTERS)
def camera_new(request: HttpRequest) -> HttpResponse:
    """Write a camera down."""
    return _edit(request, None)


@allow(TESTERS)
def camera_edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change what is known of it."""
    return _edit(request, _get(request, number))


def _edit(request: HttpRequest, row: Camera | None) -> HttpResponse:
    actor = reader(request)
    names = ("name", "covers", "recorder", "keep_d")
    initial = {"area": row.area_id, **{name: getattr(row, name) for name in names}} if row else {}
    form = CameraForm(actor, request.POST or None, initial=initial)
    if row is not None:
        form.fields["area"].disabled = True
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            kept = actions.keep_camera(
                actor, row or Camera(area=found["area"]), now=timezone.now(), **{name: found[name] for name in names}
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("console:camera", kept.pk)
    context = {"form": form, "title": row.name if row else _("登记摄像头"), "submit": _("保存"),
               "back_url": reverse("console:cameras"), "back_word": _("摄像头")}  # fmt: skip
    return render(request, "console/form.html", context, status=422 if request.method == "POST" else 200)


@allow(OPERATING_ROLES)
def camera_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One camera with its looks."""
    return _show(request, _get(request, number), CheckForm())


def _show(request: HttpRequest, row: Camera, form: CheckForm, *, status: int = 200) -> HttpResponse:
    actor = reader(request)
    context = {
        "row": row,
        "state": camera_state(row),
        "checks": row.checks.order_by("-at", "-pk")[:30],
        "form": form,
        "may": actor.may(*actions.TESTERS, place_path=row.area.place.path),
    }
    return render(request, "console/safety/camera.html", context, status=status)


@allow(TESTERS)
@require_POST
def camera_check(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody looked."""
    row, form = _get(request, number), CheckForm(request.POST)
    if form.is_valid():
        try:
            actions.check_camera(reader(request), row, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记下。"))
            return redirect("console:camera", row.pk)
    return _show(request, row, form, status=422)


@allow(TESTERS)
@require_POST
def camera_retire(request: HttpRequest, number: int) -> HttpResponse:
    """It is not there any more."""
    actions.retire_camera(reader(request), _get(request, number), now=timezone.now())
    messages.success(request, _("已注销。"))
    return redirect("console:cameras")


urlpatterns = [
    path("cameras/", camera_list, name="cameras"),
    path("cameras/new/", camera_new, name="camera_new"),
    path("cameras/<int:number>/", camera_detail, name="camera"),
    path("cameras/<int:number>/edit/", camera_edit, name="camera_edit"),
    path("cameras/<int:number>/check/", camera_check, name="camera_check"),
    path("cameras/<int:number>/retire/", camera_retire, name="camera_retire"),
]
