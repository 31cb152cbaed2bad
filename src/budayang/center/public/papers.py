"""Checks of papers: the verification code of a document, and the head of the audit chain on a receipt (回执作证)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.services import codes, verification


@allow(PUBLIC)
@never_cache
def verify_form(request: HttpRequest) -> HttpResponse:
    """Asks for the code printed on a paper. Without the paper it leads nowhere, so it may stand in the address."""
    text = request.POST.get("code", "").strip()[:60]
    if request.method != "POST" or not text:
        return render(request, "public/verify_form.html", {"empty": request.method == "POST"})
    code = codes.read_code(text)
    if code is None:
        return render(request, "public/verify_form.html", {"wrong": True, "text": text}, status=400)
    return HttpResponseRedirect(reverse("public:verify_code", args=[code]))


@allow(PUBLIC)
@never_cache
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """What a paper's code stands for; with `?w=`, the receipt's witness is checked on the same page."""
    try:
        found = verification.verify(code, request.META.get("REMOTE_ADDR", ""), timezone.now())
    except verification.TooManyAttempts:
        return render(request, "public/verify_wait.html", status=429)
    witness = verification.read_mark(request.GET.get("w", ""))
    context = {"found": found, "witness": witness, "code": codes.read_code(code)}
    return render(request, "public/verify.html", context, status=200 if found else 404)


@allow(PUBLIC)
@never_cache
def receipt(request: HttpRequest) -> HttpResponse:
    """Is the head of the chain that this receipt holds in our chain?"""
    seq, printed = request.GET.get("seq", "")[:18], request.GET.get("hash", "")[:80]
    answer = verification.check_witness(seq, printed) if seq or printed else None
    return render(request, "public/receipt.html", {"answer": answer, "seq": seq, "hash": printed})
