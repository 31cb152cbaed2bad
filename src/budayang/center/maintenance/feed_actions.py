"""Making and revoking the secret address of one's calendar."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.maintenance.feed_queries import feeds_of, hash_of
from budayang.center.maintenance.models import DutyFeed
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.limits import count_within
from budayang.center.platform.models import Staff

SECRET_BYTES = 32
MOST = 5
READ_EVERY = timedelta(minutes=1)
"""How fine the moment of the last reading is kept."""
AN_HOUR, PER_HOUR = timedelta(hours=1), 60
"""A calendar program asks every five minutes at the most; beyond sixty an hour it is told to wait."""


@transaction.atomic
def make_feed(actor: Actor, *, name: str, now: datetime) -> tuple[DutyFeed, str]:
    """A new address; returns the row and the secret of the address, which is shown this once."""
    if actor.staff_id is None:
        raise Forbidden(f"{actor.name} does not sign in")
    if not name.strip():
        raise Refused(_("请写明在哪里用，例如“我的手机”。"))
    Staff.objects.select_for_update().get(pk=actor.staff_id)
    if feeds_of(actor).filter(revoked_at__isnull=True).count() >= MOST:
        raise Refused(_("最多 %(most)s 个订阅地址，请先停用不用的。") % {"most": MOST})
    key = secrets.token_urlsafe(SECRET_BYTES)
    row = DutyFeed.objects.create(
        staff_id=actor.staff_id, name=name.strip()[:40], key_hash=hash_of(key), hint=f"…{key[-4:]}", made_at=now
    )
    record(actor, "maintenance.duty_feed_made", subject=f"feed:{row.pk}", at=now)
    return row, key


@transaction.atomic
def revoke_feed(actor: Actor, feed_id: int, *, now: datetime) -> DutyFeed:
    """End one of one's own addresses at once. Raises DutyFeed.DoesNotExist."""
    row = feeds_of(actor).get(pk=feed_id)
    if DutyFeed.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=now):
        record(actor, "maintenance.duty_feed_revoked", subject=f"feed:{row.pk}", at=now)
    row.refresh_from_db()
    return row


def count_reading(feed: DutyFeed, now: datetime) -> bool:
    """Note that the address was read; False when it is read too often."""
    stale = Q(last_read_at__isnull=True) | Q(last_read_at__lte=now - READ_EVERY)
    DutyFeed.objects.filter(stale, pk=feed.pk).update(last_read_at=now)
    return count_within(f"feed:{feed.pk}", AN_HOUR, now) <= PER_HOUR
