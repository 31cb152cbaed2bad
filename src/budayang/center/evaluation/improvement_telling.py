"""Who is told of improvement items: the body that has to put it right, and of what is late the supervisors too."""

from __future__ import annotations

from datetime import datetime

from budayang.center.evaluation.models import Improvement
from budayang.center.evaluation.negative_jobs import handlers_of
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact


def tell(row: Improvement, said: str, now: datetime, *, late: bool = False) -> None:
    """Tell the people of an item `said`, each once for each of its days."""
    fact = Fact(
        title=row.title,
        where=row.place.name,
        severity=Severity.GENERAL.value,
        since=row.made_at,
        who=row.owner.name,
        note=said,
    )
    for receiver in runs.people_of(handlers_of(row.place_path, row.owner_id, None, late=late, own=True)):
        messages.add_line(
            receiver, kind="improve", place_path=row.place_path, severity=Severity.GENERAL.value, now=now,
            topic=f"improvement:{row.pk}:{'late' if late else 'made'}:{row.due_on:%m%d}", fact=fact,
        )  # fmt: skip
