"""Writes of people about notices (停用告示): a paper for a machine whose screen is dead, and that it was taken down."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance.fault_notice_queries import shown
from budayang.center.maintenance.models import FaultNotice
from budayang.center.maintenance.order_actions import DOERS
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.terminals.report_addresses import address_of
from budayang.papers import render
from budayang.rules.fault_notices import moment_words

PRINTERS = DOERS


def _require(actor: Actor, row: FaultNotice) -> None:
    bodies = (row.incident.owner_id, row.incident.vendor_id)
    actor.require(*PRINTERS, place_path=row.incident.place_path, organizations=bodies)


def print_notice(actor: Actor, row: FaultNotice, now: datetime) -> bytes:
    """The notice as a PDF for the machine or the door. It is remembered, so that somebody takes it down again."""
    _require(actor, row)
    if row.withdrawn_at is not None:
        raise Refused(_("故障已经恢复，告示已撤下，不用再打印。"))
    words, machine = shown(row), row.incident.terminal
    what, code = ("terminal", machine.code) if machine is not None else ("area", row.area.code)
    paper = render(
        "fault_notice",
        {
            "title": words.title,
            "area": row.area.name,
            "machine": words.subject,
            "sentence": words.sentence,
            "rows": [list(one) for one in words.lines],
            "printed_at": moment_words(now, row.area.place.zone),
            "report_url": address_of(what, code),  # type: ignore[arg-type]  # one of its two words
            "phone": row.area.keeper_phone,
            "demo": settings.BUDAYANG.demo,
        },
        at=now,
    )
    _note(actor, row, "print_fault_notice", now, printed_at=now, removed_at=None)
    return paper


def take_down(actor: Actor, row: FaultNotice, now: datetime) -> FaultNotice:
    """The paper is gone from the machine."""
    _require(actor, row)
    if row.printed_at is None:
        raise Refused(_("这张告示没有打印过纸质的。"))
    _note(actor, row, "take_down_fault_notice", now, removed_at=now)
    row.refresh_from_db()
    return row


@transaction.atomic
def _note(actor: Actor, row: FaultNotice, what: str, now: datetime, **changes: datetime | None) -> None:
    FaultNotice.objects.filter(pk=row.pk).update(**changes)
    record(
        actor, f"maintenance.{what}", subject=f"incident:{row.incident_id}", place_path=row.incident.place_path,
        details={"notice": row.pk}, at=now,
    )  # fmt: skip
