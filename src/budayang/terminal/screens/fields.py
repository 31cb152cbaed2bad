"""Form fields as the fill screen draws them: which keyboard, which choices, how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# kind of forms.Field -> keyboard that opens; choices and promises have none
_KEYBOARDS = {
    "text": "text",
    "multiline": "text",
    "number": "digits",
    "phone": "phone",
    "id_number": "id",
    "date": "date",
}
_CHOICES = frozenset({"choice", "promise"})
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class FieldView:
    """One question. `write` names the keyboard; empty for choices, whose (value, label) pairs are `options`."""

    name: str
    label: str
    kind: str
    write: str
    required: bool
    help: str
    options: tuple[tuple[str, str], ...]
    max_length: int


def _get(field: object, key: str, default: Any = None) -> Any:
    if isinstance(field, Mapping):
        return field.get(key, default)
    return getattr(field, key, default)


def _options(choices: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(_get(choice, "value")), str(_get(choice, "label"))) for choice in choices)


def field_view(field: object) -> FieldView:
    """A `forms.Field`, or the same as the keys of its JSON, as the template needs it."""
    kind = str(_get(field, "kind", "text"))
    write = "" if kind in _CHOICES else _KEYBOARDS.get(kind, "text")
    if write == "text" and _get(field, "keyboard") == "number":
        write = "digits"
    return FieldView(
        name=str(_get(field, "name")),
        label=str(_get(field, "label")),
        kind=kind,
        write=write,
        required=bool(_get(field, "required", False)),
        help=str(_get(field, "hint") or ""),
        options=_options(_get(field, "choices") or ()),
        max_length=int(_get(field, "max_length") or _LONGEST),
    )


def field_views(fields: Iterable[object]) -> list[FieldView]:
    return [field_view(field) for field in fields]
