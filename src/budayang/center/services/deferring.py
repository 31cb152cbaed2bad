"""夜间存件: a department is closed, the item may be handed in at night, so the platform keeps it until it opens.

Kept is not taken in, and the person is told so. What was kept is sent when the department opens by its calendar;
while it does not answer then it is tried again, and after some days it comes to an end that is told, with somebody
who makes it good.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.queries import parameter
from budayang.center.services import judging
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import JOB, note_step, tell
from budayang.center.services.models import Case, CaseStep, DepartmentHours
from budayang.center.services.sending import Answer
from budayang.center.services.states import CaseState
from budayang.rules.calendars import next_opening
from budayang.rules.services import AfterHours

AGAIN = timedelta(minutes=15)
SOONEST = timedelta(seconds=30)
LONGEST = timedelta(days=1)
AHEAD = timedelta(days=12)


def make_good_wait(place_path: str, now: datetime) -> timedelta:
    """How long a person may take to come back for a paper before somebody is sent."""
    return timedelta(seconds=float(parameter("make_good_wait_s", place_path, now)))


def hours_of(case: Case) -> DepartmentHours | None:
    """The hours of the case's item, else those of its department."""
    rows = DepartmentHours.objects.filter(department_id=case.item.department_id, item_id__in=[case.item_id])
    whole = DepartmentHours.objects.filter(department_id=case.item.department_id, item__isnull=True)
    return rows.first() or whole.first()


def may_defer(case: Case, hours: DepartmentHours | None) -> bool:
    """Whether the item may be handed in while its department is closed; the department's own word goes first."""
    return ((hours.after_hours if hours else "") or case.item.after_hours) == AfterHours.SUBMIT


def opens_at(case: Case, answer: Answer, now: datetime) -> datetime | None:
    """When to send a case that its department did not take; None when it is not to be kept.

    It is kept when the department is closed: by its own answer (503 with Retry-After) or by its hours. A department
    that is open and does not answer has not taken the case, and its person is told so at once. A case that was kept
    before stays kept until its term.
    """
    hours = hours_of(case)
    if not may_defer(case, hours):
        return None
    if CaseStep.objects.filter(case=case, step="deferred").exists():
        return now + AGAIN
    told_s = answer.retry_after_s
    opening = None
    if hours is not None:
        windows = judging.hours_windows(hours, judging.calendar_table(), now - timedelta(days=1), now + AHEAD)
        opening = next_opening(windows, now)
    if opening is not None and opening > now:
        return max(opening, now + SOONEST)
    return now + min(max(timedelta(seconds=told_s), SOONEST), LONGEST) if told_s else None


def wake_deferred(now: datetime) -> int:
    """Hand on the kept cases whose department opens now; end those that were kept too long. Returns how many moved."""
    rows = Case.objects.filter(state=CaseState.DEFERRED, wake_at__lte=now).select_related("item", "terminal")
    moved = 0
    for case in rows.order_by("wake_at")[:100]:
        kept_for = timedelta(days=float(parameter("defer_keep_d", case.place_path, now)))
        with transaction.atomic():
            if now - case.accepted_at < kept_for:
                moved += move(JOB, case, "opened", now=now, wake_at=None, lease_until=None)
            else:
                moved += _lapse(case, now)
    return moved


def _lapse(case: Case, now: datetime) -> bool:
    message = _("部门一直没有答复，这份申请没有送到部门，什么也没有办理。工作人员会联系您，或请到窗口办理。")
    ended = move(
        JOB, case, "lapsed", now=now, step="not_reached", message=message, wake_at=None, finished_at=now,
        request_sealed=None, result_sealed=None,
    )  # fmt: skip
    if ended:
        note_step(case, "interrupted", now)
        tell("services.case_interrupted", case, now, what="deferred_lapsed")
    return ended
