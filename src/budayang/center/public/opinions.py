"""征求意见: what anybody thinks of a draft standard, by its public page, and how it was handled. No sign-in.

Nothing of a person is asked: a unit may name itself. Beyond the limits an opinion is kept all the same and waits for a
person, and nobody solves puzzles.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.center.standard import opinion_actions, opinion_queries
from budayang.center.standard.models import Consultation
from budayang.center.standard.opinion_actions import Said, as_kept
from budayang.center.standard.text_queries import clause_texts
from budayang.center.standard.writing_standard import MARK
from budayang.rules.standard.opinions import DECISION_NAMES, MOST_TEXT, MOST_UNIT


def _private(answer: HttpResponse) -> HttpResponse:
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@allow(PUBLIC)
@never_cache
def opinions(request: HttpRequest) -> HttpResponse:
    """Drafts on which opinions are asked for now, and the look-up of one that was sent."""
    text = request.GET.get("number", "").strip()[:40]
    if text:
        return redirect("public:opinion_progress", text)
    return render(request, "public/opinions.html", {"rounds": opinion_queries.open_rounds(timezone.localdate())})


@allow(PUBLIC)
@never_cache
def opinion(request: HttpRequest, code: str) -> HttpResponse:
    """The draft's clauses and the form. What was typed stays when it is refused."""
    today = timezone.localdate()
    found = opinion_queries.find_round(code, today)
    if found is None:
        ended = opinion_queries.ended_early(code, today)
        return render(request, "public/opinion_over.html", {"ended": ended}, status=404)
    if request.method != "POST":
        return render(request, "public/opinion.html", _page(found, Said("", clause=request.GET.get("clause", "")[:20])))
    # Line ends first: a browser counts one sign for each and sends two.
    typed = as_kept(Said(*(request.POST.get(name, "") for name in ("text", "clause", "wish", "unit"))))
    said = Said(
        typed.text[: MOST_TEXT + 1], typed.clause[:20], typed.wish[: MOST_TEXT + 1], typed.unit[: MOST_UNIT + 1]
    )
    client = str(request.META.get("REMOTE_ADDR", ""))
    try:
        made = opinion_actions.take_opinion(found, said, client=client, now=timezone.now())
    except Refused as refused:
        return _private(render(request, "public/opinion.html", _page(found, said, str(refused)), status=422))
    return _private(redirect("public:opinion_progress", made.number))


def _page(found: Consultation, said: Said, problem: str = "") -> dict[str, Any]:
    edition = found.project.edition
    chapters: dict[tuple[int, str], list[Any]] = {}
    for one in clause_texts(edition, found.project):
        chapters.setdefault((one.chapter, one.chapter_title), []).append(one)
    return {
        "round": found,
        "project": found.project,
        "edition": edition,
        "mark": MARK,
        "chapters": [(number, title, rows) for (number, title), rows in chapters.items()],
        "said": said,
        "problem": problem,
        "most": MOST_TEXT,
    }


@allow(PUBLIC)
@never_cache
def opinion_progress(request: HttpRequest, number: str) -> HttpResponse:
    """How an opinion was handled, for who holds its number."""
    try:
        found = opinion_queries.find_opinion(number, str(request.META.get("REMOTE_ADDR", "")), timezone.now())
    except opinion_queries.TooManyLooks:
        return _private(render(request, "public/verify_wait.html", status=429))
    if found is None:
        context = {"rounds": opinion_queries.open_rounds(timezone.localdate()), "unknown": True, "text": number[:40]}
        return _private(render(request, "public/opinions.html", context, status=404))
    context = {
        "one": found,
        "state": opinion_queries.state_line(found),
        "decision": words(DECISION_NAMES[found.decision]) if found.decision else "",
        "clause": found.clause_number or _("全文"),
    }
    return _private(render(request, "public/opinion_progress.html", context))
