"""The catalogue of sign kinds: what each says, how it looks, where it is required and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from budayang.center.areas.models import Facility
from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.signage import text_queries
from budayang.center.signage.models import OfficialSymbol
from budayang.data.sign_kinds import SYMBOL_MARK, kind_columns, kind_rows, sign_kinds, symbol
from budayang.rules.signs.kinds import CATEGORY_NAMES, FACT_NAMES, MOUNTING_NAMES, SignKind


@dataclass(frozen=True, slots=True)
class ShownKind:
    """A kind with its rules in words."""

    kind: SignKind
    where: str
    size: str
    height: str
    mountings: str
    official: tuple[OfficialSymbol, ...] = ()
    """Official artwork in use in place of our drawing, by region, the widest first."""


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


def _official(actor: Actor) -> dict[str, tuple[OfficialSymbol, ...]]:
    """Symbol -> the artwork in use in the reader's reach."""
    found: dict[str, tuple[OfficialSymbol, ...]] = {}
    rows = text_queries.symbols_visible_to(actor).filter(withdrawn_at__isnull=True)
    for row in rows.order_by("symbol", "place__path"):
        found[row.symbol] = (*found.get(row.symbol, ()), row)
    return found


def _shown(kind: SignKind, official: tuple[OfficialSymbol, ...] = ()) -> ShownKind:
    return ShownKind(
        kind=kind,
        where=where_words(kind.where),
        size=_size(kind),
        height=_height(kind),
        mountings="、".join(words(MOUNTING_NAMES[one]) for one in kind.mountings),
        official=official,
    )


@allow(OPERATING_ROLES)
def kind_list(request: HttpRequest) -> HttpResponse:
    """The catalogue by category. It ships with the software: there is nothing to page through or to change."""
    chosen, asked = request.GET.get("category", ""), request.GET.get("q", "")[:60]
    wanted = asked.lower().split()
    official = _official(reader(request))
    if request.GET.get("export") == "xlsx":
        return _export(official)
    groups = []
    for category, name in CATEGORY_NAMES.items():
        kinds = [
            _shown(one, official.get(one.symbol, ()))
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
        "replaced": len(official),
        "drawn": len({one.symbol for one in sign_kinds().values() if one.symbol}),
    }
    return render(request, "console/signs/kinds.html", context)


def _export(official: Mapping[str, tuple[OfficialSymbol, ...]]) -> HttpResponse:
    """The whole catalogue in Excel: the columns of its file, so that it can be read again, and the figure in use."""

    def cell(name: str) -> Callable[[Mapping[str, str]], object]:
        return lambda row: row[name]

    def figure(row: Mapping[str, str]) -> str:
        if not row["symbol"]:
            return "没有图形"
        used = official.get(row["symbol"], ())
        return "；".join(f"官方图形（{one.place.name}）：{one.source}" for one in used) or SYMBOL_MARK

    columns = [*(exports.Column(name, cell(name)) for name in kind_columns()), exports.Column("图形", figure)]
    content = exports.workbook("标志目录", columns, kind_rows(), demo=settings.BUDAYANG.demo)
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, _("标志目录") + ".xlsx") or "attachment"
    return answer


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
