"""What supervision visits found, at the desk: the list of what has to be replied to, and the steps of one finding."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, listing
from budayang.center.console.reader import reader
from budayang.center.console.supervision import finding_state
from budayang.center.evaluation import supervision_findings as actions
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.improvement_queries import bodies_for
from budayang.center.evaluation.models import SupervisionFinding
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.evaluation.supervision import FINDING_NAMES, KIND_NAMES


@allow(OPERATING_ROLES)
def finding_list(request: HttpRequest) -> HttpResponse:
    """Every finding that the reader may see, the nearest limit first."""
    actor, now = reader(request), timezone.now()
    rows = queries.findings_visible_to(actor)
    late = queries.overdue(rows, now).count()

    def by_state(found: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queries.overdue(found, now) if value == "late" else found.filter(state=value)

    note = _("监督检查发现的问题：谁答复、限哪天、答复了什么、认可没有。")
    if late:
        note += _("现在有 %(n)d 个超期未答复。") % {"n": late}
    return listing(
        request,
        title=_("监督检查的问题"),
        note=note,
        columns=(
            Column("text", _("问题"), lambda row: row.text[:60], sort="text"),
            Column("area", _("自助区"), lambda row: row.visit.area.name, sort="visit__area__name"),
            Column("kind", _("种类"), lambda row: words(KIND_NAMES[row.visit.kind]), sort="visit__kind"),
            Column("owner", _("答复单位"), lambda row: row.owner.name if row.owner else "", sort="owner__name"),
            Column("state", _("状态"), lambda row: finding_state(row, now), sort="state", kind="state"),
            Column("due", _("答复期限"), lambda row: row.due_at, sort="due_at", kind="moment"),
            Column("replied", _("答复于"), lambda row: row.replied_at, sort="replied_at", kind="moment"),
        ),
        queryset=rows,
        filters=(
            Filter(
                "state", _("状态"),
                lambda: [("late", _("超期未答复")), *((key, words(name)) for key, name in FINDING_NAMES.items())],
                by_state,
            ),
            Filter("kind", _("种类"), lambda: [(key, words(name)) for key, name in KIND_NAMES.items()],
                   lambda found, v: found.filter(visit__kind=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda found, v: found.filter(place_path__startswith=v)),
        ),
        search=("text", "owner__name", "visit__area__name", "visit__number"),
        default_sort="due",
        row_url=lambda row: f"{reverse('console:supervision_visit', args=[row.visit.number])}#finding-{row.pk}",
        empty=_("还没有监督检查发现的问题。"),
        export_name=_("监督检查的问题"),
    )  # fmt: skip


@allow(OPERATING_ROLES)
@require_POST
def finding_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Reply, accept, return, dismiss, hand to another body, make an improvement item or an order of it."""
    actor = reader(request)
    row = get_object_or_404(queries.findings_visible_to(actor), pk=pk)
    try:
        said = _take(actor, row, step, request.POST.get("note", ""), request.POST.get("owner", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(f"{reverse('console:supervision_visit', args=[row.visit.number])}#finding-{row.pk}")


def _take(actor: Actor, row: SupervisionFinding, step: str, text: str, owner: str) -> str:
    now = timezone.now()
    if step == "reply":
        actions.reply(actor, row, text=text, now=now)
    elif step in ("accept", "return", "dismiss"):
        actions.judge(actor, row, step, text=text, now=now)
    elif step == "assign":
        body = bodies_for(actor).filter(code=owner).first()
        if body is None:
            raise Refused(_("请选择由哪个单位答复。"))
        actions.assign(actor, row, body, now)
    elif step == "improvement":
        item = actions.to_improvement(actor, row, now)
        return _("已转为改进事项，完成日期 %(on)s。") % {"on": item.due_on.isoformat()}
    elif step == "order":
        return _("已派工单 %(number)s。") % {"number": actions.to_order(actor, row, now).number}
    else:
        raise Http404
    return _("已记下。")


urlpatterns = [
    path("supervision-findings/", finding_list, name="supervision_findings"),
    path("supervision-findings/<int:pk>/<slug:step>/", finding_step, name="supervision_finding_step"),
]
