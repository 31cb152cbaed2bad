"""The demonstration's project of a standard: there once, in words that say it is invented, its pages not empty."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from budayang.center.platform.models import Staff
from budayang.center.standard.models import Opinion, Project, Question, SpreadEvent
from budayang.center.standard.opinion_queries import find_round
from budayang.center.standard.writing_note import missing_parts
from budayang.cli import cast, cast_standard, seed

pytestmark = pytest.mark.django_db


def test_the_project_is_there_once_and_its_page_takes_opinions(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(cast, "write_enrolment_code", lambda code: None)
    seed.load_reference(now)
    cast.load(now)
    cast_standard.load(now + timedelta(hours=1))
    project = Project.objects.get()
    assert "演示" in project.title
    assert project.stage == "consulting"
    assert missing_parts(project) == []
    assert Opinion.objects.count() == len(cast_standard.OPINIONS)
    assert (SpreadEvent.objects.count(), Question.objects.count()) == (2, len(cast_standard.QUESTIONS))
    assert find_round(cast_standard.CODE, now.date() + timedelta(days=1)) is not None
    client = Client()
    client.force_login(Staff.objects.get(username="zhu"))
    assert client.get(f"/console/standard-projects/{cast_standard.CODE}/").status_code == 200


def test_without_an_edition_nothing_is_made(now: datetime) -> None:
    cast_standard.load(now)
    assert Project.objects.count() == 0
