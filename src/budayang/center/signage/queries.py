"""Reads of the signage room: plans of areas and their versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.signage.models import PlanVersion, SignPlan


def plans_visible_to(actor: Actor) -> QuerySet[SignPlan]:
    """Plans of the areas that the actor sees, with their areas. The picture is not fetched along: `picture_of`."""
    plans = SignPlan.objects.select_related("area__place").defer("picture")
    return plans if actor.sees_all else plans.filter(area__in=areas.visible_to(actor).order_by().values("pk"))


def find_plan(area_id: int) -> SignPlan | None:
    """The plan of an area, or None where nobody began one."""
    return SignPlan.objects.select_related("area__place").defer("picture").filter(area=area_id).first()


def find_version(plan: SignPlan, number: int | None = None) -> PlanVersion | None:
    """A version by its number, by default the one in force; None where there is none."""
    rows = plan.versions.order_by("-number")
    return rows.first() if number is None else rows.filter(number=number).first()


def list_versions(plan: SignPlan) -> QuerySet[PlanVersion]:
    """All versions, newest first, without their drawings."""
    return plan.versions.order_by("-number").defer("drawing")


def picture_of(plan: SignPlan) -> bytes:
    """What was imported to draw over, as PNG; b"" where there is nothing."""
    kept = SignPlan.objects.filter(pk=plan.pk).values_list("picture", flat=True).first()
    return bytes(kept) if kept else b""


def areas_with_plans(actor: Actor) -> QuerySet[Any]:
    """The actor's areas; `version` is the number of the plan in force, None without one, `saved_at` its moment,
    `saved_by` who made it.
    """
    newest = PlanVersion.objects.filter(plan__area=OuterRef("pk")).order_by("-number")
    return areas.visible_to(actor).annotate(
        version=Subquery(newest.values("number")[:1]),
        saved_at=Subquery(newest.values("made_at")[:1]),
        saved_by=Subquery(newest.values("made_by")[:1]),
    )


def newest_of(area_ids: list[int]) -> dict[int, PlanVersion]:
    """The version in force of each area that has one. One query, without the drawings: `drawings_of`."""
    highest = PlanVersion.objects.filter(plan=OuterRef("plan")).order_by("-number").values("number")[:1]
    rows = PlanVersion.objects.filter(plan__area_id__in=area_ids, number=Subquery(highest))
    rows = rows.select_related("plan").defer("drawing", "plan__picture")
    return {row.plan.area_id: row for row in rows}


def drawings_of(versions: Iterable[PlanVersion]) -> dict[int, dict[str, Any]]:
    """The drawings of these versions, by the version's key. One query, none for none."""
    ids = [one.pk for one in versions]
    return dict(PlanVersion.objects.filter(pk__in=ids).values_list("pk", "drawing")) if ids else {}


def present_of(area_ids: list[int]) -> dict[int, list[str]]:
    """Names of `rules.signs.kinds.FACT_NAMES` that hold in each area of which somebody said it. One query."""
    rows = SignPlan.objects.filter(area_id__in=area_ids, present_at__isnull=False)
    return dict(rows.values_list("area_id", "present"))
