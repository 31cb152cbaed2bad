"""监督检查 on the phone: the sheet of one visit, behind its link. No sign-in: the link is the right, until it is handed
in; afterwards the page shows what was found and what was replied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.models import SupervisionVisit
from budayang.center.evaluation.supervision_actions import OWN, Given
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.uploads import PHOTO_BYTES, BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.public.uploading import InMemory
from budayang.rules.evaluation.supervision import FINDING_NAMES, KIND_NAMES, STATE_NAMES, Score
from budayang.rules.round_lists import Answer
from budayang.rules.rounds import NO, NOT_HERE, YES

MOST_BODY = 6 * PHOTO_BYTES
TONES = {"open": "hand", "replied": "ask", "closed": "ok", "dismissed": "ask"}


def _private(answer: HttpResponse) -> HttpResponse:
    # Not "no-referrer": with it a form's post would carry "Origin: null" and be refused as forged.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@csrf_exempt  # the check runs inside, once the upload handler is in place; it reads the posted form
@allow(PUBLIC)
@never_cache
def visit(request: HttpRequest, token: str) -> HttpResponse:
    """The sheet; what was typed stays when it is refused, and 先存起来 keeps it for later. A photograph that cannot be
    read is left out, and the rest is kept.
    """
    request.upload_handlers = [InMemory(request)]
    row = queries.find_by_link(token, timezone.now())
    if row is None:
        return _private(render(request, "public/visit_over.html", status=404))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and (not length.isdecimal() or int(length) > MOST_BODY):
        # Nothing of it is read; what was saved before is still there.
        problem = _("照片加起来超过 120 MB，没有收下。请先存文字，照片分几次附。")
        return _private(render(request, "public/visit.html", _page(row, token, problem=problem), status=413))
    return _private(_visit(request, row, token))


@csrf_protect
def _visit(request: HttpRequest, row: SupervisionVisit, token: str) -> HttpResponse:
    if request.method != "POST":
        return render(request, "public/visit.html", _page(row, token, saved="saved" in request.GET))
    titles = {one.code: one.text for one in queries.questions_of(row)}
    titles |= {code: _("问题 %(n)s") % {"n": n} for n, code in enumerate(OWN, start=1)}
    given = {code: _typed(request, code) for code in titles}
    sheet, unread = _with_photos(request, given, titles)
    try:
        actions.save_sheet(row, sheet, request.POST.get("words", "")[:600], timezone.now())
        if unread:
            raise Refused(_("%(photos)s。填写的内容都存下了。") % {"photos": _("；").join(unread)})
        if "hand_in" in request.POST:
            actions.hand_in(row, timezone.now())
            return redirect("public:visit", token)
    except Refused as refused:
        row.refresh_from_db()
        row.words = request.POST.get("words", "")[:500]
        return render(request, "public/visit.html", _page(row, token, given=given, problem=str(refused)), status=422)
    return redirect(f"{request.path}?saved")


def _typed(request: HttpRequest, code: str) -> Given:
    value, note, terminal = (request.POST.get(f"{name}-{code}", "")[:400] for name in ("value", "note", "terminal"))
    return Given(value, note, terminal)


def _with_photos(
    request: HttpRequest, given: dict[str, Given], titles: dict[str, str]
) -> tuple[dict[str, Given], list[str]]:
    """The sheet with its photographs, and for each that cannot be read which one and why."""
    sheet, unread = dict(given), []
    for code, title in titles.items():
        file = request.FILES.get(f"photo-{code}")
        if file is None:
            continue
        try:
            read = read_sheet(file.read())
            why = "" if read.media == "image/jpeg" else _("这里只收照片，请拍照或选一张图片；也可以不附。")
        except BadUpload as bad:
            why = str(bad)
        if why:
            told = {"where": title, "why": why.rstrip("。.")}
            unread.append(_("“%(where)s”的照片没有收下：%(why)s") % told)
        else:
            sheet[code] = replace(given[code], photo=read.content)
    return sheet, unread


def _page(
    row: SupervisionVisit, token: str, *, given: dict[str, Given] | None = None, problem: str = "", saved: bool = False
) -> dict[str, Any]:
    answers, photos = queries.answers_of(row), queries.photos_of(row)

    def line(code: str) -> dict[str, Any]:
        kept, typed = answers.get(code), (given or {}).get(code)
        if typed is not None and (typed.value or typed.note):
            shown = (typed.value, typed.note, typed.terminal)
        elif kept is not None:
            shown = (kept.value, kept.note, kept.terminal.code if kept.terminal else "")
        else:
            shown = ("", "", "")
        value, note, terminal = shown
        return {"code": code, "value": value, "note": note, "terminal": terminal, "photos": photos.get(code, [])}

    asked = [
        {**line(one.code), "question": one, "text": one.text, "hint": words(_hint(one)), "choices": _choices(one)}
        for one in queries.questions_of(row)
    ]
    today = timezone.localdate()
    return {
        "visit": row,
        "token": token,
        "kind": words(KIND_NAMES[row.kind]),
        "state": words(STATE_NAMES[row.state]),
        "early": today < row.opens_on,
        "asked": asked,
        "left": sum(one["value"] == "" and one["question"].kind is not Answer.TEXT for one in asked),
        "own": [line(code) for code in OWN],
        "machines": queries.machines_of(row),
        "problem": problem,
        "saved": saved,
        "score": Score(row.well, row.failed).value,
        "findings": [
            (one, words(FINDING_NAMES[one.state]), TONES[one.state]) for one in row.findings.order_by("pk")
        ]
        if row.state == "done"
        else [],
    }  # fmt: skip


def _choices(question: Any) -> list[tuple[str, str, bool]]:
    """(value, word, whether it is a fault) of what is pressed; empty where something is typed."""
    if question.kind is Answer.YES_NO:
        found = [(YES, _("正常"), False), (NO, _("异常"), True)]
    elif question.kind is Answer.CHOICE:
        found = [(one, one, one in question.bad) for one in question.choices]
    else:
        return []
    return [*found, (NOT_HERE, _("不适用"), False)]


def _hint(question: Any) -> str:
    return {Answer.NUMBER: "填数字", Answer.DATE: "填日期，例如 2027-01-31", Answer.TEXT: "写几个字（可不填）"}.get(
        question.kind, ""
    )


@allow(PUBLIC)
@never_cache
def visit_photo(request: HttpRequest, token: str, photo: int) -> HttpResponse:
    """A photograph of the sheet, for who holds the link."""
    row = queries.find_by_link(token, timezone.now())
    found = row.photos.filter(pk=photo).first() if row is not None else None
    content = queries.read_photo(found) if found is not None else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return _private(answer)
