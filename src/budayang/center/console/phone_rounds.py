"""我的巡查: the page that a phone keeps, its day of rounds, and what comes back from it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.phone_day import plain_day
from budayang.center.console.phone_sync import read_letter, take_all, take_photo
from budayang.center.console.phone_words import phone_words
from budayang.center.console.reader import reader
from budayang.center.maintenance import round_day as days
from budayang.center.maintenance import round_queries as queries
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actors import Actor

WALKERS = frozenset(queries.WALKERS)
SHELL = "console/rounds/phone.html"
FOLDER = "budayang/rounds/"
FILES = (
    "budayang/tokens.css",
    "budayang/console.css",
    "budayang/icon.svg",
    *(
        FOLDER + name
        for name in (
            "phone.css", "app.js", "store.js", "items.js", "day.js", "outbox.js", "photo.js", "scan.js", "draw.js",
            "list_page.js", "round_page.js", "stop_page.js", "question.js", "unsent_page.js", "here_page.js",
            "icon-192.png", "icon-512.png",
        )
    ),
)  # fmt: skip
"""What a phone keeps to show the page without a network. The service worker itself is not among them."""


def _file(name: str) -> bytes:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_bytes()


@cache
def version() -> str:
    """Changes with any file of the page: a phone then fetches all of them anew."""
    seen = hashlib.sha256()
    for name in (*FILES, FOLDER + "worker.js"):
        seen.update(_file(name))
    seen.update((Path(__file__).parent / "templates" / SHELL).read_bytes())
    return seen.hexdigest()[:16]


@allow(WALKERS)
def my_rounds(request: HttpRequest) -> HttpResponse:
    """The page without any content: what it shows is in the phone. Nobody's name stands in it."""
    answer = render(request, SHELL, {"version": version(), "words": phone_words()})
    answer["X-Rounds-Version"] = version()
    answer["Cache-Control"] = "no-store"
    return answer


@allow(PUBLIC)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the list of what it keeps. It holds nothing of anybody."""
    kept = {
        "version": version(),
        "shell": reverse("console:my_rounds"),
        "here": reverse("console:round_here"),
        "labels": reverse("console:watched_label", args=["x"]).removesuffix("x/"),
        "files": [static(name) for name in FILES],
    }
    body = f"const KEPT = {json.dumps(kept)};\n".encode() + _file(FOLDER + "worker.js")
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    # The page lies below; codes at machines lead to addresses beside it.
    answer["Service-Worker-Allowed"] = "/console/"
    answer["Cache-Control"] = "no-cache"
    return answer


@allow(PUBLIC)
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone reads to put the page among its programs."""
    told = {
        "id": reverse("console:my_rounds"),
        "start_url": reverse("console:my_rounds"),
        "scope": "/console/",
        "name": _("不打烊 · 我的巡查"),
        "short_name": _("我的巡查"),
        "lang": "zh-CN",
        "display": "standalone",
        "background_color": "#f4f6f9",
        "theme_color": "#0f1e33",
        "icons": [
            {"src": static(f"{FOLDER}icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
            for size in (192, 512)
            for use in ("any", "maskable")
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@allow(WALKERS)
def day(request: HttpRequest) -> JsonResponse:
    """Who is signed in, the key for sending, and the rounds of a day. Each `round` is taken for others."""
    actor, now = reader(request), timezone.now()
    taken = [key[:60] for key in request.GET.getlist("round")[: days.MOST]]
    found = days.my_day(actor, now, also=taken)
    told = {
        "person": {"username": actor.name, "name": actor.label or actor.name},
        "csrf": get_token(request),
        "now": now.isoformat(),
        "rounds": plain_day(found),
    }
    return _plain(told)


@allow(WALKERS)
@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """Take what a phone sends: answers, presences and ends of rounds."""
    actor, now = reader(request), timezone.now()
    letter = read_letter(request.body)
    if letter is None:
        return _plain({"error": "format"}, 400)
    if letter.owner != actor.name:
        return _somebody_else(actor)
    return _plain({"results": take_all(actor, letter, now)})


@allow(WALKERS)
@require_POST
def photo(request: HttpRequest) -> JsonResponse:
    """Take one photograph."""
    actor, now = reader(request), timezone.now()
    upload = request.FILES.get("photo")
    if request.POST.get("owner") != actor.name:
        return _somebody_else(actor)
    if upload is None:
        return _plain({"error": "format"}, 400)
    return _plain({"results": [take_photo(actor, request.POST, upload.read(), now)]})


def _somebody_else(actor: Actor) -> JsonResponse:
    """What one person said is never taken under another's name."""
    return _plain({"error": "other_person", "person": actor.name}, 409)


def _plain(told: dict[str, Any], status: int = 200) -> JsonResponse:
    answer = JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [
    path("my-rounds/", my_rounds, name="my_rounds"),
    path("my-rounds/worker.js", worker, name="my_rounds_worker"),
    path("my-rounds/manifest.webmanifest", manifest, name="my_rounds_manifest"),
    path("my-rounds/day/", day, name="my_rounds_day"),
    path("my-rounds/sync/", sync, name="my_rounds_sync"),
    path("my-rounds/photos/", photo, name="my_rounds_photo"),
]
