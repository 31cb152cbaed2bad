"""Writes of the duty roster. A body's own people plan their body's duties; keepers and supervisors those of their
places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from budayang.center.maintenance import duty_queries as queries
from budayang.center.maintenance.models import DutyChange, DutyMember, DutyShift, DutySwap
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.queries import parameter
from budayang.center.platform.wording import words
from budayang.center.services.queries import calendar_days
from budayang.rules import duty as rules
from budayang.rules.duty import Days, Duty, Post, Turn

PLANNERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
AHEAD = timedelta(days=56)
"""A new shift is checked for clashes this far ahead: every rotation of up to eight people by week comes round."""


def may_plan(actor: Actor, organization_id: int, place_path: str) -> bool:
    """Whether the actor may plan this body's duties at this place."""
    return actor.may(*PLANNERS, place_path=place_path, organizations=(organization_id,))


def _require(actor: Actor, organization_id: int, place_path: str) -> None:
    actor.require(*PLANNERS, place_path=place_path, organizations=(organization_id,))


@transaction.atomic
def add_shift(
    actor: Actor,
    *,
    organization: Organization,
    place: Place,
    name: str,
    days: Days,
    opens: time,
    closes: time,
    people: Sequence[Staff],
    starts_on: date,
    now: datetime,
    weekdays: frozenset[int] = frozenset(),
    turn: Turn = Turn.SHIFT,
    post: Post = Post.DUTY,
    ends_on: date | None = None,
) -> DutyShift:
    """Plan a shift that repeats. `people` take turns in the order given, the first one on the first day."""
    _require(actor, organization.pk, place.path)
    if not people:
        raise Refused(gettext("请至少选一个人。"))
    if days is Days.WEEKDAYS and not weekdays:
        raise Refused(gettext("请勾选每周哪几天。"))
    if ends_on is not None and ends_on < starts_on:
        raise Refused(gettext("结束日期不能早于开始日期。"))
    row = DutyShift.objects.create(
        organization=organization,
        place=place,
        name=name.strip()[:40],
        post=post.value,
        days=days.value,
        weekdays="".join("1" if day in weekdays else "0" for day in range(7)),
        opens=opens,
        closes=closes,
        turn=turn.value,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    DutyMember.objects.bulk_create(
        [DutyMember(shift=row, staff=person, position=turn_no) for turn_no, person in enumerate(people)]
    )
    _refuse_clashes(organization.pk, place.path, [person.pk for person in people], now, now + AHEAD, now)
    _tell(actor, "shift_added", row.organization, place, {"shift": row.pk, "people": len(people)}, now)
    return row


@transaction.atomic
def end_shift(actor: Actor, shift: DutyShift, *, on: date, now: datetime) -> DutyShift:
    """The last day on which the shift starts. What was before stays known."""
    _require(actor, shift.organization_id, shift.place.path)
    if on < shift.starts_on:
        on = shift.starts_on - timedelta(days=1)  # it never stood: ended before its first day
    DutyShift.objects.filter(pk=shift.pk).update(ends_on=on)
    shift.refresh_from_db()
    _tell(actor, "shift_ended", shift.organization, shift.place, {"shift": shift.pk, "ends_on": on.isoformat()}, now)
    return shift


@transaction.atomic
def stand_in(
    actor: Actor, shift: DutyShift, on: date, person: Staff | None, *, reason: str, now: datetime
) -> DutyChange:
    """替班: `person` has the shift of a day instead of whoever's turn it is; None leaves it empty, which shows as a
    gap."""
    _require(actor, shift.organization_id, shift.place.path)
    return _stand_in(actor, shift, on, person, reason, now, None)


def _stand_in(
    actor: Actor, shift: DutyShift, on: date, person: Staff | None, reason: str, now: datetime, swap: DutySwap | None
) -> DutyChange:
    if not reason.strip():
        raise Refused(gettext("请写明原因，例如“请假”。"))
    if find_duty(shift, on) is None and not _stands(shift, on):
        raise Refused(gettext("%(on)s 没有“%(name)s”这个班。") % {"on": f"{on:%m-%d}", "name": shift.name})
    row = _write_stand_in(actor, shift, on, person, reason, now, swap)
    if person is not None:
        _refuse_second_duty(shift, on, person, now)
    details = {"shift": shift.pk, "on": on.isoformat(), "empty": person is None}
    _tell(actor, "stand_in", shift.organization, shift.place, details, now)
    return row


def _write_stand_in(
    actor: Actor, shift: DutyShift, on: date, person: Staff | None, reason: str, now: datetime, swap: DutySwap | None
) -> DutyChange:
    return DutyChange.objects.create(
        organization_id=shift.organization_id,
        place_id=shift.place_id,
        shift=shift,
        on=on,
        staff=person,
        post=shift.post,
        reason=reason.strip()[:80],
        swap=swap,
        made_at=now,
        made_by=actor.label or actor.name,
    )


def _refuse_second_duty(shift: DutyShift, on: date, person: Staff, now: datetime) -> None:
    when = rules.span(queries.shift_of(shift), on, shift.place.zone)
    _refuse_clashes(shift.organization_id, shift.place.path, [person.pk], when.start, when.end, now)


@transaction.atomic
def add_extra(
    actor: Actor,
    *,
    organization: Organization,
    place: Place,
    person: Staff,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
    post: Post = Post.DUTY,
) -> DutyChange:
    """加班: one more person on duty during a stretch, for instance to fill a gap."""
    _require(actor, organization.pk, place.path)
    if ends_at <= starts_at:
        raise Refused(gettext("结束须晚于开始。"))
    if not reason.strip():
        raise Refused(gettext("请写明原因，例如“补空档”。"))
    row = DutyChange.objects.create(
        organization=organization,
        place=place,
        staff=person,
        starts_at=starts_at,
        ends_at=ends_at,
        post=post.value,
        reason=reason.strip()[:80],
        made_at=now,
        made_by=actor.label or actor.name,
    )
    _refuse_clashes(organization.pk, place.path, [person.pk], starts_at, ends_at, now)
    _tell(actor, "extra_added", organization, place, {"change": row.pk}, now)
    return row


@transaction.atomic
def withdraw_change(actor: Actor, change: DutyChange, *, now: datetime) -> DutyChange:
    """Take a stand-in or an extra duty back; the plan holds again."""
    _require(actor, change.organization_id, change.place.path)
    if not DutyChange.objects.filter(pk=change.pk, withdrawn_at__isnull=True).update(withdrawn_at=now):
        raise Refused(gettext("这条调整已经撤回了。"))
    change.refresh_from_db()
    _tell(actor, "change_withdrawn", change.organization, change.place, {"change": change.pk}, now)
    return change


@transaction.atomic
def ask_swap(
    actor: Actor,
    shift: DutyShift,
    on: date,
    answerer: Staff,
    *,
    reason: str = "",
    return_shift: DutyShift | None = None,
    return_on: date | None = None,
    now: datetime,
) -> DutySwap:
    """换班: the one who has the shift asks somebody to take it, and may take one of that person's shifts in return."""
    duty = find_duty(shift, on)
    if actor.staff_id is None or duty is None or duty.person != actor.staff_id:
        raise Refused(gettext("只能换自己的班：这天的“%(name)s”不是您。") % {"name": shift.name})
    if duty.end <= now:
        raise Refused(gettext("这个班已经过去了。"))
    if answerer.pk == actor.staff_id:
        raise Refused(gettext("请选另一个人。"))
    if return_shift is not None and return_on is not None:
        back = find_duty(return_shift, return_on)
        if back is None or back.person != answerer.pk:
            raise Refused(gettext("对方在 %(on)s 没有这个班，请重新选。") % {"on": f"{return_on:%m-%d}"})
    try:
        with transaction.atomic():
            row = DutySwap.objects.create(
                shift=shift,
                on=on,
                return_shift=return_shift,
                return_on=return_on if return_shift else None,
                asker_id=actor.staff_id,
                answerer=answerer,
                reason=reason.strip()[:80],
                asked_at=now,
            )
    except IntegrityError as error:
        raise Refused(gettext("这个班已经有一个换班申请在等答复。")) from error
    _record_swap(actor, row, "asked", now)
    return row


@transaction.atomic
def answer_swap(actor: Actor, swap: DutySwap, *, accept: bool, now: datetime) -> DutySwap:
    """The person asked says yes or no. Where no keeper has to agree, yes changes the roster at once."""
    if actor.staff_id != swap.answerer_id:
        raise Refused(gettext("只有被问的人可以答复。"))
    _step(actor, swap, "accept" if accept else "refuse", now)
    asks_keeper = float(parameter("duty_swap_approval", swap.shift.place.path, now)) >= 1
    if accept and not asks_keeper:
        _carry_out(actor, swap, now)
    return swap


@transaction.atomic
def approve_swap(actor: Actor, swap: DutySwap, *, approve: bool, now: datetime) -> DutySwap:
    """A planner of the roster agrees or not. Nobody approves a swap of his own."""
    _require(actor, swap.shift.organization_id, swap.shift.place.path)
    if actor.staff_id in (swap.asker_id, swap.answerer_id):
        raise Refused(gettext("不能同意自己的换班，请另一位管理员来办。"))
    if approve:
        _carry_out(actor, swap, now)
    else:
        _step(actor, swap, "refuse", now)
    return swap


@transaction.atomic
def withdraw_swap(actor: Actor, swap: DutySwap, *, now: datetime) -> DutySwap:
    """The asker takes the request back."""
    if actor.staff_id != swap.asker_id:
        raise Refused(gettext("只有申请人可以撤回。"))
    return _step(actor, swap, "withdraw", now)


def _carry_out(actor: Actor, swap: DutySwap, now: datetime) -> None:
    duty = find_duty(swap.shift, swap.on)
    if duty is None or duty.person != swap.asker_id:
        raise Refused(gettext("这个班已经改由别人来值，请重新申请。"))
    _step(actor, swap, "approve", now)
    reason = gettext("换班：%(asker)s 与 %(answerer)s") % {"asker": swap.asker.name, "answerer": swap.answerer.name}
    if swap.return_shift is not None and swap.return_on is not None:
        # The way back first: two people who swap overlapping shifts would else clash for a moment.
        back = find_duty(swap.return_shift, swap.return_on)
        if back is None or back.person != swap.answerer_id:
            raise Refused(gettext("对方的班已经改由别人来值，请重新申请。"))
        DutyChange.objects.create(
            **_change_fields(actor, swap, swap.return_shift, swap.return_on, swap.asker, reason, now)
        )
    _stand_in(actor, swap.shift, swap.on, swap.answerer, reason, now, swap)
    if swap.return_shift is not None and swap.return_on is not None:
        when = rules.span(queries.shift_of(swap.return_shift), swap.return_on, swap.return_shift.place.zone)
        place_path = swap.return_shift.place.path
        _refuse_clashes(swap.return_shift.organization_id, place_path, [swap.asker_id], when.start, when.end, now)


def _change_fields(
    actor: Actor, swap: DutySwap, shift: DutyShift, on: date, person: Staff, reason: str, now: datetime
) -> dict[str, object]:
    return {
        "organization_id": shift.organization_id,
        "place_id": shift.place_id,
        "shift": shift,
        "on": on,
        "staff": person,
        "post": shift.post,
        "reason": reason[:80],
        "swap": swap,
        "made_at": now,
        "made_by": actor.label or actor.name,
    }


def _step(actor: Actor, swap: DutySwap, event: str, now: datetime) -> DutySwap:
    before = swap.state
    after = rules.swap_step(before, event)
    if after is None:
        raise Refused(gettext("这个换班申请%(state)s，不能再改。") % {"state": words(rules.SWAP_NAMES[before])})
    changes: dict[str, object] = {"state": after, "answered_at": now}
    if event == "approve":
        changes["approved_by"] = actor.label or actor.name
    # The state stands in the condition: of two answers at once only the first counts.
    if not DutySwap.objects.filter(pk=swap.pk, state=before).update(**changes):
        raise Refused(gettext("这个换班申请刚刚已被处理，请刷新页面再看。"))
    swap.refresh_from_db()
    _record_swap(actor, swap, after, now)
    return swap


def find_duty(shift: DutyShift, on: date) -> Duty | None:
    """Who has a shift of a day, changes taken in; None when it does not stand or nobody has it."""
    when = rules.span(queries.shift_of(shift), on, shift.place.zone)
    _shifts, duties, _zone = queries.read_roster(shift.organization_id, shift.place.path, when.start, when.end)
    return next((one for one in duties if one.shift == shift.pk and one.on == on), None)


def _stands(shift: DutyShift, on: date) -> bool:
    return queries.shift_of(shift).stands_on(on, calendar_days())


def _refuse_clashes(
    organization_id: int, place_path: str, people: Sequence[int], start: datetime, end: datetime, now: datetime
) -> None:
    """Where the policy forbids it, nobody stands twice in the roster at one time."""
    if float(parameter("duty_no_overlap", place_path, now)) < 1:
        return
    _shifts, duties, zone = queries.read_roster(organization_id, place_path, start, end, below=True)
    for _first, second in rules.clashes([one for one in duties if one.person in people]):
        when = words(rules.when_words(second.interval, zone))
        raise Refused(gettext("同一个人在 %(when)s 会有两个班，请调整人员或时间。") % {"when": when})


def _record_swap(actor: Actor, swap: DutySwap, what: str, now: datetime) -> None:
    details = {"swap": swap.pk, "shift": swap.shift_id, "on": swap.on.isoformat()}
    _tell(actor, f"swap_{what}", swap.shift.organization, swap.shift.place, details, now)


def _tell(
    actor: Actor, what: str, organization: Organization, place: Place, details: dict[str, object], now: datetime
) -> None:
    """The audit line of a change of the roster, and its news for live pages."""
    subject = f"roster:{organization.code}"
    record(actor, f"maintenance.duty_{what}", subject=subject, place_path=place.path, details=details, at=now)
    payload = {"organization": organization.code, "what": what}
    emit("maintenance.duty_changed", subject=subject, place_path=place.path, payload=payload, occurred_at=now, now=now)
