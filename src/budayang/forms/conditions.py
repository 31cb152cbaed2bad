"""Parts of a form that are asked only when an earlier answer makes them needed (``x-when``).

``{"kind": "rent"}``: the field ``kind`` has this value. ``{"kind": ["rent", "lent"]}``: one of these.
``{"kind": {"not": "own"}}``: answered, and with something else (a list: with none of these). Several fields must all
fit. A field that is itself not asked has no value, so what hangs on it is not asked either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WHEN = "x-when"
OPTIONAL = "x-optional"


def holds(when: Mapping[str, Any] | None, *scopes: Mapping[str, Any]) -> bool:
    """Whether the condition fits. `scopes`: where a name is looked up, nearest first (the entry, then the form)."""
    return all(_fits(wanted, _value(name, scopes)) for name, wanted in (when or {}).items())


def names_in(when: Mapping[str, Any] | None) -> Iterator[str]:
    """The fields on which a condition hangs."""
    yield from (when or {})


def _value(name: str, scopes: tuple[Mapping[str, Any], ...]) -> Any:
    return next((scope[name] for scope in scopes if name in scope), None)


def _fits(wanted: Any, value: Any) -> bool:
    if value is None:
        return False
    if isinstance(wanted, Mapping):
        return not _among(wanted.get("not"), value)
    return _among(wanted, value)


def _among(wanted: Any, value: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    # 1 and True are equal to Python and different answers to a person.
    return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in choices)
