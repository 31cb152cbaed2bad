"""Hours of one terminal: a month as days × 24 hours, and a day with every piece, its owner and its fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.hours_pictures import (
    ANSWERS,
    DEFINITIONS,
    add_up,
    css_of,
    day_lane,
    hours_text,
    legend_of,
    losses,
    month_of_text,
    month_word,
    share_text,
    word_of,
)
from budayang.center.console.reader import reader
from budayang.center.console.strips import HATCHED
from budayang.center.maintenance import hours_queries as queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.hours_actions import last_of
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.services import queries as services
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.history_queries import since_of
from budayang.center.terminals.models import Terminal
from budayang.rules.causes import BUCKETS
from budayang.rules.hours import BUCKET_ORDER, Piece, moment

REFS = {
    "gap": "管理平台的接收程序不在，没有人能收到消息",
    "relay": "监测中继失去联系",
    "unseen": "没有来源能说明这段时间",
    "watch": "现有来源共同判定",
}


def _terminal(request: HttpRequest, code: str) -> Terminal:
    found = terminals.find_terminal(reader(request), code)
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def month_of(request: HttpRequest, code: str) -> HttpResponse:
    """One terminal's month: days × 24 hours, exactly, with the regularity of its absences named."""
    machine, now = _terminal(request, code), timezone.now()
    zone = machine.area.place.zone
    current = queries.local_month(now, zone)
    month = min(month_of_text(request.GET.get("month") or request.GET.get("period", "")) or current, current)
    item_code = request.GET.get("item", "")
    item = services.items().filter(code=item_code).first() if item_code else None
    days = queries.days_of(machine.pk, month, last_of(month), zone, now, item_code=item.code if item else "")
    found = add_up(days)
    born = since_of(machine).date().replace(day=1)
    earlier, later = (month - timedelta(days=1)).replace(day=1), last_of(month) + timedelta(days=1)
    offered = services.verdicts(machine.pk, now)
    return render(
        request,
        "console/hours/terminal.html",
        {
            "machine": machine,
            "month": month_word(month),
            "period": f"{month:%Y-%m}",
            "earlier": f"{earlier:%Y-%m}" if earlier >= born else "",
            "later": f"{later:%Y-%m}" if later <= current else "",
            "lanes": [day_lane(one) for one in days],
            "total": found,
            "promised": hours_text(found.promised),
            "usable": hours_text(found.usable),
            "share": share_text(found),
            "a_day": _a_day(days),
            "losses": [(css_of(b), word_of(b), ANSWERS[BUCKETS[b].answers], hours_text(us)) for b, us in losses(found)],
            "legend": legend_of(found),
            "patterns": [] if item else queries.patterns_of([machine.pk]).get(machine.pk, []),
            "item": item,
            "items": sorted(services.item_names(offered).items(), key=lambda pair: pair[1]),
            "definitions": DEFINITIONS,
            "now": now,
        },
    )


def _a_day(days: Sequence[queries.DayRow]) -> str:
    """ "每天承诺 24.0 小时，可用 9.5 小时": the mean of the whole days."""
    whole = [one for one in days if one.tally.promised and one.end - one.start >= timedelta(hours=23)]
    if not whole:
        return ""
    promised, usable = (sum(getattr(one.tally, name) for one in whole) // len(whole) for name in ("promised", "usable"))
    return _("平均每天承诺 %(promised)s 小时，可用 %(usable)s 小时（%(count)d 个整天）") % {
        "promised": hours_text(promised),
        "usable": hours_text(usable),
        "count": len(whole),
    }


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece of a day as the table tells it."""

    since: str
    until: str
    minutes: str
    css: str
    hatched: bool
    word: str
    answers: str
    fact: str
    url: str


@allow(OPERATING_ROLES)
def day_of(request: HttpRequest, code: str, on: str) -> HttpResponse:
    """One day of a terminal: every piece, whose it is, the fact behind it, and what was published before."""
    machine, now = _terminal(request, code), timezone.now()
    try:
        asked = date.fromisoformat(on)
    except ValueError:
        raise Http404 from None
    item_code = request.GET.get("item", "")
    item = services.items().filter(code=item_code).first() if item_code else None
    days = queries.days_of(machine.pk, asked, asked, machine.area.place.zone, now, item_code=item.code if item else "")
    if not days:
        raise Http404
    day = days[0]
    context = {
        "machine": machine,
        "day": day,
        "lane": day_lane(day),
        "item": item,
        "period": f"{asked:%Y-%m}",
        "rows": _pieces(reader(request), machine, day.pieces),
        "promised": hours_text(day.tally.promised),
        "usable": hours_text(day.tally.usable),
        "share": share_text(day.tally),
        "legend": legend_of(day.tally),
        "corrections": [
            (one, hours_text(one.before["promised_us"]), hours_text(one.before["usable_us"]))
            for one in queries.corrections_of(machine.pk, asked)
        ],
        "earlier": asked - timedelta(days=1),
        "later": asked + timedelta(days=1) if day.end < now else None,
        "definitions": DEFINITIONS,
        "now": now,
    }
    return render(request, "console/hours/day.html", context)


def _pieces(actor: Actor, machine: Terminal, pieces: Sequence[Piece]) -> list[PieceRow]:
    behind = queries.incidents_behind(pieces)
    mine = maintenance.incidents_visible_to(actor).filter(pk__in=[row.pk for row in behind.values()])
    visible = set(mine.values_list("pk", flat=True))
    found = []
    for start, end, by in pieces:
        bucket = BUCKET_ORDER[by.bucket] if by else None
        ref = by.ref if by else ""
        kind, _colon, number = ref.partition(":")
        fact, url = REFS.get(ref, ""), ""
        if ref in behind:
            row = behind[ref]
            fact = row.title
            url = reverse("console:incident", args=[row.pk]) if row.pk in visible else ""
        elif kind == "stop":
            fact, url = _("计划停用"), reverse("console:stop", args=[int(number)])
        elif kind == "status":
            fact, url = _("部件状态 %(part)s") % {"part": number}, reverse("console:terminal", args=[machine.code])
        since, until = timezone.localtime(moment(start)), timezone.localtime(moment(end))
        found.append(
            PieceRow(
                since=f"{since:%H:%M:%S}",
                until="24:00:00" if until.date() > since.date() else f"{until:%H:%M:%S}",
                minutes=f"{(end - start) / 60_000_000:,.1f}",
                css=css_of(bucket),
                hatched=bucket in HATCHED,
                word=word_of(bucket),
                answers=str(ANSWERS[BUCKETS[bucket].answers]) if bucket else "",
                fact=fact,
                url=url,
            )
        )
    return found
