"""The catalogue of sign kinds: what each says, how it looks, where it is required and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from budayang.center.areas.models import Facility
from budayang.center.platform.access import allow
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.data.sign_kinds import sign_kinds, symbol
from budayang.rules.signs.kinds import CATEGORY_NAMES, FACT_NAMES, MOUNTING_NAMES, SignKind


@dataclass(frozen=True, slots=True)
class ShownKind:
    """A kind with its rules in words."""

    kind: SignKind
    where: str
    size: str
    height: str
    mountings: str


def where_words(rule: str) -> str:
    """The rule of `SignKind.where`, for people."""
    name, _colon, thing = rule.partition(":")
    if name == "facility":
        return _("每处%(facility)s") % {"facility": dict(Facility.Kind.choices)[thing]}
    if name == "when":
        return _("自助区%(fact)s时") % {"fact": words(FACT_NAMES[thing])}
    return {
        "": _("按需要"),
        "once": _("每个自助区"),
        "each_terminal": _("每台终端"),
        "each_low": _("每台低位终端"),
        "each_entrance": _("每个入口"),
        "each_exit": _("每个出口"),
        "each_emergency": _("每个紧急出口"),
    }[name]


def _height(kind: SignKind) -> str:
    told = []
    if kind.bottom_mm is not None:
        told.append(_("下缘不低于 %(mm)d 毫米") % {"mm": kind.bottom_mm})
    if kind.middle_mm is not None:
        told.append(_("中心 %(low)d 到 %(high)d 毫米") % {"low": kind.middle_mm[0], "high": kind.middle_mm[1]})
    return "；".join(told) or _("按固定方式定")


def _size(kind: SignKind) -> str:
    told = _("%(width)d × %(height)d 毫米") % {"width": kind.width_mm, "height": kind.height_mm}
    return told + _("，随观察距离加大") if kind.sized else told


def _shown(kind: SignKind) -> ShownKind:
    return ShownKind(
        kind=kind,
        where=where_words(kind.where),
        size=_size(kind),
        height=_height(kind),
        mountings="、".join(words(MOUNTING_NAMES[one]) for one in kind.mountings),
    )


@allow(OPERATING_ROLES)
def kind_list(request: HttpRequest) -> HttpResponse:
    """The catalogue by category. It ships with the software: there is nothing to page through or to change."""
    chosen, asked = request.GET.get("category", ""), request.GET.get("q", "")[:60]
    wanted = asked.lower().split()
    groups = []
    for category, name in CATEGORY_NAMES.items():
        kinds = [
            _shown(one)
            for one in sign_kinds().values()
            if one.category is category
            and chosen in ("", category)
            and all(word in f"{one.message} {one.english} {one.code} {one.clause}".lower() for word in wanted)
        ]
        if kinds:
            groups.append((words(name), kinds))
    context = {
        "groups": groups,
        "total": len(sign_kinds()),
        "categories": [(category.value, words(name)) for category, name in CATEGORY_NAMES.items()],
        "chosen": chosen,
        "q": asked,
    }
    return render(request, "console/signs/kinds.html", context)


@allow(OPERATING_ROLES)
def symbol_file(request: HttpRequest, name: str) -> HttpResponse:
    """A symbol of the catalogue, to be shown as an image."""
    try:
        drawing = symbol(name)
    except KeyError as error:
        raise Http404 from error
    answer = HttpResponse(drawing, content_type="image/svg+xml")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


urlpatterns = [
    path("sign-kinds/", kind_list, name="sign_kinds"),
    path("sign-kinds/symbols/<str:name>.svg", symbol_file, name="sign_symbol"),
]
