"""Writes about the acceptance of assets (验收) and the photographs and papers that go with it."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import asset_queries
from budayang.center.maintenance.asset_actions import advance, hold, note_event
from budayang.center.maintenance.asset_queries import FILE_TABLE
from budayang.center.maintenance.models import Asset, AssetAcceptance, AssetFile
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import seal_field
from budayang.center.platform.uploads import BadUpload, UploadedSheet, read_sheet
from budayang.center.platform.wording import words
from budayang.rules.assets import acceptance_problem, check_items

MOST_FILES = 30  # of one asset


@transaction.atomic
def accept(
    actor: Actor,
    asset: Asset,
    *,
    accepted_on: date,
    passed: bool,
    answers: Mapping[str, str],
    notes: Mapping[str, str],
    people: str,
    note: str,
    files: Sequence[tuple[str, bytes]],
    now: datetime,
) -> AssetAcceptance:
    """Keep an acceptance: who was there, each item of the list with its answer, photographs and papers.

    Args:
        answers: item code -> yes | no | na, for every item of `check_items(asset.kind)`.
        notes: item code -> what was found; wanted where the answer is no.
        files: (name, content) of photographs and PDFs.
    """
    held = hold(actor, asset)
    if accepted_on > asset_queries.today(held, now):
        raise Refused(_("验收日期不能在今天以后。"))
    if held.bought_on is not None and accepted_on < held.bought_on:
        raise Refused(_("验收日期不能早于购置日期。"))
    if not people.strip():
        raise Refused(_("请写明参加验收的人，例如“王某（归属单位）、李某（供应商）”。"))
    if problem := acceptance_problem(held.kind, answers, notes, passed=passed):
        raise Refused(words(problem))
    event = "accept" if passed else "refuse"
    advance(held, event)
    row = AssetAcceptance.objects.create(
        asset=held,
        accepted_on=accepted_on,
        passed=passed,
        findings=[
            {"item": one.code, "words": one.words, "answer": answers[one.code],
             "note": notes.get(one.code, "").strip()[:200]}
            for one in check_items(held.kind)
        ],
        people=people.strip()[:120],
        note=note.strip()[:300],
        at=now,
        by=actor.label or actor.name,
    )  # fmt: skip
    note_event(actor, held, event, note=note, now=now, details={"acceptance": row.pk})
    for name, content in files:
        _keep_file(actor, held, name, content, now, row)
    record(
        actor, "maintenance.accept_asset", subject=f"asset:{held.pk}", place_path=held.area.place.path,
        details={"code": held.code, "passed": passed, "files": len(files)}, at=now,
    )  # fmt: skip
    # It holds from its own day on, however late it was written down.
    since = datetime.combine(accepted_on, time(), ZoneInfo(held.area.place.zone))
    emit(
        "maintenance.asset_accepted", subject=f"asset:{held.pk}", place_path=held.area.place.path,
        payload={"asset": held.pk, "passed": passed, "bears_since": since.isoformat()}, occurred_at=now, now=now,
    )  # fmt: skip
    return row


@transaction.atomic
def add_file(actor: Actor, asset: Asset, *, name: str, content: bytes, now: datetime) -> AssetFile:
    """Keep a photograph or a PDF (manual, certificate). The same content again is the same file."""
    held = hold(actor, asset)
    row, made = _keep_file(actor, held, name, content, now, None)
    if made:
        note_event(actor, held, "file", note=row.name, now=now)
        record(
            actor, "maintenance.add_asset_file", subject=f"asset:{held.pk}", place_path=held.area.place.path,
            details={"code": held.code, "sha256": row.sha256}, at=now,
        )  # fmt: skip
    return row


def _keep_file(
    actor: Actor, asset: Asset, name: str, content: bytes, now: datetime, acceptance: AssetAcceptance | None
) -> tuple[AssetFile, bool]:
    """The file, and whether it is a new one."""
    sheet = _read(content)
    digest = hashlib.sha256(sheet.content).hexdigest()
    known = AssetFile.objects.filter(asset=asset, sha256=digest).first()
    if known is not None:
        return known, False
    if AssetFile.objects.filter(asset=asset).count() >= MOST_FILES:
        raise Refused(_("一件资产最多放 %(most)d 个文件。") % {"most": MOST_FILES})
    row = AssetFile(asset=asset, acceptance=acceptance, ref=uuid.uuid4().hex, name=name.strip()[:80] or _("未命名"))
    row.media, row.size, row.sha256 = sheet.media, len(sheet.content), digest
    row.added_at, row.by = now, actor.label or actor.name
    row.content_sealed = seal_field(FILE_TABLE, row.ref, "content", base64.b64encode(sheet.content).decode())
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # The same file was sent twice at once, as a browser does whose answer was lost.
        return AssetFile.objects.get(asset=asset, sha256=digest), False
    return row, True


def _read(content: bytes) -> UploadedSheet:
    try:
        return read_sheet(content)
    except BadUpload as error:
        raise Refused(str(error)) from error
