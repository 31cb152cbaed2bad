"""How a case stands at its department: what the department says when asked, by the law's steps, and the statutory
clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.queries import parameter
from budayang.center.services import judging
from budayang.center.services.case_finishing import get_case, settle
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import JOB, note_step
from budayang.center.services.connector_queries import capability
from budayang.center.services.models import Case, CaseCorrection, CaseStep
from budayang.center.services.payments.actions import is_paid
from budayang.center.services.payments.returning import money_words
from budayang.center.services.receipts import Witness
from budayang.center.services.redacting import without_person
from budayang.center.services.sending import UNKNOWN_CASE, Answer, Correction, Standing
from budayang.center.services.states import AT_DEPARTMENT, CaseState
from budayang.rules.cases import last_day

DEMO_POLL_S = 5.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A case that this process is to ask its department about now. `masked`: what is left of its person."""

    number: str
    item: str
    department: str
    masked: dict[str, str]


def take_polls(now: datetime) -> list[Asked]:
    """Claim the cases whose department is to be asked how they stand. The next time is written before anybody asks.

    Items whose department cannot be asked are left alone: nothing is known of them until a person says so.
    """
    rows = Case.objects.filter(state__in=[state.value for state in AT_DEPARTMENT], wake_at__lte=now)
    found = []
    for case in rows.select_related("item__department").order_by("wake_at")[:AT_ONCE]:
        askable = capability(case.item.code).can_be_asked
        pause_s = DEMO_POLL_S if settings.BUDAYANG.demo else float(parameter("case_poll_s", case.place_path, now))
        after = now + timedelta(seconds=pause_s) if askable else None
        if Case.objects.filter(pk=case.pk, wake_at=case.wake_at).update(wake_at=after) and askable:
            found.append(Asked(case.number, case.item.code, case.item.department.code, case.masked))
    return found


@transaction.atomic
def take_standing(number: str, standing: Standing, *, head: Witness | None, now: datetime) -> Case:
    """Bring a case to where its department says that it stands. A word that does not fit the state changes nothing."""
    case = get_case(number)
    if CaseState(case.state) not in AT_DEPARTMENT:
        return case
    for step in standing.steps:
        _note(case, step.step, step.at)
    at = standing.at or now
    if standing.state == "accepted" or any(step.step == "accepted" for step in standing.steps):
        _accept(case, next((step.at for step in standing.steps if step.step == "accepted"), at), now)
    if standing.correction is not None:
        _correct(case, standing.correction)
    _follow(case, standing, at, head, now)
    case.refresh_from_db()
    return case


def _note(case: Case, step: str, at: datetime) -> None:
    """A step of the department once, whatever moment a later answer gives it."""
    if not CaseStep.objects.filter(case=case, step=step).exists():
        note_step(case, step, at, "department")


def _accept(case: Case, accepted_at: datetime, now: datetime) -> None:
    """受理: from here the statutory clock runs. The first word of it counts."""
    _note(case, "accepted", accepted_at)
    changes: dict[str, Any] = {}
    if case.department_accepted_at is None:
        changes["department_accepted_at"] = accepted_at
        zone, table = case.terminal.area.place.zone, judging.calendar_table()
        if case.item.legal_workdays:
            changes["statutory_on"] = last_day(accepted_at, case.item.legal_workdays, zone, table)
        if case.promised_on is None and case.item.promised_workdays:
            changes["promised_on"] = last_day(accepted_at, case.item.promised_workdays, zone, table)
        Case.objects.filter(pk=case.pk).update(**changes)
        case.refresh_from_db()
    if case.state != CaseState.IN_PROCESS:
        move(JOB, case, "accepted", now=now, message=_("部门已经受理。"))


def _correct(case: Case, told: Correction) -> None:
    """一次性补正告知: the first notice stands. A later one is counted, because the law allows one."""
    items = [without_person(case, one) for one in told.items]
    facts = {"asked_at": told.asked_at, "items": items, "asks": list(told.asks), "until": told.until}
    row, made = CaseCorrection.objects.get_or_create(case=case, defaults=facts)
    if made:
        _note(case, "correction", told.asked_at)
    elif row.asked_at != told.asked_at:
        CaseCorrection.objects.filter(pk=row.pk).update(repeated=row.repeated + 1, **facts)


def _follow(case: Case, standing: Standing, at: datetime, head: Witness | None, now: datetime) -> None:
    state = standing.state
    if state == "correction" and standing.correction is not None and case.state != CaseState.CORRECTION:
        move(JOB, case, "correction", now=now, message=_("部门要求补正材料，请按列出的内容补齐。"))
    elif state in ("done", "refused", "due"):
        answer = standing.outcome or Answer(state)
        # A department that took the money may go on showing the bill: the case waits for its decision, not for money.
        # Back in `due` it would wait for ever, because a paid bill has no second payment and does not lapse.
        if answer.event == state and not (state == "due" and is_paid(case, answer.due_bill)):
            settle(JOB, case, state, answer, head=head, now=now)
    elif state == "withdrawn":
        message = _("部门那边已经撤回这件事，没有办理。%(money)s") % {"money": money_words(case)}
        move(
            JOB, case, "withdrawn", now=now, step="withdrawn", at=at, by="department", finished_at=now, wake_at=None,
            message=message,
        )  # fmt: skip
    elif state == UNKNOWN_CASE:
        message = _("部门说没有收到过这件办件。工作人员会核实，不会重复办理。")
        move(JOB, case, "denied", now=now, step="unclear", message=message, wake_at=None)
