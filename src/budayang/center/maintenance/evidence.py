"""What this room puts into an evidence pack: incidents, orders with their clocks, rounds, reports, notices, hours.

Words that people wrote stay out; their marks go in (platform.evidence.words_mark).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.hours_queries import days_visible_to
from budayang.center.maintenance.models import (
    Incident,
    Notice,
    NoticeLine,
    OrderPart,
    OrderPhoto,
    RoundPhoto,
)
from budayang.center.maintenance.notice_queries import notices_visible_to
from budayang.center.maintenance.order_limits import read_clocks
from budayang.center.maintenance.queries import (
    incidents_visible_to,
    named_clocks,
    orders_visible_to,
)
from budayang.center.maintenance.report_queries import reports_visible_to
from budayang.center.maintenance.round_queries import questions_in, rounds_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About, Row, Section, person_mark, plain, words_mark
from budayang.rules.causes import get_cause
from budayang.rules.maintenance import Clock
from budayang.rules.round_lists import Answer

CHUNK = 500
OF_PEOPLE = frozenset({"person", "report", "difference"})
"""Words of evidence that are said in a person's name, a report's or a case's."""


def _incidents(actor: Actor, about: About) -> QuerySet[Incident]:
    """Those that stood at some time of the period: of the terminals, and of the area as a whole."""
    here = Q(terminal_id__in=about.terminal_ids) | Q(terminal__isnull=True, area_id=about.area_id)
    rows = incidents_visible_to(actor).filter(here, opened_at__lt=about.end)
    return rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=about.start)).order_by("opened_at", "pk")


def incidents(actor: Actor, about: About) -> Iterator[Row]:
    """Incidents with their cause and what was said of it. The title is that of the table of causes."""
    for one in _incidents(actor, about).iterator(chunk_size=CHUNK):
        yield {
            "ref": f"incident:{one.pk}",
            "kind": one.kind,
            "title": get_cause(one.kind).title,
            "terminal": one.terminal.code if one.terminal else "",
            "component": one.component,
            "department": one.department,
            "owner": one.owner.code if one.owner else "",
            "vendor": one.vendor.code if one.vendor else "",
            "cause": f"incident:{one.cause_id}" if one.cause_id else None,
            "severity": one.severity,
            "bucket": one.bucket,
            "opened_at": plain(one.opened_at),
            "noticed_at": plain(one.noticed_at),
            "closed_at": plain(one.closed_at),
            "alarm_s": one.alarm_s,
            "evidence": [_said(line) for line in one.evidence],
        }


def _said(line: Row) -> Row:
    """What was said of the cause, in the rules' own words. Who said it is a mark where it could be a person, a report
    (whose number is the right to look at it) or a case."""
    source, word = line.get("source", ""), line.get("word")
    return {"at": line.get("at"), "word": word, "source": words_mark(source) if word in OF_PEOPLE else source}


def orders(actor: Actor, about: About) -> Iterator[Row]:
    """Orders of these incidents: every event, the clocks as they stood at the end of the period, photos by hash."""
    ids = list(_incidents(actor, about).values_list("pk", flat=True))
    photos = Prefetch("photos", queryset=OrderPhoto.objects.defer("content_sealed"))
    rows = orders_visible_to(actor).filter(incident_id__in=ids, opened_at__lt=about.end)
    rows = rows.select_related("merged_into").prefetch_related("events", "parts", photos).order_by("opened_at", "pk")
    for one in rows.iterator(chunk_size=CHUNK):
        yield {
            "ref": f"order:{one.number}",
            "number": one.number,
            "incident": f"incident:{one.incident_id}",
            "organization": one.organization.code,
            "state": one.state,
            "opened_at": plain(one.opened_at),
            "closed_at": plain(one.closed_at),
            "merged_into": one.merged_into.number if one.merged_into else None,
            "downtime_reason": one.downtime_reason,
            "policy": one.policy,
            "clocks_at": plain(about.end),
            "clocks": {name: _clock(clock) for name, clock in named_clocks(read_clocks(one, about.end))},
            "events": [_event(event) for event in one.events.all()],
            "parts": [_part(part) for part in one.parts.all() if part.taken_back_at is None],
            "photos": [
                {"moment": photo.moment, "sha256": photo.sha256, "added_at": plain(photo.added_at)}
                for photo in one.photos.all()
            ],
        }


def _clock(clock: Clock) -> Row:
    return {
        "limit_s": clock.limit_s,
        "used_s": clock.used_s,
        "due_at": plain(clock.due_at),
        "met_at": plain(clock.met_at),
        "overdue": clock.overdue,
    }


def _part(part: OrderPart) -> Row:
    """What came out of a stock has the name of the table of consumables; any other name somebody typed."""
    typed = part.movement_id is None
    return {
        "name": words_mark(part.name) if typed else part.name,
        "amount": part.amount,
        "unit": words_mark(part.unit) if typed else part.unit,
        "cost_fen": part.cost_fen,
    }


def _event(event: Any) -> Row:
    return {
        "event": event.event,
        "state": event.state,
        "reason": event.reason,
        "at": plain(event.at),
        "told_at": plain(event.told_at),
        "by": person_mark(event.by),
        "note": words_mark(event.note),
        "limits": event.details if event.event == "limits" else None,
    }


def rounds(actor: Actor, about: About) -> Iterator[Row]:
    """Rounds of the area that opened in the period with every answer, presence, trace, and photo by hash. A pack of one
    terminal holds the answers at that terminal and about the area."""
    rows = rounds_visible_to(actor).filter(area_id=about.area_id, opens_at__gte=about.start, opens_at__lt=about.end)
    photos = Prefetch("photos", queryset=RoundPhoto.objects.defer("content_sealed").order_by("pk"))
    rows = rows.select_related("edition", "plan").prefetch_related("answers", "presences", "traces", photos)
    for one in rows.order_by("opens_at", "pk").iterator(chunk_size=100):
        kinds = {question.code: question.kind for question in questions_in(one)}
        yield {
            "ref": f"round:{one.pk}",
            "list": one.edition.list_code,
            "edition": one.edition.valid_from.isoformat(),
            "who": one.plan.who,
            "opens_at": plain(one.opens_at),
            "closes_at": plain(one.closes_at),
            "state": one.state,
            "finished_at": plain(one.finished_at),
            "received_at": plain(one.received_at),
            "finished_by": person_mark(one.finished_by),
            "failed": one.failed,
            "answers": [
                {
                    "stop": a.stop,
                    "question": a.question,
                    "value": words_mark(a.value) if kinds.get(a.question) is Answer.TEXT else a.value,
                    "note": words_mark(a.note),
                    "failed": a.failed,
                    "source": a.source,
                    "state": a.state,
                    "answered_at": plain(a.answered_at),
                    "received_at": plain(a.received_at),
                    "by": person_mark(a.by),
                    "incident": f"incident:{a.incident_id}" if a.incident_id else None,
                }
                for a in sorted(one.answers.all(), key=lambda a: a.pk)
                if _at(about, a.stop)
            ],
            "presences": [
                {"stop": p.stop, "verdict": p.verdict, "at": plain(p.at), "by": person_mark(p.by)}
                for p in one.presences.all()
                if _at(about, p.stop)
            ],
            "traces": [
                {"event": t.event, "stop": t.stop, "question": t.question, "at": plain(t.at), "by": person_mark(t.by)}
                for t in one.traces.all()
                if _at(about, t.stop)
            ],
            "photos": [
                {"stop": p.stop, "question": p.question, "sha256": p.sha256, "taken_at": plain(p.taken_at)}
                for p in one.photos.all()
                if _at(about, p.stop)
            ],
        }


def _at(about: About, stop: str) -> bool:
    return not about.terminal_code or stop in ("", about.terminal_code)


def reports(actor: Actor, about: About) -> Iterator[Row]:
    """What people reported: its chip and its steps. Number, telephone, words and photo stay out."""
    rows = reports_visible_to(actor).filter(area_id=about.area_id, made_at__gte=about.start, made_at__lt=about.end)
    if about.terminal_code:
        rows = rows.filter(Q(terminal_id__in=about.terminal_ids) | Q(terminal__isnull=True))
    for one in rows.select_related("terminal").prefetch_related("events").order_by("made_at", "pk"):
        yield {
            "report": words_mark(one.number),
            "kind": one.kind,
            "terminal": one.terminal.code if one.terminal else "",
            "incident": f"incident:{one.incident_id}" if one.incident_id else None,
            "joined": one.joined,
            "state": one.state,
            "made_at": plain(one.made_at),
            "answered_at": plain(one.answered_at),
            "overdue_at": plain(one.overdue_at),
            "ended_at": plain(one.ended_at),
            "events": [{"event": e.event, "at": plain(e.at), "by": person_mark(e.by)} for e in one.events.all()],
        }


def notices(actor: Actor, about: About) -> Iterator[Row]:
    """Who was told of these incidents, when, by which way, and whether it went out. Receivers are marks."""
    ids = list(_incidents(actor, about).values_list("pk", flat=True))
    lines = NoticeLine.objects.select_related("staff", "channel", "message").order_by("pk")
    lines = lines.prefetch_related("message__deliveries__channel")
    rows: QuerySet[Notice] = notices_visible_to(actor).filter(incident_id__in=ids, began_at__lt=about.end)
    for one in rows.prefetch_related("events", Prefetch("lines", queryset=lines)).order_by("began_at", "pk"):
        yield {
            "ref": f"notice:{one.pk}",
            "incident": f"incident:{one.incident_id}",
            "severity": one.severity,
            "state": one.state,
            "began_at": plain(one.began_at),
            "told_at": plain(one.told_at),
            "acknowledged_at": plain(one.acknowledged_at),
            "acknowledged_by": person_mark(one.acknowledged_by),
            "closed_at": plain(one.closed_at),
            "events": [{"what": e.what, "at": plain(e.at), "who": person_mark(e.who)} for e in one.events.all()],
            "told": [_told(line) for line in one.lines.all()],
        }


def _told(line: NoticeLine) -> Row:
    sent = line.message.deliveries.all() if line.message else ()
    return {
        "kind": line.kind,
        "to": person_mark(line.staff.username) if line.staff else f"channel:{line.channel_id}",
        "on_duty": line.on_duty,
        "state": line.state,
        "made_at": plain(line.made_at),
        "deliveries": [
            {"way": one.channel.kind, "state": one.state, "sent_at": plain(one.sent_at), "attempts": one.attempts}
            for one in sent
        ],
    }


def hours(actor: Actor, about: About) -> Iterator[Row]:
    """The closed days of the period: promised, usable, and every bucket, in whole microseconds."""
    zone = ZoneInfo(about.zone)
    first = about.start.astimezone(zone).date()
    last = (about.end - timedelta(microseconds=1)).astimezone(zone).date()
    rows = days_visible_to(actor).filter(terminal_id__in=about.terminal_ids)
    rows = rows.filter(on__gte=first, on__lte=last).select_related("terminal", "owner")
    for one in rows.order_by("on", "terminal_id").iterator(chunk_size=2000):
        yield {
            "terminal": one.terminal.code,
            "owner": one.owner.code,
            "on": one.on.isoformat(),
            "version": one.version,
            "computed_at": plain(one.computed_at),
            **one.figures(),
        }


SECTIONS: tuple[Section, ...] = (
    Section(
        "incidents",
        _("故障"),
        (
            ("opened_at", _("发生")),
            ("closed_at", _("恢复")),
            ("terminal", _("终端")),
            ("title", _("故障")),
            ("bucket", _("归因")),
            ("cause", _("起因")),
        ),
        incidents,
    ),
    Section(
        "orders",
        _("工单"),
        (
            ("number", _("工单")),
            ("organization", _("单位")),
            ("state", _("状态")),
            ("opened_at", _("开单")),
            ("closed_at", _("关闭")),
        ),
        orders,
    ),
    Section(
        "rounds",
        _("巡查巡检"),
        (
            ("opens_at", _("开始")),
            ("closes_at", _("截止")),
            ("list", _("检查表")),
            ("state", _("状态")),
            ("failed", _("异常项")),
            ("finished_by", _("完成人")),
        ),
        rounds,
    ),
    Section(
        "reports",
        _("群众报修"),
        (("made_at", _("时间")), ("terminal", _("终端")), ("kind", _("报的是")), ("state", _("状态"))),
        reports,
    ),
    Section(
        "notices",
        _("通知"),
        (
            ("began_at", _("开始")),
            ("incident", _("故障")),
            ("severity", _("等级")),
            ("told_at", _("送达")),
            ("state", _("状态")),
        ),
        notices,
    ),
    Section(
        "hours",
        _("可用时间（微秒，逐日）"),
        (("on", _("日期")), ("terminal", _("终端")), ("promised_us", _("承诺")), ("usable_us", _("可用"))),
        hours,
    ),
)
