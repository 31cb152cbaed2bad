"""Lost things (遗失物, clause JB-23): found and kept, then claimed, handed to the police or to who issued it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.book_actions import KEEPERS, LATEST, look, opened, refuse_numbers
from budayang.center.maintenance.book_keeping import LOST_TABLE
from budayang.center.maintenance.models import LostThing
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import seal_field
from budayang.center.platform.wording import words
from budayang.center.services.codes import mask_name
from budayang.rules.ledgers import LOST_KINDS, LOST_STATE_NAMES, LOST_TRANSITIONS


def things_visible_to(actor: Actor) -> QuerySet[LostThing]:
    """Lost things of the actor's places, without what is sealed; bodies' people see none."""
    rows = LostThing.objects.filter(scope_q(actor, "area__place__path"))
    return rows.select_related("area__place").defer("owner_sealed", "claimant_sealed")


@transaction.atomic
def register(
    actor: Actor, area: Any, *, kind: str, what: str, found_at: datetime, found_where: str, found_by: str,
    kept_where: str, kept_by: str, owner: str, now: datetime,
) -> LostThing:  # fmt: skip
    """Write down what was found. `owner`: what the thing says of its owner (name, number), sealed; "" for nothing."""
    actor.require(*KEEPERS, place_path=area.place.path)
    if kind not in LOST_KINDS:
        raise Refused(_("请选择是哪一类。"))
    if not all(text.strip() for text in (what, found_where, found_by, kept_where, kept_by)):
        raise Refused(_("是什么、在哪里捡到、谁捡到、放在哪里、谁保管都要写。"))
    if found_at > now + LATEST:
        raise Refused(_("时间不能在将来。"))
    refuse_numbers(what, found_where, found_by, kept_where, kept_by)
    row = LostThing(
        area=area, ref=uuid.uuid4().hex, kind=kind, what=what.strip()[:80], found_at=found_at,
        found_where=found_where.strip()[:80], found_by=found_by.strip()[:40], kept_where=kept_where.strip()[:80],
        kept_by=kept_by.strip()[:40], registered_at=now, registered_by=actor.label or actor.name,
    )  # fmt: skip
    if owner.strip():
        row.owner_sealed = _sealed(row, "owner", {"owner": owner.strip()[:200]})
    row.save()
    _audit(actor, "register_lost", row, now, {"kind": kind})
    return row


@transaction.atomic
def end(actor: Actor, thing: LostThing, event: str, *, name: str, document: str, note: str, now: datetime) -> LostThing:
    """It leaves: to whom (`name`, sealed together with the document's number; of a police station its name), and how.
    Of two who give one thing away at once the second is refused.
    """
    actor.require(*KEEPERS, place_path=thing.area.place.path)
    after = LOST_TRANSITIONS.get((thing.state, event))
    if after is None:
        raise Refused(_("这件已经“%(state)s”。") % {"state": words(LOST_STATE_NAMES[thing.state])})
    if event != "dispose" and not name.strip():
        raise Refused(_("请写明交给了谁。"))
    if event == "claim" and not document.strip():
        raise Refused(_("请写明领取人出示的证件和号码，会加密保存。"))
    if event == "dispose" and not note.strip():
        raise Refused(_("请写明按什么规定、怎样处理的。"))
    refuse_numbers(note, "" if event == "claim" else name)
    # A person's name is masked; a station or an office is not a person.
    mark = mask_name(name.strip()) if event == "claim" else name.strip()
    changed = {"state": after, "ended_at": now, "ended_by": actor.label or actor.name}
    changed |= {"claimant_mark": mark[:40], "note": note.strip()[:300]}
    if event == "claim":
        kept = {"name": name.strip()[:40], "document": document.strip()[:60]}
        changed["claimant_sealed"] = _sealed(thing, "claimant", kept)
    if not LostThing.objects.filter(pk=thing.pk, state=thing.state).update(**changed):
        raise Refused(_("别人刚刚登记了它的去向，请刷新再看。"))
    row = LostThing.objects.select_related("area__place").get(pk=thing.pk)
    _audit(actor, f"lost_{event}", row, now, {})
    return row


@transaction.atomic
def view_person(actor: Actor, thing: LostThing, *, reason: str, now: datetime) -> dict[str, str]:
    """What is sealed of a thing: owner, name, document; what is gone is missing. Each look is an audit line."""
    actor.require(*KEEPERS, place_path=thing.area.place.path)
    look(actor, f"lost:{thing.pk}", thing.area.place.path, reason, now)
    owner = opened(LOST_TABLE, thing.ref, "owner", thing.owner_sealed) or {}
    return owner | (opened(LOST_TABLE, thing.ref, "claimant", thing.claimant_sealed) or {})


def _sealed(row: LostThing, column: str, kept: dict[str, str]) -> bytes:
    return seal_field(LOST_TABLE, row.ref, column, json.dumps(kept, ensure_ascii=False))


def _audit(actor: Actor, what: str, row: LostThing, now: datetime, details: dict[str, Any]) -> None:
    record(
        actor, f"maintenance.{what}", subject=f"lost:{row.pk}", place_path=row.area.place.path, details=details, at=now
    )  # fmt: skip
