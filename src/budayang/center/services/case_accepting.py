"""A case begins: stored under its number before anything else happens with it; and who may fetch its result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import lookup_hash, seal_field
from budayang.center.services import codes
from budayang.center.services.case_numbers import official_number
from budayang.center.services.case_telling import note_step
from budayang.center.services.models import Case, CaseGrant, Offering
from budayang.center.services.states import CaseState, PaperState
from budayang.wire.messages import CasePrivate
from budayang.wire.numbers import BadNumber, parse_number

TABLE = "services_case"
GRANT_S = 15 * 60
PENDING_DAYS = 7


class CaseRefused(Exception):
    """A case that is not taken. `code` is the wire's word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def identity_hash(id_kind: str, id_number: str) -> str:
    """Finds a person's cases again without the person's number."""
    return lookup_hash("services.identity", f"{id_kind.strip()}:{id_number.strip().upper()}")


def code_hash(code: str) -> str:
    return lookup_hash("services.code", code)


def verify_url(code: str) -> str:
    return f"{settings.BUDAYANG.public_url}/verify/{code}"


def accept_case(
    actor: Actor,
    *,
    number: str,
    terminal_id: int,
    item_code: str,
    person: CasePrivate,
    reply_key: str,
    consent: tuple[str, str],
    lang: str,
    now: datetime,
    extra: Mapping[str, Any] | None = None,
) -> Case:
    """Store a case before anything else happens with it; the same number again is the same case.

    `extra`: what the department's contract has beside person and form (materials, agent, joint).

    Raises:
        CaseRefused: bad_number, unknown_item, number_in_use (the same number for another person or item).
    """
    if actor.kind != "terminal":
        raise CaseRefused("not_a_terminal")
    try:
        if parse_number(number).terminal != actor.name.replace("-", "").upper():
            raise CaseRefused("bad_number")
    except BadNumber as error:
        raise CaseRefused("bad_number") from error
    owner = identity_hash(person.id_kind, person.id_number)
    known = Case.objects.select_related("item").filter(number=number).first()
    if known is None:
        try:
            known = _store(actor, number, terminal_id, item_code, person, owner, consent, lang, now, extra or {})
        except IntegrityError:
            # The same request ran beside us and committed first: its case is the case.
            known = Case.objects.select_related("item").get(number=number)
    if known.identity_hash != owner or known.item.code != item_code or known.terminal_id != terminal_id:
        raise CaseRefused("number_in_use")
    grant_reply(known, terminal_id, reply_key, now)
    return known


@transaction.atomic
def _store(
    actor: Actor,
    number: str,
    terminal_id: int,
    item_code: str,
    person: CasePrivate,
    owner: str,
    consent: tuple[str, str],
    lang: str,
    now: datetime,
    extra: Mapping[str, Any],
) -> Case:
    offering = (
        Offering.objects.select_related("item", "terminal__area__place")
        .filter(terminal_id=terminal_id, item__code=item_code, active=True)
        .first()
    )
    if offering is None:
        raise CaseRefused("unknown_item")
    code = codes.make_code()
    body = {
        "case": number,
        "item": item_code,
        "person": {"name": person.name, "id_number": person.id_number},
        "form": person.form,
        "paper": {"code": code, "verify_url": verify_url(code)},
        **extra,
    }
    place = offering.terminal.area.place
    case = Case.objects.create(
        number=number,
        official_number=official_number(offering.item.official_code, now, place.zone),
        terminal_id=terminal_id,
        item=offering.item,
        place_path=place.path,
        identity_hash=owner,
        code_hash=code_hash(code),
        # Without blanks, as answers of departments are compared with it later (`lines.answers.same_masks`).
        masked={
            "name": codes.mask_name("".join(person.name.split())),
            "id_number": codes.mask_id_number("".join(person.id_number.split())),
        },
        request_sealed=seal_field(TABLE, number, "request", json.dumps(body, ensure_ascii=False, sort_keys=True)),
        code_sealed=seal_field(TABLE, number, "code", code),
        consent_version=consent[0][:40],
        consent_at=consent[1][:40],
        lang=lang[:16],
        accepted_at=now,
    )
    note_step(case, "kept", now)
    record(
        actor,
        "services.accept_case",
        subject=f"case:{number}",
        place_path=place.path,
        details={"item": item_code, "consent": consent[0][:40]},
        at=now,
    )
    return case


def grant_reply(case: Case, terminal_id: int, reply_key: str, now: datetime) -> None:
    """Let a journey's key receive the case's result for a while."""
    CaseGrant.objects.update_or_create(
        case=case,
        terminal_id=terminal_id,
        reply_key=reply_key,
        defaults={"expires_at": now + timedelta(seconds=GRANT_S)},
    )


def require_grant(case: Case, terminal_id: int, reply_key: str, now: datetime) -> None:
    """Raises CaseRefused (unknown_reply_key) unless this journey submitted the case or proved its identity.

    Whoever still waits is not cut off: a code may stand for an hour. The grant is renewed once half of it is over.
    """
    granted = CaseGrant.objects.filter(case=case, terminal_id=terminal_id, reply_key=reply_key, expires_at__gt=now)
    until = granted.values_list("expires_at", flat=True).first()
    if until is None:
        raise CaseRefused("unknown_reply_key")
    if until < now + timedelta(seconds=GRANT_S / 2):
        granted.update(expires_at=now + timedelta(seconds=GRANT_S))


def find_repeated(number: str, terminal_id: int, item_code: str, reply_key: str) -> Case | None:
    """The case that this very journey has handed in already: its word came again because our answer was lost."""
    grants = CaseGrant.objects.filter(terminal_id=terminal_id, reply_key=reply_key).select_related("case")
    grant = grants.filter(case__number=number, case__terminal_id=terminal_id, case__item__code=item_code).first()
    return grant.case if grant is not None else None


def grant_pending(terminal_id: int, owner: str, reply_key: str, now: datetime) -> list[Case]:
    """The cases of this identity that are under way or to be paid, or whose paper was not taken yet, each opened to the
    journey that proved the identity. Who does not see that a case is under way would hand the same matter in again.
    """
    under_way = Q(state__in=(CaseState.ACCEPTED, CaseState.WORKING, CaseState.DUE, CaseState.PAID))
    waiting = Q(paper__isnull=False, result_sealed__isnull=False) & ~Q(paper__state=PaperState.TAKEN)
    cases = list(
        Case.objects.filter(identity_hash=owner, accepted_at__gte=now - timedelta(days=PENDING_DAYS))
        .filter(under_way | waiting)
        .select_related("item", "paper")
        .order_by("-accepted_at")[:20]
    )
    for case in cases:
        grant_reply(case, terminal_id, reply_key, now)
    return cases
