"""Reads of the notices: runs, messages, deliveries, channels, policies. Lists start at `..._visible_to(actor)`."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from budayang.center.maintenance.models import (
    EscalationPolicy,
    EscalationStep,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeDelivery,
    NoticeMessage,
    NoticePreference,
)
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import place_chain, scope_q
from budayang.center.platform.roles import OPERATING_ROLES, Role
from budayang.center.platform.sealing import lookup_hash
from budayang.rules.escalation import SHIPPED, Otherwise, Step, StepKind
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact, Quiet

INCIDENT_BODIES = ("incident__owner_id", "incident__vendor_id")
TOKEN_BYTES = 20
"""160 bits: nobody guesses a link that confirms."""
SHIPPED_NAME = "系统预置"


def notices_visible_to(actor: Actor) -> QuerySet[Notice]:
    """Runs in the actor's places; bodies' people those of their own machines and systems."""
    rows = Notice.objects.filter(scope_q(actor, "place_path", INCIDENT_BODIES))
    return rows.select_related("incident__terminal", "incident__area", "incident__owner")


def messages_visible_to(actor: Actor) -> QuerySet[NoticeMessage]:
    """Messages about the actor's places, and those that the actor got. Bodies' people see only their own."""
    rows = NoticeMessage.objects.filter(scope_q(actor, "place_path") | Q(staff_id=actor.staff_id or 0))
    return rows.select_related("staff", "channel").prefetch_related("deliveries__channel")


def deliveries_visible_to(actor: Actor) -> QuerySet[NoticeDelivery]:
    """Deliveries of the messages that the actor may see."""
    rows = NoticeDelivery.objects.filter(
        scope_q(actor, "message__place_path") | Q(message__staff_id=actor.staff_id or 0)
    )
    return rows.select_related("message__staff", "message__channel", "channel")


def channels_visible_to(actor: Actor) -> QuerySet[NoticeChannel]:
    """Channels of the actor's places. The system administrator keeps them and reads nothing of what they carry."""
    roles = OPERATING_ROLES | {Role.SYSTEM_ADMIN}
    return NoticeChannel.objects.filter(scope_q(actor, "place__path", roles=roles)).select_related("place")


def policies_visible_to(actor: Actor) -> QuerySet[EscalationPolicy]:
    """Escalation policies of the actor's places; bodies' people those written for their body."""
    rows = EscalationPolicy.objects.filter(scope_q(actor, "place__path", ("organization_id",)))
    return rows.select_related("place", "organization").prefetch_related("steps")


def step_of(row: EscalationStep) -> Step:
    """The step as the rules read it."""
    return Step(
        kind=StepKind(row.kind),
        wait_s=row.wait_s,
        body=row.body,
        role=row.role,
        staff=row.staff_id or 0,
        channel=row.channel_id or 0,
        opens=row.opens,
        closes=row.closes,
        otherwise=Otherwise(row.otherwise),
        times=row.times,
    )


def policy_for(place_path: str, organization_id: int | None, severity: str) -> tuple[str, tuple[Step, ...]]:
    """(name, steps) of the policy in force: the nearest place upwards; there the one for the body before the general
    one, the one for the severity before the one for all; what ships where nobody wrote any."""
    rows = EscalationPolicy.objects.filter(
        Q(organization__isnull=True) | Q(organization_id=organization_id),
        place__path__in=place_chain(place_path),
        severity__in=("", severity),
    )
    found = list(rows.select_related("place").prefetch_related("steps"))
    if not found:
        return SHIPPED_NAME, SHIPPED[Severity(severity)]
    best = max(found, key=lambda one: (len(one.place.path), one.organization_id is not None, one.severity != ""))
    return best.name, tuple(step_of(row) for row in best.steps.all())


def quiet_of(preference: NoticePreference | None) -> Quiet | None:
    """A person's quiet hours, or None."""
    if preference is None or preference.quiet_from is None or preference.quiet_to is None:
        return None
    return Quiet(preference.quiet_from, preference.quiet_to, preference.breaks)


def find_preference(staff_id: int | None) -> NoticePreference | None:
    return NoticePreference.objects.filter(staff_id=staff_id or 0).first()


def new_nonce() -> str:
    """128 bits of a message of its own."""
    return secrets.token_hex(16)


def token_of(message: NoticeMessage) -> str:
    """The link's token. It follows from the message's nonce and a key outside the database, so that a message can be
    sent again with the same link, and the database alone gives no link away."""
    digest = bytes.fromhex(lookup_hash("notice_link", f"{message.nonce}"))
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")


def hash_of(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_message(token: str) -> NoticeMessage | None:
    """The message that a link belongs to, also when the link has expired."""
    return NoticeMessage.objects.filter(token_hash=hash_of(token[:64])).select_related("staff", "channel").first()


def fact_to_json(fact: Fact) -> dict[str, Any]:
    """A fact as its row keeps it."""
    return {
        "title": fact.title,
        "where": fact.where,
        "severity": fact.severity,
        "since": fact.since.isoformat(),
        "affects": fact.affects,
        "who": fact.who,
        "also": fact.also,
        "until": fact.until.isoformat() if fact.until else None,
        "note": fact.note,
    }


def fact_from_json(raw: Mapping[str, Any]) -> Fact:
    """The fact that `fact_to_json` wrote."""
    since, until = datetime.fromisoformat(raw["since"]), raw.get("until")
    return Fact(**{**raw, "since": since, "until": datetime.fromisoformat(until) if until else None})


def facts_of(message: NoticeMessage) -> Sequence[Fact]:
    return [fact_from_json(raw) for raw in message.facts]


def my_open_messages(staff_id: int) -> QuerySet[NoticeMessage]:
    """What a person was told and nobody has confirmed, as long as one of its faults is open."""
    rows = NoticeMessage.objects.filter(staff_id=staff_id, kind__in=("alarm", "reminder"), acknowledged_at__isnull=True)
    return rows.filter(lines__notice__state__in=("running", "exhausted")).distinct()


def runs_of(message: NoticeMessage) -> list[Notice]:
    """The runs that a message tells of."""
    rows = Notice.objects.filter(lines__message=message).distinct().select_related("incident")
    return list(rows.order_by("pk"))


def addresses_of(staff_id: int) -> list[NoticeAddress]:
    """A person's own addresses in the order of their use."""
    return list(NoticeAddress.objects.filter(staff_id=staff_id).select_related("channel__place"))


def channels_for(actor: Actor) -> QuerySet[NoticeChannel]:
    """The active channels that can reach a person: those of the places of the person's grants and of places above."""
    paths = {path for grant in actor.grants for path in place_chain(grant.place_path)}
    rows = NoticeChannel.objects.filter(is_active=True)
    return rows if actor.sees_all else rows.filter(place__path__in=paths)
