"""From a JSON Schema (draft 2020-12) to the fields that a screen draws.

The schema's own words are used where it has them (title, description, default, oneOf with const and title, required,
maxLength). Beside them:
``x-keyboard`` (pinyin | number), ``x-multiline``, ``x-sensitive`` (masked until pressed), ``x-not-before``,
``x-not-after`` (another field or ``today``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """``kind``: choice | text | multiline | number | phone | id_number | date | promise. ``value`` is text as the
    page shows it, "" when empty.

    ``keyboard``: the on-screen keyboard to open: pinyin | number | "" (none). ``minimum`` and ``maximum`` bound
    numbers.
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

    @property
    def shown(self) -> str:
        """The value in words for the page that asks whether all is right: a choice's label, 是 for a promise."""
        if self.kind == "choice":
            return next((c.label for c in self.choices if c.value == self.value), "")
        if self.kind == "promise":
            return "是" if self.value == "true" else ""
        return self.value


_FORMAT_KINDS = {"date": "date", "cn-mobile": "phone", "cn-id-number": "id_number"}
_KEYBOARDS = {"number": "number", "phone": "number", "id_number": "number", "text": "pinyin", "multiline": "pinyin"}


def kind_of_property(prop: Schema) -> str:
    if "oneOf" in prop or "enum" in prop:
        return "choice"
    if prop.get("type") == "boolean":
        return "promise"
    if prop.get("type") in ("integer", "number"):
        return "number"
    if prop.get("format") in _FORMAT_KINDS:
        return _FORMAT_KINDS[prop["format"]]
    return "multiline" if prop.get("x-multiline") else "text"


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


def page_model(schema: Schema, values: Mapping[str, Any]) -> list[Field]:
    """The fields in the schema's order. A field that is not in ``values`` shows its default."""
    required = frozenset(schema.get("required", ()))
    fields = []
    for name, prop in schema.get("properties", {}).items():
        kind = kind_of_property(prop)
        fields.append(
            Field(
                name=name,
                label=str(prop.get("title", name)),
                kind=kind,
                required=name in required,
                value=_text(values.get(name, prop.get("default"))),
                hint=str(prop.get("description", "")),
                choices=_choices(prop),
                min_length=prop.get("minLength"),
                max_length=prop.get("maxLength"),
                minimum=prop.get("minimum"),
                maximum=prop.get("maximum"),
                keyboard=str(prop.get("x-keyboard", _KEYBOARDS.get(kind, ""))),
                sensitive=bool(prop.get("x-sensitive", False)),
            )
        )
    return fields
