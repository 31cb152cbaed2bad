"""手机上传材料: the page behind the code that a terminal shows. No sign-in; one link, one phone, some minutes.

What comes in is looked at, written anew, sealed to the journey's key and kept until the terminal fetches it. Nothing
is written to a file on the way: a picture of somebody's papers has no business on a disk in clear.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.queries import parameter
from budayang.center.platform.uploads import PHOTO_BYTES, BadUpload, read_sheet
from budayang.center.services import material_actions, material_queries
from budayang.center.services.material_actions import LinkGone
from budayang.forms.pictures import WORDS, Limits, measure

MOST_AT_ONCE = 6
MOST_BODY = MOST_AT_ONCE * PHOTO_BYTES


class InMemory(MemoryFileUploadHandler):
    """Keeps every file in memory, whatever its size: the request's own size is limited before it is read."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        self.activated = True


@csrf_exempt  # the check runs inside, once the upload handler is in place; it reads the posted form
@allow(PUBLIC)
@never_cache
def upload(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is wanted; take pictures."""
    request.upload_handlers = [InMemory(request)]
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and (not length.isdecimal() or int(length) > MOST_BODY):
        return render(request, "public/upload_over.html", {"why": "too_large"}, status=413)
    try:
        # Before the body is read: whoever has no link may not have a hundred megabytes held in memory.
        material_actions.find_link(token, timezone.now())
    except LinkGone as gone:
        return _over(request, gone)
    return _upload(request, token)


def _over(request: HttpRequest, gone: LinkGone) -> HttpResponse:
    status = 404 if gone.why == "unknown" else 410
    return render(request, "public/upload_over.html", {"why": gone.why}, status=status)


@csrf_protect
def _upload(request: HttpRequest, token: str) -> HttpResponse:
    holder = request.COOKIES.get(_cookie(token), "") or secrets.token_urlsafe(18)
    try:
        link = material_actions.hold_link(token, holder, timezone.now())
        context = _take(request, link) if request.method == "POST" else {}
    except LinkGone as gone:
        return _over(request, gone)
    if request.method == "POST" and not context.get("errors"):
        answer: HttpResponse = HttpResponseRedirect(reverse("public:upload", args=[token]))
    else:
        shown = {"link": link, "kinds": material_queries.uploaded(link), "token": token, **context}
        answer = render(request, "public/upload.html", shown, status=422 if context.get("errors") else 200)
    answer.set_cookie(
        _cookie(token),
        holder,
        max_age=3600,
        path=reverse("public:upload", args=[token]),
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )
    return answer


def _cookie(token: str) -> str:
    return f"upload_{token[:8]}"


def _take(request: HttpRequest, link: Any) -> dict[str, Any]:
    """Look at each file by itself: one that cannot be taken does not keep the others back."""
    kind = request.POST.get("kind", "")
    files = request.FILES.getlist("files")[:MOST_AT_ONCE]
    errors: list[str] = []
    if not any(one["kind"] == kind for one in link.kinds):
        return {"errors": [_("请重新选择要传的材料。")], "at": kind}
    if not files:
        return {"errors": [_("还没有选照片。请点“拍照或选照片”。")], "at": kind}
    for number, file in enumerate(files, start=1):
        problem = _take_one(link, kind, file)
        if problem:
            errors.append(
                _("第%(n)d张：%(problem)s") % {"n": number, "problem": problem} if len(files) > 1 else problem
            )
    return {"errors": errors, "at": kind}


def _take_one(link: Any, kind: str, file: UploadedFile[bytes]) -> str:
    """Take one file; why it was not taken, "" when it was."""
    now = timezone.now()
    place_path = link.terminal.area.place.path
    full = _("这种材料已经够了，不用再传。")
    if not material_actions.has_room(link, kind):
        return full  # decoding costs a second: not for what would be turned away
    try:
        sheet = read_sheet(file.read(), most=int(parameter("material_sheet_bytes", place_path, now)))
    except BadUpload as bad:
        return str(bad)
    problems: tuple[str, ...] = ()
    if sheet.media == "image/jpeg":
        problems = measure(sheet.content, limits(place_path)).problems
        if "blank" in problems or "small" in problems:
            return _(WORDS[problems[0]])
    try:
        material_actions.add_upload(link, kind, sheet.media, sheet.content, problems, now)
    except LinkGone as gone:
        if gone.why == "full":
            return full
        raise
    return ""


def limits(place_path: str) -> Limits:
    """How sharp a picture must be, as the place has it."""
    now = timezone.now()
    return Limits(
        ink=float(parameter("material_blank_ratio", place_path, now)),
        sharp=float(parameter("material_sharp", place_path, now)),
        side=int(parameter("material_side", place_path, now)),
    )
