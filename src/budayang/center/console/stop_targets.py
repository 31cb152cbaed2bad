"""What a person may stop in an area and how it is named: the area, regions above, terminals, parts, departments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.areas.models import Area, PlannedStop
from budayang.center.areas.stop_actions import KEEPERS
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place
from budayang.center.platform.wording import words
from budayang.center.services import queries as services
from budayang.center.terminals import queries as terminals
from budayang.rules.terminals import KINDS

PLANNING_ROLES = frozenset({*KEEPERS, Role.OWNER_UNIT})
# The terminal itself is not one of its components: stopping it is stopping the terminal.
NOT_PARTS = frozenset({"terminal", "application"})


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that may be stopped: its value in the form, its word, the heading that it stands under."""

    value: str
    word: str
    group: str
    place: Place
    terminal_id: int | None = None
    owner: Organization | None = None
    subject: str = ""
    component: str = ""
    department: str = ""
    code: str = ""

    def stop(self, **facts: Any) -> PlannedStop:
        """A stop of this, not saved."""
        return PlannedStop(
            place=self.place,
            terminal_id=self.terminal_id,
            owner=self.owner,
            subject=self.subject,
            component=self.component,
            department=self.department,
            **facts,
        )


def planners(actor: Actor) -> bool:
    """Whether the actor may announce a stop somewhere."""
    return actor.may(*PLANNING_ROLES)


def targets_of(actor: Actor, area: Area) -> list[Target]:
    """Everything in (or above) the area that the actor may stop. Owner units: their own terminals and department."""
    machines = list(
        terminals.visible_to(actor).filter(area_id=area.pk).exclude(state="retired").select_related("owner")
    )
    parts = {
        one: sorted(
            {(subject, state.kind) for (subject, _prop), state in states.items() if state.kind not in NOT_PARTS}
        )
        for one, states in terminals.current_states([machine.pk for machine in machines]).items()
    }
    found: list[Target] = []
    keeper = actor.may(*KEEPERS, place_path=area.place.path)
    if keeper:
        found += _places(actor, area, {kind for mine in parts.values() for _subject, kind in mine})
    for machine in machines:
        if not keeper and not actor.may(Role.OWNER_UNIT, place_path=area.place.path, organizations=(machine.owner_id,)):
            continue
        group = f"{machine.code} {machine.name}"
        common: dict[str, Any] = {
            "group": group,
            "place": area.place,
            "terminal_id": machine.pk,
            "owner": machine.owner,
        }
        word = _("整台终端 %(code)s") % {"code": machine.code}
        found.append(Target(f"t|{machine.pk}|", word, code=machine.code, **common))
        found += [
            Target(f"t|{machine.pk}|{subject}", f"{machine.code} {_part(subject, kind)}", subject=subject, **common)
            for subject, kind in parts[machine.pk]
        ]
    return found + _departments(actor, area, keeper)


def _part(subject: str, kind: str) -> str:
    """打印机 printer-2: the number only where it is needed to tell two apart."""
    name = words(KINDS[kind].name) if kind in KINDS else kind
    return name if subject == kind else f"{name} {subject}"


def _places(actor: Actor, area: Area, kinds: set[str]) -> list[Target]:
    here = _("整个自助区")
    found = [Target("p", f"{here}（{area.name}）", area.name, area.place)]
    above = Place.objects.filter(path__in=platform.place_chain(area.place.path)).exclude(pk=area.place_id)
    found += [
        Target(f"p|{place.pk}", _("%(place)s的所有自助区") % {"place": place.name}, area.name, place)
        for place in above.order_by("-path")
        if actor.may(*KEEPERS, place_path=place.path)
    ]
    for kind in sorted(kinds):
        name = words(KINDS[kind].name) if kind in KINDS else kind
        word = _("本自助区所有终端的%(name)s") % {"name": name}
        found.append(Target(f"k|{kind}", word, area.name, area.place, component=kind))
    return found


def _departments(actor: Actor, area: Area, keeper: bool) -> list[Target]:
    found = []
    for one in services.departments():
        own = one.organization_id is not None and actor.may(
            Role.OWNER_UNIT, place_path=area.place.path, organizations=(one.organization_id,)
        )
        if keeper or own:
            word = _("%(name)s的办理事项") % {"name": one.name}
            found.append(Target(f"d|{one.code}", word, _("部门系统"), area.place, department=one.code))
    return found


def grouped(targets: Sequence[Target]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The choices of the form under their headings, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in targets:
        found.setdefault(one.group, []).append((one.value, one.word))
    return list(found.items())


def terminal_codes(actor: Actor, stops: Iterable[PlannedStop]) -> dict[int, str]:
    """Codes of the terminals that the stops name and the actor may see."""
    ids = {one.terminal_id for one in stops if one.terminal_id is not None}
    return dict(terminals.visible_to(actor).filter(pk__in=ids).values_list("pk", "code")) if ids else {}


def part_words(stop: PlannedStop) -> str:
    """打印机 printer-2; "" for a stop of something whole."""
    if stop.subject:
        return _part(stop.subject, stop.subject.partition("-")[0])
    return words(KINDS[stop.component].name) if stop.component in KINDS else stop.component


def stopped_words(stop: PlannedStop, codes: dict[int, str]) -> str:
    """What a stop stops, in words."""
    if stop.department:
        name = services.department_name(stop.department)
        return _("%(place)s：%(name)s的办理事项") % {"place": stop.place.name, "name": name}
    part = part_words(stop)
    if stop.terminal_id is not None:
        machine = codes.get(stop.terminal_id) or _("一台终端")
        return f"{machine} {part}".strip()
    return _("%(place)s：所有%(part)s") % {"place": stop.place.name, "part": part} if part else stop.place.name
