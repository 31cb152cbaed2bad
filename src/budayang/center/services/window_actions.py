"""转窗口: what cannot be finished here goes to the department's window, with a slip that says what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.case_moving import may, move
from budayang.center.services.case_results import Shown, language, seal_result
from budayang.center.services.case_telling import note_step
from budayang.center.services.models import Case, CaseCorrection, WindowTask
from budayang.center.services.receipts import newest_witness
from budayang.center.services.states import WINDOW_TRANSITIONS, CaseState, WindowState

SENDERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
CLERKS = (*SENDERS, Role.WINDOW_CLERK, Role.OWNER_UNIT)
MOST = 20


def get_case(number: str) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related("item__department", "terminal__area__place")
    return rows.get(number=number)


def missing_of(case: Case) -> list[str]:
    """What the person has to bring: what the department named, else what the catalogue does."""
    correction = CaseCorrection.objects.filter(case=case).first()
    if correction is not None and correction.corrected_at is None:
        return [str(one) for one in correction.items]
    materials = case.item.materials.replace("；", "、").replace(";", "、").split("、")
    return [one.strip()[:200] for one in materials if one.strip()]


@transaction.atomic
def send_to_window(
    actor: Actor, number: str, *, reason: str = "", missing: Sequence[str] | None = None, now: datetime
) -> WindowTask:
    """Send a matter to the window and make its slip; the same matter again is the same task.

    Its person may do it (at a terminal, with the case's key), or staff.

    Raises:
        Refused: the case stands where no window can help.
    """
    case = get_case(number)
    if actor.kind == "staff":
        actor.require(*SENDERS, place_path=case.place_path)
    known = WindowTask.objects.filter(case=case).first()
    if known is not None and case.state == CaseState.WINDOW:
        return known
    if not may(case, "to_window"):
        raise Refused(_("这件办件现在不用转窗口。"))
    items = [one.strip()[:200] for one in (missing if missing is not None else missing_of(case)) if one.strip()][:MOST]
    why = (reason.strip() or case.message)[:300]
    with override(language(case)):
        message = _("请到%(department)s窗口办理，带上下面列出的材料。出示这张单子，不用重新取号填表。") % {
            "department": case.item.department.name
        }
        extra = tuple((_("要带的材料（%(n)d）") % {"n": place}, one) for place, one in enumerate(items, start=1))
        shown = Shown(CaseState.WINDOW, message, extra=(*extra, (_("为什么转窗口"), why or _("本人要求"))))
        sealed = seal_result(case, shown, newest_witness(), now)
    if not move(
        actor, case, "to_window", now=now, step="to_window", message=message, result_sealed=sealed, finished_at=now,
        wake_at=None,
    ):  # fmt: skip
        raise Refused(_("这件办件刚刚已被别人处理，请刷新页面再看。"))
    task, _made = WindowTask.objects.update_or_create(
        case=case,
        defaults={
            "department": case.item.department,
            "place_path": case.place_path,
            "state": WindowState.WAITING,
            "missing": items,
            "reason": why,
            "queued_at": now,
            "taken_at": None,
            "taken_by": "",
            "taken_by_id": None,
            "ended_at": None,
            "note": "",
        },
    )
    return task


def _step(actor: Actor, number: str, event: str, now: datetime, **changes: object) -> WindowTask:
    """One move of a task by a clerk. Raises Refused when it does not fit, or a colleague was quicker."""
    task = WindowTask.objects.select_related("case__item__department", "case__terminal__area__place").get(
        case__number=number
    )
    organizations = (task.department.organization_id,)
    actor.require(*CLERKS, place_path=task.place_path, organizations=organizations)
    state = WINDOW_TRANSITIONS.get((WindowState(task.state), event))
    if state is None:
        raise Refused(_("这件办件现在是“%(state)s”，不能这样做。请刷新页面再看。") % {"state": task.state})
    if not WindowTask.objects.filter(pk=task.pk, state=task.state).update(state=state, **changes):
        raise Refused(_("这件办件刚刚已被别人接手，请刷新页面再看。"))
    task.refresh_from_db()
    return task


@transaction.atomic
def take_task(actor: Actor, number: str, now: datetime) -> WindowTask:
    """A clerk takes it on."""
    by = (actor.label or actor.name)[:80]
    task = _step(actor, number, "take", now, taken_at=now, taken_by=by, taken_by_id=actor.staff_id)
    note_step(task.case, "window_taken", now, "staff")
    return task


@transaction.atomic
def release_task(actor: Actor, number: str, now: datetime) -> WindowTask:
    """The clerk puts it back into the queue."""
    return _step(actor, number, "release", now, taken_at=None, taken_by="", taken_by_id=None)


@transaction.atomic
def finish_task(actor: Actor, number: str, *, note: str, now: datetime) -> WindowTask:
    """The window finished it. `note` is for the next clerk, not for the person."""
    task = _step(actor, number, "finish", now, ended_at=now, note=note.strip()[:300])
    message = _("这件事已在窗口办结。")
    ended = move(
        actor, task.case, "done", now=now, step="window_done", by="staff", message=message, finished_at=now,
        result_sealed=None,
    )  # fmt: skip
    if not ended:
        raise Refused(_("这件办件刚刚已被别人处理，请刷新页面再看。"))
    return task


@transaction.atomic
def return_task(actor: Actor, number: str, *, note: str, now: datetime) -> WindowTask:
    """The window could not do it and says why; the person reads the reason."""
    if len(note.strip()) < 2:
        raise Refused(_("请写明为什么退回，本人查进度时会看到。"))
    task = _step(actor, number, "return", now, ended_at=now, note=note.strip()[:300])
    message = _("窗口没有办成：%(why)s") % {"why": note.strip()[:200]}
    ended = move(
        actor, task.case, "returned", now=now, step="window_returned", by="staff", message=message, finished_at=now,
        result_sealed=None,
    )  # fmt: skip
    if not ended:
        raise Refused(_("这件办件刚刚已被别人处理，请刷新页面再看。"))
    return task
