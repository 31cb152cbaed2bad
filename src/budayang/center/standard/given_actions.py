"""Writes of what people give for clauses: numbers, documents, exemptions and transition plans. Each marks the months
that it bears on, so that late evidence recomputes what it changes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance import due_things
from budayang.center.maintenance.due_things import things_visible_to
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.sealing import seal_field
from budayang.center.platform.uploads import BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.standard import actions, queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.given_queries import DOCUMENT_TABLE
from budayang.center.standard.models import Assessment, Clause, ClauseException, GivenDocument, GivenNumbers
from budayang.rules.standard.parts import ENTERED, Kind, Part

GIVERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
EXEMPTERS = (Role.SUPERVISOR,)
JOB = Actor.job("standard.given")


def part_for(clause: Clause, kind: Kind) -> Part:
    """The part of a clause that is answered so. Raises Refused when it has none."""
    found = next((one for one in parts_of(clause) if one.kind is kind), None)
    if found is None:
        raise Refused(_("这一条不是这样检查的，请看它的检查方式。"))
    return found


@transaction.atomic
def give_numbers(
    actor: Actor,
    place: Place,
    clause: Clause,
    kind: Kind,
    *,
    values: Mapping[str, float],
    on: date,
    source: str,
    now: datetime,
    note: str = "",
) -> GivenNumbers:
    """Write down what was measured, or what another system or a survey says. It holds as long as the part says."""
    actor.require(*GIVERS, place_path=place.path)
    part = part_for(clause, kind)
    if kind not in ENTERED:
        raise Refused(_("这一条不填数，请上传文件。"))
    _check_day(on, place, now)
    missing = [words(one.label) for one in part.fields if one.name not in values]
    if missing or any(not isfinite(value) for value in values.values()):
        raise Refused(_("请填写：%(names)s。") % {"names": "、".join(missing) or _("有效的数字")})
    if not source.strip():
        raise Refused(_("请写明用什么量的，或从哪个系统、哪次调查来的。"))
    row = GivenNumbers.objects.create(
        place=place, place_path=place.path, edition=clause.edition, clause_code=clause.code, kind=kind.value,
        values={one.name: float(values[one.name]) for one in part.fields}, on=on, until_on=_until(part, on),
        source=source.strip()[:160], note=note.strip()[:300], at=now, by=actor.label or actor.name,
    )  # fmt: skip
    _audit(actor, "give_numbers", row, now, {"kind": kind.value, "values": row.values})
    mark_from(place.path, on, now)
    return row


@transaction.atomic
def give_document(
    actor: Actor,
    place: Place,
    clause: Clause,
    *,
    title: str,
    on: date,
    until_on: date | None,
    name: str,
    content: bytes,
    now: datetime,
) -> GivenDocument:
    """Keep a document (a PDF, or a photograph written anew). Without an end of its own it holds as long as the part
    says. For an area its end becomes a thing with a day: 60 days ahead an order tells whoever keeps the area.
    """
    actor.require(*GIVERS, place_path=place.path)
    part = part_for(clause, Kind.DOCUMENT)
    _check_day(on, place, now)
    if not title.strip():
        raise Refused(_("请写文件名称。"))
    ends = until_on if until_on is not None else _until(part, on)
    if ends is not None and ends < on:
        raise Refused(_("有效期不能早于文件日期。"))
    try:
        sheet = read_sheet(content)
    except BadUpload as error:
        raise Refused(str(error)) from error
    row = GivenDocument(
        place=place, place_path=place.path, edition=clause.edition, clause_code=clause.code,
        title=title.strip()[:120], on=on, until_on=ends, ref=uuid.uuid4().hex,
        name=name.strip()[:80] or _("未命名"), media=sheet.media, size=len(sheet.content),
        sha256=hashlib.sha256(sheet.content).hexdigest(), at=now, by=actor.label or actor.name,
    )  # fmt: skip
    row.content_sealed = seal_field(DOCUMENT_TABLE, row.ref, "content", base64.b64encode(sheet.content).decode())
    area = areas.visible_to(JOB).filter(place=place).first()
    if area is not None and ends is not None:
        row.due_thing = due_things.new_thing(
            JOB, area, kind="certificate", name=f"{clause.code} {row.title}"[:60], due_on=ends, now=now
        )
    row.save()
    _audit(actor, "give_document", row, now, {"sha256": row.sha256, "until_on": str(ends or "")})
    mark_from(place.path, on, now)
    return row


@transaction.atomic
def withdraw(actor: Actor, row: GivenNumbers | GivenDocument, *, why: str, now: datetime) -> None:
    """It was wrong: it counts no more, and stays readable with the reason."""
    actor.require(*GIVERS, place_path=row.place_path)
    if not why.strip():
        raise Refused(_("请写为什么撤回。"))
    found = {"withdrawn_at": now, "withdrawn_by": actor.label or actor.name, "withdrawn_why": why.strip()[:200]}
    changed = type(row)._default_manager.filter(pk=row.pk, withdrawn_at__isnull=True).update(**found)
    if not changed:
        raise Refused(_("这一条已经撤回了。"))
    row.refresh_from_db()
    if isinstance(row, GivenDocument) and row.due_thing_id is not None:
        thing = things_visible_to(JOB).filter(pk=row.due_thing_id).first()
        if thing is not None:
            due_things.retire_thing(JOB, thing, now=now)
    _audit(actor, "withdraw_given", row, now, {})
    mark_from(row.place_path, row.on, now)


@transaction.atomic
def set_exception(
    actor: Actor,
    place: Place,
    clause: Clause,
    *,
    kind: str,
    reason: str,
    from_on: date,
    until_on: date | None,
    now: datetime,
    plan: str = "",
) -> ClauseException:
    """Say that a clause does not apply at a place (不适用), or that the place has time to meet it (逐步过渡)."""
    actor.require(*EXEMPTERS, place_path=place.path)
    if kind not in ("exemption", "transition"):
        raise Refused(_("请选择不适用或逐步过渡。"))
    if not reason.strip():
        raise Refused(_("请写理由。"))
    if until_on is not None and until_on < from_on:
        raise Refused(_("结束的日子不能早于开始的日子。"))
    if kind == "transition" and (until_on is None or not plan.strip()):
        raise Refused(_("逐步过渡要写怎样做到、到哪天做到。"))
    row = ClauseException.objects.create(
        place=place, place_path=place.path, edition=clause.edition, clause_code=clause.code, kind=kind,
        reason=reason.strip()[:300],
        plan=plan.strip()[:600], from_on=from_on, until_on=until_on, at=now, by=actor.label or actor.name,
    )  # fmt: skip
    _audit(actor, "set_exception", row, now, {"kind": kind, "from_on": str(from_on), "until_on": str(until_on or "")})
    mark_from(place.path, from_on, now)
    return row


@transaction.atomic
def end_exception(actor: Actor, row: ClauseException, *, on: date, now: datetime) -> ClauseException:
    """It holds until this day and no longer; what it said of the days before stays."""
    actor.require(*EXEMPTERS, place_path=row.place_path)
    if on < row.from_on - timedelta(days=1):
        raise Refused(_("结束的日子不能早于开始的日子。"))
    ClauseException.objects.filter(pk=row.pk, ended_on__isnull=True).update(
        ended_on=on, ended_by=actor.label or actor.name
    )
    row.refresh_from_db()
    _audit(actor, "end_exception", row, now, {"on": str(on)})
    mark_from(row.place_path, on, now)
    return row


def mark_from(place_path: str, on: date, now: datetime) -> int:
    """Mark the computed months from a day on of the areas at and below a path, and the running month."""
    first = on.replace(day=1)
    rows = Assessment.objects.filter(place__path__startswith=place_path, month__gte=first)
    marked = rows.update(dirty_at=now)
    actions.mark_dirty(place_path, queries.month_of(now), now)
    return marked


def _until(part: Part, on: date) -> date | None:
    return on + timedelta(days=part.days) if part.days is not None else None


def _check_day(on: date, place: Place, now: datetime) -> None:
    if on > queries.day_of(now, place.zone):
        raise Refused(_("日期不能在今天以后。"))


def _audit(actor: Actor, what: str, row: Any, now: datetime, details: dict[str, Any]) -> None:
    record(
        actor, f"standard.{what}", subject=f"{row._meta.model_name}:{row.pk}", place_path=row.place_path,
        details={"clause": row.clause_code, **details}, at=now,
    )  # fmt: skip
