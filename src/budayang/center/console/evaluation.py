"""The list of ratings with their distribution. One rating and what is done about it: `rating_page`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import queries
from budayang.center.evaluation.indicator_queries import month_span, months_back
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services.queries import item_names
from budayang.rules.evaluation import CHANNELS, LEVEL_BY_CODE, LEVELS
from budayang.rules.evaluation.negative import FINAL_STATES, STATE_NAMES

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
    word = words(STATE_NAMES[case.state])
    if case.state in FINAL_STATES:
        return State("ok" if case.state == "closed" else "ask", word)
    late = case.due_at is not None and case.due_at <= now
    return State("stop", _("%(word)s，已超期") % {"word": word}) if late else State("hand", word)


def rating_state(row: Rating) -> State:
    """The level; struck out of the figures when it was set aside."""
    if row.set_aside_at is not None:
        return State("ask", _("%(level)s（已剔除）") % {"level": words(LEVEL_BY_CODE[row.level].name)})
    return level_state(row.level)


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
        note=_(
            "每件办结的事只计一次评价；不记录评价人是谁。前三级为满意，后两级为差评；已剔除的留着可查，不计入数字。"
        ),
        columns=(
            Column("number", _("办件"), lambda row: row.case_number, sort="case_number", kind="code"),
            Column("level", _("评价"), rating_state, sort="level", kind="state"),
            Column("reasons", _("原因"), queries.reasons_of),
            Column("channel", _("渠道"), lambda row: words(CHANNELS[row.channel]), sort="channel"),
            Column("item", _("事项"), lambda row: names.get(row.item_code, row.item_code), sort="item_code"),
            Column("terminal", _("终端"), lambda row: row.terminal.name, sort="terminal__code"),
            Column("owner", _("归属单位"), lambda row: row.owner.name, sort="owner__name"),
            Column("negative", _("差评处理"), lambda row: _negative(row, now), kind="state"),
            Column("at", _("时间"), lambda row: row.at, sort="at", kind="moment"),
        ),
        queryset=rows,
        filters=(
            Filter("level", _("评价"), _levels, lambda q, v: q.filter(level=v)),
            Filter("negative", _("差评"), _negative_choices, lambda q, v: _by_negative(q, v, now)),
            Filter("channel", _("渠道"), _channels, _by_channel),
            Filter("month", _("月份"), _months, _by_month),
            Filter("area", _("自助区"), lambda: _areas(actor), lambda q, v: q.filter(terminal__area__code=v)),
            Filter("owner", _("归属单位"), lambda: _owners(actor), lambda q, v: q.filter(owner__code=v)),
            Filter("aside", _("计入"), _aside_choices, lambda q, v: q.filter(set_aside_at__isnull=v == "no")),
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


def _channels() -> list[tuple[str, str]]:
    return [*((code, words(name)) for code, name in CHANNELS.items()), ("later", _("离开终端后评的"))]


def _by_channel(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.exclude(channel="terminal") if value == "later" else rows.filter(channel=value)


def _months() -> list[tuple[str, str]]:
    return [(f"{one:%Y-%m}", f"{one:%Y-%m}") for one in months_back(timezone.localdate())]


def _by_month(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    start, end = month_span(date.fromisoformat(f"{value}-01"))
    return rows.filter(at__gte=start, at__lt=end)


def _areas(actor: Actor) -> list[tuple[str, str]]:
    return list(areas.visible_to(actor).order_by("name").values_list("code", "name")[:500])


def _owners(actor: Actor) -> list[tuple[str, str]]:
    rows = platform.organizations_visible_to(actor).filter(kind="owner")
    return list(rows.order_by("name").values_list("code", "name")[:500])


def _aside_choices() -> list[tuple[str, str]]:
    return [("no", _("计入的")), ("yes", _("已剔除的"))]


def _negative_choices() -> list[tuple[str, str]]:
    own = [("waiting", _("未办结的差评")), ("late", _("超期的差评")), ("all", _("全部差评"))]
    return own + [(code, words(name)) for code, name in STATE_NAMES.items()]


def _by_negative(rows: QuerySet[Any], value: str, now: datetime) -> QuerySet[Any]:
    rows = rows.filter(negative_case__isnull=False)
    if value == "waiting":
        return rows.exclude(negative_case__state__in=FINAL_STATES)
    if value == "late":
        return rows.filter(Q(negative_case__due_at__lte=now))
    return rows.filter(negative_case__state=value) if value in STATE_NAMES else rows


urlpatterns = [path("ratings/", rating_list, name="ratings")]
