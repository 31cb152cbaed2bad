"""The demonstration's assets: once, accepted, none of their days falls due soon."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.hall import build

from budayang.center.maintenance import due_things
from budayang.center.maintenance.models import Asset, DutyEntry, Incident, LostThing, Training, VideoViewing
from budayang.cli import cast_assets

pytestmark = pytest.mark.django_db


def test_assets_are_there_once_and_open_no_order(now: datetime) -> None:
    build(now)
    cast_assets.load(now)
    count = Asset.objects.count()
    assert count >= len(cast_assets.BESIDE) + 4
    assert set(Asset.objects.values_list("state", flat=True)) == {"in_use"}
    for register in (DutyEntry, Training, LostThing, VideoViewing):
        assert register.objects.count() == 1
    cast_assets.load(now)
    assert Asset.objects.count() == count
    before = Incident.objects.count()
    due_things.judge_things(now)
    due_things.judge_things(now + timedelta(days=30))
    assert Incident.objects.count() == before
