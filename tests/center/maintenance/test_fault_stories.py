"""Every story of the truth table, played on a clock of its own."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from tests.center.hall import Hall
from tests.center.maintenance.fault_stage import Stage
from tests.center.maintenance.fault_stories import STORIES, Story

from budayang.center.maintenance.models import Hush, Incident, WorkOrder
from budayang.center.platform.models import Transition

BUNDLE = timedelta(minutes=2)


def where(stage: Stage, row: Incident) -> str:
    place = row.subject.partition(":")[0]
    if place != "terminal":
        return place
    code, _slash, part = row.subject.partition(":")[2].partition("/")
    number = next(number for number, one in enumerate(stage.terminals) if one.code == code)
    return f"{number}/{part}" if part else str(number)


def told(now: datetime) -> set[int]:
    """Incidents that stood as causes of their own for as long as notices are bundled, by their news."""
    since: dict[int, datetime] = {}
    found: set[int] = set()
    for news in Transition.objects.filter(kind__startswith="maintenance.incident_").order_by("id"):
        number, word = int(news.payload["incident"]), news.kind.rpartition("_")[2]
        if word == "settled":
            continue
        begun = since.pop(number, None)
        if begun is not None and news.recorded_at - begun >= BUNDLE:
            found.add(number)
        if word in ("opened", "freed") and not news.payload["symptom"]:
            since[number] = news.recorded_at
    return found | {number for number, begun in since.items() if now - begun >= BUNDLE}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(hall: Hall, now: datetime, story: Story) -> None:
    stage = Stage(hall, now, story.count)
    stage.play(story.steps, story.until_s)
    orders: dict[int, list[str]] = defaultdict(list)
    for order in WorkOrder.objects.select_related("organization"):
        orders[order.incident_id].append(order.organization.code)
    rows = list(Incident.objects.order_by("opened_at", "pk"))
    found = [
        (
            row.kind, where(stage, row), row.bucket, row.state, "".join(orders[row.pk]),
            sum(other.cause_id == row.pk for other in rows),
        )
        for row in rows
        if row.cause_id is None
    ]  # fmt: skip
    wanted = [(one.kind, one.where, one.bucket, one.state, one.order, one.symptoms) for one in story.causes]
    assert sorted(found) == sorted(wanted)
    assert len(told(stage.now)) == story.told
    assert Hush.objects.count() == story.hushed
    assert not Hush.objects.filter(until_at__isnull=True).exists() or story.until_s < 2000


def test_there_are_at_least_forty_stories() -> None:
    assert len(STORIES) >= 40
    assert len({one.name for one in STORIES}) == len(STORIES)
