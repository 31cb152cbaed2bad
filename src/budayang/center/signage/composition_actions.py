"""Putting a rule set for texts in two languages in force, by the number of the document; official symbols."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.uploads import BadUpload, read_image
from budayang.center.platform.wording import words
from budayang.center.signage.models import CompositionRule, OfficialSymbol
from budayang.center.signage.svg_cleaning import NotADrawing, clean_svg
from budayang.data.composition_rules import rule_sets
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.composing import NoComposition, Position, check_choice

KEEPERS = (Role.SUPERVISOR,)


@transaction.atomic
def put_in_force(
    actor: Actor, place: Place, rule: str, *, document: str, valid_from: date, horizontal: str, percent: int,
    now: datetime,
) -> CompositionRule:  # fmt: skip
    """From a day on signs below `place` are composed by the rule set. Raises Refused, Forbidden."""
    actor.require(*KEEPERS, place_path=place.path)
    found = rule_sets().get(rule)
    if found is None:
        raise Refused(_("请选择规则。"))
    try:
        check_choice(found, document, Position(horizontal), percent)
    except NoComposition as error:
        raise Refused(words(str(error))) from error
    except ValueError as error:
        raise Refused(_("请选择横写时的位置。")) from error
    try:
        with transaction.atomic():
            row = CompositionRule.objects.create(
                place=place, rule=rule, document=document.strip(), valid_from=valid_from, horizontal=horizontal,
                percent=percent, entered_at=now, entered_by=actor.name,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("这个地区从这一天起已有一条规则，请先停用它。")) from error
    _record(actor, "signage.put_rule_in_force", row, now)
    return row


@transaction.atomic
def end_rule(actor: Actor, row: CompositionRule, ended_on: date, *, now: datetime) -> CompositionRule:
    """The rule counts until the day before `ended_on`. Raises Refused."""
    actor.require(*KEEPERS, place_path=row.place.path)
    if ended_on < row.valid_from:
        raise Refused(_("停用日不能早于启用日。"))
    if CompositionRule.objects.filter(pk=row.pk, ended_on__isnull=True).update(ended_on=ended_on) != 1:
        raise Refused(_("这条规则已经停用。"))
    row.refresh_from_db()
    _record(actor, "signage.end_rule", row, now)
    return row


def _record(actor: Actor, action: str, row: CompositionRule, now: datetime) -> None:
    record(
        actor, action, subject=f"composition_rule:{row.pk}", place_path=row.place.path, at=now,
        details={"rule": row.rule, "document": row.document, "valid_from": row.valid_from, "ended_on": row.ended_on},
    )  # fmt: skip


def symbol_names() -> dict[str, str]:
    """Symbols of the catalogue: name and what it says."""
    return {kind.symbol: kind.message for kind in sign_kinds().values() if kind.symbol}


@transaction.atomic
def import_symbol(
    actor: Actor, place: Place, symbol: str, content: bytes, *, source: str, now: datetime
) -> OfficialSymbol:
    """Official artwork takes the place of our drawing; the one imported before, if any, is withdrawn. SVG is cleaned,
    a picture is written anew as PNG. Raises Refused, Forbidden.
    """
    actor.require(*KEEPERS, place_path=place.path)
    source = source.strip()
    if symbol not in symbol_names():
        raise Refused(_("请选择图形。"))
    if not source:
        raise Refused(_("请写明图形出自哪个标准、哪一版、从哪里得到。"))
    try:
        media, cleaned = "image/svg+xml", clean_svg(content).encode()
    except NotADrawing as error:
        if content.lstrip()[:1] == b"<":
            raise Refused(words(str(error))) from error
        try:
            media, cleaned = "image/png", read_image(content)
        except BadUpload as refusal:
            raise Refused(str(refusal)) from refusal
    OfficialSymbol.objects.filter(place=place, symbol=symbol, withdrawn_at__isnull=True).update(withdrawn_at=now)
    row = OfficialSymbol.objects.create(
        place=place, symbol=symbol, media=media, content=cleaned, source=source, added_at=now, added_by=actor.name,
        sha256=hashlib.sha256(cleaned).hexdigest(),
    )  # fmt: skip
    _record_symbol(actor, "signage.import_symbol", row, now)
    return row


@transaction.atomic
def withdraw_symbol(actor: Actor, row: OfficialSymbol, *, now: datetime) -> None:
    """Our own drawing stands there again. Raises Refused."""
    actor.require(*KEEPERS, place_path=row.place.path)
    if OfficialSymbol.objects.filter(pk=row.pk, withdrawn_at__isnull=True).update(withdrawn_at=now) != 1:
        raise Refused(_("这个图形已经撤下。"))
    _record_symbol(actor, "signage.withdraw_symbol", row, now)


def _record_symbol(actor: Actor, action: str, row: OfficialSymbol, now: datetime) -> None:
    record(
        actor, action, subject=f"official_symbol:{row.pk}", place_path=row.place.path, at=now,
        details={"symbol": row.symbol, "sha256": row.sha256, "source": row.source},
    )  # fmt: skip
