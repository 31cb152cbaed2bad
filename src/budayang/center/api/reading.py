"""Lists and single rows that other machines may read; each starts at what the caller may see."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router

from budayang.center.api.door import Cutting, Moment, Page, Problem, Word, caller, page_of
from budayang.center.api.shapes import (
    AreaOut,
    CaseOut,
    HoursOut,
    IncidentOut,
    ItemOut,
    OrderOut,
    TerminalOut,
    VerdictOut,
)
from budayang.center.areas import queries as areas
from budayang.center.maintenance import hours_queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.models import BUCKET_COLUMNS
from budayang.center.services import queries as services
from budayang.center.terminals import queries as terminals

router = Router()
ERRORS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
MICROS = 1_000_000


def _area(row: Any) -> AreaOut:
    return AreaOut(
        code=row.code,
        name=row.name,
        kind=row.kind,
        address=row.address,
        place=row.place.path,
        latitude=row.latitude,
        longitude=row.longitude,
        is_demo=row.is_demo,
    )


@router.get("/areas", response={200: Page[AreaOut], **ERRORS}, summary="自助区")
def list_areas(request: HttpRequest, cut: Cutting) -> dict[str, Any]:
    return page_of(areas.visible_to(caller(request)).select_related("place"), cut, _area)


@router.get("/areas/{code}", response={200: AreaOut, **ERRORS}, summary="一个自助区")
def one_area(request: HttpRequest, code: Word) -> AreaOut:
    row = areas.visible_to(caller(request)).select_related("place").filter(code=code).first()
    if row is None:
        raise Http404
    return _area(row)


def _terminal(row: Any) -> TerminalOut:
    now = getattr(row, "now", None)
    return TerminalOut(
        code=row.code,
        name=row.name,
        area=row.area.code,
        owner=row.owner.code,
        kind=row.kind,
        state=row.state,
        last_seen_at=row.last_seen_at,
        silent_since=row.silent_since,
        level=now.level if now else "unknown",
        application=now.application if now else "",
        reasons=now.reasons if now else [],
        is_demo=row.is_demo,
    )


@router.get("/terminals", response={200: Page[TerminalOut], **ERRORS}, summary="自助终端")
def list_terminals(request: HttpRequest, cut: Cutting, area: Word = "", level: Word = "") -> dict[str, Any]:
    rows = terminals.visible_to(caller(request)).select_related("area", "owner", "now")
    rows = rows.filter(area__code=area) if area else rows
    rows = rows.filter(now__level=level) if level else rows
    return page_of(rows, cut, _terminal)


@router.get("/terminals/{code}", response={200: TerminalOut, **ERRORS}, summary="一台自助终端")
def one_terminal(request: HttpRequest, code: Word) -> TerminalOut:
    row = terminals.visible_to(caller(request)).select_related("area", "owner", "now").filter(code=code).first()
    if row is None:
        raise Http404
    return _terminal(row)


def _incident(row: Any) -> IncidentOut:
    return IncidentOut(
        id=row.pk,
        kind=row.kind,
        title=row.title,
        area=row.area.code if row.area else None,
        terminal=row.terminal.code if row.terminal else None,
        component=row.component,
        department=row.department,
        severity=row.severity,
        bucket=row.bucket,
        state=row.state,
        cause=row.cause_id,
        opened_at=row.opened_at,
        noticed_at=row.noticed_at,
        closed_at=row.closed_at,
    )


@router.get("/incidents", response={200: Page[IncidentOut], **ERRORS}, summary="故障")
def list_incidents(
    request: HttpRequest, cut: Cutting, state: Word = "", area: Word = "", terminal: Word = "", kind: Word = ""
) -> dict[str, Any]:
    rows = maintenance.incidents_visible_to(caller(request)).select_related("area", "terminal")
    wanted = {"state": state, "area__code": area, "terminal__code": terminal, "kind": kind}
    return page_of(rows.filter(**{name: value for name, value in wanted.items() if value}), cut, _incident)


def _order(row: Any) -> OrderOut:
    return OrderOut(
        number=row.number,
        incident=row.incident_id,
        organization=row.organization.code,
        state=row.state,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        next_due_at=row.next_due_at,
    )


@router.get("/orders", response={200: Page[OrderOut], **ERRORS}, summary="工单")
def list_orders(request: HttpRequest, cut: Cutting, state: Word = "") -> dict[str, Any]:
    rows = maintenance.orders_visible_to(caller(request)).select_related("organization")
    return page_of(rows.filter(state=state) if state else rows, cut, _order)


def _item(row: Any) -> ItemOut:
    return ItemOut(
        code=row.code,
        name=row.name,
        department=row.department.code,
        kind=row.kind,
        audience=row.audience,
        after_hours=row.after_hours,
    )


@router.get("/items", response={200: Page[ItemOut], **ERRORS}, summary="事项")
def list_items(request: HttpRequest, cut: Cutting, department: Word = "") -> dict[str, Any]:
    rows = services.items()
    return page_of(rows.filter(department__code=department) if department else rows, cut, _item)


def _verdict(row: Any) -> VerdictOut:
    return VerdictOut(
        item=row.item.code,
        terminal=row.terminal.code,
        area=row.terminal.area.code,
        truth=row.truth,
        reason=row.reason,
        text=row.text,
        until=row.until_at,
        judged_at=row.judged_at,
    )


@router.get("/verdicts", response={200: Page[VerdictOut], **ERRORS}, summary="现在能不能办")
def list_verdicts(
    request: HttpRequest, cut: Cutting, item: Word = "", terminal: Word = "", area: Word = ""
) -> dict[str, Any]:
    mine = terminals.visible_to(caller(request))
    rows = services.offerings_on(mine)
    wanted = {"item__code": item, "terminal__code": terminal, "terminal__area__code": area}
    return page_of(rows.filter(**{name: value for name, value in wanted.items() if value}), cut, _verdict)


def _case(row: Any) -> CaseOut:
    return CaseOut(
        number=row.number,
        item=row.item.code,
        terminal=row.terminal.code,
        state=row.state,
        accepted_at=row.accepted_at,
        finished_at=row.finished_at,
    )


@router.get("/cases", response={200: Page[CaseOut], **ERRORS}, summary="办件（不含个人信息）")
def list_cases(
    request: HttpRequest, cut: Cutting, state: Word = "", item: Word = "", since: Moment | None = None
) -> dict[str, Any]:
    rows = services.cases_visible_to(caller(request))
    wanted = {"state": state, "item__code": item, "accepted_at__gte": since}
    return page_of(rows.filter(**{name: value for name, value in wanted.items() if value}), cut, _case)


def _hours(row: Any) -> HoursOut:
    return HoursOut(
        terminal=row.terminal.code,
        area=row.area.code,
        on=row.on,
        promised_s=row.promised_us / MICROS,
        usable_s=row.usable_us / MICROS,
        unusable_s={bucket.value: getattr(row, column) / MICROS for bucket, column in BUCKET_COLUMNS.items()},
    )


@router.get("/hours", response={200: Page[HoursOut], **ERRORS}, summary="每日可用时间")
def list_hours(
    request: HttpRequest,
    cut: Cutting,
    terminal: Word = "",
    area: Word = "",
    start: date | None = None,
    end: date | None = None,
) -> dict[str, Any]:
    rows = hours_queries.days_visible_to(caller(request)).select_related("terminal", "area")
    wanted = {"terminal__code": terminal, "area__code": area, "on__gte": start, "on__lt": end}
    return page_of(rows.filter(**{name: value for name, value in wanted.items() if value}), cut, _hours)
