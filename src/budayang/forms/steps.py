"""The form as pages: one thing a page, in an order, some only for some answers, a page for each entry of a list.

``x-pages`` of a schema is a list of ``{"title", "lead", "fields"}``, or the word ``each`` (a page a question). Without
it the form is one page. A page on which nothing is asked for these answers is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from budayang.forms.conditions import WHEN, holds
from budayang.forms.pages import (
    LIST,
    Field,
    Leaf,
    Schema,
    asked,
    entries_of,
    field_of,
    kind_of_property,
    leaves,
    look_up,
)
from budayang.forms.prefill import Filled

PAGES = "x-pages"
EACH = "each"


@dataclass(frozen=True)
class Page:
    """One page. ``key`` names it for as long as the form stays what it is. Of an entry of a list: ``list`` is the
    list's name, ``entry`` counts from 0, and it may be followed by another (``can_add``) or be taken out
    (``can_remove``).
    """

    key: str
    title: str
    lead: str
    fields: tuple[Field, ...]
    list: str = ""
    entry: int = 0
    can_add: bool = False
    can_remove: bool = False
    more: str = ""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields)


def pages(
    schema: Schema,
    values: Mapping[str, Any],
    *,
    shown: Mapping[str, Any] | None = None,
    filled: Mapping[str, Filled] | None = None,
) -> list[Page]:
    """The pages for these (typed) values; no question stands on two of them.

    ``shown``: text to show instead of the values, by path; ``filled``: what was filled in without the person.
    """
    texts = values if shown is None else shown
    known = {leaf.name: leaf for leaf in leaves(schema, values)}

    def draw(leaf: Leaf) -> Field:
        given, from_elsewhere = look_up(texts, leaf.name), (filled or {}).get(leaf.name)
        if given is None and from_elsewhere is not None:
            given = from_elsewhere.text
        same = from_elsewhere is not None and given == from_elsewhere.text
        default = leaf.prop.get("default") if given is None else given
        return field_of(leaf, default, from_elsewhere.source if from_elsewhere is not None and same else "")

    found = []
    for key, page in _plan(schema, known):
        names = [str(name) for name in page["fields"]]
        lists = [name for name in names if _is_list(schema, name)]
        if lists:
            found += _entries(schema, values, lists[0], page, known, draw)
            continue
        fields = tuple(draw(leaf) for name, leaf in known.items() if _on(name, names))
        if fields and holds(page.get(WHEN), values):
            title = str(page.get("title") or fields[0].label)
            found.append(Page(key, title, str(page.get("lead", "")), fields))
    return found


def _plan(schema: Schema, known: Mapping[str, Leaf]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The pages as the schema orders them; what no page names comes at the end, so that nothing is forgotten."""
    wanted = schema.get(PAGES)
    names = list(schema.get("properties", {}))
    if wanted == EACH:
        yield from ((name, {"fields": [name]}) for name in names)
        return
    if not wanted:
        plain = [name for name in names if not _is_list(schema, name)]
        if plain:
            yield "form", {"title": schema.get("title", ""), "fields": plain}
    taken: set[str] = set() if wanted else {name for name in names if not _is_list(schema, name)}
    for number, page in enumerate(wanted or ()):
        taken |= set(page["fields"])
        yield str(page.get("key", number)), page
    for name in names:
        if name not in taken:
            yield name, {"fields": [name]}


def _is_list(schema: Schema, name: str) -> bool:
    return kind_of_property(schema.get("properties", {}).get(name, {})) == LIST


def _on(name: str, names: list[str]) -> bool:
    return name in names or name.partition(".")[0] in names


def _entries(
    schema: Schema,
    values: Mapping[str, Any],
    name: str,
    page: Mapping[str, Any],
    known: Mapping[str, Leaf],
    draw: Any,
) -> list[Page]:
    if name not in dict(asked(schema, values)):
        return []
    prop = schema["properties"][name]
    most, least = int(prop.get("maxItems", 10)), int(prop.get("minItems", 0))
    word = str(prop.get("x-entry", prop.get("title", name)))
    count = entries_of(prop, values.get(name))
    found = []
    for number in range(count):
        fields = tuple(draw(leaf) for path, leaf in known.items() if path.startswith(f"{name}.{number}."))
        title = str(page.get("title") or prop.get("title", name))
        found.append(
            Page(
                f"{name}.{number}",
                f"{title}（第{number + 1}个）" if count > 1 else title,
                str(page.get("lead", "")),
                fields,
                list=name,
                entry=number,
                can_add=number == count - 1 and count < most,
                can_remove=count > max(least, 1) or (least == 0 and count > 0),
                more=word,
            )
        )
    return found
