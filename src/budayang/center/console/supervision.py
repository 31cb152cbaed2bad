"""监督检查 at the desk: the visits, a new one with its link, one with its answers, findings and trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation import supervision_findings as findings
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.improvement_queries import bodies_for
from budayang.center.evaluation.models import SupervisionAnswer, SupervisionFinding, SupervisionVisit
from budayang.center.evaluation.supervision_actions import Planned
from budayang.center.maintenance import round_queries
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals.report_addresses import DEMO_ORIGIN
from budayang.papers import qr_svg
from budayang.rules.evaluation.supervision import EVENT_NAMES, FINDING_NAMES, KIND_NAMES, STATE_NAMES, Score
from budayang.rules.rounds import NO, NOT_HERE, YES

PLANNERS = frozenset(actions.PLANNERS)
VISIT_TONES = {"planned": "hand", "done": "ok", "missed": "stop", "cancelled": "ask"}
FINDING_TONES = {"open": "hand", "replied": "warn", "closed": "ok", "dismissed": "ask"}
SAID = {YES: gettext_lazy("正常"), NO: gettext_lazy("异常"), NOT_HERE: gettext_lazy("不适用")}


class VisitForm(forms.Form):
    """Where, what kind, when, who."""

    area = forms.ChoiceField(label=gettext_lazy("自助区"))
    kind = forms.ChoiceField(
        label=gettext_lazy("种类"), help_text=gettext_lazy("暗访在交上结果以前，本区和各设备归属单位的人都看不到。")
    )
    list_code = forms.ChoiceField(
        label=gettext_lazy("检查表"), help_text=gettext_lazy("用开始那天生效的版本；只问整个自助区的问题。")
    )
    opens_on = DateField(label=gettext_lazy("从哪天"))
    closes_on = DateField(label=gettext_lazy("到哪天"))
    visitor = forms.ChoiceField(label=gettext_lazy("谁去（有账号的）"), required=False)
    role = forms.CharField(
        label=gettext_lazy("来人身份（没有账号的）"), max_length=40, required=False,
        help_text=gettext_lazy("例如“市人大代表”“体验官”。保存后给一个专用链接，凭链接填，不用账号。"),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("来人姓名"), max_length=40, required=False,
        help_text=gettext_lazy("加密保存，只给安排的人看，一年后删除。"),
    )  # fmt: skip

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = [
            one
            for one in areas.visible_to(actor).order_by("code")
            if actor.may(*actions.PLANNERS, place_path=one.place.path)
        ]
        lists = round_queries.names_of_lists(list(round_queries.editions_visible_to(actor)))
        people = platform.staff_visible_to(actor).filter(is_active=True).order_by("name")
        chosen: dict[str, list[tuple[str, Any]]] = {
            "area": [(one.code, one.name) for one in here],
            "kind": [(key, words(name)) for key, name in KIND_NAMES.items()],
            "list_code": sorted(lists.items(), key=lambda pair: pair[0] != "visit"),
            "visitor": [("", _("没有账号，用链接")), *people.values_list("username", "name")],
        }
        for field, choices in chosen.items():
            found = self.fields[field]
            assert isinstance(found, forms.ChoiceField)
            found.choices = choices


def visit_state(row: SupervisionVisit) -> State:
    """Where a visit stands; one whose last day is over and that may still be handed in is late."""
    word = words(STATE_NAMES[row.state])
    if row.state == "planned" and timezone.localdate() > row.closes_on:
        return State("warn", _("%(word)s，已过最后一天") % {"word": word})
    return State(VISIT_TONES[row.state], word)  # type: ignore[arg-type]  # a literal of the table above


def finding_state(row: SupervisionFinding, now: datetime) -> State:
    """Where a finding stands, late or in time."""
    word = words(FINDING_NAMES[row.state])
    if row.state == "open" and row.due_at <= now:
        return State("stop", _("%(word)s，已超期") % {"word": word})
    return State(FINDING_TONES[row.state], word)  # type: ignore[arg-type]  # a literal of the table above


def score_of(row: SupervisionVisit) -> float | None:
    value = Score(row.well, row.failed).value
    return None if value is None or row.state != "done" else round(value, 1)


def _found_in(row: Any) -> int | None:
    found: int = row.found
    return found if row.state == "done" else None


@allow(OPERATING_ROLES)
def visits(request: HttpRequest) -> HttpResponse:
    """Every visit that the reader may know of, the newest first."""
    actor, now = reader(request), timezone.now()
    plans = actor.may(*actions.PLANNERS)

    def by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(late__gt=0) if value == "late" else rows.filter(state=value)

    return listing(
        request,
        title=_("监督检查"),
        note=_(
            "代表委员视察、督查、体验官体验和暗访。得分是检查表里正常的项 ÷（正常 + 异常）× 100，不适用的不算；"
            "发现的问题由责任单位按工作日答复，超期的标出并通知。"
        ),
        columns=(
            Column("number", _("号码"), lambda row: row.number, kind="code"),
            Column("kind", _("种类"), lambda row: words(KIND_NAMES[row.kind]), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("who", _("谁去"), actions.visitor_word, sort="role"),
            Column("closes", _("最后一天"), lambda row: row.closes_on.isoformat(), sort="closes_on", kind="code"),
            Column("state", _("状态"), visit_state, sort="state", kind="state"),
            Column("score", _("得分"), score_of, kind="number"),
            Column("found", _("问题"), lambda row: _found_in(row), sort="found", kind="number"),
            Column("late", _("超期未答复"), lambda row: row.late or None, sort="late", kind="number"),
            Column("handed", _("交上"), lambda row: row.handed_at, sort="handed_at", kind="moment"),
        ),
        queryset=queries.with_counts(queries.visits_visible_to(actor), now),
        filters=(
            Filter(
                "state", _("状态"),
                lambda: [("late", _("有超期未答复的")), *((key, words(name)) for key, name in STATE_NAMES.items())],
                by_state,
            ),
            Filter("kind", _("种类"), lambda: [(key, words(name)) for key, name in KIND_NAMES.items()],
                   lambda rows, v: rows.filter(kind=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("number", "area__name", "role"),
        default_sort="-closes",
        row_url=lambda row: reverse("console:supervision_visit", args=[row.number]),
        empty=_("还没有监督检查。主管和督查点“安排一次”：选自助区、检查表和谁去，没有账号的人用专用链接填。"),
        export_name=_("监督检查"),
        actions=(Action(reverse("console:supervision_new"), _("安排一次"), primary=True),) if plans else (),
    )  # fmt: skip


@allow(PLANNERS)
def visit_new(request: HttpRequest) -> HttpResponse:
    """Plan one; for who has no account the next page shows the link, this once."""
    actor, today = reader(request), timezone.localdate()
    first = {"opens_on": today, "closes_on": today + timedelta(days=14)}
    form = VisitForm(actor, request.POST) if request.method == "POST" else VisitForm(actor, initial=first)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        visitor = platform.staff_visible_to(actor).filter(username=typed["visitor"] or "-", is_active=True).first()
        wanted = Planned(
            typed["kind"], typed["list_code"], typed["opens_on"], typed["closes_on"], visitor, typed["role"],
            typed["name"],
        )  # fmt: skip
        try:
            row, token = actions.plan(actor, areas.get_area(actor, typed["area"]), wanted, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _show(request, row, token=token) if token else redirect("console:supervision_visit", row.number)
    context = {
        "form": form,
        "title": _("安排一次监督检查"),
        "back_url": reverse("console:supervision"),
        "back_word": _("监督检查"),
        "submit": _("安排"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _row(request: HttpRequest, number: str) -> SupervisionVisit:
    row = queries.visits_visible_to(reader(request)).filter(number=number).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
@never_cache
def visit(request: HttpRequest, number: str) -> HttpResponse:
    """One visit: what was asked and answered, what was found, what became of it."""
    return _show(request, _row(request, number))


def _show(request: HttpRequest, row: SupervisionVisit, *, token: str = "", name: str = "") -> HttpResponse:
    actor, now = reader(request), timezone.now()
    plans = actor.may(*actions.PLANNERS, place_path=row.place_path)
    # Bodies' people see their own findings; answers, photographs and the trail are the place's.
    whole = plans or actor.may(*OPERATING_ROLES, place_path=row.place_path) or row.visitor_id == actor.staff_id
    seen = queries.findings_visible_to(actor).filter(visit=row) if not whole else row.findings.select_related(
        "owner", "terminal", "improvement", "order", "visit__area__place"
    )  # fmt: skip
    address = f"{settings.BUDAYANG.public_url or DEMO_ORIGIN}{reverse('public:visit', args=[token])}" if token else ""
    answers, photos = queries.answers_of(row), queries.photos_of(row)
    context = {
        "row": row,
        "kind": words(KIND_NAMES[row.kind]),
        "state": visit_state(row),
        "score": score_of(row),
        "who": actions.visitor_word(row),
        "name": name,
        "plans": plans,
        "whole": whole,
        "mine": row.visitor_id is not None and row.visitor_id == actor.staff_id,
        "address": address,
        # The drawing is segno's; the address becomes modules of a path, never text.
        "qr": mark_safe(qr_svg(address, quiet_zone=4)) if address else "",
        "asked": [
            (one.text, answers.get(one.code), _said(answers.get(one.code)), photos.get(one.code, []))
            for one in queries.questions_of(row)
        ] if whole and row.state == "done" else [],
        "kept": queries.kept_photos(row),
        "findings": [_finding(actor, one, photos.get(one.question, []), now) for one in seen.order_by("pk")],
        "events": [(one, words(EVENT_NAMES[one.what])) for one in reversed(queries.events_of(row))] if whole else [],
        "bodies": bodies_for(actor) if plans else (),
    }  # fmt: skip
    return render(request, "console/supervision/visit.html", context)


def _said(answer: SupervisionAnswer | None) -> str:
    return str(SAID.get(answer.value, answer.value)) if answer is not None else ""


def _finding(actor: Actor, row: SupervisionFinding, photos: list[Any], now: datetime) -> dict[str, Any]:
    judges = actor.may(*findings.JUDGES, place_path=row.place_path)
    sends = actor.may(*findings.SENDERS, place_path=row.place_path) and row.state != "dismissed"
    return {
        "row": row,
        "state": finding_state(row, now),
        "photos": photos,
        "may_reply": row.state == "open" and findings.may_reply(actor, row),
        "may_judge": judges and row.state == "replied",
        "may_dismiss": judges and row.state in ("open", "replied"),
        "may_assign": judges and row.state == "open",
        "may_improve": sends and row.improvement is None and row.owner is not None,
        "may_order": sends and row.order is None,
    }


@allow(OPERATING_ROLES)
@require_POST
@never_cache
def visit_link(request: HttpRequest, number: str) -> HttpResponse:
    """Another link: shown to who plans, opened at once by the visitor who signed in."""
    row = _row(request, number)
    token = actions.renew_link(reader(request), row, timezone.now())
    if row.visitor_id is not None and row.visitor_id == reader(request).staff_id:
        return redirect("public:visit", token)
    messages.success(request, _("新链接已生成，原来的链接不能再用。"))
    return _show(request, row, token=token)


@allow(PLANNERS)
@require_POST
@never_cache
def visit_name(request: HttpRequest, number: str) -> HttpResponse:
    """Who the visitor from outside is, this once; the trail says who looked."""
    row = _row(request, number)
    held = SupervisionVisit.objects.select_related("area__place", "edition", "visitor").get(pk=row.pk)
    return _show(request, held, name=actions.show_name(reader(request), held, timezone.now()) or _("没有留姓名"))


@allow(PLANNERS)
@require_POST
def visit_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Call it off."""
    row = _row(request, number)
    try:
        actions.cancel(reader(request), row, why=request.POST.get("note", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已取消。"))
    return redirect("console:supervision_visit", number)


@allow(OPERATING_ROLES)
def visit_photo(request: HttpRequest, number: str, photo: int) -> HttpResponse:
    """A photograph of the visit; bodies' people see those of their findings."""
    row, actor = _row(request, number), reader(request)
    found = row.photos.filter(pk=photo).first()
    whole = actor.may(*OPERATING_ROLES, place_path=row.place_path) or row.visitor_id == actor.staff_id
    if found is not None and not whole:
        own = queries.findings_visible_to(actor).filter(visit=row, question=found.question)
        found = found if own.exists() else None
    content = queries.read_photo(found) if found is not None else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


urlpatterns = [
    path("supervision/", visits, name="supervision"),
    path("supervision/new/", visit_new, name="supervision_new"),
    path("supervision/<str:number>/", visit, name="supervision_visit"),
    path("supervision/<str:number>/link/", visit_link, name="supervision_link"),
    path("supervision/<str:number>/name/", visit_name, name="supervision_name"),
    path("supervision/<str:number>/cancel/", visit_cancel, name="supervision_cancel"),
    path("supervision/<str:number>/photos/<int:photo>.jpg", visit_photo, name="supervision_photo"),
]
