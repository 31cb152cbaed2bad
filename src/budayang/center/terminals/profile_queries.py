"""Profiles as they are in force: computed from the parameters at each question, never copied to a place or terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Parameter, Place
from budayang.center.platform.queries import InForce
from budayang.center.terminals.models import Terminal
from budayang.rules.profiles import BY_NAME, PROFILE, ProfileSetting

NAMES = tuple(BY_NAME)


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting's value for one place or terminal. `origin`: where it was set, "" for the default of the program."""

    setting: ProfileSetting
    value: Any
    origin: str
    own: bool
    since: datetime | None
    set_by: str

    @property
    def shown(self) -> str:
        return self.setting.show(self.value)


def subject_of(code: str) -> str:
    """Under which a terminal's own values are kept."""
    return f"terminal:{code}"


def values_of(terminals: Iterable[Terminal], at: datetime) -> dict[int, dict[str, Any]]:
    """terminal id → every setting's value, in one query for all. The terminals come with `area__place`."""
    found = list(terminals)
    holders = {one.pk: (one.area.place.path, subject_of(one.code)) for one in found}
    forced = platform.parameters(NAMES, list(holders.values()), at)
    return {pk: {name: one.value for name, one in forced[holder].items()} for pk, holder in holders.items()}


def effective(place_path: str, at: datetime, *, terminal: str = "") -> list[Effective]:
    """Every setting of a place, or of a terminal in it, with where its value comes from."""
    holder = (place_path, subject_of(terminal) if terminal else "")
    forced = platform.parameters(NAMES, [holder], at)[holder]
    return [_effective(setting, forced[setting.name], holder) for setting in PROFILE]


def _effective(setting: ProfileSetting, one: InForce, holder: tuple[str, str]) -> Effective:
    row = one.row
    if row is None:
        return Effective(setting, one.value, "", False, None, "")
    origin = row.subject.partition(":")[2] or row.place.name
    own = (row.place.path, row.subject) == holder
    return Effective(setting, one.value, origin, own, row.valid_from, row.set_by)


def history(place_path: str, *, terminal: str = "", limit: int = 60) -> list[Parameter]:
    """What was set for a place or terminal and above it, newest first, also what is to come."""
    chain = platform.place_chain(place_path)
    here = Q(place__path__in=chain, subject="")
    if terminal:
        here |= Q(subject=subject_of(terminal))
    rows = Parameter.objects.filter(here, name__in=NAMES).select_related("place")
    return list(rows.order_by("-valid_from", "-id")[:limit])


def places(actor: Actor) -> list[Place]:
    """The places that the actor may see, from the top down."""
    return list(place_rows(actor))


def place_rows(actor: Actor) -> QuerySet[Place]:
    """The same as rows to choose from."""
    return platform.places_visible_to(actor).order_by("path")


def set_below(paths: Iterable[str]) -> dict[str, int]:
    """place path → how many settings are in force that were set right there or for a terminal there."""
    counts: dict[str, int] = {}
    latest: dict[tuple[str, str, str], bool] = {}
    rows = Parameter.objects.filter(name__in=NAMES, place__path__in=list(paths)).order_by("valid_from", "id")
    for name, path, subject, withdrawn in rows.values_list("name", "place__path", "subject", "withdrawn"):
        latest[name, path, subject] = withdrawn
    for (_name, path, _subject), withdrawn in latest.items():
        counts[path] = counts.get(path, 0) + (not withdrawn)
    return counts
