"""A higher room tells the readers of a place something by the notice channels: a line in the bundle of each of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance.notice_people import JOB, Receiver, group_channels
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import Role
from budayang.rules.notices import Fact


def tell_readers(
    actor: Actor, roles: Collection[Role], place_path: str, fact: Fact, *, kind: str, topic: str, now: datetime
) -> int:
    """Everybody with one of `roles` whose scope covers the place, but the actor, and the groups of the place. What is
    pending for the same receiver goes in one message. Returns how many are told.

    kind: a key of rules.notices.MESSAGE_NAMES; topic: the same topic is told once while it is pending.
    """
    people = platform.staff_visible_to(JOB).filter(
        is_active=True,
        grants__role__in=[role.value for role in roles],
        grants__place__path__in=platform.place_chain(place_path),
    )
    receivers = [Receiver(one) for one in people.exclude(pk=actor.staff_id or 0).order_by("pk").distinct()]
    receivers += [Receiver(channel=one) for one in group_channels(place_path)]
    for one in receivers:
        messages.add_line(
            one, kind=kind, place_path=place_path, severity=fact.severity, now=now, topic=topic[:60], fact=fact
        )
    return len(receivers)
