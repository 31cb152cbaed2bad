"""Pages of publicity and training (宣贯): plans, what was held, materials, coverage by area, the adoption register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.registers import choices
from budayang.center.console.standard_training_forms import AdoptionForm, EventForm, HeldForm
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.printed import XLSX
from budayang.center.platform.wording import words
from budayang.center.standard import queries, training_actions, training_queries
from budayang.center.standard.models import Adoption, Edition, SpreadEvent
from budayang.rules.standard.spreading import ADOPTION_NAMES, EVENT_KINDS, EVENT_STATES

KEEPERS = frozenset(training_actions.KEEPERS)
TONES: dict[str, Tone] = {"planned": "hand", "late": "stop", "held": "ok", "cancelled": "ask"}
ADOPTION_TONES: dict[str, Tone] = {"adopted": "ok", "followed": "hand", "transition": "warn"}
COVERAGE_HEADS = ("自助区", "活动场次", "参加人次", "最近一次", "管理员", "测试通过", "采用情况")


def edition_in_force() -> Edition:
    """The edition in force; without one there is nothing to spread."""
    edition = queries.current_edition()
    if edition is None:
        raise Http404(_("还没有载入标准。"))
    return edition


def _state(row: SpreadEvent) -> State:
    key = training_queries.state_of(row, timezone.localdate())
    return State(TONES[key], words(EVENT_STATES[key]))


def form_page(request: HttpRequest, form: Any, title: str, back: str, back_word: str, note: str = "") -> HttpResponse:
    """The form page of this subject."""
    context = {"form": form, "title": title, "back_url": back, "back_word": back_word, "note": note}
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _not_planned(actor: Actor, today: date) -> str:
    """Of which coming standard nothing is planned before it takes effect."""
    told = _("《%(title)s》%(on)s 实施，还没有实施前的宣贯计划。")
    return "".join(
        told % {"title": one.title, "on": one.in_force_on.isoformat()}
        for one in training_queries.unspread(actor, today)
        if one.in_force_on
    )


@allow(queries.READERS)
def events(request: HttpRequest) -> HttpResponse:
    """Plans and what became of them."""
    actor, today = reader(request), timezone.localdate()

    def by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        keys = [one.pk for one in rows if training_queries.state_of(one, today) == value]
        return rows.filter(pk__in=keys)

    keeps = actor.may(*KEEPERS)
    return listing(
        request,
        title=_("宣贯"),
        note=_("标准发布前后的宣传和培训：先有计划，办完登记人数和凭证。只记人数，不记姓名。")
        + _not_planned(actor, today),
        columns=(
            Column("subject", _("主题"), lambda row: row.subject, sort="subject"),
            Column("kind", _("方式"), lambda row: words(EVENT_KINDS[row.kind]), sort="kind"),
            Column("place", _("举办地区"), lambda row: row.place.name, sort="place__name"),
            Column("planned", _("计划日期"), lambda row: row.planned_on.isoformat(), sort="planned_on"),
            Column("state", _("状态"), _state, kind="state"),
            Column("held", _("办的日期"), lambda row: row.held_on.isoformat() if row.held_on else "", sort="held_on"),
            Column("present", _("参加人数"), lambda row: row.present, sort="present", kind="number"),
        ),
        queryset=training_queries.events_visible_to(actor),
        filters=(
            Filter("state", _("状态"), choices(EVENT_STATES), by_state),
            Filter("kind", _("方式"), choices(EVENT_KINDS), lambda rows, v: rows.filter(kind=v)),
        ),
        search=("subject", "place__name", "proof"),
        default_sort="-planned",
        row_url=lambda row: reverse("console:spread_event", args=[row.pk]),
        empty=_("还没有宣贯计划。点“计划一次”。"),
        export_name=_("宣贯"),
        actions=(
            *((Action(reverse("console:spread_new"), _("计划一次"), primary=True),) if keeps else ()),
            Action(reverse("console:spread_coverage"), _("按自助区看")),
            Action(reverse("console:adoptions"), _("采用登记")),
        ),
    )


@allow(KEEPERS)
def event_new(request: HttpRequest) -> HttpResponse:
    """Plan an event."""
    today = timezone.localdate()
    initial = {"planned_on": today, "edition": edition_in_force()}
    form = EventForm(reader(request), training_queries.editions_to_spread(today), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            typed = form.cleaned_data | {"edition": form.cleaned_data["edition"] or edition_in_force()}
            row = training_actions.plan_event(reader(request), now=timezone.now(), **typed)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect("console:spread_event", row.pk)
    return form_page(request, form, _("计划一次宣贯"), reverse("console:spread_events"), _("宣贯"))


def _event(request: HttpRequest, pk: int) -> SpreadEvent:
    row = training_queries.events_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(queries.READERS)
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event; who keeps it writes down here how it went."""
    actor, row = reader(request), _event(request, pk)
    keeps = actor.may(*KEEPERS, place_path=row.place_path)
    form = HeldForm(row, request.POST or None, initial={"held_on": timezone.localdate()})
    if request.method == "POST":
        if not keeps:
            raise Forbidden("only keepers write down")
        if form.is_valid():
            typed = {"invited": None, "present": None} | form.cleaned_data
            try:
                training_actions.hold_event(actor, row, now=timezone.now(), **typed)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已登记。"))
                return redirect("console:spread_event", row.pk)
    context = {
        "row": row,
        "state": _state(row),
        "kind": words(EVENT_KINDS[row.kind]),
        "areas": [one.place.name for one in row.areas.select_related("place")],
        "materials": row.materials.defer("content"),
        "form": form,
        "keeps": keeps,
        "may_hold": keeps and not row.cancelled_for and row.held_on is None,
    }
    return render(request, "console/standard/spread.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
@require_POST
def event_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call it off."""
    row = _event(request, pk)
    try:
        training_actions.cancel_event(reader(request), row, request.POST.get("why", ""), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:spread_event", row.pk)


@allow(KEEPERS)
@require_POST
def material_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a material."""
    row, file = _event(request, pk), request.FILES.get("file")
    try:
        if file is None:
            raise Refused(_("请选一张图片或一个 PDF。"))
        training_actions.add_material(reader(request), row, file.name or "", file.read(), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已保存。"))
    return redirect("console:spread_event", row.pk)


@allow(queries.READERS)
def material(request: HttpRequest, pk: int, material: int) -> HttpResponse:
    """A material as it is kept."""
    found = _event(request, pk).materials.filter(pk=material).first()
    if found is None:
        raise Http404
    answer = HttpResponse(bytes(found.content), content_type=found.media)
    answer["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@allow(queries.READERS)
def coverage(request: HttpRequest) -> HttpResponse:
    """Each area with what reached it; ?export=xlsx is the file."""
    actor, edition = reader(request), edition_in_force()
    rows = training_queries.coverage(actor, edition, timezone.localdate())
    if request.GET.get("export") == "xlsx":
        columns = tuple(
            exports.Column(words(head), lambda row, at=at: row[at])  # type: ignore[misc]  # the default binds the place
            for at, head in enumerate(COVERAGE_HEADS)
        )
        cells = [
            (one.name, one.events, one.present, one.last_on, one.keepers, one.passed, _adoption_word(one.adoption))
            for one in rows
        ]
        with transaction.atomic():
            record(actor, "console.export", subject="list:coverage", details={"format": "xlsx", "rows": len(rows)})
        content = exports.workbook(_("宣贯覆盖"), columns, cells, demo=settings.BUDAYANG.demo)
        answer = HttpResponse(content, content_type=XLSX)
        answer["Content-Disposition"] = content_disposition_header(True, _("宣贯覆盖") + ".xlsx") or "attachment"
        return answer
    reached = sum(one.events > 0 for one in rows)
    context = {
        "edition": edition,
        "rows": [(one, _adoption_state(one.adoption)) for one in rows],
        "reached": reached,
        "total": len(rows),
    }
    return render(request, "console/standard/coverage.html", context)


def _adoption_word(row: Adoption | None) -> str:
    if row is None:
        return _("未登记")
    word = words(ADOPTION_NAMES[row.kind])
    return _("%(kind)s，到 %(on)s") % {"kind": word, "on": row.until_on.isoformat()} if row.until_on else word


def _adoption_state(row: Adoption | None) -> State:
    if row is not None and row.until_on is not None and row.until_on < timezone.localdate():
        return State("stop", _("过渡已在 %(on)s 到期") % {"on": row.until_on.isoformat()})
    return State("ask" if row is None else ADOPTION_TONES[row.kind], _adoption_word(row))


@allow(queries.READERS)
def adoptions(request: HttpRequest) -> HttpResponse:
    """The register: who takes the standard how, and since when."""
    actor = reader(request)
    rows = training_queries.adoptions_visible_to(actor)
    people = People(rows.order_by().values_list("by", flat=True).distinct())
    return listing(
        request,
        title=_("采用登记"),
        note=_(
            "采用：全部照标准执行；参照：对照执行；过渡：到期以前逐步达到。同一地方以最近一次登记为准，以前的保留。"
        ),
        columns=(
            Column("place", _("地区或自助区"), lambda row: row.place.name, sort="place__path"),
            Column("kind", _("怎样采用"), _adoption_state, sort="kind", kind="state"),
            Column("edition", _("标准"), lambda row: row.edition.title),
            Column("since", _("从哪天起"), lambda row: row.since_on.isoformat(), sort="since_on"),
            Column("until", _("过渡到哪天"), lambda row: row.until_on.isoformat() if row.until_on else ""),
            Column("paper", _("依据"), lambda row: row.paper),
            Column("note", _("说明"), lambda row: row.note),
            Column("by", _("登记人"), lambda row: people.called(row.by)),
        ),
        queryset=rows,
        filters=(Filter("kind", _("怎样采用"), choices(ADOPTION_NAMES), lambda rows, v: rows.filter(kind=v)),),
        search=("place__name", "paper", "note"),
        default_sort="-since",
        row_url=None,
        empty=_("还没有登记。哪个地区、自助区怎样采用标准，点“登记”。"),
        export_name=_("采用登记"),
        actions=(
            *((Action(reverse("console:adoption_new"), _("登记"), primary=True),) if actor.may(*KEEPERS) else ()),
            Action(reverse("console:spread_coverage"), _("按自助区看")),
        ),
    )


@allow(KEEPERS)
def adoption_new(request: HttpRequest) -> HttpResponse:
    """Register how a place takes the standard."""
    edition = edition_in_force()
    form = AdoptionForm(reader(request), request.POST or None, initial={"since_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            training_actions.register_adoption(
                reader(request), edition=edition, now=timezone.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect("console:adoptions")
    note = _("参照版不是标准，只能登记为“参照”。") if edition.is_reference else ""
    return form_page(request, form, _("登记采用"), reverse("console:adoptions"), _("采用登记"), note)


urlpatterns = [
    path("spread/", events, name="spread_events"),
    path("spread/new/", event_new, name="spread_new"),
    path("spread/coverage/", coverage, name="spread_coverage"),
    path("spread/<int:pk>/", event, name="spread_event"),
    path("spread/<int:pk>/cancel/", event_cancel, name="spread_cancel"),
    path("spread/<int:pk>/materials/", material_new, name="spread_material_new"),
    path("spread/<int:pk>/materials/<int:material>/", material, name="spread_material"),
    path("adoptions/", adoptions, name="adoptions"),
    path("adoptions/new/", adoption_new, name="adoption_new"),
]
