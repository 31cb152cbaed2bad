"""Writing down what a sign says in a language, and approving it: by another person than who wrote it (BS-21).

Nothing is translated by a machine, and no Mongolian text ships: a text is what a person entered, with its source.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.signage.models import SignText
from budayang.data.sign_kinds import sign_kinds
from budayang.papers import missing_glyphs
from budayang.rules.signs.composing import Language

WRITERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
APPROVERS = (Role.SUPERVISOR,)
TEXT_LENGTH = 200

State = SignText.State
MOVES: dict[tuple[str, str], str] = {
    (State.WRITTEN, "approve"): State.APPROVED,
    (State.WRITTEN, "withdraw"): State.WITHDRAWN,
    (State.APPROVED, "withdraw"): State.WITHDRAWN,
}


@transaction.atomic
def write_text(
    actor: Actor, place: Place, kind: str, language: str, text: str, *, source: str, now: datetime
) -> SignText:
    """A text that waits for approval. A text that waits already has to be approved or withdrawn first.

    Raises Refused, Forbidden.
    """
    actor.require(*WRITERS, place_path=place.path)
    text, source = " ".join(text.split()), source.strip()
    if kind not in sign_kinds():
        raise Refused(_("没有这种标志。"))
    if language not in [one.value for one in Language]:
        raise Refused(_("请选择语种。"))
    if not text or len(text) > TEXT_LENGTH:
        raise Refused(_("请填写文字，不超过 %(most)d 字。") % {"most": TEXT_LENGTH})
    if not source:
        raise Refused(_("请填写译文或文字的来源：谁译的，依据什么。"))
    if missing := missing_glyphs(text):
        raise Refused(_("这些字印不出来：%(signs)s。请改写。") % {"signs": " ".join(missing)})
    assert actor.staff_id is not None, "a person writes"
    try:
        with transaction.atomic():
            row = SignText.objects.create(
                place=place, kind=kind, language=language, text=text, source=source, written_by_id=actor.staff_id,
                written_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("这里已有一条待审定的文字，请先审定或撤下它。")) from error
    _record(actor, "signage.write_text", row, now)
    return row


@transaction.atomic
def approve_text(actor: Actor, row: SignText, *, now: datetime) -> SignText:
    """From now on it is printed without 未审定; the text approved before, if any, is withdrawn. Raises Refused."""
    actor.require(*APPROVERS, place_path=row.place.path)
    if actor.staff_id is None or actor.staff_id == row.written_by_id:
        raise Refused(_("写的人不能审定自己写的文字，请另一位审定。"))
    _check_move(row, "approve")
    older = SignText.objects.filter(
        place=row.place_id, kind=row.kind, language=row.language, state=State.APPROVED
    ).exclude(pk=row.pk)
    older.update(state=State.WITHDRAWN, withdrawn_at=now)
    # Two approvers press at once: the second finds no row that still waits.
    moved = SignText.objects.filter(pk=row.pk, state=State.WRITTEN).update(
        state=State.APPROVED, approved_by=actor.staff_id, approved_at=now
    )
    if moved != 1:
        raise Refused(_("这条文字刚才已被审定或撤下，请刷新后再看。"))
    row.refresh_from_db()
    _record(actor, "signage.approve_text", row, now)
    return row


@transaction.atomic
def withdraw_text(actor: Actor, row: SignText, *, now: datetime) -> SignText:
    """From now on no sign says it. Who wrote it may take it back while it waits. Raises Refused."""
    roles = WRITERS if row.state == State.WRITTEN else APPROVERS
    actor.require(*roles, place_path=row.place.path)
    _check_move(row, "withdraw")
    moved = SignText.objects.filter(pk=row.pk, state=row.state).update(state=State.WITHDRAWN, withdrawn_at=now)
    if moved != 1:
        raise Refused(_("这条文字刚才已被审定或撤下，请刷新后再看。"))
    row.refresh_from_db()
    _record(actor, "signage.withdraw_text", row, now)
    return row


def _check_move(row: SignText, event: str) -> None:
    if (row.state, event) not in MOVES:
        raise Refused(_("这条文字已经是“%(state)s”。") % {"state": row.get_state_display()})


def _record(actor: Actor, action: str, row: SignText, now: datetime) -> None:
    record(
        actor, action, subject=f"sign_text:{row.pk}", place_path=row.place.path,
        details={"kind": row.kind, "language": row.language, "text": row.text}, at=now,
    )  # fmt: skip
