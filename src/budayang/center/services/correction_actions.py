"""补正 at a terminal: opened for whoever holds number, code and the card of the case, handed in once, told to the
department under the case's own key (`<number>-C`).

Rivals are two terminals with the same receipt, and a terminal that sends again because our answer was lost: the number
under which it was handed in stands on the notice, and only one can be there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import lookup_hash
from budayang.center.services import corrections, form_checks, material_actions
from budayang.center.services.case_accepting import CaseRefused, grant_reply, identity_hash
from budayang.center.services.case_queries import find_progress
from budayang.center.services.errands import make_errand
from budayang.center.services.models import Case, CaseAgent, CaseCorrection, VerificationAttempt
from budayang.center.services.states import CaseState
from budayang.center.services.verification import TooManyAttempts
from budayang.wire.journeys import CorrectionTold
from budayang.wire.messages import CasePrivate, CaseSubmit


def open_correction(
    actor: Actor, terminal_id: int, number: str, code: str, owner: str, reply_key: str, now: datetime
) -> CorrectionTold:
    """What is asked for, for the person who stands at the terminal, and the right to wait for what comes of it.

    `owner` is the identity's hash. A card that is not of the case counts as a wrong code: number and code may be found
    on a receipt that somebody lost, and with them alone nothing is handed in.

    Raises:
        CaseRefused: unknown_code, too_many_codes, not_yours, nothing_to_correct, correction_late.
    """
    client = f"terminal:{actor.name}"
    try:
        found = find_progress(number, code, client, now)
    except TooManyAttempts as error:
        raise CaseRefused("too_many_codes") from error
    if found is None:
        raise CaseRefused("unknown_code")
    case = found[0]
    if not may_hand_in(case, owner):
        who = lookup_hash("services.verify_client", client)
        VerificationAttempt.objects.create(client=who, at=now, found=False)
        raise CaseRefused("not_yours")
    row = _open_row(case, now)
    grant_reply(case, terminal_id, reply_key, now)
    return CorrectionTold(
        number=case.number,
        item=case.item.code,
        item_name=case.item.name,
        department=case.item.department.name,
        items=[str(one) for one in row.items],
        asked_at_ms=int(row.asked_at.timestamp() * 1000),
        until=row.until.isoformat() if row.until else "",
        schema=corrections.schema_of(case.item.code, row),
    )


def may_hand_in(case: Case, owner: str) -> bool:
    """The person of the case, or who acted for the person when it was handed in (代办人)."""
    return owner == case.identity_hash or CaseAgent.objects.filter(case=case, identity_hash=owner).exists()


def _open_row(case: Case, now: datetime) -> CaseCorrection:
    row = CaseCorrection.objects.filter(case=case).first()
    if row is not None and case.state == CaseState.CORRECTION and corrections.is_late(case, row, now):
        raise CaseRefused("correction_late")
    if row is None or not corrections.may_correct(case, row, now):
        raise CaseRefused("nothing_to_correct")
    return row


@transaction.atomic
def hand_in_correction(
    actor: Actor, terminal_id: int, place_path: str, submit: CaseSubmit, person: CasePrivate, now: datetime
) -> Case:
    """Take in what was missing and write the errand that tells the department. The same number again is the same.

    Raises:
        CaseRefused: unknown_case, not_yours, nothing_to_correct, correction_late, form_refused, sheets_missing,
            too_large, bad_number.
    """
    rows = Case.objects.select_related("item__department", "terminal__area__place")
    case = rows.filter(number=person.corrects).first()
    if case is None or case.item.code != submit.item:
        raise CaseRefused("unknown_case")
    if not may_hand_in(case, identity_hash(person.id_kind, person.id_number)):
        raise CaseRefused("not_yours")
    if CaseCorrection.objects.filter(case=case, handed_number=submit.number).exists():
        grant_reply(case, terminal_id, submit.reply_key, now)
        return case
    row = _open_row(case, now)
    materials = material_actions.read_sheets(submit.number, person.materials, place_path, now)
    schema = corrections.schema_of(case.item.code, row)
    filled_on = form_checks.filled_on(submit.consent.at, case.terminal.area.place.zone, now)
    form_checks.check_form(schema, person.form, [one["kind"] for one in materials], filled_on=filled_on)
    mine = CaseCorrection.objects.filter(pk=row.pk, handed_number="")
    if mine.update(handed_number=submit.number, corrected_at=now) != 1:
        raise CaseRefused("nothing_to_correct")
    body: dict[str, Any] = {"materials": materials, "form": person.form}
    make_errand(case, "correct", f"{case.number}-C", body, now)
    material_actions.take_sheets(submit.number, now)
    Case.objects.filter(pk=case.pk).update(message=_("补正材料平台已经收下，正在送交部门。"))
    grant_reply(case, terminal_id, submit.reply_key, now)
    _record(actor, case, place_path, materials, person.form, now)
    case.refresh_from_db()
    return case


def _record(
    actor: Actor, case: Case, place_path: str, materials: Sequence[Mapping[str, Any]], form: Mapping[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    record(
        actor,
        "services.hand_in_correction",
        subject=f"case:{case.number}",
        place_path=place_path,
        details={"item": case.item.code, "sheets": len(materials), "answers": len(form)},
        at=now,
    )
