"""The rows behind a line of a monthly report, as they stand now, each with where it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation import monthly_rows as rows_of
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.evaluation.monthly_rows import Month
from budayang.center.evaluation.placement_gather import gather
from budayang.center.evaluation.placement_queries import rows_behind
from budayang.center.evaluation.queries import late_q
from budayang.center.platform.wording import words
from budayang.center.services import queries as services
from budayang.center.terminals import month_queries
from budayang.rules.calendars import day_kind
from budayang.rules.consumables import BY_CODE as CONSUMABLES
from budayang.rules.evaluation import LEVEL_BY_CODE, NEGATIVE_LEVELS
from budayang.rules.evaluation.complaints import KIND_NAMES, state_name
from budayang.rules.evaluation.negative import FINAL_STATES
from budayang.rules.help_calls import CALL_NAMES, VERDICT_NAMES, waited
from budayang.rules.hours import BUCKET_ORDER
from budayang.rules.monthly_facts import outside_office
from budayang.rules.rounds import STATE_NAMES
from budayang.rules.trip_words import trip_words
from budayang.rules.trips import RESULT_NAMES, WASTED

SHOWN = 500
"""Rows of one line that a page lists; how many there are is always said."""
Asked = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as a page lists it. `ref`: "kind:key", where it is looked at."""

    title: str
    at: datetime | None
    word: str
    ref: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows behind a line: how many there are, and the first of them."""

    total: int
    rows: list[Seen]


def opened(month: Month, opens: str) -> Opened:
    """The rows of a line's `opens`. Raises KeyError for a kind that is not known."""
    kind, _mark, query = opens.partition("?")
    return _KINDS[kind](month, dict(parse_qsl(query)))


def _of(rows: QuerySet[Any], order: str, seen: Callable[[Any], Seen]) -> Opened:
    return Opened(rows.count(), [seen(one) for one in rows.order_by(order, "pk")[:SHOWN]])


def _trips(month: Month, asked: Asked) -> Opened:
    rows = rows_of.trips(month)
    if asked.get("wasted"):
        rows = rows.filter(result__in=WASTED)
    for key in ("result", "step", "why"):
        if "result" in asked:
            rows = rows.filter(**{key: asked.get(key, "")})
    if "area" in asked:
        rows = rows.filter(area__code=asked["area"])
    if "terminal" in asked:
        rows = rows.filter(terminal__code=asked["terminal"])

    def seen(row: Any) -> Seen:
        step, why = (words(one) for one in trip_words(row.step, row.why))
        told = " · ".join(part for part in (words(RESULT_NAMES[row.result]), step, why) if part)
        where = row.terminal.code if row.terminal else row.area.name
        return Seen(where, row.at, told, f"terminal:{where}" if row.terminal else f"area:{row.area.code}")

    return _of(rows, "-at", seen)


def _cases(month: Month, asked: Asked) -> Opened:
    rows = rows_of.cases(month)
    if "item" in asked:
        rows = rows.filter(item__code=asked["item"])
    if "area" in asked:
        rows = rows.filter(place_path=rows_of.path_of(month, asked["area"]))
    if "audience" in asked:
        rows = rows.filter(item__audience=asked["audience"])
    if asked.get("done"):
        rows = rows.filter(rows_of.done(month))
    if {"day", "outside", "hour"} & set(asked):
        keys = list(_at_such_times(month, rows, asked))
        found = services.cases_visible_to(rows_of.JOB).filter(pk__in=keys[:SHOWN])
        return Opened(len(keys), [_case(one) for one in found.order_by("-accepted_at", "pk")])
    return _of(rows, "-accepted_at", _case)


def _at_such_times(month: Month, rows: QuerySet[Any], asked: Asked) -> Iterable[int]:
    """Keys of the matters of some kind of day or hour: the calendar is ours, not the database's."""
    table, zone, (opens_s, closes_s) = services.calendar_days(), ZoneInfo(month.place.zone), rows_of.office_hours(month)
    for pk, at in rows.order_by("-accepted_at", "pk").values_list("pk", "accepted_at"):
        local = at.astimezone(zone)
        kind = day_kind(local.date(), table)
        outside = outside_office(local, kind, opens_s, closes_s)
        if (
            asked.get("day", kind.value) == kind.value
            and asked.get("outside", str(int(outside))) == str(int(outside))
            and asked.get("hour", str(local.hour)) == str(local.hour)
        ):
            yield pk


def _case(row: Any) -> Seen:
    return Seen(row.number, row.accepted_at, row.item.name, f"case:{row.number}")


def _hours(month: Month, asked: Asked) -> Opened:
    rows = rows_of.hours(month).select_related("terminal")
    if "area" in asked:
        rows = rows.filter(area__code=asked["area"])
    bucket = next((one for one in BUCKET_ORDER if one.value == asked.get("bucket")), None)
    column = f"{bucket.value}_us" if bucket else "usable_us"
    if bucket:
        rows = rows.filter(**{f"{column}__gt": 0})

    def seen(row: Any) -> Seen:
        told = {"hours": f"{getattr(row, column) / 3.6e9:.2f}", "promised": f"{row.promised_us / 3.6e9:.2f}"}
        word = (
            _("不可用 %(hours)s 小时（承诺 %(promised)s）") if bucket else _("可用 %(hours)s 小时（承诺 %(promised)s）")
        )
        on = row.on.isoformat()
        return Seen(f"{row.terminal.code} {on}", None, word % told, f"day:{row.terminal.code}/{on}")

    return _of(rows, f"-{column}" if bucket else "on", seen)


def _incidents(month: Month, asked: Asked) -> Opened:
    rows = rows_of.incidents(month).filter(**{key: asked[key] for key in ("kind", "bucket") if key in asked})
    if asked.get("ended"):
        rows = rows.filter(closed_at__isnull=False)

    def seen(row: Any) -> Seen:
        where = row.terminal.name if row.terminal else row.area.name if row.area else ""
        word = (
            _("%(n)d 分钟") % {"n": (row.closed_at - row.opened_at).total_seconds() // 60}
            if row.closed_at
            else _("还没恢复")
        )
        return Seen(f"{words(row.title)} {where}".strip(), row.opened_at, word, f"incident:{row.pk}")

    return _of(rows, "-opened_at", seen)


def _help(month: Month, asked: Asked) -> Opened:
    rows = rows_of.help_calls(month)
    if "area" in asked:
        rows = rows.filter(area__code=asked["area"])
    if "by" in asked:
        rows = rows.filter(answered_by=asked["by"], answered_at__lte=month.until)
    if asked.get("answered"):
        rows = rows.filter(answered_at__lte=month.until)

    def seen(row: Any) -> Seen:
        found = waited(
            row.pressed_at, row.answered_at, limit_s=row.limit_s, late=row.late, now=month.until, ended_at=row.ended_at
        )
        told = {"kind": words(CALL_NAMES[row.kind]), "how": words(VERDICT_NAMES[found.verdict])}
        word = _("%(kind)s · %(how)s") % told
        if row.answered_at is not None:
            word = _("%(kind)s · %(n)s 秒，%(by)s") % (told | {"n": f"{found.seconds:.0f}", "by": row.answered_by})
        return Seen(row.terminal.code, row.pressed_at, word, f"terminal:{row.terminal.code}")

    return _of(rows, "-pressed_at", seen)


def _tests(month: Month, _asked: Asked) -> Opened:
    def seen(row: Any) -> Seen:
        word = _("没有人应答") if row.seconds is None else _("%(n)s 秒应答") % {"n": f"{row.seconds:.1f}"}
        return Seen(row.area.name, row.ended_at, word, f"test:{row.pk}")

    return _of(rows_of.help_tests(month), "-ended_at", seen)


def _supplies(month: Month, asked: Asked) -> Opened:
    rows = rows_of.supplies(month).filter(**({"consumable": asked["code"]} if "code" in asked else {}))
    used = month_queries.units_used(list(rows.values_list("pk", flat=True)), month.start, month.end)

    def seen(row: Any) -> Seen:
        about = CONSUMABLES[row.consumable]
        told = {"n": f"{used.get(row.pk, 0):g}", "unit": words(about.unit)}
        word = _("没有计数") if row.counted_since is None else _("本月用了 %(n)s %(unit)s") % told
        return Seen(f"{row.terminal.code} {words(about.name)}", None, word, f"supply:{row.pk}")

    return _of(rows, "terminal__code", seen)


def _orders(month: Month, asked: Asked) -> Opened:
    rows = rows_of.orders(month).filter(**({"organization__code": asked["body"]} if "body" in asked else {}))

    def seen(row: Any) -> Seen:
        return Seen(
            f"{row.number} {words(row.incident.title)}", row.opened_at, row.organization.name, f"order:{row.number}"
        )

    return _of(rows, "-opened_at", seen)


def _rounds(month: Month, asked: Asked) -> Opened:
    rows = rows_of.rounds(month).filter(**{f"plan__{key}": asked[key] for key in ("name", "who") if key in asked})

    def seen(row: Any) -> Seen:
        return Seen(f"{row.plan.name} {row.area.name}", row.opens_at, words(STATE_NAMES[row.state]), f"round:{row.pk}")

    return _of(rows, "-opens_at", seen)


def _visits(month: Month, asked: Asked) -> Opened:
    rows = rows_of.visits(month).filter(**({"kind": asked["kind"]} if "kind" in asked else {}))

    def seen(row: Any) -> Seen:
        word = _("正常 %(well)d 题，异常 %(failed)d 题") % {"well": row.well, "failed": row.failed}
        return Seen(f"{row.number} {row.area.name}", row.handed_at, word, f"supervision_visit:{row.number}")

    return _of(rows, "-handed_at", seen)


def _ratings(month: Month, asked: Asked) -> Opened:
    rows = rows_of.rated(month).filter(set_aside_at__isnull=True)
    if "level" in asked:
        rows = rows.filter(level=asked["level"])
    if asked.get("active"):
        rows = rows.exclude(channel="terminal")
    if (standing := asked.get("negative")) == "all":
        rows = rows.filter(level__in=NEGATIVE_LEVELS)
    elif standing is not None:
        chosen = {"late": late_q(month.until), "closed": Q(state="closed")}.get(standing, ~Q(state__in=FINAL_STATES))
        rows = rows.filter(negative_case__in=NegativeCase.objects.filter(chosen))

    def seen(row: Any) -> Seen:
        return Seen(row.case_number, row.at, words(LEVEL_BY_CODE[row.level].name), f"rating:{row.case_number}")

    return _of(rows, "-at", seen)


def _finished(month: Month, asked: Asked) -> Opened:
    rows = rows_of.finished(month)
    if asked.get("unrated"):
        rated = Rating.objects.filter(set_aside_at__isnull=True, at__lte=month.until).values("case_number")
        rows = rows.exclude(number__in=rated)
    return _of(rows, "-finished_at", _case)


def _complaints(month: Month, asked: Asked) -> Opened:
    """Those whose step `late` was not taken in time, and those that it was: all of the kind; words stay sealed."""
    rows = rows_of.complaints(month)
    if "kind" in asked:
        rows = rows.filter(kind=asked["kind"])
    if "area" in asked:
        rows = rows.filter(area__code=asked["area"])
    if asked.get("answered"):
        rows = rows.filter(answered_at__lte=month.until)

    def seen(row: Any) -> Seen:
        title = f"{row.area.name} · {words(KIND_NAMES[row.kind])}"
        return Seen(title, row.made_at, words(state_name(row.kind, row.state)), f"complaint:{row.number}")

    return _of(rows, "-made_at", seen)


def _placement(month: Month, asked: Asked) -> Opened:
    """What a suggestion was made of, as the placement page opens it; of words those that are still kept."""
    here = areas.visible_to(rows_of.JOB).filter(month.below("place__path"), code=asked.get("area", ""))
    area = here.select_related("place").first()
    if area is None:
        return Opened(0, [])
    (seen,) = gather([area], month.end)
    kind = asked["kind"]
    if kind == "unfound":
        found = seen.unfound(area.pk)
        word = _("找了 %(searches)s 次，没有对应的事项")
        return Opened(
            len(found), [Seen(one.key, None, word % one.numbers, f"area:{area.code}") for one in found[:SHOWN]]
        )
    behind = rows_behind(kind, asked["key"], area.pk, seen.span, seen.thresholds(area.pk, kind))
    rows = []
    for cells, ref in zip(behind.rows, behind.refs, strict=True):
        word = " · ".join(f"{head} {cell}" for head, cell in zip(behind.heads[1:], cells[1:], strict=True))
        rows.append(Seen(str(cells[0]), None, word, ref))
    return Opened(behind.total, rows)


_KINDS: dict[str, Callable[[Month, Asked], Opened]] = {
    "trips": _trips,
    "cases": _cases,
    "hours": _hours,
    "incidents": _incidents,
    "help": _help,
    "tests": _tests,
    "supplies": _supplies,
    "orders": _orders,
    "rounds": _rounds,
    "visits": _visits,
    "ratings": _ratings,
    "finished": _finished,
    "complaints": _complaints,
    "placement": _placement,
}
DIRECT = frozenset({"terminal", "offered", "drill", "stop"})
"""Lines that are one row themselves: they lead straight to it."""
