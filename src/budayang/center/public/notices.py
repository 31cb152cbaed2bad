"""The page behind a notice's link: it shows what is wrong, and one button confirms. No sign-in: the link is the right.

Reading it confirms nothing: mail programs and chat robots open links to show a preview.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache

from budayang.center.maintenance import notice_actions, notice_messages
from budayang.center.maintenance import notice_queries as queries
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words


@allow(PUBLIC)
@never_cache
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the message and its button; POST confirms it, as often as it is pressed."""
    message = queries.find_message(token)
    if message is None:
        raise Http404
    now = timezone.now()
    translation.activate(notice_messages.LANGUAGES[message.language])
    problem = ""
    if request.method == "POST":
        try:
            notice_actions.confirm_by_link(message, now=now)
        except Refused as refusal:
            problem = str(refusal)
        else:
            return redirect("public:notice", token)
    facts = queries.facts_of(message)
    runs = queries.runs_of(message)
    context = {
        "message": message,
        "facts": [(one, words(one.title), "、".join(words(part) for part in one.affects.split("、"))) for one in facts],
        "severity": message.severity,
        "open_runs": [one for one in runs if one.state in ("running", "exhausted")],
        "acknowledged": [one for one in runs if one.acknowledged_at is not None],
        "over": bool(runs) and all(one.state == "closed" for one in runs),
        "expired": now >= message.expires_at,
        "problem": problem,
    }
    answer = render(request, "public/notice.html", context, status=410 if problem else 200)
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
