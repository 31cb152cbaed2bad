"""Changing the key that seals personal fields: which columns are sealed, how many rows each key still seals, moving
them to the newest.

The rooms name their sealed columns (`SEALED` in their `keeping` modules); config hands the list over as it does with
consumers. A row is moved by compare-and-set, so that a field which somebody seals anew at the same moment is never
overwritten with what it held before.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.apps import apps
from django.db import transaction
from django.db.models import BinaryField, F, Func, QuerySet, Value
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.keyfiles import read_or_make
from budayang.center.platform.roles import Role
from budayang.center.platform.sealing import (
    FIELD_KEY,
    NEWEST_POSSIBLE,
    CannotOpen,
    center_keys,
    field_key_ids,
    keys_folder,
    open_field,
    seal_field,
)

log = structlog.get_logger(__name__)

BATCH = 100
RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that `seal_field` fills: `table`, the value of `key` on the row and `name` are its associated data.

    Args:
        model: "services.Case".
        column: the column of the model.
        key: path of the row's key from the model ("number", "department__code").
    """

    model: str
    column: str
    table: str
    key: str
    name: str

    def rows(self) -> QuerySet[Any]:
        """Rows that hold something sealed, with the key's id as `sealed_with`."""
        first = Func(F(self.column), Value(1), Value(1), function="SUBSTR", output_field=BinaryField())
        # Where a column may not be NULL, what was deleted is empty.
        rows = apps.get_model(self.model)._default_manager.filter(**{f"{self.column}__isnull": False})
        rows = rows.exclude(**{self.column: b""})
        found: QuerySet[Any] = rows.annotate(sealed_with=first).order_by("pk")
        return found


Position = tuple[int, Any]
"""Where a pass stands: a column by its place in the list, and the key of its last row that was looked at (None: none).
"""
START: Position = (0, None)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn of a pass did: fields that moved, those that did not open, where to go on (None: it is through)."""

    moved: int
    unopened: int
    rest: Position | None


@dataclass(slots=True)
class _Wiring:
    columns: tuple[SealedColumn, ...] = ()
    at: Position = START
    unopened: int = 0


_wiring = _Wiring()


def install(columns: Sequence[SealedColumn]) -> None:
    """Called once by config, the only place that knows every room."""
    _wiring.columns = tuple(columns)


def columns() -> tuple[SealedColumn, ...]:
    return _wiring.columns


def rows_by_key() -> dict[int, int]:
    """Field key id → rows that it seals; keys that are here and seal nothing count 0."""
    found: Counter[int] = Counter(dict.fromkeys(center_keys().fields, 0))
    for column in columns():
        for first in column.rows().values_list("sealed_with", flat=True).iterator(chunk_size=2000):
            found[bytes(first)[0] if first else 0] += 1
    return dict(sorted(found.items()))


@transaction.atomic
def rotate(actor: Actor, now: datetime) -> int:
    """Make a new field key, which seals from now on; returns its id. The rows follow by `reseal`.

    Raises:
        Refused: every id is used up.
    """
    actor.require(Role.SYSTEM_ADMIN)
    newest = center_keys().newest_field + 1
    if newest > NEWEST_POSSIBLE:
        raise Refused(_("字段密钥的编号已经用完，请联系软件的维护者。"))
    read_or_make(keys_folder() / FIELD_KEY.format(newest), os.urandom(16))
    record(actor, "platform.rotate_key", subject="keys", details={"key": newest}, at=now)
    return newest


def reseal(limit: int = BATCH, at: Position = START) -> Turn:
    """Look at up to `limit` fields of older keys and move them to the newest. While there is one key, there is nothing
    to do. A field that does not open stays as it is, and the pass goes on behind it.
    """
    looked = moved = unopened = 0
    for place, column in enumerate(columns()):
        if place < at[0]:
            continue
        last = at[1] if place == at[0] else None
        for pk, key, sealed in _older(column, last)[: limit - looked]:
            looked, last = looked + 1, pk
            if (done := _move(column, pk, str(key), bytes(sealed))) is None:
                unopened += 1
            else:
                moved += done
        if looked >= limit:
            return Turn(moved, unopened, (place, last))
    return Turn(moved, unopened, None)


def reseal_on(_now: datetime) -> int:
    """One turn of this process's pass; returns how many fields moved. At the end of a pass the log says how many fields
    did not open.
    """
    turn = reseal(at=_wiring.at)
    _wiring.at, _wiring.unopened = turn.rest or START, _wiring.unopened + turn.unopened
    if turn.rest is None:
        if _wiring.unopened:
            log.warning("sealed fields do not open", fields=_wiring.unopened, repair="budayang keys status")
        _wiring.unopened = 0
    return turn.moved


def unopened() -> dict[int, int]:
    """Field key id → fields of it that cannot be opened: their key is not here, or (of keys before the newest, which a
    pass has left behind) they do not open with it. Keys without any are missing.
    """
    here = center_keys().fields
    found = Counter({key: count for key, count in rows_by_key().items() if key not in here})
    for column in columns():
        for _pk, key, sealed in _older(column).iterator(chunk_size=BATCH):
            blob = bytes(sealed)
            found[blob[0]] += _text(column, str(key), blob) is None
    return {key: count for key, count in sorted(found.items()) if count}


def _older(column: SealedColumn, after: Any = None) -> QuerySet[Any, tuple[Any, Any, bytes]]:
    """Fields of keys that are here and not the newest, behind the row `after`: (key of the row, of the seal, field)."""
    keys = center_keys()
    rows = column.rows().filter(sealed_with__in=[bytes([one]) for one in keys.fields if one != keys.newest_field])
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return rows.values_list("pk", column.key, column.column)


def _text(column: SealedColumn, key: str, sealed: bytes) -> str | None:
    try:
        return open_field(column.table, key, column.name, sealed)
    except CannotOpen:
        return None


def _move(column: SealedColumn, pk: object, key: str, sealed: bytes) -> int | None:
    """1: it moved; 0: somebody sealed it anew meanwhile; None: it does not open, as it did not before either."""
    text = _text(column, key, sealed)
    if text is None:
        return None
    rows = apps.get_model(column.model)._default_manager.filter(**{"pk": pk, column.column: sealed})
    return int(rows.update(**{column.column: seal_field(column.table, key, column.name, text)}))


@transaction.atomic
def retire(actor: Actor, key_id: int, now: datetime) -> None:
    """Put a field key that seals nothing any more aside, into `keys/retired/`. Whoever restores a backup from before
    the change needs it again; it is destroyed when no such backup is left.

    Raises:
        Refused: it seals rows, it is the newest, or there is none.
    """
    actor.require(Role.SYSTEM_ADMIN)
    folder = keys_folder()
    if key_id not in field_key_ids(folder):
        raise Refused(_("没有编号为 %(key)s 的字段密钥。") % {"key": key_id})
    if key_id == center_keys().newest_field:
        raise Refused(_("最新的密钥正在使用，不能停用；先运行 budayang keys rotate。"))
    if count := rows_by_key().get(key_id, 0):
        raise Refused(_("还有 %(count)s 个字段用这把密钥加密；等改密完成后再停用。") % {"count": count})
    aside = folder / RETIRED
    aside.mkdir(mode=0o700, exist_ok=True)
    (folder / FIELD_KEY.format(key_id)).rename(aside / FIELD_KEY.format(key_id))
    record(actor, "platform.retire_key", subject="keys", details={"key": key_id}, at=now)
