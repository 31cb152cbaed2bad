"""What this room puts into an evidence pack: the status intervals, and when nobody could listen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from budayang.center.areas.queries import get_area
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About, Row, Section, plain
from budayang.center.terminals.models import StatusInterval
from budayang.center.terminals.queries import get_terminal, monitoring_gaps, visible_to


def about_terminal(actor: Actor, code: str, start: datetime, end: datetime) -> About:
    """A pack of one terminal. Raises Terminal.DoesNotExist, also for one outside the actor's scope."""
    one = get_terminal(actor, code)
    place = one.area.place
    return About(f"terminal:{one.code}", one.name, place.path, one.area_id, (one.pk,), one.code, place.zone, start, end)


def about_area(actor: Actor, code: str, start: datetime, end: datetime) -> About:
    """A pack of an area with all its terminals, also those that are out of service by now. Raises Area.DoesNotExist."""
    area = get_area(actor, code)
    ids = tuple(visible_to(actor).filter(area_id=area.pk).order_by("code").values_list("pk", flat=True))
    return About(f"area:{area.code}", area.name, area.place.path, area.pk, ids, "", area.place.zone, start, end)


def intervals(_actor: Actor, about: About) -> Iterator[Row]:
    """Every interval that touches the period, uncut, in order of time."""
    rows = StatusInterval.objects.filter(terminal_id__in=about.terminal_ids, since__lt=about.end)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=about.start)).select_related("terminal")
    for one in rows.order_by("since", "terminal_id", "subject", "property").iterator(chunk_size=2000):
        yield {
            "ref": f"terminal:{one.terminal.code}",
            "terminal": one.terminal.code,
            "subject": one.subject,
            "property": one.property,
            "kind": one.kind,
            "state": one.state,
            "since": plain(one.since),
            "until": plain(one.until),
            "received_at": plain(one.received_at),
        }


def gaps(_actor: Actor, about: About) -> Iterator[Row]:
    """When the center itself did not listen: a silence in such a time says nothing."""
    for start, end in monitoring_gaps(about.start, about.end):
        yield {"since": plain(start), "until": plain(end)}


SECTIONS: tuple[Section, ...] = (
    Section(
        "status_intervals",
        _("部件状态"),
        (
            ("terminal", _("终端")),
            ("subject", _("部件")),
            ("property", _("属性")),
            ("state", _("状态")),
            ("since", _("从")),
            ("until", _("到")),
        ),
        intervals,
    ),
    Section("monitoring_gaps", _("管理平台没有在听的时间"), (("since", _("从")), ("until", _("到"))), gaps),
)
