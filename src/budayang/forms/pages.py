"""From a JSON Schema (draft 2020-12) to the fields that a screen draws.

The schema's own words are used where it has them (title, description, default, oneOf with const and title, required,
maxLength, minItems, maxItems). Beside them:
``x-keyboard`` (pinyin | number), ``x-multiline``, ``x-sensitive`` (masked until pressed), ``x-not-before``,
``x-not-after`` (another field or ``today``), ``x-when`` (`conditions`), ``x-prefill`` (`prefill`),
``x-pages`` (`steps`), ``x-slots`` (the id of a time that the department lets people book).

A field inside a group (an object) or an entry of a list (an array of objects) is named by its path: ``home.street``,
``children.0.name``. All that a page posts is flat text by these names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from budayang.forms.conditions import OPTIONAL, WHEN, holds

Schema = Mapping[str, Any]
LIST, GROUP, SLOT = "list", "group", "slot"
SLOTS = "x-slots"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """``kind``: choice | text | multiline | number | phone | id_number | date | promise | slot. ``value`` is text as
    the page shows it, "" when empty.

    ``keyboard``: the on-screen keyboard to open: pinyin | number | "" (none). ``minimum`` and ``maximum`` bound
    numbers. ``source`` says where a value came from that the person did not type.
    """

    name: str
    label: str
    kind: str
    required: bool
    value: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    keyboard: str = ""
    sensitive: bool = False
    source: str = ""

    @property
    def shown(self) -> str:
        """The value in words for the page that asks whether all is right: a choice's label, 是 for a promise."""
        if self.kind == "choice":
            return next((c.label for c in self.choices if c.value == self.value), "")
        if self.kind == "promise":
            return "是" if self.value == "true" else ""
        return self.value


@dataclass(frozen=True)
class Leaf:
    """One question of the form as it stands for some values: its path, its property, and whether it must be
    answered.
    """

    name: str
    prop: Schema
    required: bool


_FORMAT_KINDS = {"date": "date", "cn-mobile": "phone", "cn-id-number": "id_number"}
_KEYBOARDS = {"number": "number", "phone": "number", "id_number": "number", "text": "pinyin", "multiline": "pinyin"}


def kind_of_property(prop: Schema) -> str:
    """The kind of a field; ``group`` and ``list`` for what holds fields itself."""
    if prop.get("type") == "object":
        return GROUP
    if prop.get("type") == "array":
        return LIST
    if prop.get(SLOTS):
        return SLOT
    if "oneOf" in prop or "enum" in prop:
        return "choice"
    if prop.get("type") == "boolean":
        return "promise"
    if prop.get("type") in ("integer", "number"):
        return "number"
    if prop.get("format") in _FORMAT_KINDS:
        return _FORMAT_KINDS[prop["format"]]
    return "multiline" if prop.get("x-multiline") else "text"


def must_answer(holder: Schema, name: str, prop: Schema) -> bool:
    """Whether an asked field of `holder` has to be answered: by the schema's own word, or, where the field hangs on a
    condition, unless it says ``x-optional`` (the schema itself cannot require what is not always asked).
    """
    if WHEN in prop:
        return not prop.get(OPTIONAL, False)
    return name in holder.get("required", ())


def asked(holder: Schema, values: Mapping[str, Any], *outer: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    """The properties of `holder` that these values ask for, in the schema's order. A condition sees only what is
    asked before it.
    """
    known: dict[str, Any] = {}
    for name, prop in holder.get("properties", {}).items():
        if holds(prop.get(WHEN), known, *outer):
            yield name, prop
            if name in values:
                known[name] = values[name]


def entries_of(prop: Schema, given: object) -> int:
    """How many entries of a list are asked for: as many as there are, at least the smallest number."""
    have = len(given) if isinstance(given, list) else 0
    return max(have, int(prop.get("minItems", 0)))


def leaves(schema: Schema, values: Mapping[str, Any]) -> Iterator[Leaf]:
    """Every question that the form asks for these (typed) values, in order; each once."""
    for name, prop in asked(schema, values):
        kind, needed = kind_of_property(prop), must_answer(schema, name, prop)
        given = values.get(name)
        if kind == GROUP:
            yield from _inner(f"{name}.", prop, given, values)
        elif kind == LIST:
            for number in range(entries_of(prop, given)):
                entry = given[number] if isinstance(given, list) and number < len(given) else {}
                yield from _inner(f"{name}.{number}.", prop.get("items", {}), entry, values)
        else:
            yield Leaf(name, prop, needed)


def _inner(path: str, holder: Schema, given: object, outer: Mapping[str, Any]) -> Iterator[Leaf]:
    mine = given if isinstance(given, Mapping) else {}
    for name, prop in asked(holder, mine, outer):
        yield Leaf(f"{path}{name}", prop, must_answer(holder, name, prop))


def find_property(schema: Schema, name: str) -> Schema:
    """The property of a path; an empty one for a path that the schema does not have."""
    node: Schema = schema
    for part in name.split("."):
        if kind_of_property(node) == LIST and part.isdecimal():
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part, {})
    return node


_ENTRY = re.compile(r"(?P<list>[^.]+)\.(?P<number>[0-9]{1,2})\.")


def typed_entries(name: str, typed: Mapping[str, str]) -> int:
    """How many entries of the list `name` a page posted something for (also an empty field)."""
    found = (match for match in map(_ENTRY.match, typed) if match is not None and match["list"] == name)
    return max((int(match["number"]) + 1 for match in found), default=0)


def _choices(prop: Schema) -> tuple[Choice, ...]:
    if "oneOf" in prop:
        return tuple(Choice(str(x["const"]), str(x.get("title", x["const"]))) for x in prop["oneOf"])
    return tuple(Choice(str(x), str(x)) for x in prop.get("enum", ()))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value)


def look_up(values: Mapping[str, Any], name: str) -> Any:
    """The value at a path, of nested values or of flat ones; None when there is none."""
    if name in values:
        return values[name]
    node: Any = values
    for part in name.split("."):
        if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, Mapping) and part in node:
            node = node[part]
        else:
            return None
    return node


def field_of(leaf: Leaf, value: object, source: str = "") -> Field:
    """What a screen draws for a question."""
    prop, kind = leaf.prop, kind_of_property(leaf.prop)
    return Field(
        name=leaf.name,
        label=str(prop.get("title", leaf.name)),
        kind=kind,
        required=leaf.required,
        value=_text(value),
        hint=str(prop.get("description", "")),
        choices=_choices(prop),
        min_length=prop.get("minLength"),
        max_length=prop.get("maxLength"),
        minimum=prop.get("minimum"),
        maximum=prop.get("maximum"),
        keyboard=str(prop.get("x-keyboard", _KEYBOARDS.get(kind, ""))),
        sensitive=bool(prop.get("x-sensitive", False)),
        source=source,
    )


def page_model(schema: Schema, values: Mapping[str, Any], *, shown: Mapping[str, Any] | None = None) -> list[Field]:
    """The fields that are asked for `values`, in the schema's order. A field without a value shows its default.

    `shown`: what the page shows instead of `values` (text as typed, also when it is wrong), by path.
    """
    texts = values if shown is None else shown
    return [field_of(leaf, _or_default(look_up(texts, leaf.name), leaf.prop)) for leaf in leaves(schema, values)]


def _or_default(value: Any, prop: Schema) -> Any:
    return prop.get("default") if value is None else value
