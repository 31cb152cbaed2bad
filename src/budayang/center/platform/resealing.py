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


@dataclass(slots=True)
class _Wiring:
    columns: tuple[SealedColumn, ...] = ()


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


def reseal(limit: int = BATCH) -> int:
    """Move up to `limit` fields of older keys to the newest; returns how many moved. While there is one key, there is
    nothing to do.
    """
    keys = center_keys()
    if len(keys.fields) < 2:
        return 0
    moved = 0
    for column in columns():
        old = column.rows().exclude(sealed_with=bytes([keys.newest_field]))
        for pk, key, sealed in old.values_list("pk", column.key, column.column)[: limit - moved]:
            moved += _move(column, pk, str(key), bytes(sealed))
        if moved >= limit:
            break
    return moved


def _move(column: SealedColumn, pk: object, key: str, sealed: bytes) -> int:
    try:
        text = open_field(column.table, key, column.name, sealed)
    except CannotOpen:
        # It opened nowhere before either; `rows_by_key` goes on showing it, and retiring its key stays refused.
        return 0
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
