"""Pages of incidents: the list of causes with their symptoms, and one incident with why it is judged so."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import stops_visible_to
from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import may_open, reader
from budayang.center.maintenance import queries
from budayang.center.maintenance.explaining import explain, stopped_items
from budayang.center.maintenance.hush_queries import stops_before
from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.round_queries import round_of
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.maintenance import BUCKETS, CAUSES, STATE_NAMES, TELLS, Bucket, Severity, get_cause
from budayang.rules.maintenance import SEVERITY_NAMES as SEVERITIES

SEVERITY_TONES: dict[Severity, Tone] = {Severity.GENERAL: "hand", Severity.SERIOUS: "warn", Severity.URGENT: "stop"}
ORDER_TONES: dict[str, Tone] = {
    "reported": "stop",
    "repaired": "warn",
    "verified": "ok",
    "closed": "ok",
    "cancelled": "ask",
}
ANSWERS = {
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
    "department": "部门系统",
    "center": "本平台",
    "nobody": "不归责",
}
PROOFS = {
    "test_print": "试打一页成功",
    "card_read": "读一次身份证成功",
    "heartbeat": "终端恢复联系",
    "probe": "部门系统拨测通过",
    "state": "状态恢复正常",
    "person": "照片或回访",
    "round": "照片、回访，或再次巡查正常",
}


def incident_state(incident: Incident) -> State:
    """Open, hidden below its cause, or over."""
    if incident.state == "closed":
        return State("ok", _("已恢复"))
    return State("ask", _("随上级故障")) if incident.cause_id else State("stop", _("未恢复"))


def severity_state(severity: str) -> State:
    """How grave, by word and shape."""
    return State(SEVERITY_TONES[Severity(severity)], words(SEVERITIES[Severity(severity)]))


def order_state(state: str) -> State:
    """Where an order stands, by word and shape."""
    tone: Tone = "ask" if state.endswith("_paused") else ORDER_TONES.get(state, "hand")
    return State(tone, words(STATE_NAMES[state]))


def where(incident: Incident) -> str:
    """Terminal, area or department of an incident, in words."""
    if incident.terminal is not None:
        return f"{incident.area.name if incident.area else ''} {incident.terminal.name}".strip()
    return incident.area.name if incident.area else (incident.owner.name if incident.owner else incident.department)


def about(incident: Incident, who: Actor) -> list[tuple[str, str]]:
    """(word, address) of the pages on which the reader can see or do what the incident is about."""
    what, _colon, rest = incident.subject.partition(":")
    found: list[tuple[str, str]] = []
    if what == "reconciliation":
        found.append((_("日对账：逐笔处理差异"), reverse("console:reconciliation", args=[int(rest)])))
    elif what == "department":
        found.append((_("部门接口"), reverse("console:connector", args=[rest])))
        found.append((_("拨测"), f"{reverse('console:probes')}?{urlencode({'department': rest})}"))
    elif "/report:" in rest:
        found.append((_("群众报修"), f"{reverse('console:reports')}?{urlencode({'incident': incident.pk})}"))
    elif what in ("round", "round_missed"):
        walk = round_of(incident)
        if walk is not None:
            found.append((_("这次巡查，含照片"), reverse("console:round", args=[walk])))
    elif "/negative_rating:" in rest:
        found.append((_("这条差评"), reverse("console:rating", args=[rest.partition("/negative_rating:")[2]])))
    elif "/supervision_finding:" in rest:
        number = rest.partition("/supervision_finding:")[2].partition(".")[0]
        found.append((_("这次监督检查"), reverse("console:supervision_visit", args=[number])))
    elif "/payment:" in rest:
        found.append((_("这一笔缴费"), reverse("console:payment", args=[rest.partition("/payment:")[2]])))
    elif "/case:" in rest:
        found.append((_("这件办件"), reverse("console:case", args=[rest.partition("/case:")[2]])))
    return [(word, url) for word, url in found if may_open(resolve(url.partition("?")[0]).func, who)]


def places(actor: Actor) -> list[tuple[str, str]]:
    """Choices of a filter by region."""
    return [(one.path, one.name) for one in platform.places_visible_to(actor)]


@allow(OPERATING_ROLES)
def incident_list(request: HttpRequest) -> HttpResponse:
    """Every incident that the reader may see, the open ones first."""
    actor = reader(request)
    return listing(
        request,
        title=_("故障"),
        note=_("开始时间是故障本身发生的时刻，不是发现的时刻；上级故障未恢复时，它下面的现象不单独派单、不计责任。"),
        columns=(
            Column("title", _("故障"), lambda row: words(row.title), sort="title"),
            Column("where", _("地点"), where, sort="place_path"),
            Column("state", _("状态"), incident_state, sort="state", kind="state"),
            Column("severity", _("等级"), lambda row: severity_state(row.severity), sort="severity", kind="state"),
            Column("bucket", _("归因"), lambda row: words(BUCKETS[Bucket(row.bucket)].name), sort="bucket"),
            Column("opened", _("开始"), lambda row: row.opened_at, sort="opened_at", kind="moment"),
            Column("symptoms", _("现象"), lambda row: row.symptom_count or None, kind="number"),
            Column("closed", _("恢复"), lambda row: row.closed_at, sort="closed_at", kind="moment"),
            Column("lasted", _("持续"), _lasted, kind="duration"),
        ),
        queryset=queries.with_symptom_count(queries.incidents_visible_to(actor)),
        filters=(
            Filter("state", _("状态"), _incident_states, _by_incident_state),
            Filter("severity", _("等级"), _severities, lambda rows, v: rows.filter(severity=v)),
            Filter("kind", _("原因"), _kinds, lambda rows, v: rows.filter(kind=v)),
            Filter("bucket", _("归因"), lambda: [(b.value, words(BUCKETS[b].name)) for b in Bucket], _by_bucket),
            Filter("area", _("自助区"), lambda: _areas(actor), lambda rows, v: rows.filter(area__code=v)),
            Filter("owner", _("归属单位"), lambda: _owners(actor), lambda rows, v: rows.filter(owner__code=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("title", "subject", "terminal__name", "terminal__code", "area__name"),
        default_sort="-opened",
        row_url=lambda row: reverse("console:incident", args=[row.pk]),
        empty=_("没有故障。终端报告异常、失去联系或部门系统不应答时，会自动列在这里。"),
        export_name=_("故障"),
        topic="maintenance",
    )


def _lasted(row: Incident) -> float | None:
    return (row.closed_at - row.opened_at).total_seconds() if row.closed_at else None


def _kinds() -> list[tuple[str, str]]:
    return [(one.code, words(one.title)) for one in CAUSES]


def _severities() -> list[tuple[str, str]]:
    return [(one.value, words(name)) for one, name in SEVERITIES.items()]


def _areas(actor: Actor) -> list[tuple[str, str]]:
    return list(areas.visible_to(actor).values_list("code", "name")[:500])


def _owners(actor: Actor) -> list[tuple[str, str]]:
    return list(platform.organizations_visible_to(actor).order_by("name").values_list("code", "name"))


def _incident_states() -> list[tuple[str, str]]:
    return [("open", _("未恢复")), ("symptom", _("随上级故障")), ("causes", _("不含现象")), ("closed", _("已恢复"))]


def _by_incident_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "closed":
        return rows.filter(state="closed")
    if value == "causes":
        return rows.filter(cause__isnull=True)
    return rows.filter(state="open", cause__isnull=value == "open")


def _by_bucket(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(bucket=value)


@allow(OPERATING_ROLES)
def incident_detail(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: cause, symptoms, times, whose minutes they are, and its orders."""
    actor = reader(request)
    incident = queries.incidents_visible_to(actor).filter(pk=incident_id).first()
    if incident is None:
        raise Http404
    kind, bucket = get_cause(incident.kind), BUCKETS[Bucket(incident.bucket)]
    now = timezone.now()
    context = {
        "incident": incident,
        "state": incident_state(incident),
        "severity": severity_state(incident.severity),
        "where": where(incident),
        "affects": words(queries.affects_text(incident.kind)),
        "bucket": words(bucket.name),
        "answers": words(ANSWERS[bucket.answers]),
        "proof": words(PROOFS[kind.proof]),
        "tells": [words(TELLS[one]) for one in kind.tells],
        "citizen": words(kind.citizen),
        "why": explain(actor, incident),
        "items": stopped_items(incident),
        "about": about(incident, actor),
        "lasted_s": ((incident.closed_at or now) - incident.opened_at).total_seconds(),
        "symptoms": [
            (one, incident_state(one))
            for one in queries.incidents_visible_to(actor).filter(cause=incident).order_by("-opened_at")[:100]
        ],
        "orders": [(one, order_state(one.state)) for one in queries.orders_visible_to(actor).filter(incident=incident)],
        "stops_before": stops_visible_to(actor).filter(pk__in=stops_before(incident)),
    }
    fragment = request.headers.get("HX-Request") == "true"
    name = "console/maintenance/_incident.html" if fragment else "console/maintenance/incident.html"
    return render(request, name, context)


urlpatterns = [
    path("incidents/", incident_list, name="incidents"),
    path("incidents/<int:incident_id>/", incident_detail, name="incident"),
]
