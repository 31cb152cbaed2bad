"""What need not be asked, because the read card or an e-licence says it (``x-prefill``).

``"card.address"``, ``"licence.marriage.spouse_name"``, or a list of such, the first that is known. What does not fit
the field is not filled in: the person types it. Everything filled in says where it comes from, and may be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from budayang.forms.pages import Schema, kind_of_property
from budayang.forms.validation import fits

PREFILL = "x-prefill"
LICENCES = "x-licences"


@dataclass(frozen=True)
class Filled:
    """A text that stands in a field without having been typed; ``source`` names where it comes from, for people."""

    text: str
    source: str


@dataclass(frozen=True)
class Source:
    """Something that knows facts of the person. ``name``: "card", "licence.marriage"."""

    name: str
    title: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class LicenceWanted:
    """An e-licence that would spare questions. ``title`` and ``issuer`` are words for people."""

    kind: str
    title: str
    issuer: str


def licences_wanted(schema: Schema) -> tuple[LicenceWanted, ...]:
    """The e-licences that the form can make use of (``x-licences``)."""
    return tuple(LicenceWanted(x["kind"], x["title"], x.get("issuer", "")) for x in schema.get(LICENCES, ()))


def prefilled(schema: Schema, sources: tuple[Source, ...]) -> dict[str, Filled]:
    """By field path: what the sources know. Fields in lists are never filled in."""
    known = {f"{source.name}.{fact}": (value, source) for source in sources for fact, value in source.facts.items()}
    return dict(_filled(schema, "", known))


def _filled(holder: Schema, path: str, known: Mapping[str, tuple[str, Source]]) -> list[tuple[str, Filled]]:
    found: list[tuple[str, Filled]] = []
    for name, prop in holder.get("properties", {}).items():
        if kind_of_property(prop) == "group":
            found += _filled(prop, f"{path}{name}.", known)
        for wanted in wishes(prop.get(PREFILL)):
            value, source = known.get(wanted, ("", None))
            if source is not None and value and fits(prop, value):
                found.append((f"{path}{name}", Filled(value, source.title)))
                break
    return found


def wishes(given: Any) -> list[str]:
    return [str(one) for one in given] if isinstance(given, list) else [str(given)] if given else []
