"""What a round found: each failed answer is an incident with an order of its own, or joins the one that is open for the
same thing; a good answer later closes it. A missed round is an incident too, once.
"""

from __future__ import annotations

import contextlib
from datetime import datetime

from django.utils.translation import gettext as _

from budayang.center.maintenance import work_actions
from budayang.center.maintenance.assigning import manager_of, responsible_id
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident, Round, RoundAnswer, RoundTrace
from budayang.center.maintenance.order_actions import active_order
from budayang.center.maintenance.round_queries import read_photo
from budayang.center.maintenance.settling import add_lines
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries as terminals
from budayang.rules.causes import Bucket, get_cause
from budayang.rules.evidence import Line
from budayang.rules.round_lists import Question

JOB = Actor.job("maintenance.rounds")
FOUND = {"general": "round_found_general", "serious": "round_found_serious", "urgent": "round_found_urgent"}
MISSED = "round_missed"


def subject_of(held: Round, stop: str, question: str) -> str:
    """One question of one thing is one fault, whichever list asked."""
    return f"round:{stop or held.area.code}/{question}"


def open_for(held: Round, question: Question, answer: RoundAnswer, now: datetime) -> Incident | None:
    """The incident of a failed answer; None where the question opens none, or where a later answer says it is well."""
    if not question.severity:
        return None
    newer = RoundAnswer.objects.filter(
        round__area=held.area, stop=answer.stop, question=question.code, state="current", failed=False,
        source="person", answered_at__gt=answer.answered_at,
    )  # fmt: skip
    if newer.exclude(round=held).exists():
        RoundTrace.objects.create(
            round=held, event="outdated", stop=answer.stop, question=question.code, at=now, by=answer.by, details={}
        )  # fmt: skip
        return None
    machine = terminals.find_terminal(JOB, answer.stop) if answer.stop else None
    words = " ".join(part for part in (question.text, answer.reason, answer.note) if part)
    line = Line(answer.answered_at, answer.stop or "round", "round", f"{held.edition.name}：{words}"[:300])
    joined = _already(held, question, machine.pk if machine else None)
    if joined is None:
        bucket = Bucket(question.bucket)
        manager_id = held.area.manager_id or manager_of(held.place_path)
        bodies = {"manager": manager_id}
        if machine is not None:
            bodies |= {"owner": machine.owner_id, "vendor": machine.vendor_id}
        found = NewIncident(
            kind=get_cause(FOUND[question.severity]),
            subject=subject_of(held, answer.stop, question.code),
            component="round",
            opened_at=answer.answered_at,
            place_path=held.place_path,
            area_id=held.area_id,
            terminal_id=machine.pk if machine else None,
            terminal=machine.code if machine else "",
            owner_id=machine.owner_id if machine else manager_id,
            vendor_id=machine.vendor_id if machine else None,
            responsible_id=responsible_id(bucket, bodies),
            bucket=bucket,
            title=(_("巡查异常：%(what)s") % {"what": question.text})[:80],
            evidence=(line,),
        )
        joined = open_incident(JOB, found, cause=None, now=now)
    add_lines(joined, [line])
    RoundAnswer.objects.filter(pk=answer.pk).update(incident=joined)
    answer.incident = joined
    return joined


def attach_photos(held: Round, answer: RoundAnswer, now: datetime) -> None:
    """Put the answer's photographs onto its order, once each: who repairs sees what was seen."""
    order = active_order(answer.incident) if answer.failed and answer.incident is not None else None
    if order is None:
        return
    for photo in held.photos.filter(stop=answer.stop, question=answer.question):
        content = read_photo(photo)
        if content is not None:
            # A full order says so; the photograph stays with the round, to which the incident leads.
            with contextlib.suppress(Refused):
                work_actions.add_photo(JOB, order, moment="before", content=content, now=now)


def _already(held: Round, question: Question, terminal_id: int | None) -> Incident | None:
    """An open incident that is this fault already: what telemetry found, of the terminal or of the area."""
    if not question.joins:
        return None
    rows = Incident.objects.filter(area_id=held.area_id, kind__in=question.joins, state="open")
    if terminal_id is not None:
        own = rows.filter(terminal_id=terminal_id).order_by("opened_at").first()
        if own is not None:
            return own
    return rows.filter(terminal_id__isnull=True).order_by("opened_at").first()


def close_for(held: Round, question: Question, answer: RoundAnswer, now: datetime) -> None:
    """A person saw that it is well again: its incident ends, and its order waits to be accepted.

    An answer that is older than the fault says nothing about it. What telemetry opened, telemetry closes.
    """
    if answer.value == "na":
        return
    subject = subject_of(held, answer.stop, question.code)
    rows = Incident.objects.filter(subject=subject, kind__in=FOUND.values(), state="open")
    for row in rows.filter(opened_at__lt=answer.answered_at):
        close_incident(JOB, row, closed_at=answer.answered_at, now=now)


def withdraw_for(held: Round, answer: RoundAnswer) -> None:
    """The answer that opened it does not count any more: the incident says so, and stays for a person to look at."""
    if answer.incident is not None:
        text = _("这个答案后来被改正")
        add_lines(answer.incident, [Line(answer.received_at, answer.stop or "round", "round_withdrawn", text)])


def open_missed(held: Round, now: datetime) -> Incident:
    """The incident of a round that nobody handed over in time; its subject is the round, so there is one."""
    manager_id = held.area.manager_id or manager_of(held.place_path)
    owner_id = held.plan.organization_id or manager_id
    found = NewIncident(
        kind=get_cause(MISSED),
        subject=f"round_missed:{held.pk}",
        component="round",
        opened_at=held.closes_at,
        place_path=held.place_path,
        area_id=held.area_id,
        owner_id=owner_id,
        responsible_id=owner_id,
        title=(_("%(name)s没有按时完成") % {"name": held.plan.name})[:80],
        evidence=(Line(held.closes_at, "round", "round", held.plan.name),),
    )
    return open_incident(JOB, found, cause=None, now=now)


def close_missed(held: Round, at: datetime, now: datetime) -> None:
    """The place was walked again: this round's own incident ends, and those of earlier rounds of the same plan."""
    earlier = held.plan.rounds.filter(opens_at__lte=held.opens_at).order_by("-opens_at").values_list("pk", flat=True)
    subjects = [f"round_missed:{pk}" for pk in earlier[:400]]
    for row in Incident.objects.filter(subject__in=subjects, kind=MISSED, state="open"):
        close_incident(JOB, row, closed_at=max(at, row.opened_at), now=now)
