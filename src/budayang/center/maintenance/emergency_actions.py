"""Writes of emergency cards (应急卡): editions, starting, ticking, ending, review; drills; what is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.maintenance import emergency_queries as queries
from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.emergency_queries import Card
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.manual_orders import open_manual
from budayang.center.maintenance.models import Emergency, EmergencyEdition, EmergencyEvent, Incident
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.deliveries import Due
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.rules.causes import Severity, get_cause
from budayang.rules.emergencies import TRANSITIONS, next_late_at, read_steps
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.emergencies")
DOERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
EDITORS = (Role.SUPERVISOR,)
RUNNING, LATE = "emergency", "emergency_late"
NOTE = 300


def local_day(area: Any, now: datetime) -> date:
    """Today where the area is."""
    return now.astimezone(ZoneInfo(area.place.zone)).date()


@transaction.atomic
def write_edition(
    actor: Actor, *, place: Place, card: Card, rows: Sequence[Mapping[str, object]], valid_from: date, today: date,
    now: datetime,
) -> EmergencyEdition:  # fmt: skip
    """Write a place's own edition of a card: from today if none of its own is in force, else from tomorrow at the
    earliest. An edition that has not begun yet is replaced, whatever its day.
    """
    actor.require(*EDITORS, place_path=place.path)
    own = EmergencyEdition.objects.filter(place=place, code=card.code)
    first = not own.filter(valid_from__lte=today).exists()
    if valid_from < today or (valid_from == today and not first):
        raise Refused(_("新版本最早从明天起生效：已生效的应急卡不能改。"))
    try:
        steps = read_steps(rows)
    except ValueError as error:
        raise Refused(words(f"{error}。")) from error
    own.filter(valid_from__gt=today).exclude(valid_from=valid_from).delete()
    row, _made = EmergencyEdition.objects.update_or_create(
        place=place,
        code=card.code,
        valid_from=valid_from,
        defaults={
            "name": card.name,
            "severity": card.severity,
            "basis": card.basis,
            "starts_from": list(card.starts_from),
            "steps": [one.plain() for one in steps],
            "made_at": now,
            "made_by": actor.name,
        },
    )
    details = {"from": valid_from.isoformat(), "steps": len(steps)}
    record(
        actor, "maintenance.write_emergency_card", subject=f"emergency_card:{card.code}", place_path=place.path,
        details=details, at=now,
    )  # fmt: skip
    return row


@transaction.atomic
def plan_drill(actor: Actor, area: Any, code: str, *, on: date, now: datetime) -> Emergency:
    """Plan a drill (演练) of a card."""
    actor.require(*DOERS, place_path=area.place.path)
    card = _card(area, code, on)
    if on < local_day(area, now):
        raise Refused(_("演练的日期已经过去，请选今天或以后。"))
    run = Emergency.objects.create(
        area=area, code=card.code, name=card.name, steps=[one.plain() for one in card.steps], drill=True,
        state="planned", planned_on=on, made_at=now, made_by=actor.name,
    )  # fmt: skip
    _audit(actor, "plan_drill", run, now)
    return run


@transaction.atomic
def start(
    actor: Actor, area: Any, code: str, *, now: datetime, cause: Incident | None = None, note: str = ""
) -> Emergency:
    """Start a card in an area. It opens an incident of its own, so that those on duty are told as of every other."""
    actor.require(*DOERS, place_path=area.place.path)
    card = _card(area, code, local_day(area, now))
    if cause is not None and cause.area_id != area.pk:
        raise Refused(_("这起故障不在这个自助区。"))
    try:
        with transaction.atomic():
            run = Emergency.objects.create(
                area=area, code=card.code, name=card.name, steps=[one.plain() for one in card.steps], state="running",
                cause=cause, started_at=now, made_at=now, made_by=actor.name,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("这里的“%(card)s”已经启动，请在那一次里接着做。") % {"card": card.name}) from None
    incident = _open(run, _subject(run), RUNNING, card.name, Severity(card.severity), now)
    Emergency.objects.filter(pk=run.pk).update(incident=incident)
    return _begun(actor, run, now, note)


@transaction.atomic
def start_drill(actor: Actor, run: Emergency, *, now: datetime) -> Emergency:
    """Begin a planned drill. It opens no incident and alarms nobody; while the card is at work for real it waits."""
    actor.require(*DOERS, place_path=run.area.place.path)
    if Emergency.objects.filter(area=run.area_id, code=run.code, state="running", drill=False).exists():
        raise Refused(_("这里的“%(card)s”正在处置，不能同时演练。") % {"card": run.name})
    try:
        with transaction.atomic():
            _move(run, "start", started_at=now)
    except IntegrityError:
        raise Refused(_("这里的“%(card)s”已经启动，请在那一次里接着做。") % {"card": run.name}) from None
    return _begun(actor, run, now, "")


def _begun(actor: Actor, run: Emergency, now: datetime, note: str) -> Emergency:
    _write(actor, run, "started", now, now, note=note)
    _set_due(run, now)
    _audit(actor, "start_drill" if run.drill else "start_emergency", run, now)
    return run


@transaction.atomic
def tick(
    actor: Actor, run: Emergency, step: int, *, now: datetime, skip: bool = False, note: str = "",
    at: datetime | None = None,
) -> Emergency:  # fmt: skip
    """A step was done (or does not apply, with the reason). `at`: when it was, where it is told later."""
    actor.require(*DOERS, place_path=run.area.place.path)
    run.refresh_from_db()
    rows = {one.number: one for one in queries.steps_now(run, now)}
    if run.state != "running" or run.started_at is None:
        raise Refused(_("这次处置不在进行中。"))
    if step not in rows:
        raise Refused(_("这张卡没有这一步。"))
    if skip and not note.strip():
        raise Refused(_("这一步不适用，请写明为什么。"))
    when = at or now
    if not run.started_at <= when <= now:
        raise Refused(_("做完的时间要在启动以后、现在以前。"))
    try:
        with transaction.atomic():
            _write(actor, run, "skipped" if skip else "done", when, now, step=step, note=note)
    except IntegrityError:
        # maintenance_emergency_step_once: of two people who tick at once the first counts.
        raise Refused(_("这一步已经记过了，刚刚可能是别人记的。")) from None
    _set_due(run, now)
    _close(_step_subject(run, step), LATE, now)
    return run


@transaction.atomic
def add_note(actor: Actor, run: Emergency, *, note: str, now: datetime) -> Emergency:
    """Something worth knowing. No names, no numbers of people: the form says so."""
    actor.require(*DOERS, place_path=run.area.place.path)
    if not note.strip() or run.state not in ("running", "ended"):
        raise Refused(_("请写要说明的情况；已复盘的不能再加。"))
    _write(actor, run, "note", now, now, note=note)
    return run


@transaction.atomic
def end(actor: Actor, run: Emergency, *, now: datetime, note: str) -> Emergency:
    """It is over. Steps that nobody marked stay open and are seen in the review."""
    actor.require(*DOERS, place_path=run.area.place.path)
    if not note.strip():
        raise Refused(_("请用一句话写明怎么结束的。"))
    _move(run, "end", ended_at=now, due_at=None)
    _write(actor, run, "ended", now, now, note=note)
    for row in queries.steps_now(run, now):
        _close(_step_subject(run, row.number), LATE, now)
    _close(_subject(run), RUNNING, now)
    _audit(actor, "end_emergency", run, now)
    return run


@transaction.atomic
def review(actor: Actor, run: Emergency, *, text: str, findings: Sequence[str], now: datetime) -> Emergency:
    """Look back; each finding becomes an order of its own."""
    actor.require(*DOERS, place_path=run.area.place.path)
    if not text.strip():
        raise Refused(_("请写复盘：哪一步慢了、为什么、以后怎么办。"))
    _move(run, "review")
    with override(settings.LANGUAGE_CODE):  # stored words are everybody's, not those of who reviews
        source = _("%(card)s复盘发现") % {"card": run.name}
    for one in [line.strip() for line in findings if line.strip()]:
        order = open_manual(actor, area=run.area.code, title=one, note=source, severity="general", now=now)
        _write(actor, run, "finding", now, now, note=f"{order.number} {one}")
    _write(actor, run, "reviewed", now, now, note=text)
    _audit(actor, "review_emergency", run, now)
    return run


@transaction.atomic
def call_off_drill(actor: Actor, run: Emergency, *, now: datetime) -> Emergency:
    """The planned drill does not take place."""
    actor.require(*DOERS, place_path=run.area.place.path)
    _move(run, "call_off")
    _audit(actor, "call_off_drill", run, now)
    return run


def note_late(now: datetime, limit: int = 100) -> int:
    """Find steps that have become late; each is told once. Returns how many runs were looked at."""
    done = 0
    for run in Emergency.objects.filter(due_at__lte=now).select_related("area__place")[:limit]:
        with transaction.atomic():
            # Taken by a compare-and-set: who ticks the step at this moment has moved due_at.
            if not Emergency.objects.filter(pk=run.pk, state="running", due_at=run.due_at).update(due_at=None):
                continue
            told = set(run.events.filter(what="late").values_list("step", flat=True))
            late = [one for one in queries.steps_now(run, now) if one.late and not one.done and one.number not in told]
            for one in late:
                assert one.due_at is not None
                _write(JOB, run, "late", one.due_at, now, step=one.number)
                if not run.drill:
                    title = _("%(card)s：第 %(n)s 步超时") % {"card": run.name, "n": one.number + 1}
                    _open(run, _step_subject(run, one.number), LATE, title, Severity.URGENT, now)
            _set_due(run, now)
            done += 1
    return done


def _card(area: Any, code: str, on: date) -> Card:
    card = queries.card_at(code, area.place.path, on)
    if card is None:
        raise Refused(_("没有这张应急卡。"))
    return card


def _move(run: Emergency, event: str, **changes: Any) -> None:
    after = TRANSITIONS.get((run.state, event))
    # The state stands in the condition: of two people who press at once only the first moves it.
    if after is None or not Emergency.objects.filter(pk=run.pk, state=run.state).update(state=after, **changes):
        raise Refused(_("这一次已经不在这个状态，请刷新后再看。"))
    run.refresh_from_db()


def _set_due(run: Emergency, now: datetime) -> None:
    Emergency.objects.filter(pk=run.pk, state="running").update(due_at=next_late_at(queries.steps_now(run, now), now))
    run.refresh_from_db()


def _write(
    actor: Actor, run: Emergency, what: str, at: datetime, now: datetime, *, step: int | None = None, note: str = ""
) -> None:
    EmergencyEvent.objects.create(
        emergency=run, what=what, step=step, at=at, told_at=now, by=actor.label or actor.name, note=note.strip()[:NOTE]
    )
    _tell(run, what, now)


def _tell(run: Emergency, what: str, now: datetime) -> None:
    """The news "maintenance.emergency_<what>": pages that show the run fetch it anew."""
    emit(
        f"maintenance.emergency_{what}", subject=_subject(run), place_path=run.area.place.path,
        payload={"emergency": run.pk, "drill": run.drill}, occurred_at=now, now=now,
    )  # fmt: skip


def _subject(run: Emergency) -> str:
    return f"emergency:{run.pk}"


def _step_subject(run: Emergency, step: int) -> str:
    """Each step is a thing of its own to be late with. `step`: from 0; people count from 1."""
    return f"{_subject(run)}/step-{step + 1}"


def _open(run: Emergency, subject: str, kind: str, title: str, severity: Severity, now: datetime) -> Incident:
    manager_id = run.area.manager_id or manager_of(run.area.place.path)
    found = NewIncident(
        kind=get_cause(kind),
        subject=subject,
        component="emergency",
        opened_at=now,
        place_path=run.area.place.path,
        area_id=run.area_id,
        owner_id=manager_id,
        responsible_id=manager_id,
        title=title[:80],
        evidence=(Line(now, run.made_by, "person", title[:80]),),
        severity=severity,
    )
    return open_incident(JOB, found, cause=None, now=now)


def _close(subject: str, kind: str, now: datetime) -> None:
    for one in Incident.objects.filter(subject=subject, kind=kind, state="open"):
        close_incident(JOB, one, closed_at=now, now=now)


def _audit(actor: Actor, what: str, run: Emergency, now: datetime) -> None:
    details = {"card": run.code, "drill": run.drill, "state": run.state}
    record(
        actor, f"maintenance.{what}", subject=f"emergency:{run.pk}", place_path=run.area.place.path, details=details,
        at=now,
    )  # fmt: skip


DUES: tuple[Due, ...] = (Due("maintenance.emergencies", 2.0, note_late, prompt=True),)
