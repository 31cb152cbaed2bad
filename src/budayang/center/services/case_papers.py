"""Papers of cases: what terminals say of them, and who went without one (中断), so that somebody makes it good
(补办).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.case_telling import note_step, tell
from budayang.center.services.deferring import make_good_wait
from budayang.center.services.models import Case, CaseStep, Paper
from budayang.center.services.states import PAPER_TRANSITIONS, PaperState
from budayang.rules.cases import interruption

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
OUT = frozenset({PaperState.CONFIRMED, PaperState.TAKEN})


@transaction.atomic
def record_paper(
    actor: Actor, number: str, event: str, *, reason: str = "", now: datetime, terminal_code: str | None = None
) -> Paper | None:
    """Note what a terminal says of a paper (sent, confirmed, taken, failed). A repeated or late word changes nothing.

    Returns None for a number without paper. The words of another terminal count too: a reprint may happen elsewhere.
    """
    paper = Paper.objects.select_related("case__item", "case__terminal").filter(case__number=number).first()
    if paper is None:
        return None
    state = PAPER_TRANSITIONS.get((PaperState(paper.state), event))
    if state is None:
        return paper
    moved = Paper.objects.filter(pk=paper.pk, state=paper.state).update(
        state=state,
        reason=reason[:80],
        changed_at=now,
        look_at=None if state in OUT else now + make_good_wait(paper.case.place_path, now),
        **({"prints": F("prints") + 1} if event == "sent" else {}),
    )
    if moved and state == PaperState.TAKEN:
        # Taken: the person has it. What could print it again is not kept a minute longer.
        Case.objects.filter(pk=paper.case_id).update(result_sealed=None)
    if moved:
        _after(actor, paper, state, terminal_code, now)
    paper.refresh_from_db()
    return paper


def _after(actor: Actor, paper: Paper, state: PaperState, terminal_code: str | None, now: datetime) -> None:
    details: dict[str, Any] = {"state": state.value, "terminal": terminal_code or ""}
    subject, path = f"case:{paper.case.number}", paper.case.place_path
    record(actor, "services.record_paper", subject=subject, place_path=path, details=details, at=now)
    if state is PaperState.CONFIRMED:
        note_step(paper.case, "printed", now)
    if state in OUT and paper.interrupted:
        _made_good(paper.case, now)


def look_at_papers(now: datetime) -> int:
    """Find the papers whose persons went without them; each becomes a case that somebody makes good. Returns how
    many.
    """
    found = 0
    for paper in Paper.objects.filter(look_at__lte=now).select_related("case__item", "case__terminal")[:100]:
        what = interruption(paper.state, paid=paper.case.payments.filter(paid_at__isnull=False).exists())
        with transaction.atomic():
            taken = Paper.objects.filter(pk=paper.pk, state=paper.state, look_at=paper.look_at)
            if not taken.update(look_at=None, interrupted=what or paper.interrupted) or not what or paper.interrupted:
                continue
            note_step(paper.case, "interrupted", now)
            tell("services.case_interrupted", paper.case, now, what=what)
            found += 1
    return found


@transaction.atomic
def make_good(actor: Actor, number: str, *, note: str, now: datetime) -> Case:
    """补办: a keeper gave the person what they had come for, or settled it with them.

    Raises:
        Refused: nothing was interrupted, or nothing says how it was made good.
    """
    case = Case.objects.select_related("item", "terminal").get(number=number)
    actor.require(*KEEPERS, place_path=case.place_path)
    if not note.strip():
        raise Refused(_("请写明怎样补办的，例如“已打印并当面交给本人”。"))
    if not is_interrupted(case):
        raise Refused(_("这件办件没有要补办的，或已经补办。"))
    details = {"note": note.strip()[:120]}
    subject, path = f"case:{number}", case.place_path
    record(actor, "services.make_good", subject=subject, place_path=path, details=details, at=now)
    _made_good(case, now)
    return case


def is_interrupted(case: Case) -> bool:
    """Whether somebody still has to make this case good."""
    last = CaseStep.objects.filter(case=case, step__in=("interrupted", "made_good")).order_by("at", "pk").last()
    return last is not None and last.step == "interrupted"


def _made_good(case: Case, now: datetime) -> None:
    Paper.objects.filter(case=case).update(interrupted="", look_at=None)
    if is_interrupted(case):
        note_step(case, "made_good", now, "staff")
        tell("services.case_made_good", case, now, what="interrupted")
