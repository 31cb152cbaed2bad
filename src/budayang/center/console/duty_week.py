"""The week of a roster as the page draws it: who is there now, and each day with its duties and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from budayang.center.maintenance import duty_queries as queries
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.wording import words
from budayang.center.services.queries import calendar_days
from budayang.rules import duty as rules
from budayang.rules.calendars import DAY_KIND_NAMES, DayKind, day_kind
from budayang.rules.duty import Duty
from budayang.rules.intervals import Interval, clip

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is there now, for the big line on top."""

    organization: Organization
    place: Place
    people: tuple[tuple[Staff, str, datetime], ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownDuty:
    """A duty of the grid."""

    duty: Duty
    name: str
    person: str
    planned: str
    hours: str
    now: bool
    mine: bool
    url: str


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of the grid with its duties and gaps."""

    on: date
    weekday: str
    kind: str
    today: bool
    duties: tuple[ShownDuty, ...]
    gaps: tuple[str, ...]


def monday_of(text: str, today: date) -> date:
    """The Monday of the week that an address names ("2026-11-25", any day of it), else of this week."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = today
    return on - timedelta(days=on.weekday())


def on_duty_now(body: Organization, place: Place, now: datetime) -> OnDuty:
    _shifts, duties, _zone = queries.read_roster(body.pk, place.path, now, now + WEEK)
    here = rules.on_duty(duties, now)
    staff = {one.pk: one for one in platform.staff_visible_to(queries.JOB).filter(pk__in=[d.person for d in here])}
    people = tuple((staff[d.person], words(rules.POST_NAMES[d.post]), d.end) for d in here if d.person in staff)
    coming = min((one.start for one in duties if one.start > now), default=None)
    return OnDuty(body, place, people, coming)


def days_of(found: queries.Roster, monday: date, zone: ZoneInfo, now: datetime, actor: Actor) -> list[ShownDay]:
    table = calendar_days()
    today = now.astimezone(zone).date()
    shown = []
    for number in range(7):
        on = monday + timedelta(days=number)
        start = datetime.combine(on, time(0), tzinfo=zone)
        within = Interval(start, start + timedelta(days=1))
        kind = day_kind(on, table)
        special = kind in (DayKind.HOLIDAY, DayKind.MAKEUP)
        shown.append(
            ShownDay(
                on=on,
                weekday=words(rules.WEEKDAY_NAMES[number]),
                kind=words(DAY_KIND_NAMES[kind]) if special else "",
                today=on == today,
                duties=tuple(_shown_duty(one, found, zone, now, actor) for one in found.duties if one.on == on),
                gaps=tuple(words(rules.gap_words(one, found.zone)) for one in clip(found.gaps, within)),
            )
        )
    return shown


def _shown_duty(one: Duty, found: queries.Roster, zone: ZoneInfo, now: datetime, actor: Actor) -> ShownDuty:
    start, end = one.start.astimezone(zone), one.end.astimezone(zone)
    next_day = _("次日 ") if end.date() > start.date() and end.time() != time(0) else ""
    until = "24:00" if end.time() == time(0) else f"{end:%H:%M}"
    return ShownDuty(
        duty=one,
        name=found.names.get(one.shift, _("加班")),
        person=found.people[one.person].name,
        planned=found.people[one.planned].name if one.changed else "",
        hours=f"{start:%H:%M}—{next_day}{until}",
        now=one.start <= now < one.end,
        mine=one.person == actor.staff_id,
        url=reverse("console:duty_day", args=[one.shift, one.on.isoformat()]) if one.shift else "",
    )
