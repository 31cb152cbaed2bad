"""查进度: number and code from a receipt, and where the matter stands by the law's steps. No name, no identity
number.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.public import joint
from budayang.center.public.ratings import rate_url
from budayang.center.services import case_queries, joint_queries, person_check_actions
from budayang.center.services.case_actions import withdraw
from budayang.center.services.verification import TooManyAttempts

LONGEST = 80


@allow(PUBLIC)
@never_cache
def progress(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; with both posted, show the case. Neither ever stands in an address."""
    number, code = (request.POST.get(name, "").strip()[:LONGEST] for name in ("number", "code"))
    context: dict[str, Any] = {"number": number}
    if request.method != "POST":
        return render(request, "public/progress.html", context)
    if not number or not code:
        context["error"] = _("请把回执上的办件编号和验证码都填上。")
        return render(request, "public/progress.html", context, status=400)
    now, client = timezone.now(), request.META.get("REMOTE_ADDR", "")
    try:
        together = joint_queries.find_progress(number, code, client, now)
        if together is not None:
            return joint.page(request, together)
        found = case_queries.find_progress(number, code, client, now)
        if found is not None and request.POST.get("act") == "withdraw":
            context |= _withdraw(found[0], request.POST.get("sure") == "1")
            found = case_queries.find_progress(number, code, client, now)
        elif found is not None and request.POST.get("act") == "withdraw_face":
            if person_check_actions.withdraw_consent(Actor.public(), found[0], now):
                context |= {
                    "told": _("已撤回刷脸的同意。照片在比对结束时就已删除，现在相似程度的记录也删了；这件事照常办。")
                }
            found = case_queries.find_progress(number, code, client, now)
    except TooManyAttempts:
        return render(request, "public/verify_wait.html", status=429)
    if found is None:
        context["error"] = _("办件编号和验证码对不上，请对照回执再输一次。")
        return render(request, "public/progress.html", context, status=404)
    context |= {"found": found[1], "code": code, "rate_url": rate_url(found[0], now)}
    context["face"] = person_check_actions.consent_stands(found[0])
    return render(request, "public/progress.html", context)


def _withdraw(case: Any, sure: bool) -> dict[str, str]:
    """Take the matter back; what came of it, in words."""
    if not sure:
        return {"refused": _("请先勾选“我要撤回这件事”。")}
    try:
        withdraw(Actor.public(), case, timezone.now())
    except Refused as refused:
        return {"refused": str(refused)}
    return {"told": _("已经记下您的撤回申请，结果看下面的进度。")}
