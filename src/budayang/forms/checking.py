"""Is a form itself in order? For those who write forms, and for the test that reads all that ship.

A wrong form is found when it is written, not by a person at two in the morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from budayang.forms.conditions import OPTIONAL, WHEN, names_in
from budayang.forms.materials import MATERIALS
from budayang.forms.pages import GROUP, LIST, SLOT, SLOTS, Schema, kind_of_property
from budayang.forms.prefill import LICENCES, PREFILL, wishes
from budayang.forms.steps import EACH, PAGES

HINTS = frozenset(
    {
        "x-keyboard", "x-multiline", "x-sensitive", "x-not-before", "x-not-after", "x-problem", "x-entry",
        SLOTS, WHEN, OPTIONAL, PREFILL, PAGES, MATERIALS, LICENCES,
    }
)  # fmt: skip
CARD_FACTS = frozenset({"name", "id_number", "address", "sex", "birth"})


def form_problems(schema: Schema) -> list[str]:
    """What is wrong with a form, in sentences for its author; empty when nothing is."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return [f"no JSON Schema: {error.message}"]
    return [
        *_holder_problems(schema, "", frozenset()),
        *_page_problems(schema),
        *_material_problems(schema),
        *_prefill_problems(schema),
    ]


def _holder_problems(holder: Schema, path: str, outer: frozenset[str]) -> Iterator[str]:
    if holder.get("additionalProperties") is not False:
        yield f"{path or 'the form'}: additionalProperties must be false, or unknown answers would pass"
    properties: Mapping[str, Schema] = holder.get("properties", {})
    for name in holder.get("required", ()):
        if name not in properties:
            yield f"{path}{name} is required and not there"
        elif WHEN in properties[name]:
            yield f"{path}{name} is asked on a condition, so it cannot be in `required` (it is required when asked)"
    before: set[str] = set()
    for name, prop in properties.items():
        yield from _property_problems(f"{path}{name}", prop, outer | before, set(properties))
        kind = kind_of_property(prop)
        if kind == GROUP:
            yield from _holder_problems(prop, f"{path}{name}.", outer | before)
        elif kind == LIST:
            yield from _list_problems(f"{path}{name}", prop, path, outer | before)
        before.add(name)


def _property_problems(
    where: str, prop: Schema, known: frozenset[str] | set[str], all_names: set[str]
) -> Iterator[str]:
    if not prop.get("title"):
        yield f"{where} has no title"
    for hint in prop:
        if hint.startswith("x-") and hint not in HINTS:
            yield f"{where} has the unknown hint {hint}"
    for name in names_in(prop.get(WHEN)):
        if name not in known:
            yield f"{where} hangs on {name}, which is not asked before it"
    for key in ("x-not-before", "x-not-after"):
        if prop.get(key) not in (None, "today") and prop[key] not in all_names:
            yield f"{where}: {key} names {prop[key]}, which is no field beside it"


def _list_problems(where: str, prop: Schema, path: str, outer: frozenset[str] | set[str]) -> Iterator[str]:
    if path:
        yield f"{where} is a list inside another part: lists stand at the top of a form"
    items = prop.get("items", {})
    if kind_of_property(items) != GROUP:
        yield f"{where}: a list holds objects"
        return
    yield from _holder_problems(items, f"{where}.0.", frozenset(outer))


def _page_problems(schema: Schema) -> Iterator[str]:
    wanted = schema.get(PAGES)
    properties, seen = schema.get("properties", {}), list[str]()
    for page in [{"fields": list(properties)}] if not wanted else []:
        yield from _same_page(page["fields"], properties)
    if not wanted or wanted == EACH:
        return
    for page in wanted:
        fields = page.get("fields", ())
        yield from _same_page(fields, properties)
        lists = [name for name in fields if kind_of_property(properties.get(name, {})) == LIST]
        if lists and len(fields) > 1:
            yield f"a page with the list {lists[0]} can hold nothing else"
        times = [name for name in fields if kind_of_property(properties.get(name, {})) == SLOT]
        if times and len(fields) > 1:
            yield f"a page with the times of {times[0]} can hold nothing else"
        for name in fields:
            if name not in properties:
                yield f"a page names {name}, which the form does not have"
            if name in seen:
                yield f"{name} stands on two pages"
            seen.append(name)
    for name in properties:
        if name not in seen:
            yield f"{name} stands on no page"


def _same_page(fields: Iterable[str], properties: Mapping[str, Schema]) -> Iterator[str]:
    for name in fields:
        for other in names_in(properties.get(name, {}).get(WHEN)):
            if other in fields:
                yield f"{name} hangs on {other}, so it needs a later page"


def _material_problems(schema: Schema) -> Iterator[str]:
    properties, seen = schema.get("properties", {}), set[str]()
    for want in schema.get(MATERIALS, ()):
        if not want.get("kind") or not want.get("title"):
            yield "a material needs kind and title"
        if want.get("kind") in seen:
            yield f"the material {want['kind']} is asked for twice"
        seen.add(want.get("kind", ""))
        for name in names_in(want.get(WHEN)):
            if name not in properties:
                yield f"the material {want.get('kind')} hangs on {name}, which the form does not have"


def _prefill_problems(schema: Schema) -> Iterator[str]:
    kinds = {one.get("kind") for one in schema.get(LICENCES, ())}
    for where, prop in _all(schema, ""):
        for wish in wishes(prop.get(PREFILL)):
            head, _dot, rest = wish.partition(".")
            if head == "card" and rest not in CARD_FACTS:
                yield f"{where}: the card does not say {rest}"
            elif head == "licence" and rest.partition(".")[0] not in kinds:
                yield f"{where}: {wish} names a licence that {LICENCES} does not"
            elif head not in ("card", "licence"):
                yield f"{where}: nothing is called {wish}"


def _all(holder: Schema, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, prop in holder.get("properties", {}).items():
        yield f"{path}{name}", prop
        if kind_of_property(prop) == GROUP:
            yield from _all(prop, f"{path}{name}.")
