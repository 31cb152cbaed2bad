"""Work of cases and payments with a due time; the loops are listed in docs/mechanisms/news.md."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.deliveries import Due
from budayang.center.services import case_papers, deferring, errands
from budayang.center.services.carrying import Carrier
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import JOB
from budayang.center.services.case_working import LEASE_S, waiting_numbers
from budayang.center.services.connector_queries import capability
from budayang.center.services.models import Case
from budayang.center.services.payments import looking, reconciling
from budayang.center.services.payments.actions import holding_payment
from budayang.center.services.payments.returning import money_words
from budayang.center.services.sending import DepartmentLine, Patience, make_client
from budayang.center.services.states import AT_DEPARTMENT, CaseState

LATE = timedelta(seconds=LEASE_S)
BILL_AGAIN = timedelta(minutes=1)
RECONCILE_S = 30.0 if settings.BUDAYANG.demo else 600.0


def take_up_cases(now: datetime) -> int:
    """Carry on what a killed web process left behind, for the time in which no web process runs.

    What is only just due is left to the web process, which carries it each second.
    """
    due = len(waiting_numbers(now, accepted_before=now - LATE))
    due += len(errands.due_errands(now - LATE)) + len(looking.due_payments(now - LATE))
    polls = Case.objects.filter(state__in=[state.value for state in AT_DEPARTMENT], wake_at__lte=now - LATE)
    return asyncio.run(_carry()) if due or polls.exists() else 0


async def _carry() -> int:
    patience = Patience()
    async with make_client(patience) as client, make_client(patience) as money:
        carrier = Carrier(DepartmentLine(client, patience), money)
        return await carrier.take_up_and_wait()


def wake_cases(now: datetime) -> int:
    """What time alone moves: kept cases whose department opens, bills that nobody pays."""
    return deferring.wake_deferred(now) + lapse_bills(now)


def lapse_bills(now: datetime) -> int:
    """End the cases whose bill nobody paid. One whose order may still be paid waits for the provider's word."""
    rows = Case.objects.filter(state=CaseState.DUE, wake_at__lte=now).select_related("item", "terminal")
    moved = 0
    for case in rows.order_by("wake_at")[:100]:
        with transaction.atomic():
            if holding_payment(case) is not None:
                Case.objects.filter(pk=case.pk, state=CaseState.DUE).update(wake_at=now + BILL_AGAIN)
                continue
            money = {"money": money_words(case)}
            message = _("到期没有缴这笔费用，这件事没有办。%(money)s需要时请重新办理。") % money
            ended = move(
                JOB, case, "lapsed", now=now, step="pay_closed", message=message, finished_at=now, wake_at=None
            )
            if ended and capability(case.item.code).can_withdraw:  # the department waits for money that never comes
                errands.make_errand(case, "withdraw", f"{case.number}-W", {"reason": "到期没有缴费"}, now)
            moved += ended
    return moved


DUES: tuple[Due, ...] = (
    Due("services.cases", 5.0, take_up_cases, outward=True),
    Due("services.case_times", 1.0, wake_cases),
    Due("services.papers", 5.0, case_papers.look_at_papers),
    Due("services.reconcile", RECONCILE_S, reconciling.reconcile_due, outward=True),
)
