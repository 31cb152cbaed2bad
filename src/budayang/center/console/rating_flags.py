"""评价异常: what looks wrong with ratings, and a person's judgement of each. Nothing is dropped by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.evaluation import level_state, rating_state
from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import integrity_actions as actions
from budayang.center.evaluation import negative_actions as negative
from budayang.center.evaluation import queries
from budayang.center.evaluation.models import RatingFlag
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.rules.evaluation import LEVELS
from budayang.rules.evaluation.integrity import FLAG_KINDS, FLAG_STATES
from budayang.rules.evaluation.negative import SET_ASIDE_REASONS

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.INSPECTOR})
JUDGES = frozenset(negative.JUDGES)


def flag_state(flag: RatingFlag) -> State:
    """Waiting for a person, or judged."""
    tone = {"open": "warn", "genuine": "ok", "set_aside": "ask"}[flag.state]
    return State(tone, words(FLAG_STATES[flag.state]))  # type: ignore[arg-type]


@allow(VIEWERS)
def flag_list(request: HttpRequest) -> HttpResponse:
    """Every flag that the reader may see, the newest first."""
    actor = reader(request)
    return listing(
        request,
        title=_("评价异常"),
        note=_("按规则找出看上去不像群众自己评的，由人判断。没有人判断之前照常计入，也不会悄悄删掉。"),
        columns=(
            Column("kind", _("异常"), lambda row: words(FLAG_KINDS[row.kind]), sort="kind"),
            Column("why", _("依据"), lambda row: words(row.why)),
            Column("state", _("判断"), flag_state, sort="state", kind="state"),
            Column("level", _("评价"), lambda row: rating_state(row.rating), kind="state"),
            Column("number", _("办件"), lambda row: row.rating.case_number, kind="code"),
            Column("terminal", _("终端"), lambda row: row.rating.terminal.name, sort="rating__terminal__code"),
            Column("owner", _("归属单位"), lambda row: row.rating.owner.name, sort="rating__owner__name"),
            Column("at", _("评价时间"), lambda row: row.rating.at, sort="rating__at", kind="moment"),
        ),
        queryset=queries.flags_visible_to(actor),
        filters=(
            Filter("state", _("判断"), _states, lambda rows, v: rows.filter(state=v)),
            Filter("kind", _("异常"), _kinds, lambda rows, v: rows.filter(kind=v)),
            Filter("level", _("评价"), _levels, lambda rows, v: rows.filter(rating__level=v)),
            Filter("place", _("地区"), lambda: places(actor), _by_place),
        ),
        search=("rating__case_number", "rating__terminal__name", "rating__terminal__code"),
        default_sort="-at",
        row_url=lambda row: reverse("console:rating_flag", args=[row.pk]),
        empty=_("没有异常。评价来了约一小时后按规则看一遍，有可疑的会列在这里等人判断。"),
        export_name=_("评价异常"),
        topic="evaluation",
    )


def _states() -> list[tuple[str, str]]:
    return [(code, words(name)) for code, name in FLAG_STATES.items()]


def _kinds() -> list[tuple[str, str]]:
    return [(code, words(name)) for code, name in FLAG_KINDS.items()]


def _levels() -> list[tuple[str, str]]:
    return [(one.code, words(one.name)) for one in LEVELS]


def _by_place(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(place_path__startswith=value)


def _flag(request: HttpRequest, pk: int) -> RatingFlag:
    flag = queries.flags_visible_to(reader(request)).filter(pk=pk).first()
    if flag is None:
        raise Http404
    return flag


@allow(VIEWERS)
def flag_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One flag: its reason, the rating, the others of that terminal around it, and the judgement."""
    return _show(request, _flag(request, pk))


def _show(request: HttpRequest, flag: RatingFlag, *, status: int = 200) -> HttpResponse:
    actor = reader(request)
    context = {
        "flag": flag,
        "kind": words(FLAG_KINDS[flag.kind]),
        "state": flag_state(flag),
        "rating": flag.rating,
        "level": rating_state(flag.rating),
        "reasons": queries.reasons_of(flag.rating),
        "around": [(one, level_state(one.level), queries.reasons_of(one)) for one in queries.around(flag.rating)],
        "others": [(one, words(FLAG_KINDS[one.kind]), flag_state(one)) for one in queries.other_flags(flag)],
        "may_judge": flag.state == "open" and actor.may(*negative.JUDGES, place_path=flag.place_path),
        "reasons_aside": [(code, words(name)) for code, name in SET_ASIDE_REASONS.items()],
        "typed": {name: request.POST.get(name, "") for name in ("note", "reason")} if status != 200 else {},
    }
    return render(request, "console/evaluation/flag.html", context, status=status)


@allow(JUDGES)
@require_POST
def flag_judge(request: HttpRequest, pk: int, verdict: str) -> HttpResponse:
    """属实 or 剔除, with words. What cannot be done is told on the page, with what was typed."""
    flag, actor, now = _flag(request, pk), reader(request), timezone.now()
    note = request.POST.get("note", "")
    try:
        if verdict == "genuine":
            actions.judge_genuine(actor, flag, note=note, now=now)
        elif verdict == "aside":
            actions.judge_set_aside(actor, flag, reason=request.POST.get("reason", ""), note=note, now=now)
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _flag(request, pk), status=422)
    messages.success(request, _("已记下。"))
    return redirect("console:rating_flag", pk)


urlpatterns = [
    path("rating-flags/", flag_list, name="rating_flags"),
    path("rating-flags/<int:pk>/", flag_detail, name="rating_flag"),
    path("rating-flags/<int:pk>/<slug:verdict>/", flag_judge, name="rating_flag_judge"),
]
