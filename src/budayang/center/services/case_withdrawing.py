"""撤回: a person takes a matter back, where nothing has left the platform or the department lets it go."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.services.booking import standing_appointments
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import note_step
from budayang.center.services.connector_queries import capability
from budayang.center.services.errands import make_errand
from budayang.center.services.models import Case, Errand
from budayang.center.services.payments.actions import holding_payment, stop_paying
from budayang.center.services.payments.returning import money_words
from budayang.center.services.states import AT_DEPARTMENT, CaseState

AT_ONCE = frozenset({CaseState.ACCEPTED, CaseState.DEFERRED})
REASON = "本人撤回"


def may_withdraw(case: Case, now: datetime) -> bool:
    """Whether the person may take it back now; of a booked time, until its hour. A wish that the department has
    answered is not asked again.
    """
    state = CaseState(case.state)
    if state in AT_ONCE:
        return not case.unclear  # asked once more after 待核: an earlier attempt may have reached the department
    if state is CaseState.DUE:
        return True
    booked = state is CaseState.DONE and standing_appointments(now).filter(case=case).exists()
    if (state not in AT_DEPARTMENT and not booked) or not capability(case.item.code).can_withdraw:
        return False
    return not Errand.objects.filter(case=case, kind="withdraw").exists()


@transaction.atomic
def withdraw(actor: Actor, case: Case, now: datetime) -> Case:
    """Take a matter back. At the department it is an errand, and the case is withdrawn only when the department says
    so; a bill that may be paid this very moment is closed first.

    Raises:
        Refused: it is too late, or the department does not offer it.
    """
    Case.objects.select_for_update().only("pk").get(pk=case.pk)
    case.refresh_from_db(fields=["state", "unclear"])
    state = CaseState(case.state)
    if not may_withdraw(case, now):
        raise Refused(_("这件办件现在不能在这里撤回，请联系办理部门。"))
    if state in AT_DEPARTMENT or state is CaseState.DONE:
        make_errand(case, "withdraw", f"{case.number}-W", {"reason": REASON}, now)
        note_step(case, "withdraw_asked", now, "person")
        return case
    if state is CaseState.DUE and holding_payment(case) is not None:
        if stop_paying(actor, case, now):
            note_step(case, "withdraw_asked", now, "person")
            return case
        raise Refused(_("这笔钱已经付了，部门正在办理，不能撤回。"))
    if not end_withdrawn(actor, case, now):
        raise Refused(_("这件办件刚刚已送交部门，请刷新后再看。"))
    return case


def end_withdrawn(actor: Actor, case: Case, now: datetime) -> bool:
    """Nothing has been done at the department: the case is withdrawn at once."""
    before = CaseState(case.state)
    message = _("已撤回，没有办理。%(money)s") % {"money": money_words(case)}
    ended = move(
        actor, case, "withdrawn", now=now, step="withdrawn", by="person", message=message, finished_at=now,
        wake_at=None, lease_until=None, request_sealed=None, result_sealed=None,
    )  # fmt: skip
    if ended and before is CaseState.DUE and capability(case.item.code).can_withdraw:
        # The department wrote a bill; it may strike it out.
        make_errand(case, "withdraw", f"{case.number}-W", {"reason": REASON}, now)
    return ended
