"""Writes of 出门前保障: a person names item, machine and hour; before it the machine is tried and the person told.

No name, no account. The number is random and is the right to look and to cancel. A telephone number is taken only from
who wants a message; it is sealed, handed to the gateway when there is something to tell, and deleted when it is over.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field, seal_field
from budayang.center.platform.wording import words
from budayang.center.services import judging, probe_actions, trip_actions
from budayang.center.services.models import Offering, Probe, Promise
from budayang.center.services.probe_actions import JOB
from budayang.center.services.promise_numbers import make_number, read_number
from budayang.rules.probes import OPEN_STATES as PROBE_OPEN
from budayang.rules.probes import ProbeState
from budayang.rules.promises import (
    ANSWERS,
    ASKED_FOR,
    OPEN_STATES,
    STAYS,
    checks_left,
    hour_problem,
    next_look,
    next_state,
)
from budayang.rules.services import Truth, Verdict

__all__ = ["answer_promise", "cancel_promise", "client_of", "look", "make_promise", "phone_of", "read_number"]

TABLE = "services_promise"
OPEN_AT_ONCE, A_DAY = 5, 12
LOOK_S = 2.0
AT_ONCE = 50
_PHONE = re.compile(r"^1\d{10}$")
STARTABLE = (Truth.DOABLE, Truth.SUBMITTABLE)


def client_of(address: str) -> str:
    """A keyed hash of a network address: enough to slow abuse, and deleted with the promise's end."""
    return lookup_hash("services.promise_client", address)


def make_promise(
    item_code: str, terminal_code: str, promised_at: datetime, *, phone: str = "", client: str, now: datetime
) -> Promise:
    """Take a promise for an hour at which, by all that is planned, the item can be done there.

    Args:
        client: `client_of(address)`.

    Raises:
        Refused: the hour, the place, the telephone number or too many promises; the message names the repair.
    """
    if problem := hour_problem(promised_at, now):
        raise Refused(words(problem))
    offering = _offering(item_code, terminal_code)
    if offering is None:
        raise Refused(_("这台终端没有登记这件事，请另选一处。"))
    verdict = verdict_at(offering, promised_at, now)
    if verdict.truth not in STARTABLE and not _only_now(verdict):
        raise Refused(_("到那时这里办不了：%(why)s。请换个时间或另选一处。") % {"why": words(verdict.text)})
    plain = phone.replace(" ", "").replace("-", "")
    if plain and not _PHONE.match(plain):
        raise Refused(_("手机号是 11 位数字，以 1 开头；不想留可以空着。"))
    _check_rate(client, now)
    before = [
        platform.parameter(name, offering.terminal.area.place.path, now)
        for name in ("promise_first_s", "promise_last_s")
    ]
    checks = checks_left(promised_at, now, before)
    number = make_number()
    with transaction.atomic():
        promise = Promise.objects.create(
            number=number,
            item=offering.item,
            terminal=offering.terminal,
            place_path=offering.terminal.area.place.path,
            promised_at=promised_at,
            phone_sealed=seal_field(TABLE, number, "phone", plain) if plain else None,
            phone_hint=f"{plain[:3]}****{plain[-4:]}" if plain else "",
            client=client,
            made_at=now,
            checks=checks,
            next_at=next_look(promised_at, checks),
        )
        details = {"item": item_code, "terminal": terminal_code, "by_message": bool(plain)}
        record(Actor.public(), "services.make_promise", subject=f"promise:{promise.pk}", details=details, at=now)
    return promise


def _offering(item_code: str, terminal_code: str) -> Offering | None:
    found = judging.active_offerings(item__code=item_code, terminal__code=terminal_code, driven=True)
    return next((row for row in found if row.terminal.state != "retired"), None)


def verdict_at(offering: Offering, at: datetime, now: datetime) -> Verdict:
    """What the rule says of a later moment: hours and stops as planned, machines as they are now."""
    return judging.judge(offering, judging.Facts.load([offering], now, at=at))


def _only_now(verdict: Verdict) -> bool:
    """What is in the way may be gone by then, or nobody confirmed the hours: that is what the tries are for."""
    return verdict.reason not in ("planned_stop", "department_closed", "own_machine", "terminal_suspended")


def _check_rate(client: str, now: datetime) -> None:
    mine = Promise.objects.filter(client=client)
    if mine.filter(state__in=OPEN_STATES).count() >= OPEN_AT_ONCE:
        raise Refused(_("您已经约了 %(n)d 次还没到时间的。请先取消一个再约。") % {"n": OPEN_AT_ONCE})
    if mine.filter(made_at__gt=now - timedelta(days=1)).count() >= A_DAY:
        raise Refused(_("今天约得太多了，请明天再来，或打管理员电话。"))


@transaction.atomic
def cancel_promise(number: str, *, now: datetime) -> bool:
    """Whoever holds the number takes it back; everything of the person is deleted at once."""
    return _move(number, "cancel", next_at=None, phone_sealed=None, phone_hint="", client="")


@transaction.atomic
def answer_promise(number: str, answer: str, *, now: datetime) -> bool:
    """How it went, by whoever holds the number: once, within two days. A locked door counts as a wasted trip."""
    if answer not in ANSWERS:
        raise Refused(_("请从列出的几种里选一种。"))
    rows = Promise.objects.filter(number=number, answer="", promised_at__lte=now, promised_at__gt=now - ASKED_FOR)
    if not rows.exclude(state="cancelled").update(answer=answer):
        return False
    promise = Promise.objects.select_related("terminal__area__place").get(number=number)
    if answer == "locked":
        # A terminal tells of every stay itself; only of a door that was locked it cannot know.
        trip_actions.note_locked(promise.terminal.area, at=promise.promised_at, client="", item_code=promise.item.code)
    return True


def _move(number: str, event: str, **fields: Any) -> bool:
    """One step of the table, by compare-and-set over whatever open state it is in."""
    for state in OPEN_STATES:
        after = next_state(state, event)
        if after and Promise.objects.filter(number=number, state=state).update(state=after, **fields):
            return True
    return False


# The loop ------------------------------------------------------------------------------------------------------------


def look(now: datetime) -> int:
    """One turn: tries whose time has come, tries that ended, hours that are over; returns how many were looked at."""
    due = Promise.objects.filter(next_at__lte=now).select_related("item", "terminal", "probe").order_by("next_at")
    rows = list(due[:AT_ONCE])
    for promise in rows:
        # The rival is another worker: only one of them takes the look away.
        mine = Promise.objects.filter(pk=promise.pk, next_at=promise.next_at)
        if mine.update(next_at=now + timedelta(seconds=LOOK_S)):
            _look_at(promise, now)
    return len(rows)


def _look_at(promise: Promise, now: datetime) -> None:
    if now >= promise.promised_at + STAYS:
        _move(promise.number, "end", next_at=None, phone_sealed=None, phone_hint="", client="")
        return
    if promise.probe is not None and promise.probe.state in PROBE_OPEN:
        return
    if promise.probe is not None and promise.checked_at is None:
        _take(promise, promise.probe, now)
        return
    if promise.checks and now >= promise.promised_at - timedelta(seconds=promise.checks[0]):
        _try(promise, now)
        return
    Promise.objects.filter(pk=promise.pk).update(next_at=next_look(promise.promised_at, promise.checks))


def _try(promise: Promise, now: datetime) -> None:
    """Begin the try whose time has come. A machine that is not to be tried any more (gone, not offered) has failed."""
    rest = [one for one in promise.checks[1:] if promise.promised_at - timedelta(seconds=one) > now]
    try:
        probe = probe_actions.ask_probe(
            JOB, promise.item.code, terminal_code=promise.terminal.code, asked_by="promise", now=now
        )
    except (Refused, Forbidden):
        Promise.objects.filter(pk=promise.pk).update(checks=rest)
        _tell(promise, "fails", _("这台终端已经不办这件事了"), now)
        return
    Promise.objects.filter(pk=promise.pk).update(probe=probe, checks=rest, checked_at=None)


def _take(promise: Promise, probe: Probe, now: datetime) -> None:
    """What a try that ended means for the person."""
    if probe.state == ProbeState.DROPPED:
        _tell(promise, "fails", probe.text, now)
    elif probe.state == ProbeState.FAILED:
        _tell(promise, "fails", probe.text or _("拨测没有通过"), now)
    else:
        partial = probe.state == ProbeState.PARTIAL
        _tell(promise, "works", _("终端没有问题；部门系统没有测试身份，没能试到底") if partial else "", now)


@transaction.atomic
def _tell(promise: Promise, event: str, text: str, now: datetime) -> None:
    """Keep what was found, and tell who asked for a message: when it does not work, and when it works again."""
    was_broken = promise.state == "broken"
    after = next_look(promise.promised_at, promise.checks)
    if not _move(promise.number, event, text=text[:200], checked_at=now, next_at=max(after, now)):
        return
    if not promise.phone_sealed or not (event == "fails" or was_broken) or (event == "fails" and was_broken):
        return
    Promise.objects.filter(pk=promise.pk).update(told_at=now)
    emit(
        "services.promise_told",
        subject=f"promise:{promise.pk}",
        place_path=promise.place_path,
        payload={"promise": promise.number, "works": event == "works"},
        occurred_at=now,
        now=now,
    )


def phone_of(number: str) -> str | None:
    """The telephone number for the gateway, while it is kept; None when it is over, cancelled or cannot be opened."""
    row = Promise.objects.filter(number=number, phone_sealed__isnull=False).first()
    if row is None or not row.phone_sealed:
        return None
    try:
        return open_field(TABLE, number, "phone", bytes(row.phone_sealed))
    except CannotOpen:
        return None
