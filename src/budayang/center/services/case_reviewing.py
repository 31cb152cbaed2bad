"""待核: a person finds out what a department did, with all that is known before them; nothing is guessed, nothing
repeated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.case_finishing import POLL_FIRST, settle
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import note_step
from budayang.center.services.corrections import corrected_receipt
from budayang.center.services.errands import cancel_errand, errand_again, unclear_errand
from budayang.center.services.models import Case, Errand, Payment
from budayang.center.services.payments.actions import settle_payment
from budayang.center.services.receipts import newest_witness
from budayang.center.services.sending import Answer
from budayang.center.services.states import CASE_TRANSITIONS, CaseState, PaymentState

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
FOUND = ("done", "handed_in", "refused")
AGAIN = {"": "ask_again", "paid": "tell_again", "correct": "correct_again"}
"""What the department is asked or told once more → the event of the table."""


def _get(number: str) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related("item__department", "terminal__area__place")
    return rows.get(number=number)


@transaction.atomic
def ask_again(actor: Actor, number: str, now: datetime) -> Case:
    """Put a case under review (待核) back to work: the department is asked once more under the same key.

    Of a case that was paid the payment is told again, of one in correction what was missing, not the matter. Where the
    department neither honours the key nor can be asked, the line sends nothing and the case comes back here.
    """
    case = _get(number)
    actor.require(*KEEPERS, place_path=case.place_path)
    errand = _unclear(case)
    event = AGAIN[errand]
    if (CaseState(case.state), event) not in CASE_TRANSITIONS:
        raise Refused(_("只有待核的办件可以再次核实。"))
    if not errand and not case.request_sealed:
        raise Refused(_("申请内容已按期限删除，不能再向部门发送。请向部门问清后登记结果。"))
    changes: dict[str, Any] = {"lease_until": None, "finished_at": None, "wake_at": None}
    if not errand:
        changes["unclear"] = True
    elif errand == "correct":
        changes = {"wake_at": now + POLL_FIRST, "message": _("补正材料平台已经收下，正在送交部门。")}
    if not move(actor, case, event, now=now, action="services.ask_again", **changes):
        raise Refused(_("这件办件刚刚已被别人处理，请刷新页面再看。"))
    if errand:
        errand_again(case, errand, now)
    return case


def _unclear(case: Case) -> str:
    """The kind of errand of which the department is to be told again; "" when it is the matter itself."""
    if Payment.objects.filter(case=case, state=PaymentState.PAID).exists():
        return "paid"
    return "correct" if unclear_errand(case, "correct") is not None else ""


@transaction.atomic
def settle_review(actor: Actor, number: str, found: str, *, note: str, now: datetime) -> Case:
    """A person asked the department and says what it did: done, handed_in or refused (it took nothing).

    `note` goes to the case's person: who was asked and what they said, without a name.

    Raises:
        Refused: not under review, or nothing says how it was found out.
    """
    case = _get(number)
    actor.require(*KEEPERS, place_path=case.place_path)
    if found not in FOUND:
        raise Refused(_("请选择部门的答复。"))
    if len(note.strip()) < 4:
        raise Refused(_("请写明向谁核实、对方怎么说，例如“已电话核实：系统里没有这件”。"))
    if case.state != CaseState.REVIEW:
        raise Refused(_("只有待核的办件可以登记核实结果。"))
    corrected = unclear_errand(case, "correct") is not None
    for errand in Errand.objects.filter(case=case, kind__in=("paid", "correct")):
        cancel_errand(errand, now)
    answer, head = Answer(found, message=note.strip()[:300]), newest_witness()
    settled = settle(actor, case, found, answer, head=head, now=now, action="services.settle_review")
    if settled is None:
        raise Refused(_("这件办件刚刚已被别人处理，请刷新页面再看。"))
    note_step(case, "reviewed", now, "staff")
    if corrected and found == "handed_in":
        note_step(case, "corrected", now, "person")
        Case.objects.filter(pk=case.pk).update(result_sealed=corrected_receipt(case, answer, head, now))
        settled.refresh_from_db()
    if found != "refused":
        settle_payment(case, now)
    return settled
