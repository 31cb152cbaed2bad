"""Writes of the ground floor; `record` and `emit` are what every other room's actions call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform import deliveries
from budayang.center.platform.actors import Actor
from budayang.center.platform.audit import canonical_record
from budayang.center.platform.models import (
    AuditLine,
    Delivery,
    Organization,
    Parameter,
    Place,
    RoleGrant,
    Staff,
    Transition,
)
from budayang.center.platform.roles import ADMINISTRATORS, BODY_ROLES, Role
from budayang.center.platform.wording import words
from budayang.rules.parameters import BY_NAME
from budayang.rules.profiles import BY_NAME as PROFILE_BY_NAME

_COPY = "INSERT INTO platform_delivery (transition_id, consumer, lease_by, attempts, error) VALUES (%s, %s, '', 0, '')"


class Refused(Exception):
    """An action that cannot be done as asked. The message is for people and names the repair."""


def audit_line(
    actor: Actor,
    action: str,
    *,
    subject: str,
    place_path: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditLine:
    """An audit line that is built but not saved. Never put personal data into `details`."""
    line = AuditLine(
        at=at or timezone.now(),
        actor_kind=actor.kind,
        actor=actor.name,
        action=action,
        subject=subject,
        place_path=place_path,
        details=json.loads(json.dumps(dict(details or {}), default=str)),
    )
    line.record = canonical_record(line)
    return line


def record(
    actor: Actor,
    action: str,
    *,
    subject: str,
    place_path: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write one audit line in the caller's transaction. Never put personal data into `details`."""
    record_many([audit_line(actor, action, subject=subject, place_path=place_path, details=details, at=at)])


def record_many(lines: Sequence[AuditLine]) -> None:
    """`record` for lines that are built: one insert, however many."""
    assert transaction.get_connection().in_atomic_block, "an audit line belongs to its action's transaction"
    AuditLine.objects.bulk_create(lines)


def emit(
    kind: str,
    *,
    subject: str,
    place_path: str,
    payload: Mapping[str, Any],
    occurred_at: datetime,
    now: datetime,
) -> Transition:
    """Write news and one delivery per consumer that asked for it, in the caller's transaction."""
    assert transaction.get_connection().in_atomic_block, "news belongs to the transaction that caused it"
    news = Transition.objects.create(
        kind=kind,
        subject=subject,
        place_path=place_path,
        payload=dict(payload),
        occurred_at=occurred_at,
        recorded_at=now,
    )
    Delivery.objects.bulk_create([Delivery(transition=news, consumer=name) for name in deliveries.consumers_of(kind)])
    return news


def emit_many(news: Sequence[Transition]) -> None:
    """`emit` for rows that are built but not saved: two inserts, however many."""
    connection = transaction.get_connection()
    assert connection.in_atomic_block, "news belongs to the transaction that caused it"
    rows = Transition.objects.bulk_create(news)
    readers = {kind: deliveries.consumers_of(kind) for kind in {row.kind for row in rows}}
    copies = [(row.pk, name) for row in rows for name in readers[row.kind]]
    if copies:
        # After a storm tens of thousands: as objects they would cost more than everything else together.
        with connection.cursor() as cursor:
            cursor.executemany(_COPY, copies)


@transaction.atomic
def add_place(actor: Actor, *, code: str, name: str, kind: str, parent: Place | None, is_demo: bool = False) -> Place:
    """Add a region or the place of an area below `parent`."""
    if "/" in code or not code.strip():
        raise Refused(_("代码不能为空，也不能含有“/”。"))
    path = f"{parent.path if parent else '/'}{code}/"
    # A new city at the top lies in no scope that a grant could cover: the system administrator may add it.
    if not actor.may(Role.SYSTEM_ADMIN):
        actor.require(Role.SUPERVISOR, place_path=path)
    if Place.objects.filter(code=code).exists():
        raise Refused(_("代码 %(code)s 已经有了，请换一个。") % {"code": code})
    place = Place.objects.create(code=code, name=name, kind=kind, parent=parent, path=path, is_demo=is_demo)
    record(actor, "platform.add_place", subject=f"place:{code}", place_path=path, details={"name": name, "kind": kind})
    return place


@transaction.atomic
def add_organization(actor: Actor, *, code: str, name: str, kind: str, place: Place, phone: str = "") -> Organization:
    """Add a body: 综合管理单位, 设备归属单位, 运维商, 物业 or 投放场所."""
    actor.require(Role.SUPERVISOR, Role.SYSTEM_ADMIN, place_path=place.path)
    if kind not in Organization.Kind.values:
        raise Refused(_("单位类别“%(kind)s”不认识。") % {"kind": kind})
    if Organization.objects.filter(code=code).exists():
        raise Refused(_("单位代码 %(code)s 已经有了，请换一个。") % {"code": code})
    body = Organization.objects.create(code=code, name=name, kind=kind, place=place, phone=phone)
    record(
        actor,
        "platform.add_organization",
        subject=f"organization:{code}",
        place_path=place.path,
        details={"kind": kind},
    )
    return body


@transaction.atomic
def add_staff(
    actor: Actor, *, username: str, name: str, password: str, phone: str = "", organization: Organization | None = None
) -> Staff:
    """Add a person who can sign in. Rights come separately, by `grant_role`."""
    actor.require(Role.SYSTEM_ADMIN)
    if Staff.objects.filter(username=username).exists():
        raise Refused(_("用户名 %(username)s 已经有了，请换一个。") % {"username": username})
    person = Staff(username=username, name=name, phone=phone, organization=organization)
    validate_password(password, person)
    person.set_password(password)
    person.save()
    record(actor, "platform.add_staff", subject=f"staff:{username}")
    return person


@transaction.atomic
def set_staff_active(actor: Actor, person: Staff, active: bool) -> Staff:
    """Let a person in again, or keep the person out from the next request on."""
    actor.require(Role.SYSTEM_ADMIN)
    if actor.staff_id == person.pk:
        raise Refused(_("不能停用自己的账号，请另一位管理员来做。"))
    person.is_active = active
    person.save(update_fields=["is_active"])
    record(actor, "platform.set_staff_active", subject=f"staff:{person.username}", details={"active": active})
    return person


@transaction.atomic
def grant_role(
    actor: Actor, person: Staff, role: Role, place: Place, *, organization: Organization | None = None, now: datetime
) -> RoleGrant:
    """Give a role within a place. The security administrator does it; nobody gives a role to himself (等保)."""
    actor.require(Role.SECURITY_ADMIN)
    if actor.staff_id == person.pk:
        raise Refused(_("不能给自己授权，请另一位安全管理员来做。"))
    if role in BODY_ROLES and organization is None:
        raise Refused(_("“%(role)s”须指明所属单位。") % {"role": role.label})
    held = {Role(value) for value in RoleGrant.objects.filter(staff=person).values_list("role", flat=True)}
    if role in ADMINISTRATORS and held & (ADMINISTRATORS - {role}):
        raise Refused(_("系统、安全、审计三类管理员不能由同一人担任。"))
    try:
        with transaction.atomic():
            grant = RoleGrant.objects.create(
                staff=person,
                role=role.value,
                place=place,
                organization=organization if role in BODY_ROLES else None,
                granted_at=now,
                granted_by=actor.name,
            )
    except IntegrityError as error:
        raise Refused(_("这个人在这里已经有这个角色。")) from error
    record(
        actor,
        "platform.grant_role",
        subject=f"staff:{person.username}",
        place_path=place.path,
        details={"role": role.value, "organization": organization.code if organization else ""},
    )
    return grant


@transaction.atomic
def withdraw_role(actor: Actor, grant: RoleGrant) -> None:
    """Take a role back; it ends with the person's next request."""
    actor.require(Role.SECURITY_ADMIN)
    record(
        actor,
        "platform.withdraw_role",
        subject=f"staff:{grant.staff.username}",
        place_path=grant.place.path,
        details={"role": grant.role},
    )
    grant.delete()


@transaction.atomic
def set_parameter(
    actor: Actor,
    name: str,
    place: Place,
    value: Any,
    *,
    valid_from: datetime,
    edition: str = "",
    clause: str = "",
    subject: str = "",
    roles: tuple[Role, ...] = (Role.SUPERVISOR,),
    withdraw: bool = False,
) -> Parameter:
    """Set a value of the policy for a place from a moment on; what was in force before stays in the history.

    `subject` narrows it to one thing within the place; a room that keeps such things says by `roles` who may.
    `withdraw`: from then on nothing is set here, and the next place upwards counts again.
    """
    actor.require(*roles, place_path=place.path)
    known, profile = BY_NAME.get(name), PROFILE_BY_NAME.get(name)
    if known is None and profile is None:
        raise Refused(_("没有名为 %(name)s 的参数。") % {"name": name})
    if profile is not None and not withdraw and (problem := profile.problem(value)):
        raise Refused(words(f"{problem}。"))
    row, _created = Parameter.objects.update_or_create(
        name=name,
        place=place,
        subject=subject,
        valid_from=valid_from,
        defaults={
            "value": profile.default if withdraw and profile else value,
            "withdrawn": withdraw,
            "set_by": actor.name,
            "due_at": valid_from if profile else None,
            "edition": edition,
            "clause": clause,
        },
    )
    record(
        actor,
        "platform.set_parameter",
        subject=f"parameter:{name}",
        place_path=place.path,
        details={"value": value, "edition": edition, "subject": subject, "withdrawn": withdraw},
    )
    return row
