"""补评: one matter is rated once, afterwards, by whoever holds its receipt; and how a bad rating went on. No sign-in.

Voluntary, nothing is chosen beforehand, nobody is asked who he is. The address comes from the receipt's QR code, or
from number and code typed in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.evaluation import actions, negative_actions, queries
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.evaluation.negative_actions import find_negative_case
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.center.services import case_queries
from budayang.center.services.queries import find_case
from budayang.center.services.rating_addresses import Channel, rating_path, read_rating_address
from budayang.center.services.verification import TooManyAttempts
from budayang.rules.evaluation import LEVEL_BY_CODE, LEVELS, reasons_for
from budayang.rules.evaluation.negative import EVENT_NAMES, RERATE_LEVELS, may_rerate

LONGEST = 80
# What the person reads of the trail; the rest is the house's own.
TOLD = frozenset({"opened", "contact", "fix", "call_back", "send_back", "rerate_good", "rerate_bad", "lapse", "uphold"})


def _private(answer: HttpResponse) -> HttpResponse:
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def rate_url(case: Any, now: datetime) -> str:
    """Where a matter (a row of the services room) may be rated, or its rating seen; "" while neither."""
    rated = queries.find_rating(case.number) is not None
    return rating_path("public", case.number) if rated or queries.may_still_rate(case, now) else ""


@allow(PUBLIC)
@never_cache
def rate_find(request: HttpRequest) -> HttpResponse:
    """Ask for number and code of the receipt; with both posted, go to the matter's rating page."""
    number, code = (request.POST.get(name, "").strip()[:LONGEST] for name in ("number", "code"))
    context: dict[str, Any] = {"number": number}
    if request.method != "POST":
        return render(request, "public/rate_find.html", context)
    if not number or not code:
        context["error"] = _("请把回执上的办件编号和验证码都填上。")
        return render(request, "public/rate_find.html", context, status=400)
    try:
        found = case_queries.find_progress(number, code, request.META.get("REMOTE_ADDR", ""), timezone.now())
    except TooManyAttempts:
        return render(request, "public/verify_wait.html", status=429)
    if found is None:
        context["error"] = _("办件编号和验证码对不上，请对照回执再输一次。")
        return render(request, "public/rate_find.html", context, status=404)
    return redirect(rating_path("public", found[0].number))


@allow(PUBLIC)
@never_cache
def rate(request: HttpRequest, letter: str, number: str, mark: str) -> HttpResponse:
    """Rate the matter of this address, or see what became of its rating. What was typed stays when it is refused."""
    channel = read_rating_address(letter, number, mark)
    case = find_case(number) if channel is not None else None
    if channel is None or case is None:
        return _private(render(request, "public/rate_find.html", {"unknown": True}, status=404))
    rating = queries.find_rating(number)
    if rating is not None:
        return _private(_told(request, rating, letter, mark))
    return _private(_ask(request, case, channel))


def _ask(request: HttpRequest, case: Any, channel: Channel) -> HttpResponse:
    now = timezone.now()
    if not queries.may_still_rate(case, now):
        return render(request, "public/rate.html", {"case": case, "over": True}, status=200)
    given = {"level": "", "reasons": [], "phone": ""}
    problem = ""
    if request.method == "POST":
        given = {
            "level": request.POST.get("level", "")[:24],
            "reasons": _reasons(request),
            "phone": request.POST.get("phone", "")[:20],
        }
        try:
            actions.rate_afterwards(case, **given, channel=channel, now=now)  # type: ignore[arg-type]
        except Refused as refused:
            problem = str(refused)
        else:
            return redirect(request.path)
    else:
        actions.record_invitation(
            Actor.public(),
            number=case.number,
            terminal_code=case.terminal.code,
            shown_at=now,
            now=now,
            channel=channel,
        )
    edition = actions.edition_at(now, case.terminal.area.place.zone)
    levels = [
        (level, words(level.name), [(one.code, words(one.name)) for one in reasons_for(level.code, edition)])
        for level in LEVELS
    ]
    context = {
        "case": case,
        "levels": levels,
        "problem": problem,
        "given": given,
        "days": queries.rating_days(case, now),
    }
    return render(request, "public/rate.html", context, status=422 if problem else 200)


def _reasons(request: HttpRequest) -> list[str]:
    """The reasons under the chosen level; what was ticked under another before it was changed does not count."""
    level = request.POST.get("level", "")
    return [one[:24] for one in request.POST.getlist(f"reasons-{level}")[:20]]


def _told(request: HttpRequest, rating: Rating, letter: str, mark: str, problem: str = "") -> HttpResponse:
    now = timezone.now()
    case = find_negative_case(rating)
    context: dict[str, Any] = {
        "rating": rating,
        "level": words(LEVEL_BY_CODE[rating.level].name),
        "negative": LEVEL_BY_CODE[rating.level].negative,
        "reasons": queries.reasons_of(rating),
        "problem": problem,
        "letter": letter,
        "mark": mark,
    }
    if case is not None:
        context |= _handled(case)
        used = case.rerated_at is not None
        context["may_rerate"] = may_rerate(case.state, case.rerate_until, used, now)
        context["rerate_levels"] = [(code, words(name)) for code, name in RERATE_LEVELS.items()]
    return render(request, "public/rated.html", context, status=422 if problem else 200)


def _handled(case: NegativeCase) -> dict[str, Any]:
    steps = [(one.at, words(EVENT_NAMES[one.event])) for one in queries.steps_of(case) if one.event in TOLD]
    due = case.close_due_at if case.state in ("open", "verified") else None
    return {
        "negative_case": case,
        "steps": steps,
        "due_at": due,
        "rerated": words(RERATE_LEVELS.get(case.rerated_level, "")),
    }


@allow(PUBLIC)
@require_POST
@never_cache
def rate_again(request: HttpRequest, letter: str, number: str, mark: str) -> HttpResponse:
    """再评价 of what was put right, once."""
    rating = queries.find_rating(number) if read_rating_address(letter, number, mark) is not None else None
    case = find_negative_case(rating) if rating is not None else None
    if rating is None or case is None:
        return _private(render(request, "public/rate_find.html", {"unknown": True}, status=404))
    try:
        negative_actions.rerate(case, level=request.POST.get("level", "")[:24], now=timezone.now())
    except Refused as refused:
        return _private(_told(request, rating, letter, mark, str(refused)))
    return redirect("public:rate", letter, number, mark)
