"""Keeping, renaming and dropping saved views of lists."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Place, SavedView
from budayang.center.platform.roles import Role

MOST = 30
"""Views of one person and list: more are not found again either."""
SHARERS = (Role.SUPERVISOR, Role.AREA_KEEPER)


def _save(view: SavedView) -> SavedView:
    """Two tabs may save the same name at once: the database says who was second."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise Refused(_("您在这个列表已有同名的视图。请换一个名称，或先删除旧的。")) from error
    return view


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > 40:
        raise Refused(_("视图要有名称，最多 40 个字。"))
    return name


@transaction.atomic
def save_view(
    actor: Actor, *, address: str, name: str, query: str, shared_at: Place | None, now: datetime
) -> SavedView:
    """Keep a list's `query` under a name. `shared_at`: for everybody who works at that place or below it."""
    if actor.staff_id is None:
        raise Forbidden("only people keep views")
    if shared_at is not None:
        actor.require(*SHARERS, place_path=shared_at.path)
    if len(query) > 600 or len(address) > 200:
        raise Refused(_("筛选条件太长，存不下。请减少查找的字。"))
    if SavedView.objects.filter(staff_id=actor.staff_id, address=address).count() >= MOST:
        raise Refused(_("一个列表最多存 %(most)d 个视图。请先删除不用的。") % {"most": MOST})
    view = SavedView(
        staff_id=actor.staff_id, address=address, name=_named(name), query=query, shared_at=shared_at, made_at=now
    )
    _save(view)
    # What was searched for stays out of the audit: it may be a person's name.
    path = shared_at.path if shared_at else ""
    record(actor, "platform.save_view", subject=f"view:{view.pk}", place_path=path, details={"address": address})
    return view


@transaction.atomic
def rename_view(actor: Actor, view: SavedView, name: str) -> SavedView:
    """Another name; only its owner."""
    _require_own(actor, view)
    view.name = _named(name)
    _save(view)
    record(actor, "platform.rename_view", subject=f"view:{view.pk}", details={"address": view.address})
    return view


@transaction.atomic
def delete_view(actor: Actor, view: SavedView) -> SavedView:
    """Drop a view; only its owner."""
    _require_own(actor, view)
    record(actor, "platform.delete_view", subject=f"view:{view.pk}", details={"address": view.address})
    view.delete()
    return view


def _require_own(actor: Actor, view: SavedView) -> None:
    if actor.staff_id is None or view.staff_id != actor.staff_id:
        raise Forbidden("a view is changed by its owner only")
