"""Which organization answers for a cause, and which of its people gets the order."""

from __future__ import annotations

from collections.abc import Mapping

from budayang.center.areas import queries as areas
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import BODY_ROLES
from budayang.rules.maintenance import BUCKETS, Bucket

JOB = Actor.job("maintenance.assigning")


def responsible_id(bucket: Bucket, bodies: Mapping[str, int | None]) -> int | None:
    """The organization that gets the order of a bucket.

    `bodies`: "manager", "owner", "vendor", "department" → organization id. What nobody answers for yet (a silence whose
    cause is open) goes to the managing unit, which looks first (WH-20); without one to the owner.
    """
    order: tuple[str, ...] = (BUCKETS[bucket].answers, "manager", "owner", "department", "vendor")
    if BUCKETS[bucket].answers == "vendor" and bodies.get("owner"):
        # The owner unit calls its vendor: the contract is between the two of them, and the vendor sees the order too.
        order = ("owner", *order)
    return next((found for name in order if (found := bodies.get(name))), None)


def manager_of(place_path: str) -> int | None:
    """The managing unit (综合管理单位) of a place: the nearest at or above it, else the first below."""
    units = platform.organizations_visible_to(JOB).filter(kind="manager")
    above = units.filter(place__path__in=platform.place_chain(place_path)).order_by("-place__path").first()
    found = above or units.filter(place__path__startswith=place_path).order_by("place__path", "code").first()
    return found.pk if found is not None else None


def find_assignee(organization_id: int, area_id: int | None, place_path: str) -> int | None:
    """The keeper for the area's managing unit, else the organization's first person whose scope covers the place."""
    if area_id is not None:
        area = areas.visible_to(JOB).filter(pk=area_id, manager_id=organization_id, keeper__isnull=False).first()
        if area is not None:
            return area.keeper_id
    people = platform.staff_visible_to(JOB).filter(
        is_active=True,
        grants__organization_id=organization_id,
        grants__role__in=[role.value for role in BODY_ROLES],
        grants__place__path__in=platform.place_chain(place_path),
    )
    return people.order_by("pk").values_list("pk", flat=True).first()
