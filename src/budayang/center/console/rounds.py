"""Pages of rounds: the list, one round with its answers and traces, a stop's sheet of questions, and the code that was
read at a machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.round_sheet import Typed, save_sheet, shown_question, value_words
from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import Round, RoundTrace
from budayang.center.maintenance.round_day import key_of
from budayang.center.maintenance.round_queries import Stop
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import watching_queries as watching
from budayang.rules.rounds import PROOF_NAMES, STATE_NAMES, TRACE_NAMES, WHO_NAMES
from budayang.wire.presence import read_presence

DOERS = frozenset(queries.DOERS)
KEEPERS = frozenset(actions.KEEPERS)
TONES: dict[str, Tone] = {"open": "hand", "done": "ok", "missed": "stop", "done_late": "warn", "cancelled": "ask"}
GRAVE_TRACES = frozenset(
    {"late", "clock_ahead", "other_person", "conflict", "blank", "no_photo", "no_proof", "missed", "outdated"}
)


def round_state(row: Round) -> State:
    """Where a round stands, by word and shape."""
    return State(TONES[row.state], words(STATE_NAMES[row.state]))


def _span(row: Round) -> str:
    zone = ZoneInfo(row.area.place.zone)
    start, end = row.opens_at.astimezone(zone), row.closes_at.astimezone(zone)
    next_day = _("次日") if end.date() > start.date() else ""
    return f"{start:%m-%d %H:%M}–{next_day}{end:%H:%M}"


def _found(row: Round) -> State | None:
    if row.conflicts:
        return State("warn", _("%(n)d 处不一致") % {"n": row.conflicts})
    return State("stop", _("%(n)d 项异常") % {"n": row.failed}) if row.failed else None


@allow(OPERATING_ROLES)
def round_list(request: HttpRequest) -> HttpResponse:
    """Every round that the reader may see, the latest first."""
    actor = reader(request)
    return listing(
        request,
        title=_("巡查巡检"),
        note=_(
            "巡查看场地，巡检看设备。到点由计划开出；过时未交算一次故障，补做以后才恢复。答案改过、迟交、代答都留痕。"
        ),
        columns=(
            Column("name", _("检查表"), lambda row: row.plan.name, sort="plan__name"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("when", _("时间段"), _span, sort="opens_at"),
            Column("state", _("状态"), round_state, sort="state", kind="state"),
            Column("found", _("结果"), _found, sort="failed", kind="state"),
            Column("who", _("由谁"), _who),
            Column("finished", _("交上"), lambda row: row.finished_at, sort="finished_at", kind="moment"),
        ),
        queryset=queries.rounds_visible_to(actor),
        filters=(
            Filter("state", _("状态"), _states, lambda rows, v: rows.filter(state=v)),
            Filter("list", _("检查表"), lambda: _lists(actor), lambda rows, v: rows.filter(plan__list_code=v)),
            Filter("found", _("结果"), _founds, _by_found),
            Filter("area", _("自助区"), lambda: _areas(actor), lambda rows, v: rows.filter(area__code=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("plan__name", "area__name", "finished_by"),
        default_sort="-when",
        row_url=lambda row: reverse("console:round", args=[row.pk]),
        empty=_("还没有巡查。先采用检查表，再为自助区建立计划，到点会自动开出。"),
        export_name=_("巡查巡检"),
        topic="maintenance",
        actions=(
            Action(reverse("console:round_plans"), _("计划")),
            Action(reverse("console:check_lists"), _("检查表")),
        ),
    )


def _who(row: Round) -> str:
    plan = row.plan
    named = plan.person.name if plan.person else plan.organization.name if plan.organization else ""
    return " ".join(part for part in (words(WHO_NAMES[plan.who]), named) if part)


def _states() -> list[tuple[str, str]]:
    return [(code, words(word)) for code, word in STATE_NAMES.items()]


def _lists(actor: Actor) -> list[tuple[str, str]]:
    return sorted(queries.names_of_lists(list(queries.editions_visible_to(actor))).items())


def _founds() -> list[tuple[str, str]]:
    return [("failed", _("有异常")), ("conflict", _("有不一致，待裁定"))]


def _by_found(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(failed__gt=0) if value == "failed" else rows.filter(conflicts__gt=0)


def _areas(actor: Actor) -> list[tuple[str, str]]:
    return [(one.code, one.name) for one in areas.visible_to(actor)]


def get_round(request: HttpRequest, number: int) -> Round:
    """The round, or 404 when it is not there or not for this reader."""
    try:
        return queries.get_round(reader(request), number)
    except Round.DoesNotExist as error:
        raise Http404 from error


@allow(OPERATING_ROLES)
def round_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One round: its stops, what was found, what conflicts, and what left a trace."""
    return _detail(request, get_round(request, number))


def _detail(request: HttpRequest, row: Round, refused: str = "", note: str = "") -> HttpResponse:
    actor = reader(request)
    sheet, traces, old = queries.sheet(row), queries.traces_of(row), queries.replaced_answers(row)
    rivals = [one.by for stop in sheet for asked in stop.asked for one in asked.conflicts]
    people = People([*rivals, *(one.by for one in traces), *(one.by for one in old), row.finished_by])
    texts = {one.code: one.text for one in queries.questions_in(row)}
    left = sum(stop.left for stop in sheet)
    context = {
        "row": row,
        "state": round_state(row),
        "span": _span(row),
        "who": _who(row),
        "finished_by": people.called(row.finished_by) if row.finished_by else "",
        "stops": [_shown_stop(row, stop, people) for stop in sheet],
        "left": left,
        "phone_key": key_of(row.plan_id, row.opens_at),
        "may_walk": queries.may_walk(actor, row) and row.state != "cancelled",
        "may_finish": row.state in ("open", "missed"),
        "may_settle": queries.may_walk(actor, row),
        "may_cancel": actor.may(*actions.KEEPERS, place_path=row.place_path) and row.state == "open",
        "traces": [(one, _trace_words(one, texts), people.called(one.by)) for one in reversed(traces)],
        "old": [
            (one, texts.get(one.question, one.question), value_words(one.value), people.called(one.by)) for one in old
        ],
        "refused": refused,
        "typed": note,
    }
    return render(request, "console/rounds/round.html", context, status=422 if refused else 200)


def _shown_stop(row: Round, stop: Stop, people: People) -> dict[str, Any]:
    args = [row.pk, stop.code] if stop.code else [row.pk]
    return {
        "code": stop.code,
        "name": stop.name or _("整个自助区"),
        "url": reverse("console:round_stop" if stop.code else "console:round_place", args=args),
        "left": stop.left,
        "failed": stop.failed,
        "proof": _proof(stop),
        "asked": [shown_question(one, people=people) for one in stop.asked],
    }


def _proof(stop: Stop) -> State | None:
    if not stop.code:
        return None
    if not stop.presences:
        return State("ask", _("没有到场证明"))
    best = min(stop.presences, key=lambda one: list(PROOF_NAMES).index(one.verdict))
    tones: dict[str, Tone] = {"proved": "ok", "said": "hand", "expired": "warn", "wrong": "stop"}
    return State(tones[best.verdict], words(PROOF_NAMES[best.verdict]))


def _trace_words(row: RoundTrace, texts: dict[str, str]) -> dict[str, Any]:
    what = " · ".join(part for part in (row.stop, texts.get(row.question, "")) if part)
    told = row.details
    parts = [str(told[key]) for key in ("note", "reason") if told.get(key)]
    if row.event == "edited":
        parts.append(
            _("原答 %(old)s，改为 %(new)s") % {"old": value_words(told["old"]), "new": value_words(told["new"])}
        )
    if row.event == "conflict":
        parts.append(
            _("先答 %(kept)s，后到 %(other)s")
            % {"kept": value_words(told["kept"]), "other": value_words(told["other"])}
        )
    return {
        "word": words(TRACE_NAMES[row.event]),
        "what": what,
        "more": "；".join(parts),
        "grave": row.event in GRAVE_TRACES,
    }


@allow(DOERS)
def round_stop(request: HttpRequest, number: int, stop: str = "") -> HttpResponse:
    """The questions of one stop; what is sent twice counts once, what was changed meanwhile is not overwritten."""
    actor, row, now = reader(request), get_round(request, number), timezone.now()
    sheet = queries.sheet(row)
    here = next((one for one in sheet if one.code == stop), None)
    if here is None:
        raise Http404
    typed: dict[str, Typed] = {}
    if request.method == "POST":
        typed, saved = save_sheet(request, actor, row, here, now)
        if not any(one.problem for one in typed.values()):
            messages.success(request, _("已记下 %(n)d 项。") % {"n": saved})
            return redirect(_next_url(row, sheet, here))
        here = next(one for one in queries.sheet(get_round(request, number)) if one.code == stop)
    questions = [shown_question(one, typed.get(one.question.code)) for one in here.asked]
    context = {
        "row": row,
        "stop": _shown_stop(row, here, People()),
        "questions": questions,
        "problems": [one for one in questions if one["problem"]],
        "place": not here.code,
        "watched": here.kind == "watched",
        "may_walk": queries.may_walk(actor, row),
    }
    return render(request, "console/rounds/stop.html", context, status=422 if context["problems"] else 200)


def _next_url(row: Round, sheet: Sequence[Stop], here: Stop) -> str:
    """The next stop that has questions left, else the round's own page."""
    codes = [one.code for one in sheet]
    after = sheet[codes.index(here.code) + 1 :]
    following = next((one for one in after if one.left), None)
    if following is None:
        return reverse("console:round", args=[row.pk])
    return reverse("console:round_stop", args=[row.pk, following.code])


@allow(DOERS)
@require_POST
def round_finish(request: HttpRequest, number: int) -> HttpResponse:
    """Hand the round over; blanks need a reason."""
    row, note, now = get_round(request, number), request.POST.get("note", ""), timezone.now()
    try:
        actions.finish_round(reader(request), row, note=note, at=now, now=now)
    except Refused as refusal:
        return _detail(request, get_round(request, number), str(refusal), note)
    messages.success(request, _("已交上。"))
    return redirect("console:round", number=row.pk)


@allow(KEEPERS)
@require_POST
def round_cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Say that the round is not to be walked."""
    row = get_round(request, number)
    try:
        actions.cancel_round(reader(request), row, reason=request.POST.get("reason", ""), now=timezone.now())
    except Refused as refusal:
        return _detail(request, get_round(request, number), str(refusal))
    messages.success(request, _("已取消，原因留在记录里。"))
    return redirect("console:round", number=row.pk)


@allow(DOERS)
@require_POST
def round_settle(request: HttpRequest, number: int, answer: int) -> HttpResponse:
    """Say which of two answers holds."""
    row, posted = get_round(request, number), request.POST
    try:
        actions.settle_conflict(
            reader(request), row, answer, take=posted.get("take") == "other", note=posted.get("note", ""),
            now=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        return _detail(request, get_round(request, number), str(refusal))
    messages.success(request, _("已裁定，两次作答都留着。"))
    return redirect("console:round", number=row.pk)


@allow(OPERATING_ROLES)
def round_photo(request: HttpRequest, number: int, photo: int) -> HttpResponse:
    """A photograph of a round."""
    found = get_round(request, number).photos.filter(pk=photo).first()
    content = queries.read_photo(found) if found is not None else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@allow(DOERS)
def round_here(request: HttpRequest) -> HttpResponse:
    """Where a code that was read at a machine leads: which of the open rounds it is for, and "am I here?"."""
    actor, now = reader(request), timezone.now()
    code = request.POST.get("c", request.GET.get("c", ""))[:200]
    read = read_presence(code)
    labelled = watching.terminal_of_qr(code) if read is None and code else None
    stop = read.terminal if read is not None else labelled.code if labelled is not None else ""
    rounds = [one for one in queries.open_rounds_of(actor, now) if stop and stop in one.stops]
    if request.method == "POST":
        chosen = next((one for one in rounds if str(one.pk) == request.POST.get("round")), None)
        if chosen is None:
            raise Http404
        found = actions.record_presence(
            actor, chosen, client_id=request.POST.get("id", ""), stop=stop, code=code, at=now, now=now
        )
        tell = messages.success if found.verdict in ("proved", "said") else messages.error
        tell(request, words(PROOF_NAMES[found.verdict]))
        return redirect("console:round_stop", number=chosen.pk, stop=stop)
    context = {
        "code": code,
        "stop": stop,
        "labelled": labelled is not None,
        "rounds": [(one, _span(one)) for one in rounds],
        "client_id": actions.new_client_id(),
    }
    return render(request, "console/rounds/here.html", context)


urlpatterns = [
    path("rounds/", round_list, name="rounds"),
    path("rounds/here/", round_here, name="round_here"),
    path("rounds/<int:number>/", round_detail, name="round"),
    path("rounds/<int:number>/place/", round_stop, name="round_place"),
    path("rounds/<int:number>/stops/<slug:stop>/", round_stop, name="round_stop"),
    path("rounds/<int:number>/finish/", round_finish, name="round_finish"),
    path("rounds/<int:number>/cancel/", round_cancel, name="round_cancel"),
    path("rounds/<int:number>/settle/<int:answer>/", round_settle, name="round_settle"),
    path("rounds/<int:number>/photos/<int:photo>/", round_photo, name="round_photo"),
]
