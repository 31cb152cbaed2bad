"""A person's calendar as iCalendar (RFC 5545). No sign-in: calendar programs have none; the address is the right.

All times are UTC, so that no reader needs our rules of summer time. UIDs stay the same for the same shift, round and
order; what will not be stays a while as cancelled.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from budayang.center.maintenance import feed_actions, feed_queries
from budayang.center.maintenance.notice_messages import LANGUAGES
from budayang.center.maintenance.notice_queries import find_preference
from budayang.center.platform.access import PUBLIC, allow
from budayang.rules.feeds import Entry

TYPE = "text/calendar; charset=utf-8"
AGAIN = timedelta(minutes=15)


@allow(PUBLIC)
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """404 for an address that never was, 410 for one that was revoked, 429 for one that is read too often."""
    now = timezone.now()
    found = feed_queries.find_feed(key)
    if found is None:
        raise Http404
    if found.revoked_at is not None:
        return _closed(HttpResponse("revoked", status=410, content_type="text/plain"))
    if not feed_actions.count_reading(found, now):
        answer = _closed(HttpResponse("too often", status=429, content_type="text/plain"))
        answer["Retry-After"] = str(int(AGAIN.total_seconds()))
        return answer
    preference = find_preference(found.staff_id)
    with translation.override(LANGUAGES[preference.language if preference else "zh"]):
        content = written(feed_queries.entries_of(found.staff_id, now), now)
    answer = _closed(HttpResponse(content, content_type=TYPE))
    answer["Content-Disposition"] = 'inline; filename="duty.ics"'
    return answer


def _closed(answer: HttpResponse) -> HttpResponse:
    """No search engine, no shared cache and no other site learns the address."""
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def written(entries: list[Entry], now: datetime) -> bytes:
    """The entries as a calendar."""
    calendar = Calendar()
    calendar.add("prodid", "-//Budayang//duty//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("不打烊 值班与巡查"))
    calendar.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    for one in entries:
        calendar.add_component(_event(one, now))
    content: bytes = calendar.to_ical()
    return content


def _event(one: Entry, now: datetime) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", now)
    event.add("dtstart", one.start)
    event.add("dtend", one.end)
    mark = _("演示数据 ") if settings.BUDAYANG.demo else ""
    event.add("summary", f"{mark}{one.title}")
    if one.where:
        event.add("location", one.where)
    if one.text:
        event.add("description", one.text)
    if one.url and settings.BUDAYANG.public_url:
        event.add("url", f"{settings.BUDAYANG.public_url}{one.url}")
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if one.cancelled else "OPAQUE")
    return event
