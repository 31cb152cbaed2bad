"""Messages down to terminals: Outgoing rows, kept until the terminal acknowledges them or a newer one replaces them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor, Role
from budayang.center.terminals.models import IngestNotice, Outgoing, Terminal

# Only the newest of these matters.
REPLACING = frozenset({"catalogue", "availability", "keys", "profile", "watch", "notices"})
SENDERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)


def send(
    actor: Actor, terminal_id: int, kind: str, body: Mapping[str, Any], now: datetime, *, valid_s: int | None = None
) -> Outgoing:
    """Put a message for a terminal; it arrives within seconds while the terminal is on line, else when it is back.

    Only the newest of each kind in REPLACING is kept. `valid_s`: what is not worth obeying later.
    """
    return send_to_many(actor, [terminal_id], kind, body, now, valid_s=valid_s)[0]


@transaction.atomic
def send_to_many(
    actor: Actor,
    terminal_ids: list[int],
    kind: str,
    body: Mapping[str, Any],
    now: datetime,
    *,
    valid_s: int | None = None,
) -> list[Outgoing]:
    """`send` to many terminals in one transaction. What people send is audited; policy by jobs is not."""
    terminals = list(Terminal.objects.filter(pk__in=terminal_ids).select_related("area__place"))
    for one in terminals:
        path = one.area.place.path
        actor.require(*SENDERS, place_path=path, organizations=(one.owner_id, one.vendor_id))
        if not actor.sees_all:
            details = {"kind": kind, "name": body.get("name", "")}
            subject = f"terminal:{one.code}"
            record(actor, "terminals.send", subject=subject, place_path=path, details=details, at=now)
    expires_at = now + timedelta(seconds=valid_s) if valid_s else None
    return put([(one.pk, body) for one in terminals], kind, now, expires_at=expires_at)


def put(
    rows: Iterable[tuple[int, Mapping[str, Any]]], kind: str, now: datetime, *, expires_at: datetime | None = None
) -> list[Outgoing]:
    """Write messages of one kind, each terminal its own body, in the caller's transaction; ingest is told of them."""
    wanted = list(rows)
    ids = [terminal_id for terminal_id, _body in wanted]
    if kind in REPLACING:
        older = Outgoing.objects.filter(terminal__in=ids, kind=kind, acked_at__isnull=True, replaced_at__isnull=True)
        older.update(replaced_at=now)
    made = Outgoing.objects.bulk_create(
        Outgoing(terminal_id=one, kind=kind, body=dict(body), created_at=now, expires_at=expires_at)
        for one, body in wanted
    )
    IngestNotice.objects.bulk_create(IngestNotice(terminal_id=one) for one in ids)
    return made


def withdraw(ids: Iterable[int], now: datetime) -> None:
    """Take messages back that no terminal has acknowledged; one that is under way may still arrive."""
    waiting = Outgoing.objects.filter(pk__in=list(ids), acked_at__isnull=True, replaced_at__isnull=True)
    terminals = list(waiting.values_list("terminal_id", flat=True))
    waiting.update(replaced_at=now)
    IngestNotice.objects.bulk_create(IngestNotice(terminal_id=one) for one in terminals)
