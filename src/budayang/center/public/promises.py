"""出门前保障: say when and where you come; the machine is tried before you leave home. The number is the right.

These addresses hold a number that opens nothing of anybody. They are not to be indexed and tell no other site.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.maintenance import citizen_messages
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.center.public import choosing
from budayang.center.services import assurance_actions, assurance_queries
from budayang.rules.promises import ANSWER_NAMES, FURTHEST


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _private(answer: HttpResponse) -> HttpResponse:
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@allow(PUBLIC)
@never_cache
def promise_new(request: HttpRequest) -> HttpResponse:
    """Name the hour; the place comes from the page 现在哪里能办. What was typed stays when it is refused."""
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    item_code, terminal_code = given.get("item", "")[:64], given.get("terminal", "")[:40]
    place = assurance_queries.place_of(item_code, terminal_code)
    if place is None:
        return redirect("public:where")
    chosen = choosing.read(given.get("at", ""), now, FURTHEST + timedelta(hours=1))
    context: dict[str, Any] = {
        "place": place,
        "at": chosen.astimezone(choosing.ZONE).strftime(choosing.FORM) if chosen else _default(now),
        "earliest": (now + timedelta(minutes=11)).astimezone(choosing.ZONE).strftime(choosing.FORM),
        "latest": (now + FURTHEST).astimezone(choosing.ZONE).strftime(choosing.FORM),
        "texts": citizen_messages.find_channel(place.terminal.area.place.path) is not None,
        "phone": given.get("phone", "")[:20],
    }
    status = 200
    if request.method == "POST":
        try:
            if chosen is None:
                raise Refused(_("请选一个时间，从 10 分钟后到 7 天内。"))
            made = assurance_actions.make_promise(
                item_code,
                terminal_code,
                chosen,
                phone=context["phone"] if context["texts"] else "",
                client=assurance_actions.client_of(_address(request)),
                now=now,
            )
        except Refused as refused:
            context["problem"], status = str(refused), 422
        else:
            return redirect("public:promise", made.number)
    return _private(render(request, "public/promise_new.html", context, status=status))


def _default(now: datetime) -> str:
    """The next full hour that leaves time to try the machine twice."""
    local = (now + timedelta(hours=2)).astimezone(choosing.ZONE)
    return local.replace(minute=0).strftime(choosing.FORM)


@allow(PUBLIC)
@never_cache
def promise_find(request: HttpRequest) -> HttpResponse:
    """Look a number up."""
    text = request.GET.get("number", "").strip()[:40]
    if not text:
        return render(request, "public/promise_find.html", {})
    number = assurance_actions.read_number(text)
    if number is None:
        return render(request, "public/promise_find.html", {"wrong": True, "text": text}, status=400)
    return redirect("public:promise", number)


def _find(request: HttpRequest, text: str) -> assurance_queries.PromiseNow | None:
    """The promise, or None; too many wrong numbers from one address wait."""
    return assurance_queries.look_up(text, assurance_actions.client_of(_address(request)), timezone.now())


def _unknown(request: HttpRequest, number: str) -> HttpResponse:
    return _private(render(request, "public/promise_find.html", {"unknown": True, "text": number}, status=404))


@allow(PUBLIC)
@never_cache
def promise(request: HttpRequest, number: str) -> HttpResponse:
    """How it stands: tried or not yet, where else if it does not work, how it went when it is over."""
    try:
        found = _find(request, number)
    except assurance_queries.TooManyLooks:
        return _private(render(request, "public/verify_wait.html", status=429))
    if found is None:
        return _unknown(request, number)
    context = {
        "found": found,
        "promise": found.promise,
        "text": words(found.promise.text) if found.promise.text else "",
        "answers": [(code, words(word)) for code, word in ANSWER_NAMES.items()],
        "answered": words(ANSWER_NAMES[found.promise.answer]) if found.promise.answer else "",
        "now": timezone.now(),
    }
    return _private(render(request, "public/promise.html", context))


def _post(request: HttpRequest, number: str, act: Callable[[str], object]) -> HttpResponse:
    """Do something to the promise of a number that was looked up as its page does, wrong ones counted."""
    try:
        found = _find(request, number)
    except assurance_queries.TooManyLooks:
        return _private(render(request, "public/verify_wait.html", status=429))
    if found is None:
        return _unknown(request, number)
    act(found.promise.number)
    return redirect("public:promise", found.promise.number)


@allow(PUBLIC)
@require_POST
def promise_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Take it back; a telephone number goes at once."""
    return _post(request, number, lambda known: assurance_actions.cancel_promise(known, now=timezone.now()))


@allow(PUBLIC)
@require_POST
def promise_answer(request: HttpRequest, number: str) -> HttpResponse:
    """How it went."""
    said = request.POST.get("answer", "")
    return _post(request, number, lambda known: assurance_actions.answer_promise(known, said, now=timezone.now()))
