"""Reads of 报修: lists start at `reports_visible_to(actor)`; what the public may know goes by the report's number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.models import Incident, Report, ReportEvent
from budayang.center.platform.actors import Actor
from budayang.center.platform.limits import count_within, counted
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import read_number
from budayang.rules.causes import get_cause
from budayang.rules.reports import KINDS, OPEN_STATES, OTHER, REPORT_CAUSES, STATE_NAMES

TABLE = "maintenance_report"
MISSES, MISSES_WITHIN = 20, timedelta(hours=1)
ORGANIZATIONS = ("terminal__owner_id", "terminal__vendor_id")


class TooManyLooks(Exception):
    """This address has tried too many wrong numbers; it has to wait."""


@dataclass(frozen=True, slots=True)
class Known:
    """What stands at a spot already, for "我也遇到了": the incident's id, its words, since when, how many said so."""

    incident: int
    text: str
    where: str
    since: datetime
    voices: int
    state: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What the person who holds the number may know. Nobody's name, and nothing of what was written."""

    report: Report
    what: str
    state: str
    steps: tuple[tuple[datetime, str], ...]
    others: int
    due_at: datetime | None
    open: bool
    photo: bool


# What the page says of the steps; the others are for staff.
STEP_WORDS: dict[str, str] = {
    "made": "已收到",
    "joined": "和已经报过的同一个问题合在一起",
    "admit": "工作人员看过，已受理",
    "work": "有人处理",
    "give_back": "还没有修好，重新安排",
    "answered": "有答复",
    "fix": "已修好",
    "find_nothing": "看过了，没有发现问题",
    "withdraw": "您撤回了",
    "set_aside": "不作处理",
    "overdue": "超过时限没有答复，已上报",
}


def reports_visible_to(actor: Actor) -> QuerySet[Report]:
    """Reports in the actor's places; owner units and vendors see those about their own machines."""
    rows = Report.objects.filter(scope_q(actor, "place_path", ORGANIZATIONS)).defer("phone_sealed", "note_sealed")
    return rows.select_related("area", "terminal", "incident")


def get_report(actor: Actor, number: str) -> Report:
    """Raises Report.DoesNotExist, also when it is outside the actor's scope."""
    return reports_visible_to(actor).get(number=number)


def events_of(report: Report) -> list[ReportEvent]:
    """Its steps, oldest first."""
    return list(ReportEvent.objects.filter(report=report).order_by("at", "pk"))


def voices_of(actor: Actor, report: Report) -> list[Report]:
    """The other voices behind the same incident, newest first."""
    if report.incident_id is None:
        return []
    rows = reports_visible_to(actor).filter(incident_id=report.incident_id).exclude(pk=report.pk)
    return list(rows.order_by("-made_at")[:50])


def known_at(incidents: QuerySet[Incident]) -> list[Known]:
    """What a person is shown of the incidents that are open at a spot: those of reports, and those of which people
    are told. Symptoms are told by their cause.
    """
    rows = incidents.filter(cause__isnull=True).annotate(
        voices=Count("reports", filter=Q(reports__state__in=OPEN_STATES - {"held"}))
    )
    found: list[Known] = []
    for row in rows[:20]:
        if row.kind in REPORT_CAUSES:
            text = words(KINDS.get(row.component, OTHER).label)
            if row.component == OTHER.code or not row.voices:
                continue  # "other" says nothing to others
        elif get_cause(row.kind).citizen:
            text = words(get_cause(row.kind).citizen).rstrip("。.")
        else:
            continue
        begun = row.orders.exclude(state__in=("reported", "cancelled", "merged")).exists()
        state = _("有人处理") if begun else _("已收到")
        found.append(Known(row.pk, text, row.terminal.name if row.terminal else "", row.opened_at, row.voices, state))
    return found


def find_progress(text: str, client: str, now: datetime) -> Progress | None:
    """How a report stands, by its number; None when there is none. Only misses count against the client.

    Raises:
        TooManyLooks: too many wrong numbers from one address within the hour.
    """
    key = f"report-miss:{lookup_hash('maintenance.report_client', client)}"
    if counted(key, now) >= MISSES:
        raise TooManyLooks
    number = read_number(text)
    rows = Report.objects.select_related("area", "terminal", "incident").defer("phone_sealed", "note_sealed")
    report = rows.filter(number=number).first() if number else None
    if report is None:
        count_within(key, MISSES_WITHIN, now)
        return None
    others = Report.objects.filter(incident_id=report.incident_id or 0).exclude(pk=report.pk).count()
    return Progress(
        report=report,
        what=words(KINDS[report.kind].label),
        state=words(STATE_NAMES[report.state]),
        steps=tuple((row.at, words(STEP_WORDS[row.event])) for row in events_of(report) if row.event in STEP_WORDS),
        others=others,
        due_at=report.answer_due_at if report.state in OPEN_STATES else None,
        open=report.state in OPEN_STATES,
        photo=hasattr(report, "photo"),
    )


def opened(report: Report, column: str) -> str:
    """A sealed text of a report ("phone", "note"); "" when it is gone or its key is not here."""
    sealed = getattr(report, f"{column}_sealed")
    if not sealed:
        return ""
    try:
        return open_field(TABLE, report.number, column, bytes(sealed))
    except CannotOpen:
        return ""


def phone_of(number: str) -> str | None:
    """Whom to write to about a report; None when no number is kept (any more)."""
    report = Report.objects.filter(number=number).first()
    return (opened(report, "phone") or None) if report is not None else None


def message_of(number: str, now: datetime) -> str | None:
    """What a text message says of a report now; None when there is nothing to say."""
    report = Report.objects.select_related("area", "terminal").filter(number=number).first()
    if report is None or report.state in ("withdrawn", "set_aside"):
        return None
    where = f"{report.area.name}{report.terminal.name if report.terminal else ''}"
    said = {"where": where, "what": words(KINDS[report.kind].label), "answer": report.answer, "number": number}
    if report.state == "fixed":
        return _("您报的%(where)s“%(what)s”已修好，谢谢。编号 %(number)s") % said
    if report.answer:
        return _("您报的%(where)s“%(what)s”：%(answer)s。编号 %(number)s") % said
    return None
