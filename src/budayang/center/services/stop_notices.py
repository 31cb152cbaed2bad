"""What people are told of planned stops ahead of time, on terminals and on the public page, in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.areas.stop_words import span_words
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.center.services import judging
from budayang.center.services.models import Department
from budayang.center.terminals import queries as terminals
from budayang.rules.terminals import KINDS, kind_of

JOB = Actor.job("services.stop_notices")


@dataclass(frozen=True, slots=True)
class StopNotice:
    """One occurrence, in words; shown from `show_from` until `start`, from when verdicts say it themselves. Where no
    verdicts are read (the display at the door) it is shown until `end`.
    """

    text: str
    show_from: datetime
    start: datetime
    end: datetime


def stop_notices(
    area_id: int, place: Place, now: datetime, *, terminal_id: int | None = None, running: bool = False
) -> list[StopNotice]:
    """Occurrences of the next days that have not begun, soonest first; with `terminal_id` those that reach it, with
    `running` also those under way.
    """
    ahead = timedelta(seconds=platform.parameter("stop_show_ahead_s", place.path, now))
    stops = [
        one
        for one in areas.stops_over([area_id], now, now + judging.AHEAD)[area_id]
        if (running or one.start > now) and (terminal_id is None or one.terminal_id in (None, terminal_id))
    ]
    if not stops:
        return []
    ids = {one.terminal_id for one in stops if one.terminal_id is not None}
    codes = dict(terminals.visible_to(JOB).filter(pk__in=ids).values_list("pk", "code"))
    names = dict(Department.objects.values_list("code", "name"))
    found = []
    for one in stops:
        if one.department:
            what = _("%(name)s的事项") % {"name": names.get(one.department, one.department)}
        else:
            kind = one.component or kind_of(one.subject)
            part = words(KINDS[kind].name) if kind in KINDS else kind
            whose = _("本自助区") if one.terminal_id is None else codes.get(one.terminal_id, "")
            what = " ".join(word for word in (whose, part) if word)
        told = {"span": span_words(one.start, one.end, place.zone, now), "what": what, "reason": one.reason}
        text = _("%(span)s，%(what)s暂停服务：%(reason)s") % told
        found.append(StopNotice(text, one.start - ahead, one.start, one.end))
    return found
