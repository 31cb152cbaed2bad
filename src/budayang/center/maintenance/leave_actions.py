"""Asking for absence, granting it, and taking it back. The roster follows at once: whoever is away is not called."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from budayang.center.maintenance import duty_actions, leave_queries
from budayang.center.maintenance.models import DutyLeave
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.wording import words
from budayang.rules.duty_time import LEAVE_NAMES, LeaveKind, leave_step


@transaction.atomic
def ask_leave(
    actor: Actor,
    *,
    organization: Organization,
    place: Place,
    kind: LeaveKind,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> DutyLeave:
    """Ask to be away. The roster stays as it is until a planner grants it."""
    if actor.staff_id is None or (organization, place) not in leave_queries.rosters_of(actor.staff_id, now.date()):
        raise Refused(gettext("您不在这份值班表里，不用在这里请假。"))
    if ends_at <= starts_at:
        raise Refused(gettext("结束须晚于开始。"))
    if ends_at <= now:
        raise Refused(gettext("这段时间已经过去了。"))
    # Of two requests at once for the same hours only the first stands.
    Staff.objects.select_for_update().get(pk=actor.staff_id)
    rivals = DutyLeave.objects.filter(staff_id=actor.staff_id, state__in=["asked", "granted"])
    if rivals.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise Refused(gettext("这段时间里已经有一个请假，请先撤回那一个，或改时间。"))
    minutes = leave_queries.minutes_of(starts_at, ends_at, place, now) if kind is LeaveKind.COMP else 0
    row = DutyLeave.objects.create(
        staff_id=actor.staff_id,
        organization=organization,
        place=place,
        kind=kind.value,
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        asked_at=now,
    )
    _require_balance(row, now)
    _tell(actor, row, "asked", now)
    return row


def _require_balance(row: DutyLeave, now: datetime) -> None:
    """补休 takes no more than there is at its beginning."""
    if row.kind != LeaveKind.COMP.value:
        return
    left = leave_queries.balance_of(row.staff_id, row.place, now, at=row.starts_at).left
    if left < row.minutes:
        told = {"left": f"{left / 60:g}", "wanted": f"{row.minutes / 60:g}"}
        raise Refused(gettext("补休不够：到那时还有 %(left)s 小时，要用 %(wanted)s 小时。") % told)


@transaction.atomic
def decide_leave(actor: Actor, row: DutyLeave, *, grant: bool, now: datetime) -> DutyLeave:
    """A planner of the roster grants or refuses. Nobody grants his own."""
    actor.require(*duty_actions.PLANNERS, place_path=row.place.path, organizations=(row.organization_id,))
    if actor.staff_id == row.staff_id:
        raise Refused(gettext("不能同意自己的请假，请另一位管理员来办。"))
    # Two requests of one person that are granted at once must not both use the same hours.
    Staff.objects.select_for_update().get(pk=row.staff_id)
    if grant and row.ends_at <= now:
        raise Refused(gettext("这段请假已经过去，不能再同意：值过的班照样算。"))
    if grant:
        _require_balance(row, now)
    return _step(actor, row, "grant" if grant else "refuse", now)


@transaction.atomic
def withdraw_leave(actor: Actor, row: DutyLeave, *, now: datetime) -> DutyLeave:
    """The person takes it back before it is over; the planned shifts are theirs again."""
    if actor.staff_id != row.staff_id:
        raise Refused(gettext("只有本人可以撤回。"))
    if row.state == "granted" and row.starts_at <= now:
        raise Refused(gettext("请假已经开始，不能撤回；提前回来请管理员加一个班。"))
    return _step(actor, row, "withdraw", now)


def _step(actor: Actor, row: DutyLeave, event: str, now: datetime) -> DutyLeave:
    after = leave_step(row.state, event)
    if after is None:
        raise Refused(gettext("这个请假%(state)s，不能再改。") % {"state": words(LEAVE_NAMES[row.state])})
    changes = {"state": after, "decided_at": now, "decided_by": actor.label or actor.name}
    # The state stands in the condition: of two answers at once only the first counts.
    if not DutyLeave.objects.filter(pk=row.pk, state=row.state).update(**changes):
        raise Refused(gettext("这个请假刚刚已被处理，请刷新页面再看。"))
    row.refresh_from_db()
    _tell(actor, row, after, now)
    return row


def _tell(actor: Actor, row: DutyLeave, what: str, now: datetime) -> None:
    subject = f"roster:{row.organization.code}"
    details = {"leave": row.pk, "kind": row.kind, "minutes": row.minutes}
    record(actor, f"maintenance.duty_leave_{what}", subject=subject, place_path=row.place.path, details=details, at=now)
    payload = {"organization": row.organization.code, "what": f"leave_{what}"}
    emit(
        "maintenance.duty_changed",
        subject=subject,
        place_path=row.place.path,
        payload=payload,
        occurred_at=now,
        now=now,
    )
