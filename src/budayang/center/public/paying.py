"""Where payment providers call back. What they say is no more than a hint: the order is asked for, whatever it was."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.services.payments import callbacks

LONGEST = 8 * 1024


@csrf_exempt
@allow(PUBLIC)
@never_cache
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """A provider's word that something happened to an order. The same answer to everybody: it tells nothing."""
    body = request.body[: LONGEST + 1]
    headers = request.headers
    if len(body) <= LONGEST:
        try:
            number = str(json.loads(body)["number"])
        except (ValueError, KeyError, TypeError):
            return HttpResponse(status=204)
        time_text, given = headers.get("Budayang-Time", ""), headers.get("Budayang-Signature", "")
        callbacks.take_callback(number, time_text, given, body, timezone.now())
    return HttpResponse(status=204)
