"""Form fields as the fill screen draws them: which keyboard, which choices, how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# kind of the page model -> what the on-screen keyboard offers; choices have no keyboard
_KEYBOARDS = {
    "text": "text",
    "latin": "latin",
    "long": "text",
    "digits": "digits",
    "phone": "phone",
    "id": "id",
    "date": "date",
}
_CHOICES = frozenset({"choice", "many", "yes"})
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


def _options(raw: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for option in raw:
        if isinstance(option, Mapping):
            pairs.append((str(option["value"]), str(option.get("label", option["value"]))))
        elif isinstance(option, str):
            pairs.append((option, option))
        else:
            value, label = option
            pairs.append((str(value), str(label)))
    return tuple(pairs)


def field_view(field: object) -> FieldView:
    """A field of `forms.page_model`, as attributes or as the keys of its JSON, for the template."""
    kind = str(_get(field, "kind", "text"))
    options = _options(_get(field, "options") or ())
    if options and kind not in _CHOICES:
        kind = "choice"
    return FieldView(
        name=str(_get(field, "name")),
        label=str(_get(field, "label") or _get(field, "title") or _get(field, "name")),
        kind=kind,
        write="" if kind in _CHOICES else _KEYBOARDS.get(kind, "text"),
        required=bool(_get(field, "required", False)),
        help=str(_get(field, "help") or ""),
        options=options,
        max_length=int(_get(field, "max_length") or _LONGEST),
    )


def field_views(fields: Iterable[object]) -> list[FieldView]:
    return [field_view(field) for field in fields]
