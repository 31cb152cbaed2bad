"""Pages of the evaluation room: ratings with their distribution, and what is done about a negative rating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import actions, queries
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services.queries import item_names
from budayang.rules.evaluation import LEVEL_BY_CODE, LEVELS, REASON_BY_CODE

HANDLERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT})
PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One bar of the distribution. `width` is its share in percent of the fullest bar."""

    name: str
    count: int
    share: float | None
    width: int
    negative: bool


def level_state(code: str) -> State:
    """A level by word and shape."""
    level = LEVEL_BY_CODE[code]
    return State("stop" if level.negative else "ok", words(level.name))


def negative_state(case: NegativeCase, now: datetime) -> State:
    """Where a negative rating stands, late or in time."""
    if case.state == "closed":
        return State("ok", _("已整改"))
    due = case.verify_due_at if case.state == "open" else case.close_due_at
    word = _("待核实") if case.state == "open" else _("整改中")
    return State("stop", _("%(word)s，已超期") % {"word": word}) if due < now else State("hand", word)


def _negative(row: Rating, now: datetime) -> State | None:
    case = getattr(row, "negative_case", None)
    return negative_state(case, now) if case is not None else None


def level_rows(counts: queries.Counts) -> list[LevelRow]:
    """The five bars, best first; zero included."""
    most = max(counts.levels.values(), default=0)
    return [
        LevelRow(
            words(level.name),
            counts.levels[level.code],
            counts.levels[level.code] / counts.rated if counts.rated else None,
            round(counts.levels[level.code] / most * 100) if most else 0,
            level.negative,
        )
        for level in LEVELS
    ]


@allow(OPERATING_ROLES)
def rating_list(request: HttpRequest) -> HttpResponse:
    """Ratings that the reader may see; above them the figures of the last 30 days."""
    actor, now = reader(request), timezone.now()
    rows, invited = queries.ratings_visible_to(actor), queries.invitations_visible_to(actor)
    counts = queries.count(rows.filter(at__gte=now - PERIOD), invited.filter(shown_at__gte=now - PERIOD), now)
    names = item_names(set(rows.order_by().values_list("item_code", flat=True).distinct()))

    def places() -> list[tuple[str, str]]:
        return [(one.path, one.name) for one in platform.places_visible_to(actor)]

    return listing(
        request,
        title=_("评价"),
        note=_("每件办结的事只计一次评价；不记录评价人的任何个人信息。前三级为满意，后两级为差评。"),
        columns=(
            Column("number", _("办件"), lambda row: row.case_number, sort="case_number"),
            Column("level", _("评价"), lambda row: level_state(row.level), sort="level", kind="state"),
            Column("reasons", _("原因"), lambda row: _reasons(row)),
            Column("item", _("事项"), lambda row: names.get(row.item_code, row.item_code), sort="item_code"),
            Column("terminal", _("终端"), lambda row: row.terminal.name, sort="terminal__code"),
            Column("owner", _("归属单位"), lambda row: row.owner.name, sort="owner__name"),
            Column("negative", _("差评处理"), lambda row: _negative(row, now), kind="state"),
            Column("at", _("时间"), lambda row: row.at, sort="at", kind="moment"),
        ),
        queryset=rows,
        filters=(
            Filter("level", _("评价"), _levels, lambda q, v: q.filter(level=v)),
            Filter("negative", _("差评"), _negative_choices, _by_negative),
            Filter("place", _("地区"), places, lambda q, v: q.filter(place_path__startswith=v)),
        ),
        search=("case_number", "terminal__name", "terminal__code", "owner__name"),
        default_sort="-at",
        row_url=lambda row: reverse("console:rating", args=[row.case_number]),
        empty=_("还没有评价。市民办完事后，终端会请他评价；评价自愿，不强求。"),
        export_name=_("评价"),
        topic="evaluation",
        template="console/evaluation/ratings.html",
        extra={"levels": level_rows(counts), "counts": counts},
    )


def _levels() -> list[tuple[str, str]]:
    return [(one.code, words(one.name)) for one in LEVELS]


def _reasons(row: Rating) -> str:
    return words("、".join(REASON_BY_CODE[code].name for code in row.reasons if code in REASON_BY_CODE))


def _negative_choices() -> list[tuple[str, str]]:
    return [("waiting", _("未办结的差评")), ("all", _("全部差评"))]


def _by_negative(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    rows = rows.filter(negative_case__isnull=False)
    return rows.exclude(negative_case__state="closed") if value == "waiting" else rows


def _rating(request: HttpRequest, number: str) -> Rating:
    rating = queries.ratings_visible_to(reader(request)).filter(case_number=number).first()
    if rating is None:
        raise Http404
    return rating


@allow(OPERATING_ROLES)
def rating_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One rating and, when it is negative, its clocks and what to do."""
    actor, rating, now = reader(request), _rating(request, number), timezone.now()
    case: NegativeCase | None = getattr(rating, "negative_case", None)
    may = case is not None and actor.may(*HANDLERS, place_path=case.place_path, organizations=(case.owner_id,))
    context = {
        "rating": rating,
        "level": level_state(rating.level),
        "reasons": _reasons(rating),
        "item": item_names([rating.item_code]).get(rating.item_code, rating.item_code),
        "case": case,
        "case_state": negative_state(case, now) if case is not None else None,
        "next_step": {"open": "verify", "verified": "close"}.get(case.state) if case is not None and may else None,
    }
    return render(request, "console/evaluation/rating.html", context)


@allow(HANDLERS)
@require_POST
def negative_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Say what was found (verify) or how it was put right (close)."""
    rating = _rating(request, number)
    case: NegativeCase | None = getattr(rating, "negative_case", None)
    run = {"verify": actions.verify_negative_case, "close": actions.close_negative_case}.get(step)
    if case is None or run is None:
        raise Http404
    try:
        run(reader(request), case, note=request.POST.get("note", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:rating", number)


urlpatterns = [
    path("ratings/", rating_list, name="ratings"),
    path("ratings/<slug:number>/", rating_detail, name="rating"),
    path("ratings/<slug:number>/<slug:step>/", negative_step, name="negative_step"),
]
