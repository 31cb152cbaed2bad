"""Writes of 人证核对 by the staff: who waits for it, as terminals tell it, and what a member of the staff saw."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.models import StaffCheck
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals.presence_queries import judge_presence
from budayang.rules.person_check import STAFF_WAIT_S

JOB = Actor.job("services.staff_checks")
CHECKERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.WINDOW_CLERK)
WAIT = timedelta(seconds=STAFF_WAIT_S)
EVENT = "staff_check"
LONGEST = 32


def take(row: terminal_actions.InboxRow) -> None:
    """What a terminal tells: somebody waits, or (`over`) waits no more. The same word twice is one wait."""
    mark, item = str(row.body.get("mark") or ""), str(row.body.get("item") or "")
    if not mark or len(mark) > LONGEST:
        return  # a word of a newer terminal
    mine = {"terminal_id": row.terminal_id, "mark": mark}
    if row.body.get("over") is True:
        StaffCheck.objects.filter(**mine, state="waiting").update(state="ended", ended_at=row.at)
        return
    StaffCheck.objects.get_or_create(
        **mine, defaults={"place_path": row.place_path, "item_code": item[:64], "asked_at": row.at}
    )


@transaction.atomic
def answer(actor: Actor, check: StaffCheck, *, code: str, same: bool, now: datetime) -> StaffCheck:
    """Say whether the person before the terminal is the one of the card. Only from before its screen.

    Raises:
        Refused: the code is not that of this screen now, nobody waits there any more, or a colleague was quicker.
    """
    terminal = check.terminal
    actor.require(*CHECKERS, place_path=check.place_path, organizations=(terminal.owner_id,))
    slack_s = float(platform.parameter("round_code_slack_s", check.place_path, now))
    if judge_presence(terminal.pk, terminal.code, code, now, slack_s) != "proved":
        raise Refused(_("屏幕上的码每分钟都变，请重新扫一次终端屏幕上的码。"))
    result = "same" if same else "different"
    by = (actor.label or actor.name)[:80]
    waiting = StaffCheck.objects.filter(pk=check.pk, state="waiting", asked_at__gt=now - WAIT)
    if not waiting.update(state="ended", ended_at=now, answered_by=by, result=result):
        raise Refused(_("终端前已经没有人在等核对，请让本人重新点一次。"))
    check.refresh_from_db()
    told = {"mark": check.mark, "same": same}
    terminal_actions.send(JOB, terminal.pk, "person_check", told, now, valid_s=STAFF_WAIT_S)
    subject, details = f"terminal:{terminal.code}", {"item": check.item_code, "result": result}
    record(actor, "services.answer_check", subject=subject, place_path=check.place_path, details=details, at=now)
    emit(
        "services.person_checked", subject=subject, place_path=check.place_path,
        payload={"terminal": terminal.code, "check": check.pk}, occurred_at=now, now=now,
    )  # fmt: skip
    return check
