"""投诉、表扬、建议: anybody says what he thinks of the service, without sign-in, and follows it by a number."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.evaluation import complaint_actions, complaint_queries
from budayang.center.evaluation.complaint_actions import Said
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.own_links import is_own, own_mark
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import read_number
from budayang.rules.evaluation.complaints import DECLINE_REASONS, EVENT_NAMES, FINAL_STATES, KIND_NAMES, state_name


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _private(answer: HttpResponse) -> HttpResponse:
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@allow(PUBLIC)
@never_cache
def complaint_new(request: HttpRequest) -> HttpResponse:
    """Hand one in; ?area= names the place beforehand. What was typed stays when it is refused."""
    source = request.POST if request.method == "POST" else request.GET
    given = {name: source.get(name, "")[:600] for name in ("kind", "area", "terminal", "text", "phone")}
    problem = ""
    if request.method == "POST":
        try:
            made = complaint_actions.take_complaint(Said(**given), client=_address(request), now=timezone.now())
        except Refused as refused:
            problem = str(refused)
        else:
            return redirect(_own_page(made.number, own_mark("complaint", made.number)))
    context: dict[str, Any] = {
        "kinds": [(code, words(name)) for code, name in KIND_NAMES.items()],
        "areas": areas.list_public().order_by("name"),
        "given": given,
        "problem": problem,
        "most": complaint_actions.WORDS_LENGTH,
    }
    return _private(render(request, "public/complaint.html", context, status=422 if problem else 200))


def _own_page(number: str, mark: str) -> str:
    return f"{reverse('public:complaint_progress', args=[number])}?own={mark}"


@allow(PUBLIC)
@never_cache
def complaint_find(request: HttpRequest) -> HttpResponse:
    """Look one up by its number."""
    text = request.GET.get("number", "").strip()[:40]
    number = read_number(text)
    if number is None:
        return render(
            request, "public/complaint_find.html", {"wrong": bool(text), "text": text}, status=400 if text else 200
        )
    return redirect("public:complaint_progress", number)


@allow(PUBLIC)
@never_cache
def complaint_progress(request: HttpRequest, number: str) -> HttpResponse:
    """How it stands by the five steps, the answer, and until when there is one.

    ?own= is the mark of the link that the person got after handing it in: only there it can be taken back.
    """
    return _progress(request, number, request.GET.get("own", ""))


def _progress(request: HttpRequest, number: str, mark: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    try:
        found = complaint_queries.find_progress(number, _address(request), timezone.now())
    except complaint_queries.TooManyLooks:
        return _private(render(request, "public/verify_wait.html", status=429))
    if found is None:
        return _private(render(request, "public/complaint_find.html", {"unknown": True, "text": number}, status=404))
    row = found.row
    limits = complaint_actions.limits_of(row)
    context = {
        "row": row,
        "kind": words(KIND_NAMES[row.kind]),
        "state": words(state_name(row.kind, row.state)),
        "steps": [(at, words(EVENT_NAMES[event])) for at, event in found.steps],
        "declined": words(DECLINE_REASONS.get(row.declined_for, "")),
        "answer_by": limits.answer if not row.answered_at and row.state not in FINAL_STATES else None,
        "open": row.state not in FINAL_STATES and row.state != "answered",
        "own": mark if is_own("complaint", row.number, mark) else "",
        "problem": problem,
    }
    return _private(render(request, "public/complaint_progress.html", context, status=status))


@allow(PUBLIC)
@require_POST
def complaint_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take it back; words and telephone go at once. Only from the person's own link."""
    known, mark = read_number(number) or "", request.POST.get("own", "")[:40]
    try:
        complaint_actions.withdraw(known, mark, timezone.now())
    except Refused as refused:
        return _progress(request, known, "", problem=str(refused), status=403)
    return redirect(_own_page(known or number, mark))
