"""What is said of a case: the steps that its person may see, and its news upwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from budayang.center.platform.actions import emit
from budayang.center.platform.actors import Actor
from budayang.center.services.models import Case, CaseStep

JOB = Actor.job("services.cases")


def note_step(case: Case, step: str, at: datetime, by: str = "platform") -> bool:
    """Write a step that the case's person may see; the same step of the same moment again is nothing."""
    if CaseStep.objects.filter(case=case, step=step, at=at).exists():
        return False
    try:
        with transaction.atomic():
            CaseStep.objects.create(case=case, step=step, at=at, by=by)
    except IntegrityError:
        return False
    return True


def tell(kind: str, case: Case, now: datetime, **payload: Any) -> None:
    """News about a case: number, item and terminal are always in it, a person never."""
    body = {"number": case.number, "item": case.item.code, "terminal": case.terminal.code, "state": case.state}
    subject, path = f"case:{case.number}", case.place_path
    emit(kind, subject=subject, place_path=path, payload=body | payload, occurred_at=now, now=now)
