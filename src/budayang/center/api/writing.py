"""What other machines may do: announce a planned stop, and call it off. A key that only reads is turned away before."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Status

from budayang.center.api.door import Problem, Word, caller
from budayang.center.api.shapes import StopIn, StopOut
from budayang.center.areas import queries as areas
from budayang.center.areas import stop_actions
from budayang.center.areas.models import PlannedStop
from budayang.center.platform.actions import Refused
from budayang.center.terminals import queries as terminals

router = Router()
ERRORS = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


def _stop(stop: PlannedStop, area: str, terminal: str | None) -> StopOut:
    return StopOut(
        id=stop.pk, area=area, terminal=terminal, starts_at=stop.starts_at, ends_at=stop.ends_at, reason=stop.reason
    )


@router.post("/areas/{code}/stops", response={201: StopOut, **ERRORS}, summary="公告计划停用")
def plan_stop(request: HttpRequest, code: Word, given: StopIn) -> Status[StopOut]:
    """Announce a stop of an area or of one of its terminals, once."""
    actor = caller(request)
    area = areas.visible_to(actor).select_related("place").filter(code=code).first()
    if area is None:
        raise Http404
    terminal = terminals.visible_to(actor).filter(code=given.terminal, area=area).first() if given.terminal else None
    if given.terminal and terminal is None:
        raise Http404
    if given.starts_at.tzinfo is None or given.ends_at.tzinfo is None:
        raise Refused(_("时间要写明时区，例如 2026-12-01T22:00:00+08:00。"))
    stop = stop_actions.plan_stop(
        actor,
        place=area.place,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reason=given.reason,
        now=timezone.now(),
        terminal_id=terminal.pk if terminal else None,
        owner=terminal.owner if terminal else None,
    )
    return Status(201, _stop(stop, area.code, terminal.code if terminal else None))


@router.post("/stops/{stop_id}/cancel", response={204: None, **ERRORS}, summary="取消计划停用")
def cancel_stop(request: HttpRequest, stop_id: int) -> Status[None]:
    """Call off a stop. What has passed of it stays as it was."""
    actor = caller(request)
    stop = areas.find_stop(actor, stop_id)
    if stop is None:
        raise Http404
    stop_actions.cancel_stop(actor, stop, now=timezone.now())
    return Status(204, None)
