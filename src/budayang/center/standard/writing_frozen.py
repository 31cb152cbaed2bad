"""A document's blocks as JSON: what a kept document says is fixed when it is asked for, its file is made later."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args

from budayang.center.platform.printed import Heading as Column
from budayang.center.platform.printed import Printed
from budayang.center.standard.writing_blocks import Block, Cover, Written

_NAMES: dict[type, str] = {
    **{one: one.__name__ for one in (*get_args(Block), Cover, Written, Printed)},
    Column: "Column",  # a block is called Heading too
}
_CLASSES = {name: made for made, name in _NAMES.items()}
_KIND = "_"


def frozen(value: Any) -> Any:
    """The value as JSON holds it. Raises KeyError for what is no part of a document."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: frozen(getattr(value, one.name)) for one in fields(value)}
        return {_KIND: _NAMES[type(value)], **told}
    if isinstance(value, tuple | list):
        return [frozen(one) for one in value]
    return value


def thawed(value: Any) -> Any:
    """What `frozen` took; lists are tuples again."""
    if isinstance(value, dict):
        told = {name: thawed(one) for name, one in value.items() if name != _KIND}
        return _CLASSES[value[_KIND]](**told)
    if isinstance(value, list):
        return tuple(thawed(one) for one in value)
    return value
