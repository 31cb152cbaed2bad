"""Writes of materials: sheets that come before their case, and one-time links for phones.

A sheet is stored sealed under the number that its case will have; the case takes it over or it is deleted by
retention. Rivals: the terminal that sends a sheet twice because our answer was lost, two phones with one link, and two
pictures at one moment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import lookup_hash, open_field, seal_field
from budayang.center.services.case_accepting import CaseRefused
from budayang.center.services.models import Sheet, UploadedSheet, UploadLink
from budayang.center.terminals import queries as terminals
from budayang.forms.materials import SIGNATURE
from budayang.wire import mac
from budayang.wire.messages import SheetRef
from budayang.wire.numbers import BadNumber, parse_number
from budayang.wire.sealing import seal, upload_info

TABLE = "services_sheet"
MEDIA = frozenset({"application/pdf", "image/jpeg"})
MOST_SHEETS = 40  # of one case


@dataclass(frozen=True, slots=True)
class SheetHead:
    """What stands before a sheet's bytes: one line of JSON."""

    kind: str
    name: str
    media: str


class LinkGone(Exception):
    """The link is used, closed or too old; `why` is used | over | unknown | full."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def store_sheet(
    actor: Actor, terminal_id: int, number: str, position: int, head: SheetHead, content: bytes, now: datetime
) -> Sheet:
    """Store one sheet of a case that is to come. The same bytes again are the same sheet.

    Raises:
        CaseRefused: bad_number, too_large, bad_sheet (another media type), number_in_use (another sheet stands there,
            or the case is handed in already).
    """
    _check_number(actor, number)
    if head.media not in MEDIA or not 0 <= position < MOST_SHEETS or not head.kind:
        raise CaseRefused("bad_sheet")
    terminal = terminals.in_service().select_related("area__place").get(pk=terminal_id)
    if len(content) > int(parameter("material_sheet_bytes", terminal.area.place.path, now)):
        raise CaseRefused("too_large")
    digest = hashlib.sha256(content).hexdigest()
    known = Sheet.objects.filter(number=number, position=position).first()
    if known is not None:
        if known.sha256 != digest or known.terminal_id != terminal_id:
            raise CaseRefused("number_in_use")
        return known
    sheet = Sheet(
        key=f"{number}/{position}",
        number=number, position=position, terminal_id=terminal_id, kind=head.kind[:40], name=head.name[:80],
        media=head.media, size=len(content), sha256=digest, received_at=now,
    )  # fmt: skip
    sheet.content_sealed = seal_field(TABLE, sheet.key, "content", base64.b64encode(content).decode())
    try:
        with transaction.atomic():
            sheet.save()
    except IntegrityError:
        return store_sheet(actor, terminal_id, number, position, head, content, now)  # the same came beside us
    return sheet


def _check_number(actor: Actor, number: str) -> None:
    try:
        if actor.kind != "terminal" or parse_number(number).terminal != actor.name.replace("-", "").upper():
            raise CaseRefused("bad_number")
    except BadNumber as error:
        raise CaseRefused("bad_number") from error


def read_sheets(number: str, refs: Sequence[SheetRef], place_path: str, now: datetime) -> list[dict[str, Any]]:
    """The sheets of a case as the department's contract has them, in the order that the person gave them.

    Raises:
        CaseRefused: sheets_missing (send them again), too_large (all together).
    """
    rows = {row.position: row for row in Sheet.objects.filter(number=number, content_sealed__isnull=False)}
    found: list[dict[str, Any]] = []
    total = 0
    for ref in refs:
        row = rows.get(ref.position)
        if row is None or row.sha256 != ref.sha256:
            raise CaseRefused("sheets_missing")
        total += row.size
        found.append(
            {
                "kind": row.kind,
                "name": row.name,
                "sha256": row.sha256,
                "media": row.media,
                "content": open_field(TABLE, row.key, "content", bytes(row.content_sealed or b"")),
            }
        )
    if total > int(parameter("material_case_bytes", place_path, now)):
        raise CaseRefused("too_large")
    return found


def take_sheets(number: str, now: datetime) -> int:
    """The case holds them now, as part of its own sealed request: here their content goes."""
    return Sheet.objects.filter(number=number, taken_at__isnull=True).update(content_sealed=None, taken_at=now)


def signature_of(materials: Sequence[dict[str, Any]], sha256: str) -> bytes | None:
    """The picture of the person's signature among a case's materials."""
    found = next((one for one in materials if one["kind"] == SIGNATURE and one["sha256"] == sha256), None)
    try:
        return base64.b64decode(found["content"], validate=True) if found else None
    except (binascii.Error, ValueError):
        return None


# --- a phone -------------------------------------------------------------------------------------------------------


def token_hash(token: str) -> str:
    return lookup_hash("services.upload", token)


@transaction.atomic
def open_link(
    actor: Actor, terminal_id: int, place_path: str, reply_key: str, item_name: str, kinds: Sequence[dict[str, Any]],
    now: datetime,
) -> tuple[UploadLink, str]:  # fmt: skip
    """A new one-time link of a journey, and its token (which only the QR code holds). Earlier links of the same
    journey are closed.
    """
    UploadLink.objects.filter(terminal_id=terminal_id, reply_key=reply_key, closed_at__isnull=True).update(
        closed_at=now
    )
    token = secrets.token_urlsafe(18)
    link = UploadLink.objects.create(
        name=secrets.token_hex(12),
        token_hash=token_hash(token),
        terminal_id=terminal_id,
        reply_key=reply_key,
        item_name=item_name[:120],
        kinds=[
            {"kind": str(k["kind"])[:40], "title": str(k["title"])[:80], "most": int(k["most"])} for k in kinds[:12]
        ],
        made_at=now,
        expires_at=now + timedelta(seconds=int(parameter("material_link_valid_s", place_path, now))),
    )
    record(actor, "services.open_upload", subject=f"upload:{link.name}", place_path=place_path, at=now)
    return link, token


def find_link(token: str, now: datetime) -> UploadLink:
    """The link that a token stands for, while it is open; nothing changes.

    Raises:
        LinkGone
    """
    rows = UploadLink.objects.select_related("terminal__area__place")
    link = rows.filter(token_hash=token_hash(token)).first()
    if link is None:
        raise LinkGone("unknown")
    if link.closed_at is not None or link.expires_at <= now:
        raise LinkGone("over")
    return link


def hold_link(token: str, holder: str, now: datetime) -> UploadLink:
    """The link for a phone that holds it, or that comes first. `holder`: a random text that only this phone has.

    Raises:
        LinkGone
    """
    link = find_link(token, now)
    mine = lookup_hash("services.upload_holder", holder)
    # Of two phones at one moment one counts a row.
    first = UploadLink.objects.filter(pk=link.pk, holder_hash="").update(holder_hash=mine)
    if not first and link.holder_hash != mine and not _holds(link.pk, mine):
        raise LinkGone("used")
    return link


def _holds(link_id: int, mine: str) -> bool:
    return UploadLink.objects.filter(pk=link_id, holder_hash=mine).exists()


def has_room(link: UploadLink, kind: str) -> bool:
    """Whether another picture of this kind is wanted. A page asks before it decodes one; `add_upload` decides."""
    most = next((int(one["most"]) for one in link.kinds if one["kind"] == kind), 0)
    return UploadedSheet.objects.filter(link=link, kind=kind).count() < most


def add_upload(link: UploadLink, kind: str, media: str, content: bytes, problems: Sequence[str], now: datetime) -> int:
    """Seal what a phone gave to the journey's key and keep it until the terminal fetched it; returns its position.

    Raises:
        LinkGone: over, or full (so many of this kind are there already).
    """
    sealed = seal(mac.from_text(link.reply_key, 32), content, upload_info(link.name))
    with transaction.atomic():
        # Holding the link's row keeps two pictures of one moment from the same place.
        alive = UploadLink.objects.select_for_update().filter(pk=link.pk, closed_at__isnull=True, expires_at__gt=now)
        if alive.first() is None:
            raise LinkGone("over")
        if not has_room(link, kind):
            raise LinkGone("full")
        last = UploadedSheet.objects.filter(link=link).aggregate(last=Max("position"))["last"] or 0
        UploadedSheet.objects.create(
            link=link, position=last + 1, kind=kind, media=media, size=len(content), problems=list(problems),
            sealed=sealed, at=now,
        )  # fmt: skip
    return last + 1


def next_upload(terminal_id: int, name: str, reply_key: str, have: int, now: datetime) -> tuple[UploadLink, Any]:
    """The link and the first picture after `have`; what the terminal has is deleted here.

    Raises:
        CaseRefused: unknown_upload.
    """
    link = UploadLink.objects.filter(name=name, terminal_id=terminal_id, reply_key=reply_key).first()
    if link is None:
        raise CaseRefused("unknown_upload")
    if have:
        UploadedSheet.objects.filter(link=link, position__lte=have, sealed__isnull=False).update(sealed=None)
    return link, UploadedSheet.objects.filter(link=link, position__gt=have, sealed__isnull=False).order_by(
        "position"
    ).first()


def close_link(terminal_id: int, name: str, reply_key: str, now: datetime) -> int:
    """The journey goes on without the phone: what lies here unfetched is deleted. Gives how many links closed."""
    rows = UploadLink.objects.filter(name=name, terminal_id=terminal_id, reply_key=reply_key)
    UploadedSheet.objects.filter(link__in=rows).update(sealed=None)
    return rows.filter(closed_at__isnull=True).update(closed_at=now)
