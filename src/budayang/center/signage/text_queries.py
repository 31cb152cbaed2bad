"""Reads of what signs say: texts, rule sets in force, official symbols, asked for at a place on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import NOTHING, place_chain
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.signage.models import CompositionRule, OfficialSymbol, SignText
from budayang.data.composition_rules import rule_sets
from budayang.rules.signs.composing import InForce, Language, Position, SignLine, find_in_force


def within_reach(actor: Actor) -> Q:
    """Rows of places that the actor works in, and of the regions above them: those count there too."""
    if actor.sees_all:
        return Q()
    found = NOTHING
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in OPERATING_ROLES:
            found |= Q(place__path__startswith=grant.place_path) | Q(place__path__in=place_chain(grant.place_path))
    return found


def texts_visible_to(actor: Actor) -> QuerySet[SignText]:
    """Texts of signs, with who wrote and approved them."""
    return SignText.objects.select_related("place", "written_by", "approved_by").filter(within_reach(actor))


def rules_visible_to(actor: Actor) -> QuerySet[CompositionRule]:
    """Rule sets that were put in force."""
    return CompositionRule.objects.select_related("place").filter(within_reach(actor))


def symbols_visible_to(actor: Actor) -> QuerySet[OfficialSymbol]:
    """Official symbols, without their artwork."""
    return OfficialSymbol.objects.select_related("place").defer("content").filter(within_reach(actor))


def find_rule(place_path: str, on: date) -> InForce | None:
    """The rule set that counts at a place on a day; None where nobody put one in force."""
    known = rule_sets()
    rows = CompositionRule.objects.filter(place__path__in=place_chain(place_path), rule__in=list(known))
    return find_in_force(
        [
            InForce(
                known[row.rule], row.place.path, row.valid_from, row.document, Position(row.horizontal), row.percent,
                row.ended_on,
            )
            for row in rows.select_related("place").order_by("pk")
        ],
        place_path,
        on,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts and symbols that count at one place, read at once: a batch asks for hundreds."""

    texts: dict[tuple[str, str], tuple[SignText, ...]]
    symbols: dict[str, OfficialSymbol]

    def lines(self, kind: str, *, message: str, english: str) -> tuple[SignLine, ...]:
        """What a kind of sign says: Chinese and English of the catalogue unless somebody wrote others; Mongolian only
        from people. An approved text comes first; one that waits is told as not approved.
        """
        found = []
        for language, default in ((Language.ZH, message), (Language.MN, ""), (Language.EN, english)):
            rows = self.texts.get((kind, language.value), ())
            best = next((row for row in rows if row.state == SignText.State.APPROVED), None) or next(iter(rows), None)
            # A text of the catalogue stands until somebody approved another: 未审定 would be a step back.
            if best is not None and (best.state == SignText.State.APPROVED or not default):
                found.append(SignLine(language, best.text, best.state == SignText.State.APPROVED))
            elif default:
                found.append(SignLine(language, default))
        return tuple(found)


def wording_at(place_path: str, kinds: Sequence[str] | None = None, *, artwork: bool = True) -> Wording:
    """What counts at a place: of the nearest region, two queries. kinds: texts only of these. artwork: False leaves
    the files of the symbols where they are, for who only asks which there are.
    """
    chain = place_chain(place_path)
    rows = SignText.objects.filter(place__path__in=chain).exclude(state=SignText.State.WITHDRAWN)
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    texts: dict[tuple[str, str], tuple[SignText, ...]] = {}
    nearest_first = sorted(rows.select_related("place"), key=lambda row: len(row.place.path), reverse=True)
    for row in nearest_first:
        key = (row.kind, row.language)
        texts[key] = (*texts.get(key, ()), row)
    symbols: dict[str, OfficialSymbol] = {}
    kept = OfficialSymbol.objects.filter(place__path__in=chain, withdrawn_at__isnull=True).select_related("place")
    if not artwork:
        kept = kept.defer("content")
    for one in sorted(kept, key=lambda row: len(row.place.path)):
        symbols[one.symbol] = one
    return Wording(texts, symbols)
