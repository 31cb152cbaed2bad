"""Reads about who takes the money where: providers, the areas that they serve, what is under way at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from budayang.center.areas import queries as areas
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.models import Payment, PaymentProvider, Reconciliation
from budayang.center.services.states import MOVING_PAYMENT_STATES, PaymentState

READERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR, Role.SYSTEM_ADMIN})
GOING_BACK = (PaymentState.REFUND_DUE, PaymentState.REFUNDING, PaymentState.REFUND_REFUSED)


def serving_q(actor: Actor, place: str) -> Q:
    """Rows of providers that lie in the actor's places, or above them and so serve them. `place`: the lookup."""
    if actor.sees_all:
        return Q()
    allowed = Q(pk__in=())
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in READERS:
            above = ["/", *platform.place_chain(grant.place_path)]
            allowed |= Q(**{f"{place}__startswith": grant.place_path}) | Q(**{f"{place}__in": above})
    return allowed


def providers_visible_to(actor: Actor) -> QuerySet[PaymentProvider]:
    """Providers that serve the actor's places, each with the newest reconciled day (`day_on`, `day_state`)."""
    days = Reconciliation.objects.filter(provider=OuterRef("pk"), done_at__isnull=False).order_by("-on")
    newest = {"day_on": Subquery(days.values("on")[:1]), "day_state": Subquery(days.values("state")[:1])}
    rows = PaymentProvider.objects.filter(serving_q(actor, "place_path")).annotate(**newest)
    return rows.annotate(
        moving=Count("payments", filter=Q(payments__state__in=[one.value for one in MOVING_PAYMENT_STATES])),
        going_back=Count("payments", filter=Q(payments__state__in=[one.value for one in GOING_BACK])),
        open_day=Subquery(days.filter(state="differs").values("on")[:1]),
    )


def find_provider_row(actor: Actor, code: str) -> PaymentProvider | None:
    return providers_visible_to(actor).filter(code=code).first()


def areas_served(actor: Actor, provider: PaymentProvider) -> QuerySet[Any]:
    """The actor's areas whose payments go to this provider: below its place, and below no nearer one."""
    found = areas.visible_to(actor).filter(place__path__startswith=provider.place_path)
    if not provider.active:
        return found.none()
    nearer = PaymentProvider.objects.filter(active=True, place_path__startswith=provider.place_path)
    for path in nearer.exclude(place_path=provider.place_path).values_list("place_path", flat=True):
        found = found.exclude(place__path__startswith=path)
    return found


def areas_without(actor: Actor) -> QuerySet[Any]:
    """The actor's areas in which nobody takes money."""
    found = areas.visible_to(actor)
    for path in PaymentProvider.objects.filter(active=True).values_list("place_path", flat=True):
        found = found.exclude(place__path__startswith=path)
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """What a provider holds of ours now, in fen: paid and not settled with an output, and on its way back."""

    waiting_fen: int
    back_fen: int


def held_of(provider: PaymentProvider) -> Held:
    def fen(*states: PaymentState) -> int:
        rows = Payment.objects.filter(provider=provider, state__in=[one.value for one in states])
        return sum(rows.values_list("amount_fen", flat=True))

    return Held(fen(PaymentState.PAID), fen(*GOING_BACK))


def newest_days(provider: PaymentProvider, count: int = 14) -> list[Reconciliation]:
    return list(Reconciliation.objects.filter(provider=provider).order_by("-on")[:count])


def waiting_day(provider: PaymentProvider) -> date | None:
    """The oldest day whose statement is not there yet."""
    rows = Reconciliation.objects.filter(provider=provider, done_at__isnull=True).order_by(F("on"))
    return rows.values_list("on", flat=True).first()
