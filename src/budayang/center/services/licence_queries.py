"""Reads about e-licences (电子证照): the sources, and which items' forms ask for which kinds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from budayang.center.platform.actors import Actor, Role
from budayang.center.services.item_forms import forms_of
from budayang.center.services.models import Item, LicenceSource
from budayang.forms.prefill import licences_wanted

READERS = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR, Role.INSPECTOR})


@dataclass(frozen=True, slots=True)
class KindAsked:
    """A kind of licence that forms make use of. `items`: (code, name) of those that ask for it."""

    kind: str
    title: str
    issuer: str
    items: tuple[tuple[str, str], ...]


def sources_visible_to(actor: Actor) -> QuerySet[LicenceSource]:
    """Every source serves the whole house; readers are those who answer for its lines."""
    rows = LicenceSource.objects.all()
    return rows if actor.sees_all or actor.may(*READERS) else rows.none()


def kinds_asked() -> list[KindAsked]:
    """What the forms in use ask for, by kind. Each active source is asked for every one of them."""
    names = dict(Item.objects.filter(in_force=True).values_list("code", "name"))
    found: dict[str, KindAsked] = {}
    for code, schema in sorted(forms_of(names).items()):
        for one in licences_wanted(schema):
            known = found.get(one.kind, KindAsked(one.kind, one.title, one.issuer, ()))
            items = (*known.items, (code, names[code]))
            found[one.kind] = KindAsked(one.kind, known.title, known.issuer, items)
    return sorted(found.values(), key=lambda one: one.kind)
