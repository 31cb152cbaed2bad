"""The run of one fault's notices: begun, held while it is a symptom or hushed, carried along its escalation, confirmed,
reminded of, closed with the news of its recovery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_queries as queries
from budayang.center.maintenance.models import (
    Incident,
    Notice,
    NoticeDelivery,
    NoticeEvent,
    NoticeLine,
    NoticeMessage,
)
from budayang.center.maintenance.notice_people import Receiver, bodies_of, receivers
from budayang.center.platform.actions import emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Staff
from budayang.center.platform.queries import parameter, zone_of
from budayang.rules import escalation
from budayang.rules.causes import hushes
from budayang.rules.escalation import Cursor, Step, read_step
from budayang.rules.maintenance import BUCKETS, Bucket, get_cause
from budayang.rules.notices import RUN_TRANSITIONS

log = structlog.get_logger(__name__)

BATCH = 200
AGAIN = timedelta(minutes=15)
TOLD_STATES = ("sent", "delivered", "sending", "queued", "failed", "given_up")


def reconcile(incident_id: int, now: datetime) -> None:
    """Make the notices of an incident match what it is now. News that comes twice or out of order changes nothing."""
    incident = Incident.objects.select_related("area", "terminal", "owner").filter(pk=incident_id).first()
    if incident is None:
        return
    run = Notice.objects.filter(incident=incident).exclude(state="closed").first()
    if incident.state == "closed":
        if run is not None:
            _close(run, now)
        return
    hushed_until = _hushed_until(incident, now)
    if incident.cause_id is not None or hushed_until is not None:
        if run is None and hushed_until is not None and incident.cause_id is None:
            run = _create(incident, now)
        if run is not None:
            _hold(run, incident, hushed_until, now)
    elif run is None:
        run = _create(incident, now)
        if run is not None:
            advance(run, now)
    elif run.state == "held":
        _free(run, incident, now)


def _hushed_until(incident: Incident, now: datetime) -> datetime | None:
    """The end of the planned stop that explains an incident now, or None."""
    kind = get_cause(incident.kind)
    if not kind.hushable:
        return None
    if incident.area_id is None:
        found = areas.planned_stops(now, now + timedelta(seconds=1), department=incident.department or "-")
        return max((one.end for one in found), default=None)
    over = areas.stops_over([incident.area_id], now, now + timedelta(seconds=1))[incident.area_id]
    mine = [one.end for one in over if hushes(one, kind, terminal_id=incident.terminal_id, subject=incident.component)]
    return max(mine, default=None)


def _create(incident: Incident, now: datetime) -> Notice | None:
    responsible = bodies_of(incident)["responsible"]
    name, steps = queries.policy_for(incident.place_path, responsible, incident.severity)
    zone = zone_of(incident.place_path)
    run = Notice(
        incident=incident,
        place_path=incident.place_path,
        severity=incident.severity,
        # The policy in force is copied: what is edited later governs later faults.
        policy={"name": name, "zone": zone, "steps": [one.as_dict() for one in steps]},
        cursor=asdict(Cursor()),
        began_at=now,
        next_at=now,
    )
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        return None  # another process began it a moment ago (notice_one_open)
    _note(run, "began", now, words=name)
    return run


def recheck_held(place_path: str, department: str, now: datetime) -> None:
    """A planned stop ended or became another: what it held until its old end is looked at in this turn of the loop."""
    held = Notice.objects.filter(state="held", next_at__gt=now)
    mine = (
        held.filter(incident__department=department) if department else held.filter(place_path__startswith=place_path)
    )
    mine.update(next_at=now)


def move(run: Notice, event: str, **fields: Any) -> bool:
    """Move a run along its table; False when its state forbids it or a rival was first."""
    before = run.state
    after = RUN_TRANSITIONS.get((before, event))
    if after is None or not Notice.objects.filter(pk=run.pk, state=before).update(state=after, **fields):
        return False
    run.refresh_from_db()
    return True


def _hold(run: Notice, incident: Incident, hushed_until: datetime | None, now: datetime) -> None:
    """A symptom is silent, and so is what a planned stop covers; what waits in a bundle falls out of it."""
    if run.state == "held":
        if run.next_at != hushed_until:
            Notice.objects.filter(pk=run.pk).update(next_at=hushed_until)
        return
    if move(run, "hold", next_at=hushed_until, remind_at=None):
        messages.drop_lines(run)
        messages.cancel_of(run)
        cause = incident.cause.title if incident.cause else ""
        _note(run, "held", now, words=_("随“%(cause)s”") % {"cause": cause} if cause else _("计划停用期间"))


def _free(run: Notice, incident: Incident, now: datetime) -> None:
    """It is a cause of its own again: told from the first step on."""
    if move(
        run,
        "free",
        next_at=now,
        cursor=asdict(Cursor()),
        acknowledged_at=None,
        acknowledged_by="",
        acknowledged_staff=None,
    ):
        _note(run, "freed", now)
        advance(run, now)


def _close(run: Notice, now: datetime) -> None:
    """It is over: nothing more is sent of it, and whoever was told hears that it is over."""
    told = told_receivers(run)
    if not move(run, "close", next_at=None, remind_at=None, closed_at=now):
        return
    messages.drop_lines(run)
    messages.cancel_of(run)
    _note(run, "closed", now, words="" if told else _("没有发过通知"))
    for one in told:
        messages.add_line(one, kind="recovery", place_path=run.place_path, severity=run.severity, now=now, notice=run)


def told_receivers(run: Notice) -> list[Receiver]:
    """Everybody to whom a message about a fault went out, each once. Whose messages all were taken back before they
    left (the end of the night came after the end of the fault) was not told."""
    lines = NoticeLine.objects.filter(notice=run, state="sent", kind__in=messages.ALARMS)
    found: dict[tuple[int | None, int | None], Receiver] = {}
    for line in lines.select_related("staff", "channel", "message").prefetch_related("message__deliveries"):
        rows = list(line.message.deliveries.all()) if line.message else []
        if not rows or any(one.state in ("sent", "delivered", "sending", "given_up") for one in rows):
            key = (line.staff_id, line.channel_id)
            found.setdefault(key, Receiver(line.staff, line.channel, line.on_duty))
    return list(found.values())


def advance(run: Notice, now: datetime) -> None:
    """Carry out the steps that are due now, up to the next wait. Called in a transaction."""
    steps = [read_step(one) for one in run.policy["steps"]]
    cursor = Cursor(**run.cursor)
    incident = run.incident
    if not Notice.objects.filter(pk=run.pk, state="running", next_at=run.next_at).update(next_at=None):
        return  # a second worker read the same row: it carries the step out
    while True:
        found = escalation.next_move(steps, cursor, now, zone=run.policy["zone"])
        cursor = found.cursor
        if found.tell is None:
            break
        cursor = cursor.after_telling(_tell(run, incident, found.tell, now))
    Notice.objects.filter(pk=run.pk).update(cursor=asdict(cursor), next_at=found.until)
    run.refresh_from_db()
    if found.until is not None:
        _note(run, "waits", now, words=found.until.isoformat())
    elif move(run, "exhaust", next_at=None):
        _note(run, "exhausted", now)


def _tell(run: Notice, incident: Incident, step: Step, now: datetime) -> bool:
    told = set(NoticeLine.objects.filter(notice=run, staff__isnull=False).values_list("staff_id", flat=True))
    found = receivers(step, incident, told, now)
    for one in found:
        messages.add_line(one, kind="alarm", place_path=run.place_path, severity=run.severity, now=now, notice=run)
    names = "、".join(one.name for one in found)
    _note(run, "step" if found else "nobody", now, who=names, words=step_name(step))
    return bool(found)


def step_name(step: Step) -> str:
    """What the timeline keeps of a step; the page puts it into words."""
    return "|".join(str(part) for part in (step.kind.value, step.body or step.role) if part)


def carry_on(now: datetime) -> int:
    """Take the steps that are due: the next of an escalation, or the end of a planned stop."""
    due = list(Notice.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:BATCH])
    for pk in due:
        try:
            _carry_on_one(pk, now)
        except OperationalError:
            raise  # the database is away: everything waits
        except Exception as error:
            # One run that cannot be carried on must not hold up the others, which are people waiting for a call.
            log.error("a notice could not be carried on, tried again later", notice=pk, error=type(error).__name__)
            Notice.objects.filter(pk=pk, next_at__lte=now).update(next_at=now + AGAIN)
    return len(due)


@transaction.atomic
def _carry_on_one(pk: int, now: datetime) -> None:
    run = Notice.objects.select_related("incident__area", "incident__terminal").get(pk=pk)
    if run.next_at is None or run.next_at > now:
        return
    if run.state == "held":
        Notice.objects.filter(pk=run.pk, next_at=run.next_at).update(next_at=None)
        reconcile(run.incident_id, now)
    elif run.incident.cause_id is not None or run.incident.state == "closed":
        reconcile(run.incident_id, now)  # its news is still on the way; nobody is told meanwhile
    else:
        advance(run, now)


def remind(now: datetime) -> int:
    """Say again that a fault lasts, to whoever confirmed it, else to everybody who was told."""
    done = 0
    for run in Notice.objects.filter(remind_at__lte=now).select_related("incident")[:BATCH]:
        with transaction.atomic():
            after = timedelta(seconds=float(parameter("notice_remind_s", run.place_path, now)))
            if not Notice.objects.filter(pk=run.pk, remind_at=run.remind_at).update(remind_at=now + after):
                continue
            # While the escalation runs it says so itself.
            if run.state not in ("acknowledged", "exhausted"):
                continue
            told = told_receivers(run)
            mine = [one for one in told if one.staff and one.staff.pk == run.acknowledged_staff_id]
            for one in mine or told:
                messages.add_line(
                    one, kind="reminder", place_path=run.place_path, severity=run.severity, now=now, notice=run
                )
            done += 1
    return done


@transaction.atomic
def acknowledge(
    actor: Actor, run: Notice, *, by: str, staff_id: int | None, now: datetime, message: NoticeMessage | None = None
) -> bool:
    """Somebody is on it: the escalation stops. False when somebody was first, or it is over."""
    fields = {"acknowledged_at": now, "acknowledged_by": by[:60], "acknowledged_staff_id": staff_id}
    if not move(run, "acknowledge", next_at=None, **fields):
        return False
    messages.drop_lines(run)
    messages.cancel_of(run)
    _note(run, "acknowledged", now, who=by)
    record(
        actor,
        "maintenance.notice_acknowledged",
        subject=f"notice:{run.pk}",
        place_path=run.place_path,
        details={"incident": run.incident_id, "message": message.pk if message else None},
        at=now,
    )
    emit(
        "maintenance.notice_acknowledged",
        subject=f"incident:{run.incident_id}",
        place_path=run.place_path,
        payload={"incident": run.incident_id, "notice": run.pk},
        occurred_at=now,
        now=now,
    )
    return True


@transaction.atomic
def acknowledge_message(actor: Actor, message: NoticeMessage, *, by: str, staff_id: int | None, now: datetime) -> int:
    """Confirm everything that a message tells of; pressing twice changes nothing. Returns how many runs stopped."""
    NoticeMessage.objects.filter(pk=message.pk, acknowledged_at__isnull=True).update(
        acknowledged_at=now, acknowledged_by=by[:60]
    )
    runs = Notice.objects.filter(lines__message=message).distinct().select_related("incident")
    return sum(acknowledge(actor, run, by=by, staff_id=staff_id, now=now, message=message) for run in list(runs))


def note_settled(incident_id: int, now: datetime) -> None:
    """Evidence changed whose minutes a fault's are: the timeline says so; nobody is told again for it."""
    run = Notice.objects.filter(incident_id=incident_id).exclude(state="closed").select_related("incident").first()
    if run is not None:
        _note(run, "settled", now, words=BUCKETS[Bucket(run.incident.bucket)].name)


def undelivered(delivery: NoticeDelivery, now: datetime) -> None:
    """A message that no way could carry shows in the timeline of its faults."""
    name = delivery.message.staff.name if delivery.message.staff else delivery.channel.name
    for run in Notice.objects.filter(lines__message=delivery.message).distinct():
        _note(run, "undelivered", now, who=name, words=f"{delivery.channel.name} {delivery.error}")


def _note(run: Notice, what: str, now: datetime, *, who: str = "", words: str = "") -> None:
    NoticeEvent.objects.create(notice=run, at=now, what=what, who=who[:120], words=words[:200])


def people_of(staff: Iterable[Staff]) -> list[Receiver]:
    """Receivers for people, each once."""
    return [Receiver(one) for one in {person.pk: person for person in staff}.values()]
