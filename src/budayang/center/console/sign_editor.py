"""The editor of a plan: its page, the check of what is drawn, and saving. The drawing itself is made in the browser."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Facility
from budayang.center.console.reader import reader
from budayang.center.console.sign_drawing import Mark, numbered
from budayang.center.console.sign_plans import DRAWERS, area_of
from budayang.center.console.sign_words import editor_words
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.queries import parameter
from budayang.center.platform.wording import words
from budayang.center.signage import plan_actions as actions
from budayang.center.signage import queries
from budayang.center.signage.plan_findings import judge_drawing
from budayang.center.terminals import queries as terminals
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.drawing import DOOR_KINDS, NotADrawing, read
from budayang.rules.signs.judging import DOOR_NAMES
from budayang.rules.signs.kinds import CATEGORY_NAMES, MOUNTING_NAMES, SAFETY_ORDER, Edition, edition_in_force

Pairs = list[tuple[str, str]]


@allow(DRAWERS)
def plan_edit(request: HttpRequest, code: str) -> HttpResponse:
    """The editor on the version in force."""
    actor, area = reader(request), area_of(request, code)
    actor.require(*actions.DRAWERS, place_path=area.place.path)
    plan = queries.find_plan(area.pk)
    version = queries.find_version(plan) if plan else None
    facilities = list(areas.list_facilities(area.pk).values_list("kind", flat=True))
    told = {
        "code": area.code,
        "person": actor.name,
        "base": version.number if version else 0,
        "drawing": version.drawing if version else None,
        "picture": {
            "url": reverse("console:sign_plan_picture", args=[code]),
            "width_mm": plan.picture_width_mm,
        }
        if plan and plan.picture_width_mm
        else None,
        "kinds": _kinds(area.place.path),
        "tables": _tables(area.pk),
        "measures": _measures(),
        "own_facilities": sorted(set(facilities)),
        "page": reverse("console:sign_plan", args=[code]),
        "save": reverse("console:sign_plan_save", args=[code]),
        "check": reverse("console:sign_plan_check", args=[code]),
        "csrf": get_token(request),
    }
    context = {"area": area, "told": told, "words": editor_words(), "tools": _tools(), "types": _types()}
    return render(request, "console/signs/editor.html", context)


def _kinds(place_path: str) -> list[dict[str, Any]]:
    """The catalogue as the editor needs it. A safety sign is made by the edition that counts today."""
    now = timezone.now()
    edition = edition_in_force(float(parameter("sign_edition", place_path, now)), localtime(now).date())
    return [
        {
            "code": one.code,
            "category_name": words(CATEGORY_NAMES[one.category]),
            "message": one.message,
            "english": one.english,
            "shape": one.shape,
            "where": one.where,
            "mountings": list(one.mountings),
            "bottom_mm": one.bottom_mm,
            "middle_mm": one.middle_mm,
            "width_mm": one.width_mm,
            "height_mm": one.height_mm,
            "edition": edition if one.category in SAFETY_ORDER else "",
        }
        for one in sign_kinds().values()
    ]


def _tables(area_id: int) -> dict[str, Pairs]:
    """Choices of the fields, as (value, word)."""
    here = terminals.in_service().filter(area_id=area_id).order_by("code")
    return {
        "terminals": [
            (code, code if code == name else f"{code} {name}") for code, name in here.values_list("code", "name")
        ],
        "facilities": [(value, str(word)) for value, word in Facility.Kind.choices],
        "doors": [(kind, words(DOOR_NAMES[kind])) for kind in DOOR_KINDS],
        "mountings": [(value, words(word)) for value, word in MOUNTING_NAMES.items()],
        "kinds": [(one.code, one.message) for one in sign_kinds().values()],
        "editions": [("", _("没有写明")), *((one, f"GB 2894-{one}") for one in Edition)],
    }


def _measures() -> dict[str, Pairs]:
    """What is measured on the spot, by type, as (name of `drawing.measured_key`, word)."""
    return {
        "sign": [("bottom_mm", _("下缘离地，量得（毫米）"))],
        "path": [("clear_mm", _("到下一点的净宽，量得（毫米）"))],
        "turn": [("clear_mm", _("直径，量得（毫米）"))],
    }


def _tools() -> list[tuple[str, str, str]]:
    """(tool, word, key on the plan)."""
    return [
        ("select", _("选择"), "V"),
        ("wall", _("墙"), "W"),
        ("door", _("门"), "D"),
        ("terminal", _("终端"), "T"),
        ("facility", _("设施"), "F"),
        ("obstacle", _("障碍物"), "O"),
        ("sign", _("标志"), "S"),
        ("seen", _("观察点"), "P"),
        ("path", _("无障碍通道"), "A"),
        ("turn", _("轮椅回转处"), "C"),
    ]


def _types() -> Pairs:
    return [(tool, word) for tool, word, _key in _tools() if tool != "select"]


def _letter(request: HttpRequest) -> dict[str, Any]:
    """The JSON that the editor sent, {} when it is none."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@allow(DRAWERS)
@require_POST
def plan_check(request: HttpRequest, code: str) -> HttpResponse:
    """What is found on a drawing as it stands in the editor. Nothing is saved."""
    area, drawing = area_of(request, code), _letter(request).get("drawing")
    marks: tuple[Mark, ...] = ()
    refusal = ""
    try:
        if not isinstance(drawing, dict):
            raise NotADrawing(_("没有收到平面图。"))
        marks = numbered(read(drawing), judge_drawing(area, drawing, timezone.now()))
    except NotADrawing as error:
        refusal = str(error)
    fragment = render_to_string("console/signs/_findings.html", {"marks": marks, "refusal": refusal, "live": True})
    answer = HttpResponse(fragment)
    answer["X-Plan-Check"] = "1"
    return answer


@allow(DRAWERS)
@require_POST
def plan_save(request: HttpRequest, code: str) -> HttpResponse:
    """Save the drawing as the next version. 409 when somebody saved meanwhile."""
    area_of(request, code)
    letter = _letter(request)
    base, note, drawing = letter.get("base"), letter.get("note"), letter.get("drawing")
    if not isinstance(base, int) or not isinstance(note, str) or not isinstance(drawing, dict):
        return JsonResponse({"message": _("没有收到平面图。")}, status=422)
    try:
        made = actions.save_version(reader(request), code, drawing, base=base, now=timezone.now(), note=note.strip())
    except actions.SavedMeanwhile as refusal:
        number = refusal.newest.number if refusal.newest else 0
        return JsonResponse({"message": str(refusal), "number": number}, status=409)
    except Refused as refusal:
        return JsonResponse({"message": str(refusal)}, status=422)
    return JsonResponse({"number": made.number})


urlpatterns = [
    path("sign-plans/<str:code>/edit/", plan_edit, name="sign_plan_edit"),
    path("sign-plans/<str:code>/check/", plan_check, name="sign_plan_check"),
    path("sign-plans/<str:code>/save/", plan_save, name="sign_plan_save"),
]
