"""Puts planned items into the tables, in the caller's transaction: items, their versions, marks for what follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F, Max
from django.utils.translation import gettext as _

from budayang import data
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.works import request_work
from budayang.center.services import marks
from budayang.center.services.catalogue import COLUMNS, fill
from budayang.center.services.catalogue_checking import Known, Plan
from budayang.center.services.models import CatalogueEdition, CatalogueHead, Department, Item, ItemVersion, Offering
from budayang.center.terminals import queries as terminals

DERIVE = "services.derive_offerings"  # the long work itself: offering_actions
BATCH = 500
_FOLLOWS = ("who_may", "material_list", "open_fields", "driven", "needs", "aliases", "in_force", "is_demo")
_WRITTEN = sorted({column.attr for column in COLUMNS if column.attr != "code"} | set(_FOLLOWS))


def move_on(from_revision: int) -> None:
    """Claim the catalogue for this transaction. Raises Refused when somebody else wrote since `from_revision`."""
    CatalogueHead.objects.get_or_create(pk=1)
    if not CatalogueHead.objects.filter(pk=1, revision=from_revision).update(revision=F("revision") + 1):
        raise Refused(_("预览以后目录又有改动，请先重新比对，看过差异再采用。"))


def claim() -> None:
    """Claim the catalogue for this transaction whatever was written before: what is read after this stays as read."""
    CatalogueHead.objects.get_or_create(pk=1)
    CatalogueHead.objects.filter(pk=1).update(revision=F("revision") + 1)


def write_plans(
    plans: Sequence[Plan], known: Known, edition: CatalogueEdition | None, *, who: str, now: datetime
) -> None:
    """New, changed and gone items with their versions. Call `move_on` first."""
    moved = [plan for plan in plans if plan.change != "same"]
    departments = {name: _department(name) for name in dict.fromkeys(plan.values["dept_type"] for plan in moved)}
    words = _aliases()
    items = []
    for plan in moved:
        item = known.items.get(plan.code) or Item(code=plan.code)
        item.department = departments[plan.values["dept_type"]]
        item.in_force = plan.change != "gone"
        fill(item, plan.values, plan.standing, carried=item.in_force and plan.code in known.carried)
        item.aliases = words.get(plan.code, [])
        if edition is not None:
            item.is_demo = edition.is_demo
        items.append(item)
    _upsert(items)
    _versions(moved, edition, who=who, now=now)
    refresh_derived([plan for plan in plans if plan.change == "same"], known)
    _follow(moved, now)


def _upsert(items: Sequence[Item]) -> None:
    Item.objects.bulk_create(
        items, batch_size=BATCH, update_conflicts=True, unique_fields=["code"], update_fields=_WRITTEN
    )


def _versions(moved: Sequence[Plan], edition: CatalogueEdition | None, *, who: str, now: datetime) -> None:
    for part in _parts(moved):
        keys = dict(Item.objects.filter(code__in=[plan.code for plan in part]).values_list("code", "pk"))
        former = ItemVersion.objects.filter(item_id__in=keys.values(), until_at__isnull=True)
        # A clock that was set back must not let a version end before it began.
        at = max(now, former.aggregate(last=Max("since_at"))["last"] or now)
        former.update(until_at=at)
        ItemVersion.objects.bulk_create(
            ItemVersion(
                item_id=keys[plan.code],
                edition=edition,
                values=plan.values,
                standing=plan.standing,
                changed=[key for key, _before, _after in plan.fields],
                gone=plan.change == "gone",
                by=who[:80],
                since_at=at,
            )
            for plan in part
        )


def _parts(plans: Sequence[Plan]) -> Iterable[Sequence[Plan]]:
    return (plans[at : at + BATCH] for at in range(0, len(plans), BATCH))


def refresh_derived(plans: Sequence[Plan], known: Known) -> int:
    """What follows from the software's forms and words, for items whose table says the same; returns how many moved."""
    words = _aliases()
    moved = []
    for plan in plans:
        item = known.items[plan.code]
        before = (item.driven, item.needs, item.aliases)
        fill(item, plan.values, plan.standing, carried=plan.code in known.carried)
        item.aliases = words.get(plan.code, [])
        if (item.driven, item.needs, item.aliases) != before:
            moved.append(item)
    _upsert(moved)
    return len(moved)


def _aliases() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for alias in data.aliases():
        found.setdefault(alias.item_code, []).append([alias.alias, alias.kind])
    return found


def _department(name: str) -> Department:
    codes = {row.kind: row.code for row in data.departments()}
    code = codes.get(name) or f"D{Department.objects.count() + 1:03d}"
    return Department.objects.get_or_create(name=name, defaults={"code": code})[0]


def _follow(moved: Sequence[Plan], now: datetime) -> None:
    """Items that are gone are offered nowhere; the others are judged and told again."""
    for part in _parts(moved):
        gone = [plan.code for plan in part if plan.change == "gone"]
        Offering.objects.filter(item__code__in=gone, active=True).update(active=False)
        stay = [plan.code for plan in part if plan.change != "gone"]
        Offering.objects.filter(item__code__in=stay, active=True).update(judge_at=None, judged_at=None)
    if moved:
        marks.mark(marks.CATALOGUE, now)


def derive_soon(actor: Actor, now: datetime) -> None:
    """Terminals that are at work offer what fits them now: one short transaction each, as long work."""
    if terminals.in_service().filter(state="active", kind="own").exists():
        request_work(actor, DERIVE, _("按新的事项目录重新推算各终端能办的事项"), {}, now=now)
