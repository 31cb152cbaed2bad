"""联办进度: how a joint matter stands, part by part, for whoever holds number and code. No name, no identity number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.wording import words
from budayang.center.public.ratings import rate_url
from budayang.center.services import joint_queries
from budayang.center.services.joint_queries import JointStanding
from budayang.center.services.verification import TooManyAttempts
from budayang.rules.joint import PartClass

LOOK = {
    PartClass.DONE: "ok",
    PartClass.TAKEN_IN: "hand",
    PartClass.UNDER_WAY: "hand",
    PartClass.FAILED: "stop",
}


@allow(PUBLIC)
@never_cache
def joint(request: HttpRequest, code: str) -> HttpResponse:
    """What the QR code of a joint receipt leads to. The code alone opens it, as with a paper's."""
    try:
        found = joint_queries.find_progress("", code, request.META.get("REMOTE_ADDR", ""), timezone.now())
    except TooManyAttempts:
        return render(request, "public/verify_wait.html", status=429)
    return page(request, found)


def page(request: HttpRequest, found: JointStanding | None) -> HttpResponse:
    """The standing as a page; 404 when there is none."""
    if found is None:
        return render(request, "public/joint.html", {"found": None}, status=404)
    now = timezone.now()
    parts = [
        {
            "one": one,
            "look": LOOK.get(one.standing, "ask"),
            # Each department's part is a matter of its own, and is rated by itself.
            "rate_url": rate_url(one.part.case, now) if one.part.case is not None else "",
        }
        for one in found.parts
    ]
    share = round(100 * found.verdict.done / found.verdict.of) if found.verdict.of else 0
    return render(
        request,
        "public/joint.html",
        {"found": found, "parts": parts, "share": share, "word": words(found.verdict.word)},
    )
