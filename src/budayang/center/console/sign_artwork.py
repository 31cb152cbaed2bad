"""Artwork of signs (标志制作): the sheet of one sign as a picture and a file, all sheets of an area as long work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Work
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.signage import artwork_actions
from budayang.center.signage.artwork import Order
from budayang.center.signage.artwork_orders import find_plate
from budayang.center.signage.models import SignFile
from budayang.center.signage.plate_data import About
from budayang.center.terminals import queries as terminals
from budayang.data.sign_kinds import sign_kinds
from budayang.papers.sheets import SIDE_MM, Form
from budayang.rules.signs.composing import Run
from budayang.rules.signs.kinds import CATEGORY_NAMES, SignKind

FILES_SHOWN = 8
PICTURE_PX = 900
FORMS: dict[str, tuple[Form, str]] = {
    "pdf": ("pdf", "application/pdf"),
    "svg": ("svg", "image/svg+xml"),
    "png": ("png", "image/png"),
}
WORK_WORDS = {
    Work.State.WAITING: gettext_noop("等待制作"),
    Work.State.RUNNING: gettext_noop("正在制作"),
    Work.State.DONE: gettext_noop("已制作"),
    Work.State.FAILED: gettext_noop("没有制作成"),
    Work.State.CANCELLED: gettext_noop("已取消"),
}
RUNS = ((Run.HORIZONTAL, gettext_lazy("横写")), (Run.VERTICAL, gettext_lazy("竖写")))


class SheetForm(forms.Form):
    """Which sheet: of which area and terminal, at which size."""

    area = forms.ChoiceField(label=gettext_lazy("自助区"))
    terminal = forms.ChoiceField(label=gettext_lazy("终端"), required=False)
    width = forms.IntegerField(label=gettext_lazy("宽（毫米）"), min_value=SIDE_MM[0], max_value=SIDE_MM[1])
    height = forms.IntegerField(label=gettext_lazy("高（毫米）"), min_value=SIDE_MM[0], max_value=SIDE_MM[1])
    run = forms.ChoiceField(label=gettext_lazy("汉文"), choices=RUNS)

    def __init__(self, actor: Actor, area: Area | None, kind: SignKind, query: Any) -> None:
        first = {"area": area.code if area else "", "width": kind.width_mm, "height": kind.height_mm}
        machines = terminals.visible_to(actor).filter(area=area).order_by("code") if area else ()
        codes = [one.code for one in machines]
        typed = {name: query[name] for name in query}
        if typed.get("terminal") not in codes:
            typed["terminal"] = ""  # another area was chosen: its terminals are others
        super().__init__({**first, "run": Run.HORIZONTAL.value, **typed})
        _choices(self, "area", [(one.code, one.name) for one in areas.visible_to(actor)])
        _choices(self, "terminal", [("", _("不在终端上")), *((code, code) for code in codes)])


def _choices(form: forms.Form, name: str, found: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = found


def _area(request: HttpRequest, actor: Actor) -> Area | None:
    found = areas.visible_to(actor)
    return found.filter(code=request.GET.get("area", "")).first() or found.first()


def _files(actor: Actor) -> list[tuple[SignFile, str, bool]]:
    """(row, state in words, whether it is on its way) of what the reader asked for."""
    return [
        (
            one,
            _(WORK_WORDS[Work.State(one.work.state)]) if one.work else "",
            bool(one.work and one.work.state in artwork_actions.ON_THE_WAY),
        )
        for one in artwork_actions.files_of(actor)[:FILES_SHOWN]
    ]


def _files_context(actor: Actor) -> dict[str, Any]:
    files = _files(actor)
    return {"files": files, "busy": any(running for _row, _told, running in files)}


@allow(OPERATING_ROLES)
def sign_artwork(request: HttpRequest) -> HttpResponse:
    """All kinds with a way to each sheet, and the batch of an area."""
    actor = reader(request)
    area = _area(request, actor)
    groups = [
        (words(name), [kind for kind in sign_kinds().values() if kind.category is category])
        for category, name in CATEGORY_NAMES.items()
    ]
    drawing = artwork_actions.newest_drawing(area) if area else None
    context = {
        "area": area,
        "areas": areas.visible_to(actor),
        "groups": groups,
        "version": drawing[0] if drawing else None,
        "count": len(drawing[1].signs) if drawing else 0,
        "may_draw": bool(area and actor.may(*artwork_actions.DRAWERS, place_path=area.place.path)),
        **_files_context(actor),
    }
    return render(request, "console/signage/artwork.html", context)


@allow(OPERATING_ROLES)
def sign_files(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows what is being drawn."""
    return render(request, "console/signage/_files.html", _files_context(reader(request)))


def _kind(code: str) -> SignKind:
    try:
        return sign_kinds()[code]
    except KeyError as error:
        raise Http404 from error


def _draw(actor: Actor, kind: SignKind, area: Area, told: dict[str, Any], form: Form) -> bytes:
    """The sheet as a file. Raises Refused."""
    now = timezone.now()
    terminal = terminals.visible_to(actor).filter(area=area, code=told["terminal"] or "-").first()
    drawing = artwork_actions.newest_drawing(area)
    plate = find_plate(kind, About(area, terminal, now), drawing[1] if drawing else None)
    number = terminal.code if terminal else area.code
    order = Order(kind, told["width"], told["height"], number, plate, Run(told["run"]))
    ppi = PICTURE_PX * 25.4 / max(told["width"], told["height"])
    with translation.override("zh-hans"):
        studio = artwork_actions.studio_of(area, now)
    return studio.draw(order, form, ppi=min(ppi, 200.0))


@allow(OPERATING_ROLES)
def sign_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """One sheet: what it is made of, how it looks, its files."""
    actor, kind = reader(request), _kind(code)
    area = _area(request, actor)
    form = SheetForm(actor, area, kind, request.GET)
    refusal = ""
    if area is None:
        refusal = _("您的范围里还没有自助区。")
    elif form.is_valid():
        try:
            _draw(actor, kind, area, form.cleaned_data, "svg")
        except Refused as error:
            refusal = str(error)
    query = urlencode(form.cleaned_data) if area and form.is_valid() else ""
    context = {"kind": kind, "form": form, "query": query, "refusal": refusal, "area": area}
    return render(request, "console/signage/sheet.html", context, status=422 if form.errors else 200)


@allow(OPERATING_ROLES)
def sign_sheet_file(request: HttpRequest, code: str, suffix: str) -> HttpResponse:
    """The sheet as PDF or SVG to take away, as PNG to look at."""
    actor, kind = reader(request), _kind(code)
    area = _area(request, actor)
    form = SheetForm(actor, area, kind, request.GET)
    if suffix not in FORMS or area is None or not form.is_valid():
        raise Http404
    wanted, media = FORMS[suffix]
    try:
        content = _draw(actor, kind, area, form.cleaned_data, wanted)
    except Refused as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('console:sign_sheet', args=[code])}?{urlencode(form.cleaned_data)}")
    answer = HttpResponse(content, content_type=media)
    if suffix != "png":
        answer["Content-Disposition"] = content_disposition_header(True, f"{kind.message}.{suffix}") or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(OPERATING_ROLES)
@require_POST
def sign_batch(request: HttpRequest, area: str) -> HttpResponse:
    """Ask for all sheets of an area."""
    actor = reader(request)
    found = get_object_or_404(areas.visible_to(actor), code=area)
    try:
        artwork_actions.ask_for_signs(actor, found, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("正在后台制作；好了在下面取。"))
    return redirect(f"{reverse('console:sign_artwork')}?{urlencode({'area': area})}")


def _own_file(request: HttpRequest, pk: int) -> SignFile:
    row = artwork_actions.files_of(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def sign_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The ZIP, for the one who asked."""
    row = _own_file(request, pk)
    if row.content is None:
        raise Http404
    answer = HttpResponse(bytes(row.content), content_type="application/zip")
    answer["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(OPERATING_ROLES)
@require_POST
def sign_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop drawing."""
    row = _own_file(request, pk)
    try:
        artwork_actions.cancel(reader(request), row, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已取消。"))
    return redirect(f"{reverse('console:sign_artwork')}?{urlencode({'area': row.area.code})}")


urlpatterns = [
    path("sign-artwork/", sign_artwork, name="sign_artwork"),
    path("sign-artwork/files/", sign_files, name="sign_files"),
    path("sign-artwork/files/<int:pk>/", sign_file, name="sign_file"),
    path("sign-artwork/files/<int:pk>/cancel/", sign_cancel, name="sign_cancel"),
    path("sign-artwork/areas/<str:area>/", sign_batch, name="sign_batch"),
    path("sign-artwork/kinds/<str:code>/", sign_sheet, name="sign_sheet"),
    path("sign-artwork/kinds/<str:code>/<str:suffix>/", sign_sheet_file, name="sign_sheet_file"),
]
