"""报修: what is wrong with a machine or an area, told by anybody who stands there, and how it goes on. No sign-in.

The address comes from the QR code on the machine and names it. Nothing is asked that is not needed; beyond the limits a
report is kept all the same and waits for a person, and nobody solves puzzles.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from budayang.center.maintenance import report_actions, report_following, report_queries
from budayang.center.maintenance.report_actions import Said
from budayang.center.maintenance.report_following import Spot
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.own_links import is_own, own_mark
from budayang.center.platform.uploads import PHOTO_BYTES, BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.public.uploading import InMemory
from budayang.center.services.promise_numbers import read_number
from budayang.center.terminals.report_addresses import path_of, read_address
from budayang.rules.reports import kinds_of

MOST_BODY = PHOTO_BYTES + 100_000


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _private(answer: HttpResponse) -> HttpResponse:
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@csrf_exempt  # the check runs inside, once the upload handler is in place; it reads the posted form
@allow(PUBLIC)
@never_cache
def report(request: HttpRequest, letter: str, code: str, mark: str) -> HttpResponse:
    """Say what is wrong with the machine or the area of this address. What was typed stays when it is refused."""
    request.upload_handlers = [InMemory(request)]
    what = read_address(letter, code, mark)
    spot = report_following.find_spot(what, code) if what is not None else None
    if spot is None:
        return _private(render(request, "public/report_unknown.html", status=404))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and (not length.isdecimal() or int(length) > MOST_BODY):
        # Nothing of it is read: what was typed is lost, so the page says how to go on without the photo.
        problem = _("照片超过 20 MB，没有收下。请换一张小一点的，或者不附照片。")
        return _private(render(request, "public/report.html", _page(spot, problem=problem), status=413))
    return _private(_report(request, spot))


@csrf_protect
def _report(request: HttpRequest, spot: Spot) -> HttpResponse:
    if request.method != "POST":
        return render(request, "public/report.html", _page(spot, kind=request.GET.get("kind", "")))
    given = {name: request.POST.get(name, "")[:500] for name in ("kind", "note", "phone", "known")}
    try:
        made = report_actions.take_report(
            spot,
            Said(
                kind=given["kind"],
                note=given["note"],
                phone=given["phone"],
                photo=lambda: _photo(request),
                known=int(given["known"]) if given["known"].isdecimal() and len(given["known"]) < 16 else None,
            ),
            client=_address(request),
            now=timezone.now(),
        )
    except Refused as refused:
        return render(request, "public/report.html", _page(spot, problem=str(refused), **given), status=422)
    return redirect(_own_page(made.number, own_mark("report", made.number)))


def _own_page(number: str, mark: str) -> str:
    return f"{reverse('public:report_progress', args=[number])}?own={mark}"


def _photo(request: HttpRequest) -> bytes:
    """The photo as a JPEG written anew, upright, without place and name of the phone; b"" without one."""
    file = request.FILES.get("photo")
    if file is None:
        return b""
    try:
        sheet = read_sheet(file.read())
    except BadUpload as bad:
        raise Refused(str(bad)) from bad
    if sheet.media != "image/jpeg":
        raise Refused(_("这里只收照片，请拍照或选一张图片；也可以不附。"))
    return sheet.content


def _page(
    spot: Spot, *, problem: str = "", kind: str = "", note: str = "", phone: str = "", known: str = ""
) -> dict[str, Any]:
    """What the form shows; a `known` one that is over by now leaves nothing to show."""
    kinds = [(one, words(one.label), words(one.first) if one.first else "") for one in kinds_of(spot.what)]
    of_area = kinds_of("area")
    here = [row for row in kinds if row[0] not in of_area]
    return {
        "spot": spot,
        "path": path_of(spot.what, spot.code),
        "groups": [
            *([(_("这台机器"), here)] if here else []),
            (_("自助区里"), [row for row in kinds if row[0] in of_area]),
        ],
        "known": report_queries.known_at(report_following.open_here(spot)),
        "problem": problem,
        "kind": kind,
        "note": note,
        "phone": phone,
    }


@allow(PUBLIC)
@never_cache
def report_find(request: HttpRequest) -> HttpResponse:
    """Look a report up by its number."""
    text = request.GET.get("number", "").strip()[:40]
    if not text:
        return render(request, "public/report_find.html", {})
    number = read_number(text)
    if number is None:
        return render(request, "public/report_find.html", {"wrong": True, "text": text}, status=400)
    return redirect("public:report_progress", number)


@allow(PUBLIC)
@never_cache
def report_progress(request: HttpRequest, number: str) -> HttpResponse:
    """How a report stands: 已收到, 有人处理, 已修好; what was answered, and until when somebody answers.

    ?own= is the mark of the link that the person got after reporting: only there it can be taken back.
    """
    return _progress(request, number, request.GET.get("own", ""))


def _progress(request: HttpRequest, number: str, mark: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    try:
        found = report_queries.find_progress(number, _address(request), timezone.now())
    except report_queries.TooManyLooks:
        return _private(render(request, "public/verify_wait.html", status=429))
    if found is None:
        return _private(render(request, "public/report_find.html", {"unknown": True, "text": number}, status=404))
    made = found.report
    spot = report_following.spot_of(made)
    again = f"{path_of(spot.what, spot.code)}?kind={made.kind}"
    own = mark if is_own("report", made.number, mark) else ""
    page = _own_page(made.number, own) if own else reverse("public:report_progress", args=[made.number])
    context = {
        "found": found, "report": made, "spot": spot, "again": again, "own": own, "page": page, "problem": problem,
    }  # fmt: skip
    return _private(render(request, "public/report_progress.html", context, status=status))


@allow(PUBLIC)
@require_POST
def report_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take it back; telephone, words and photo go at once. Only from the person's own link."""
    known, mark = read_number(number) or "", request.POST.get("own", "")[:40]
    try:
        report_actions.withdraw_report(known, mark, timezone.now())
    except Refused as refused:
        return _progress(request, known, "", problem=str(refused), status=403)
    return redirect(_own_page(known or number, mark))
