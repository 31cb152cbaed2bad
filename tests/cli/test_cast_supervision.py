"""The demonstration's supervision visits: there once, in words that say they are invented."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from budayang.center.evaluation.models import SupervisionFinding, SupervisionVisit
from budayang.center.platform.models import Staff
from budayang.cli import cast, cast_supervision, seed

pytestmark = pytest.mark.django_db


def test_the_visits_are_there_once(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(cast, "write_enrolment_code", lambda code: None)
    seed.load_reference(now)
    cast.load(now)
    cast_supervision.load(now + timedelta(hours=1))
    done, waiting = SupervisionVisit.objects.order_by("pk")
    assert (done.state, done.kind, waiting.state, waiting.kind) == ("done", "delegate", "planned", "experience")
    assert all("演示" in one.role for one in (done, waiting))
    assert all("演示" in one.text for one in SupervisionFinding.objects.all())
    assert SupervisionFinding.objects.count() == len(cast_supervision.FAULTS)
    client = Client()
    client.force_login(Staff.objects.get(username="zhu"))
    assert client.get(f"/console/supervision/{done.number}/").status_code == 200


def test_without_the_city_nothing_is_made(now: datetime) -> None:
    cast_supervision.load(now)
    assert not SupervisionVisit.objects.exists()
