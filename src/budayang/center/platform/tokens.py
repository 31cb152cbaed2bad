"""Keys for other machines. A key acts as the person who made it, with that person's grants as they are at each request:
who loses a role or leaves takes the keys along.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import ApiToken, Staff
from budayang.center.platform.queries import actor_of
from budayang.center.platform.sealing import lookup_hash

PREFIX = "bdy_"
LONGEST_D = 366
MOST = 20
USED_EVERY = timedelta(minutes=1)
"""How fine the moment of last use is kept: a busy client is not one write a request."""


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own keys."""
    rows = ApiToken.objects.select_related("staff")
    return rows.filter(staff_id=actor.staff_id) if actor.staff_id is not None else rows.none()


@transaction.atomic
def issue_token(actor: Actor, *, name: str, days: int, may_write: bool = False, now: datetime) -> tuple[ApiToken, str]:
    """Make a key for the actor; returns the row and the key itself, which is shown this once.

    Raises:
        Refused: no name, a term out of bounds, or too many keys; the message names the repair.
        Forbidden: the actor is nobody who signs in.
    """
    if actor.staff_id is None:
        raise Forbidden(f"{actor.name} does not sign in")
    if not name.strip():
        raise Refused(_("请写明这把接口密钥给哪个系统用。"))
    if not 1 <= days <= LONGEST_D:
        raise Refused(_("有效期为 1 到 %(most)s 天。") % {"most": LONGEST_D})
    Staff.objects.select_for_update().get(pk=actor.staff_id)
    live = ApiToken.objects.filter(staff_id=actor.staff_id, revoked_at__isnull=True, expires_at__gt=now)
    if live.count() >= MOST:
        raise Refused(_("最多 %(most)s 把有效的接口密钥，请先停用不用的。") % {"most": MOST})
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        staff_id=actor.staff_id,
        name=name.strip()[:60],
        key_hash=_hash(key),
        hint=f"…{key[-4:]}",
        may_write=may_write,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    record(
        actor,
        "platform.issue_token",
        subject=f"token:{row.pk}",
        details={"days": days, "may_write": may_write},
        at=now,
    )
    return row, key


@transaction.atomic
def revoke_token(actor: Actor, token_id: int, now: datetime) -> ApiToken:
    """End one of the actor's own keys. One that has ended stays ended.

    Raises:
        ApiToken.DoesNotExist: none of theirs.
    """
    row = tokens_of(actor).get(pk=token_id)
    if ApiToken.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=now):
        record(actor, "platform.revoke_token", subject=f"token:{row.pk}", at=now)
    row.refresh_from_db()
    return row


def find_holder(key: str, now: datetime) -> tuple[Actor, ApiToken] | None:
    """Whose key it is, with today's grants; None for a key that is unknown, ended, or of somebody who left."""
    row = (
        ApiToken.objects.select_related("staff")
        .filter(key_hash=_hash(key), revoked_at__isnull=True, expires_at__gt=now, staff__is_active=True)
        .first()
    )
    if row is None:
        return None
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USED_EVERY)
    ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)
    return actor_of(row.staff), row


def _hash(key: str) -> str:
    return lookup_hash("platform.api_token", key)
