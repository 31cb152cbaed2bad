"""What this room puts into an evidence pack: what was promised, and what was announced to be stopped."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from budayang.center.areas.queries import promised_windows, stops_over
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About, Row, Section, plain


def promised(_actor: Actor, about: About) -> Iterator[Row]:
    """The promised hours of the area as stretches of the period."""
    for one in promised_windows(about.area_id, about.start, about.end):
        yield {"start": plain(one.start), "end": plain(one.end)}


def stops(_actor: Actor, about: About) -> Iterator[Row]:
    """Announced stops that reach the area or its terminals, occurrence by occurrence."""
    for one in stops_over([about.area_id], about.start, about.end)[about.area_id]:
        if one.terminal_id is None or one.terminal_id in about.terminal_ids:
            yield {
                "ref": f"stop:{one.id}",
                "start": plain(one.start),
                "end": plain(one.end),
                "department": one.department,
                "component": one.component,
                "announced_at": plain(one.announced_at),
            }


SECTIONS: tuple[Section, ...] = (
    Section("promised_hours", _("承诺开放的时间"), (("start", _("从")), ("end", _("到"))), promised),
    Section(
        "planned_stops",
        _("公告过的计划停用"),
        (("start", _("从")), ("end", _("到")), ("announced_at", _("公告于"))),
        stops,
    ),
)
