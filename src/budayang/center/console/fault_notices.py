"""Pages of 停用告示: what people are told of faults, now and before; the paper for a machine whose screen is dead."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import fault_notice_actions as actions
from budayang.center.maintenance import fault_notice_queries as queries
from budayang.center.maintenance.models import FaultNotice
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words

PRINTERS = frozenset(actions.PRINTERS)
TO_TAKE_DOWN = Q(withdrawn_at__isnull=False, printed_at__isnull=False, removed_at__isnull=True)


def notice_state(row: FaultNotice) -> State:
    """Shown, withdrawn, or a paper still hangs there although the fault is over."""
    if row.withdrawn_at is None:
        return State("stop", _("正在显示"))
    if row.printed_at is not None and row.removed_at is None:
        return State("warn", _("请取下纸质告示"))
    return State("ok", _("已撤下"))


def _where(row: FaultNotice) -> str:
    machine = row.incident.terminal
    return f"{row.area.name} {machine.name if machine else ''}".strip()


def _by_state(rows: QuerySet[FaultNotice], value: str) -> QuerySet[FaultNotice]:
    if value == "shown":
        return rows.filter(withdrawn_at__isnull=True)
    return rows.filter(TO_TAKE_DOWN) if value == "paper" else rows.filter(withdrawn_at__isnull=False)


@allow(OPERATING_ROLES)
def notice_list(request: HttpRequest) -> HttpResponse:
    """Every notice that the reader may see, the newest first."""
    actor = reader(request)
    return listing(
        request,
        title=_("停用告示"),
        note=_(
            "故障一开，这台机器、旁边的机器、门口屏和公众页面就说同样的话：从什么时候、谁在处理、预计、最近能办；恢复后自动撤下。"
        ),
        columns=(
            Column("said", _("告示"), lambda row: words(queries.shown(row).sentence)),
            Column("where", _("地点"), _where, sort="area__name"),
            Column("state", _("状态"), notice_state, sort="withdrawn_at", kind="state"),
            Column("shown", _("开始显示"), lambda row: row.shown_at, sort="shown_at", kind="moment"),
            Column("withdrawn", _("撤下"), lambda row: row.withdrawn_at, sort="withdrawn_at", kind="moment"),
            Column("printed", _("打印"), lambda row: row.printed_at, sort="printed_at", kind="moment"),
        ),
        queryset=queries.notices_visible_to(actor),
        filters=(
            Filter(
                "state",
                _("状态"),
                lambda: [("shown", _("正在显示")), ("paper", _("请取下纸质告示")), ("over", _("已撤下"))],
                _by_state,
            ),
            Filter(
                "place",
                _("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(incident__place_path__startswith=v),
            ),
        ),
        search=("area__name", "incident__terminal__name", "incident__terminal__code"),
        default_sort="-shown",
        row_url=lambda row: reverse("console:fault_notice", args=[row.pk]),
        empty=_("没有停用告示。有影响办事的故障时，告示会自动出现在这里和现场。"),
        export_name=_("停用告示"),
        topic="maintenance",
    )


def _get(request: HttpRequest, number: int) -> FaultNotice:
    row = queries.notices_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def notice_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One notice in its words, where it is shown, and its paper."""
    row, actor = _get(request, number), reader(request)
    bodies = (row.incident.owner_id, row.incident.vendor_id)
    context = {
        "row": row,
        "shown": queries.shown(row),
        "looks": queries.looks_at(row, timezone.now()),
        "state": notice_state(row),
        "where": _where(row),
        "may_print": actor.may(*actions.PRINTERS, place_path=row.incident.place_path, organizations=bodies),
        "watched": row.incident.terminal is not None and row.incident.terminal.kind == "watched",
    }
    return render(request, "console/fault_notices/notice.html", context)


@allow(PRINTERS)
@require_POST
def notice_paper(request: HttpRequest, number: int) -> HttpResponse:
    """The paper. A POST, since it is remembered that one hangs there."""
    row = _get(request, number)
    try:
        paper = actions.print_notice(reader(request), row, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:fault_notice", row.pk)
    answer = HttpResponse(paper, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="notice-{row.pk}.pdf"'
    return answer


@allow(PRINTERS)
@require_POST
def notice_down(request: HttpRequest, number: int) -> HttpResponse:
    """The paper was taken down."""
    row = _get(request, number)
    try:
        actions.take_down(reader(request), row, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:fault_notice", row.pk)


urlpatterns = [
    path("fault-notices/", notice_list, name="fault_notices"),
    path("fault-notices/<int:number>/", notice_detail, name="fault_notice"),
    path("fault-notices/<int:number>/paper.pdf", notice_paper, name="fault_notice_paper"),
    path("fault-notices/<int:number>/down/", notice_down, name="fault_notice_down"),
]
