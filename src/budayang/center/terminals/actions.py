"""Writes of the terminals room. Each checks the actor, writes an audit line, and tells ingest to read again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import center_keys, lookup_hash, seal_field
from budayang.center.terminals import profile_actions, queries
from budayang.center.terminals.inbox import InboxRow, consume_inbox, forget_body
from budayang.center.terminals.models import (
    GRAVITY,
    Credential,
    EnrolmentCode,
    IngestLease,
    IngestNotice,
    Session,
    Terminal,
    TerminalNow,
)
from budayang.center.terminals.queries import session_key
from budayang.center.terminals.sending import send, send_to_many
from budayang.center.terminals.summary_actions import counted_in
from budayang.wire import mac
from budayang.wire.messages import Enrol, Enrolled, SessionAnswer, SessionRequest

__all__ = [
    "CannotAgree",
    "CannotEnrol",
    "InboxRow",
    "Refused",
    "agree_session",
    "consume_inbox",
    "enrol",
    "forget_body",
    "issue_enrolment_code",
    "mark_restored",
    "register_terminal",
    "resume",
    "retire",
    "revoke",
    "send",
    "send_to_many",
    "session_key",
    "suspend",
]  # fmt: skip

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 letters that are not mistaken for each other
CODE_LENGTH = 12  # 60 bits
CODE_ATTEMPTS = 5
SESSION_S = 24 * 3600
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)


class CannotEnrol(Exception):
    """The code is not valid (unknown, used, expired, worn out) or the proof does not fit. The caller learns no more."""


class CannotAgree(Exception):
    """`error` is the wire's word: unknown_terminal, revoked, suspended, bad_signature, clock_off."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@transaction.atomic
def register_terminal(
    actor: Actor,
    *,
    code: str,
    name: str,
    area: str,
    owner: str,
    now: datetime,
    vendor: str | None = None,
    kind: str = "own",
    make: str = "",
    serial: str = "",
    spot: str = "",
    plan_s: int | None = None,
    grace_s: int | None = None,
    is_demo: bool = False,
) -> Terminal:
    """Register a machine of an area. `area`, `owner`, `vendor` are codes; `kind` is own or watched.

    `plan_s` and `grace_s` are values of its own; without them it has those of its place, as all other settings.
    """
    where = areas.get_area(actor, area)
    actor.require(*KEEPERS, Role.SYSTEM_ADMIN, place_path=where.place.path)
    if not code or not all(one.isascii() and (one.isupper() or one.isdigit() or one == "-") for one in code):
        raise Refused(_("终端编号“%(code)s”只能由大写字母、数字和连字符组成。") % {"code": code})
    if Terminal.objects.filter(code=code).exists():
        raise Refused(_("终端编号 %(code)s 已经有了，请换一个。") % {"code": code})
    bodies = platform.organizations_visible_to(Actor.job("terminals.register"))
    terminal = Terminal.objects.create(
        code=code, name=name, area=where, kind=kind, owner=bodies.get(code=owner),
        vendor=bodies.get(code=vendor) if vendor else None, make=make, serial=serial, spot=spot,
        is_demo=is_demo, registered_at=now,
    )  # fmt: skip
    TerminalNow.objects.create(
        terminal=terminal, updated_at=now, gravity=GRAVITY.index("registered"), area_id=counted_in(terminal)
    )
    for setting, value in (("heartbeat_plan_s", plan_s), ("silence_grace_s", grace_s)):
        if value is not None:
            profile_actions.set_value(Actor.job("terminals.register"), setting, value, terminal=terminal, now=now)
    profile_actions.keep_link_values([terminal], now)
    _notify(terminal)
    _record(actor, "terminals.register", terminal, {"area": area, "owner": owner, "kind": kind}, now)
    return terminal


@transaction.atomic
def issue_enrolment_code(actor: Actor, terminal_id: int, now: datetime, *, valid_s: int = 3600) -> str:
    """A one-time code "ABCD-EFGH-JKLM", shown once and kept only as a keyed hash. Earlier codes die."""
    terminal = _locked(actor, terminal_id, Role.SYSTEM_ADMIN)
    if terminal.state == Terminal.State.RETIRED:
        raise Refused(_("终端已经退役，不能再发入网码。"))
    EnrolmentCode.objects.filter(terminal=terminal, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    code = "".join(secrets.choice(CODE_ALPHABET) for _one in range(CODE_LENGTH))
    EnrolmentCode.objects.create(
        terminal=terminal, code_hash=_code_hash(code), issued_at=now, issued_by=actor.name,
        expires_at=now + timedelta(seconds=valid_s),
    )  # fmt: skip
    _record(actor, "terminals.issue_code", terminal, {"valid_s": valid_s}, now)
    return "-".join(code[part : part + 4] for part in range(0, CODE_LENGTH, 4))


def enrol(request: Enrol, now: datetime) -> Enrolled:
    """Trade a valid code for the terminal's place in the house. Raises CannotEnrol.

    A wrong proof must be counted although the enrolment fails, hence two transactions.
    """
    wanted = EnrolmentCode.objects.filter(code_hash=_code_hash(request.code))
    alive = wanted.filter(used_at__isnull=True, expires_at__gt=now, attempts__lt=CODE_ATTEMPTS)
    if not mac.check_signature(request.public_key, request.code.encode(), request.proof):
        alive.update(attempts=F("attempts") + 1)
        raise CannotEnrol("proof")
    with transaction.atomic():
        # The counted UPDATE decides between two machines that use one code at the same moment.
        if alive.update(used_at=now) != 1:
            raise CannotEnrol("code")
        return _enrol(wanted.select_related("terminal__area__place").get().terminal, request, now)


def _enrol(terminal: Terminal, request: Enrol, now: datetime) -> Enrolled:
    if terminal.state == Terminal.State.RETIRED:
        raise CannotEnrol("retired")
    place = terminal.area.place
    replaced = _drop_credential(terminal, now, "enrolled again")
    Credential.objects.create(
        terminal=terminal, public_key=request.public_key, hardware=request.hardware, enrolled_at=now
    )
    Terminal.objects.filter(pk=terminal.pk).update(state=Terminal.State.ACTIVE, state_reason="", enrolled_at=now)
    _notify(terminal)
    profile_actions.push([terminal], now)  # waits for its first sync
    actor = Actor.terminal(terminal.code, place.path)
    _record(actor, "terminals.enrol", terminal, {"replaced": replaced}, now)
    emit(
        "terminals.enrolled",
        subject=f"terminal:{terminal.code}",
        place_path=place.path,
        payload={"terminal": terminal.code},
        occurred_at=now,
        now=now,
    )
    keys = center_keys()
    return Enrolled(
        terminal=terminal.code, name=terminal.name, area=terminal.area.code, place=place.path,
        center_epoch=queries.center_epoch(), seal_key=mac.to_text(keys.seal_public),
        audit_key=mac.to_text(keys.audit_public), zone=place.zone, demo=settings.BUDAYANG.demo,
    )  # fmt: skip


@transaction.atomic
def agree_session(request: SessionRequest, now: datetime, counter_floor: int) -> tuple[SessionAnswer, int, bytes]:
    """Agree a session key for a day; returns the answer, the terminal's id and the key. Raises CannotAgree.

    `counter_floor` is the highest counter that ingest has seen. The answer is signed with the audit key.
    """
    terminal = Terminal.objects.select_for_update(of=("self",)).filter(code=request.terminal).first()
    if terminal is None or terminal.state == Terminal.State.REGISTERED:
        raise CannotAgree("unknown_terminal")
    credential = queries.valid_credential(terminal.pk)
    if credential is None or terminal.state == Terminal.State.RETIRED:
        raise CannotAgree("revoked")
    message = mac.session_request_message(request.terminal, request.ephemeral, request.at_ms)
    if not mac.check_signature(credential.public_key, message, request.signature):
        raise CannotAgree("bad_signature")
    if terminal.state == Terminal.State.SUSPENDED:
        raise CannotAgree("suspended")
    if abs(now.timestamp() * 1000 - request.at_ms) > mac.SESSION_CLOCK_TOLERANCE_MS:
        raise CannotAgree("clock_off")
    private = X25519PrivateKey.generate()
    try:
        key = mac.agree(private, request.ephemeral, terminal.code)
    except mac.BadKey as error:
        raise CannotAgree("bad_signature") from error
    expires_at = now + timedelta(seconds=SESSION_S)
    sealed = seal_field("terminals_session", str(terminal.pk), "sealed_key", key.hex())
    Session.objects.update_or_create(
        terminal=terminal, defaults={"sealed_key": sealed, "agreed_at": now, "expires_at": expires_at}
    )
    ephemeral = mac.public_text(private)
    signed = mac.session_answer_message(
        terminal.code, request.ephemeral, ephemeral, expires_at.isoformat(), counter_floor
    )
    answer = SessionAnswer(
        ephemeral=ephemeral, expires_at=expires_at.isoformat(), counter_floor=counter_floor,
        center_signature=mac.sign(center_keys().audit_private, signed),
    )  # fmt: skip
    return answer, terminal.pk, key


@transaction.atomic
def revoke(actor: Actor, terminal_id: int, now: datetime, *, why: str = "") -> Terminal:
    """Take the credential back: from the next second on the machine is refused until it is enrolled again."""
    terminal = _locked(actor, terminal_id, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    if not _drop_credential(terminal, now, why):
        raise Refused(_("终端 %(code)s 没有有效的凭证。") % {"code": terminal.code})
    _notify(terminal)
    _record(actor, "terminals.revoke", terminal, {"why": why}, now)
    return terminal


@transaction.atomic
def suspend(actor: Actor, terminal_id: int, now: datetime, *, reason: str = "") -> Terminal:
    """Take a terminal out of service; it learns so from its next sync and shows 暂停服务."""
    return _set_state(actor, terminal_id, Terminal.State.ACTIVE, Terminal.State.SUSPENDED, reason, now)


@transaction.atomic
def resume(actor: Actor, terminal_id: int, now: datetime) -> Terminal:
    """Put a suspended terminal back into service, also after a clone alarm was cleared up."""
    return _set_state(actor, terminal_id, Terminal.State.SUSPENDED, Terminal.State.ACTIVE, "", now)


def _set_state(actor: Actor, terminal_id: int, before: str, after: str, reason: str, now: datetime) -> Terminal:
    terminal = _locked(actor, terminal_id)
    if Terminal.objects.filter(pk=terminal.pk, state=before).update(state=after, state_reason=reason[:40]) != 1:
        raise Refused(_("终端 %(code)s 现在的状态不能这样改，请刷新后再看。") % {"code": terminal.code})
    terminal.state, terminal.state_reason = after, reason[:40]
    _notify(terminal)
    verb = "suspend" if after == Terminal.State.SUSPENDED else "resume"
    _record(actor, f"terminals.{verb}", terminal, {"reason": reason}, now)
    emit(
        f"terminals.{verb}ed" if verb == "suspend" else "terminals.resumed",
        subject=f"terminal:{terminal.code}",
        place_path=terminal.area.place.path,
        payload={"terminal": terminal.code, "reason": reason},
        occurred_at=now,
        now=now,
    )
    return terminal


@transaction.atomic
def retire(actor: Actor, terminal_id: int, now: datetime) -> Terminal:
    """End a machine's life here: no credential, no session, history kept."""
    terminal = _locked(actor, terminal_id, Role.SYSTEM_ADMIN)
    _drop_credential(terminal, now, "retired")
    Terminal.objects.filter(pk=terminal.pk).update(state=Terminal.State.RETIRED, state_reason="", retired_at=now)
    terminal.state, terminal.retired_at = Terminal.State.RETIRED, now
    TerminalNow.objects.filter(pk=terminal.pk).update(gravity=GRAVITY.index("retired"), updated_at=now)
    _notify(terminal)
    _record(actor, "terminals.retire", terminal, {}, now)
    return terminal


@transaction.atomic
def mark_restored(actor: Actor, now: datetime) -> int:
    """After the database was restored from a backup: a new center epoch, so that terminals send again what they keep.

    Ingest notices a restore by itself when its fence file is newer than the database; this is for all other cases.
    """
    actor.require(Role.SYSTEM_ADMIN)
    lease, _created = IngestLease.objects.get_or_create(pk=1)
    IngestLease.objects.filter(pk=1).update(center_epoch=F("center_epoch") + 1)
    record(actor, "terminals.mark_restored", subject="center:ingest", details={"epoch": lease.center_epoch + 1}, at=now)
    return lease.center_epoch + 1


def _locked(actor: Actor, terminal_id: int, *more: Role) -> Terminal:
    terminal = Terminal.objects.select_for_update(of=("self",)).select_related("area__place").get(pk=terminal_id)
    actor.require(*KEEPERS, *more, place_path=terminal.area.place.path)
    return terminal


def _require(actor: Actor, terminal: Terminal, *bodies: Role) -> None:
    actor.require(
        *KEEPERS, *bodies, place_path=terminal.area.place.path, organizations=(terminal.owner_id, terminal.vendor_id)
    )


def _drop_credential(terminal: Terminal, now: datetime, why: str) -> bool:
    valid = Credential.objects.filter(terminal=terminal, revoked_at__isnull=True)
    Session.objects.filter(terminal=terminal).delete()
    return valid.update(revoked_at=now, revoked_why=why[:80]) > 0


def _notify(terminal: Terminal) -> None:
    IngestNotice.objects.create(terminal=terminal)


def _record(actor: Actor, action: str, terminal: Terminal, details: Mapping[str, Any], now: datetime) -> None:
    record(
        actor,
        action,
        subject=f"terminal:{terminal.code}",
        place_path=terminal.area.place.path,
        details=details,
        at=now,
    )


def _code_hash(code: str) -> str:
    return lookup_hash("enrolment", code.replace("-", "").replace(" ", "").upper())
