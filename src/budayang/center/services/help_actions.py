"""Writes of the help desk (帮办台): calls as terminals tell them, who answered, what was seen, when it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.models import HelpCall
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.presence_queries import judge_presence
from budayang.rules.person_check import STAFF_WAIT_S

JOB = Actor.job("services.help")
HELPERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
CHECKERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.WINDOW_CLERK)
CHECK_WITHIN = timedelta(seconds=STAFF_WAIT_S)
GONE_AFTER = timedelta(hours=2)
"""A call that nobody answered for so long: the person has left."""
KINDS = ("help", "sos", "check")


@transaction.atomic
def take_call(terminal: str, body: Mapping[str, Any], at: datetime, now: datetime) -> HelpCall | None:
    """What a terminal tells: a call, or (kind "off") that one to compare is wanted no more. The same word twice is one
    call; None when it is none.
    """
    machine = terminals.in_service().filter(code=terminal).select_related("area__place").first()
    kind, mark = str(body.get("kind", "")), str(body.get("mark", ""))[:32]
    if machine is None:
        return None
    if kind == "off":
        HelpCall.objects.filter(terminal=machine, mark=mark, state="waiting").exclude(mark="").update(
            state="ended", ended_at=at
        )
        return None
    if kind not in KINDS or (kind == "check") != bool(mark):
        return None
    known = HelpCall.objects.filter(terminal_id=machine.pk, called_at=at, kind=kind, mark=mark).first()
    if known is not None:
        return known
    call = HelpCall.objects.create(
        terminal_id=machine.pk,
        place_path=machine.area.place.path,
        kind=kind,
        step=str(body.get("step", ""))[:24],
        item_code=str(body.get("item", ""))[:64],
        mark=mark,
        called_at=at,
    )
    _tell(call, machine.code, "services.help_called", at, now)
    return call


@transaction.atomic
def answer_call(actor: Actor, call_id: int, now: datetime) -> HelpCall:
    """Take a call on: others see who is on it. Raises Refused when a colleague was quicker."""
    call = _held(actor, call_id, HELPERS)
    if call.kind == "check":
        raise Refused(_("人证核对要到终端前扫屏幕上的码，不能在这里接。"))
    changes = {"answered_at": now, "answered_by": (actor.label or actor.name)[:80], "answered_by_id": actor.staff_id}
    if not HelpCall.objects.filter(pk=call.pk, state="waiting").update(state="answered", **changes):
        raise Refused(_("这次呼叫刚刚已被同事接起，请刷新页面再看。"))
    return _noted(actor, call, "services.answer_call", "services.help_answered", now)


@transaction.atomic
def end_call(actor: Actor, call_id: int, now: datetime) -> HelpCall:
    """The person was helped, or has gone. Raises Refused when it has ended already."""
    call = _held(actor, call_id, HELPERS)
    open_ones = HelpCall.objects.filter(pk=call.pk, state__in=("waiting", "answered"))
    if not open_ones.update(state="ended", ended_at=now):
        raise Refused(_("这次呼叫已经结束，请刷新页面再看。"))
    return _noted(actor, call, "services.end_call", "services.help_ended", now)


@transaction.atomic
def answer_check(actor: Actor, call_id: int, *, code: str, same: bool, now: datetime) -> HelpCall:
    """Say whether the person before the terminal is the one of the card (人证核对). Only from before its screen.

    Raises:
        Refused: the code is not that of this screen now, nobody waits there any more, or a colleague was quicker.
    """
    call = _held(actor, call_id, CHECKERS)
    slack_s = float(platform.parameter("round_code_slack_s", call.place_path, now))
    if judge_presence(call.terminal_id, call.terminal.code, code, now, slack_s) != "proved":
        raise Refused(_("屏幕上的码每分钟都变，请重新扫一次终端屏幕上的码。"))
    changes = {
        "answered_at": now,
        "answered_by": (actor.label or actor.name)[:80],
        "answered_by_id": actor.staff_id,
        "ended_at": now,
        "result": "same" if same else "different",
    }
    waiting = HelpCall.objects.filter(pk=call.pk, kind="check", state="waiting", called_at__gt=now - CHECK_WITHIN)
    if not waiting.update(state="ended", **changes):
        raise Refused(_("终端前已经没有人在等核对，请让本人重新点一次。"))
    body = {"mark": call.mark, "same": same}
    terminal_actions.send(JOB, call.terminal_id, "person_check", body, now, valid_s=int(CHECK_WITHIN.total_seconds()))
    return _noted(actor, call, "services.answer_check", "services.help_ended", now)


def end_stale(now: datetime) -> int:
    """Calls that nobody ended: their people have gone long ago. Returns how many."""
    old = HelpCall.objects.filter(state__in=("waiting", "answered"), called_at__lt=now - GONE_AFTER)
    return old.update(state="ended", ended_at=now)


def _held(actor: Actor, call_id: int, roles: tuple[Role, ...]) -> HelpCall:
    call = HelpCall.objects.select_related("terminal").get(pk=call_id)
    actor.require(*roles, place_path=call.place_path, organizations=(call.terminal.owner_id,))
    return call


def _noted(actor: Actor, call: HelpCall, action: str, news: str, now: datetime) -> HelpCall:
    call.refresh_from_db()
    details = {"kind": call.kind, "item": call.item_code, "result": call.result}
    record(actor, action, subject=f"terminal:{call.terminal.code}", place_path=call.place_path, details=details, at=now)
    _tell(call, call.terminal.code, news, now, now)
    return call


def _tell(call: HelpCall, terminal: str, kind: str, at: datetime, now: datetime) -> None:
    emit(
        kind,
        subject=f"terminal:{terminal}",
        place_path=call.place_path,
        payload={"terminal": terminal, "call": call.pk, "kind": call.kind, "item": call.item_code},
        occurred_at=at,
        now=now,
    )
