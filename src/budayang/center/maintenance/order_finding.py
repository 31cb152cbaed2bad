"""What a word in the search of orders finds, by indexes: a list of a million orders is read in no other way in time."""

from __future__ import annotations

from django.db.models import Q

from budayang.center.maintenance.models import Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Staff
from budayang.center.terminals import queries as terminals

FEW = 200
"""A word that more machines bear is looked for in each order's own machine: the newest fifty are soon found."""
LAST = "\uffff"


def orders_by_word(actor: Actor, word: str) -> Q:
    """Orders by number (from its beginning, or its last digits alone), machine (name or code), body, person, and, by a
    word without digits, the fault's title.
    """
    number = word.upper()
    found = Q(number__gte=number, number__lt=number + LAST)
    if word.isdecimal() and len(word) < 12:
        found |= Q(pk=int(word))
    named = terminals.visible_to(actor).filter(Q(name__icontains=word) | Q(code__icontains=word))
    machines = list(named.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(machines) > FEW:
        found |= Q(incident__terminal__name__icontains=word) | Q(incident__terminal__code__icontains=word)
    elif machines:
        found |= Q(incident__in=Incident.objects.filter(terminal__in=machines))
    for field, table in (("organization__in", Organization), ("assignee__in", Staff)):
        ids = list(table._default_manager.filter(name__icontains=word).values_list("pk", flat=True))
        if ids:
            found |= Q(**{field: ids})
    if not any(one.isdigit() for one in word):
        found |= Q(incident__title__icontains=word)
    return found
