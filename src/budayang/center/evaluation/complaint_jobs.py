"""What time does with 投诉、表扬、建议: notes what has become late and tells those who handle it, each clock once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.complaint_actions import JOB, write_step
from budayang.center.evaluation.models import Complaint
from budayang.center.evaluation.negative_jobs import handlers_of
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.platform.models import Transition
from budayang.center.platform.wording import words
from budayang.rules.evaluation.complaints import KIND_NAMES, state_name
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact


def watch(now: datetime) -> int:
    """Note what has become late. Returns how many."""
    done = 0
    for row in Complaint.objects.filter(look_at__lte=now).order_by("look_at", "pk")[:100]:
        with transaction.atomic():
            # The compare-and-set holds off a second worker, and a person who takes the step at this moment.
            mine = Complaint.objects.filter(pk=row.pk, look_at=row.look_at, state=row.state)
            if mine.update(look_at=None, overdue_at=row.due_at):
                row.refresh_from_db()
                write_step(JOB, row, "overdue", now)
                done += 1
    return done


def tell(news: Sequence[Transition], now: datetime) -> None:
    """Tell the area's keeper, the owner unit and the supervisors that a step is late."""
    for one in news:
        rows = Complaint.objects.select_related("area__keeper", "owner").defer("words_sealed", "phone_sealed")
        row = rows.filter(number=str(one.payload["complaint"])).first()
        if row is None or row.state != one.payload["state"]:
            continue  # somebody took the step meanwhile
        fact = Fact(
            title=f"{words(KIND_NAMES[row.kind])} {row.number}",
            where=row.area.name,
            severity=Severity.GENERAL.value,
            since=row.made_at,
            who=row.owner.name if row.owner else "",
            note=_("%(state)s，已超期") % {"state": words(state_name(row.kind, row.state))},
        )
        for receiver in runs.people_of(handlers_of(row.place_path, row.owner_id, row.area.keeper, late=True, own=True)):
            messages.add_line(
                receiver, kind="rating", place_path=row.place_path, severity=Severity.GENERAL.value, now=now,
                topic=f"complaint:{row.pk}:{row.state}", fact=fact,
            )  # fmt: skip
