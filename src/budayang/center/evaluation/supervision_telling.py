"""Who is told of supervision visits: of findings that came, of replies that were sent back or are late."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.evaluation.models import SupervisionFinding, SupervisionVisit
from budayang.center.evaluation.negative_jobs import handlers_of
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.platform.wording import words
from budayang.rules.evaluation.supervision import KIND_NAMES
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact

KIND = "visit"


def tell_found(row: SupervisionVisit, now: datetime) -> None:
    """Tell those who have to reply that a result came: each body once, however many findings are its own."""
    found: dict[int | None, list[SupervisionFinding]] = {}
    for one in row.findings.select_related("owner"):
        found.setdefault(one.owner_id, []).append(one)
    for rows in found.values():
        # A limit is the end (24:00) of a day: the day itself is said.
        until = (rows[0].due_at - timedelta(seconds=1)).astimezone(ZoneInfo(row.area.place.zone)).date()
        said = _("%(n)d 个问题要答复，最迟 %(on)s") % {"n": len(rows), "on": until.isoformat()}
        _tell(row, rows[0], said, now, topic=f"found:{row.pk}:{rows[0].owner_id or 0}", late=False)


def tell_returned(finding: SupervisionFinding, now: datetime) -> None:
    """Tell those who replied that it was not enough."""
    _tell(
        finding.visit,
        finding,
        _("答复被退回，请重新答复"),
        now,
        topic=f"back:{finding.pk}:{finding.due_at:%m%d}",
        late=False,
    )


def tell_late(finding: SupervisionFinding, now: datetime) -> None:
    """Tell those who have to reply, and the supervisors, that a reply is late."""
    _tell(finding.visit, finding, _("超期未答复"), now, topic=f"late:{finding.pk}:{finding.due_at:%m%d}", late=True)


def _tell(
    row: SupervisionVisit, finding: SupervisionFinding, said: str, now: datetime, *, topic: str, late: bool
) -> None:
    fact = Fact(
        title=f"{words(KIND_NAMES[row.kind])} {row.number}",
        where=row.area.name,
        severity=Severity.GENERAL.value,
        since=row.handed_at or now,
        who=finding.owner.name if finding.owner else "",
        note=said,
    )
    people = handlers_of(row.place_path, finding.owner_id, row.area.keeper, late=late, own=True)
    for receiver in runs.people_of(people):
        messages.add_line(
            receiver, kind=KIND, place_path=row.place_path, severity=Severity.GENERAL.value, now=now,
            topic=f"supervision:{topic}", fact=fact,
        )  # fmt: skip
