"""Reads of what people gave for clauses: what counts for an area, as plain values for the rules and as evidence."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import place_chain, scope_q
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.standard.edition_queries import text_of
from budayang.center.standard.measuring import Evidence, evidence
from budayang.center.standard.models import ClauseException, Edition, GivenDocument, GivenNumbers
from budayang.center.standard.queries import READERS
from budayang.rules.standard.differences import asks_the_same
from budayang.rules.standard.judging import Given
from budayang.rules.standard.parts import Kind

DOCUMENT_TABLE = "given_document"


@dataclass(slots=True)
class GivenHere:
    """What counts for one area, by clause: numbers and documents (the newest day last), exceptions."""

    rows: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    exceptions: dict[str, list[ClauseException]] = field(default_factory=dict)

    def of(self, clause: str, kind: Kind) -> list[Any]:
        """Rows of a clause and kind, the newest first."""
        return self.rows.get((clause, kind.value), [])


class Standing:
    """Whether what was given counts under an edition: it was given for this one, or for a clause of another that asks
    the same. Editions are compared when a row of another one is met, once.
    """

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._same: dict[int, frozenset[str]] = {}

    def counts(self, row: GivenNumbers | GivenDocument | ClauseException) -> bool:
        """Of a row with its `edition_id` and `clause_code`."""
        if row.edition_id == self.edition.pk:
            return True
        if row.edition_id not in self._same:
            other = Edition.objects.get(pk=row.edition_id)
            self._same[row.edition_id] = asks_the_same(text_of(other), text_of(self.edition))
        return row.clause_code in self._same[row.edition_id]


def given_at(places: Collection[Place], standing: Standing) -> dict[int, GivenHere]:
    """Place id → what counts there: given for the place itself or for one above it. Three queries for all of them."""
    chains = {place.pk: place_chain(place.path) for place in places}
    paths = {path for chain in chains.values() for path in chain}
    by_path: dict[str, GivenHere] = {}
    for model in (GivenNumbers, GivenDocument):
        rows: Iterable[Any] = model._default_manager.filter(place_path__in=paths, withdrawn_at__isnull=True)
        for row in rows.order_by("-on", "-pk"):  # type: ignore[attr-defined]  # a query set of either model
            if not standing.counts(row):
                continue
            kind = row.kind if isinstance(row, GivenNumbers) else Kind.DOCUMENT.value
            by_path.setdefault(row.place_path, GivenHere()).rows.setdefault((row.clause_code, kind), []).append(row)
    for one in ClauseException.objects.filter(place_path__in=paths).order_by("pk"):
        if not standing.counts(one):
            continue
        by_path.setdefault(one.place_path, GivenHere()).exceptions.setdefault(one.clause_code, []).append(one)
    return {pk: _together([by_path[path] for path in chain if path in by_path]) for pk, chain in chains.items()}


def _together(found: list[GivenHere]) -> GivenHere:
    if len(found) == 1:
        return found[0]
    out = GivenHere()
    for one in found:
        for key, rows in one.rows.items():
            out.rows.setdefault(key, []).extend(rows)
        for code, exceptions in one.exceptions.items():
            out.exceptions.setdefault(code, []).extend(exceptions)
    for rows in out.rows.values():
        rows.sort(key=lambda row: (row.on, row.pk), reverse=True)
    return out


def plain(row: GivenNumbers | GivenDocument) -> Given:
    """As the rules read it."""
    return Given(row.on, row.until_on, row.values if isinstance(row, GivenNumbers) else None)


def evidence_of(row: GivenNumbers | GivenDocument) -> Evidence:
    """As a row of evidence; the file itself is behind the clause's page."""
    until = _("，有效至 %(on)s") % {"on": row.until_on.isoformat()} if row.until_on else ""
    if isinstance(row, GivenNumbers):
        words = _("%(on)s 填写，来源：%(source)s，%(by)s 登记") % {
            "on": row.on.isoformat(), "source": row.source, "by": row.by,
        }  # fmt: skip
        return evidence("given", f"given_numbers:{row.pk}", words + until)
    words = _("%(title)s（%(on)s）") % {"title": row.title, "on": row.on.isoformat()}
    return evidence("document", f"given_document:{row.pk}", words + until, f"/console/clause-documents/{row.ref}/")


def numbers_visible_to(actor: Actor) -> QuerySet[GivenNumbers]:
    """Numbers given in the actor's places, and above them: a region's count below."""
    return GivenNumbers.objects.filter(_visible(actor)).select_related("place", "edition")


def documents_visible_to(actor: Actor) -> QuerySet[GivenDocument]:
    """Documents given in the actor's places, and above them."""
    return GivenDocument.objects.filter(_visible(actor)).select_related("place", "edition")


def exceptions_visible_to(actor: Actor) -> QuerySet[ClauseException]:
    """Exemptions and transition plans of the actor's places, and of those above them."""
    return ClauseException.objects.filter(_visible(actor)).select_related("place", "edition")


def _visible(actor: Actor) -> Q:
    above = {path for one in actor.grants if one.role in READERS for path in place_chain(one.place_path)}
    return scope_q(actor, "place_path", roles=READERS) | Q(place_path__in=above)


def content_of(row: GivenDocument) -> bytes | None:
    """The document, or None when its time is over or its key is not here."""
    if row.content_sealed is None:
        return None
    try:
        return base64.b64decode(open_field(DOCUMENT_TABLE, row.ref, "content", bytes(row.content_sealed)))
    except CannotOpen:
        return None


def ending_soon(actor: Actor, on: date, days: int) -> QuerySet[GivenDocument]:
    """Documents that end within some days, or have ended, the first to end at the head."""
    rows = documents_visible_to(actor).filter(withdrawn_at__isnull=True, until_on__isnull=False)
    return rows.filter(until_on__lte=on + timedelta(days=days)).order_by("until_on")
