"""Wordings of a reference edition that all projects shared: each keeps what it read, the edition reads as it ships."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from django.apps import apps
from tests.center.hall import Hall
from tests.center.standard.the_project import begin, edition, own_edition

from budayang.center.standard.models import ClauseWording
from budayang.center.standard.text_queries import clause_texts
from budayang.data.clause_texts import clause_sentences

STEP = import_module("budayang.center.standard.migrations.0006_wordings_of_projects")


def test_shared_wordings_are_given_to_each_project(hall: Hall, now: datetime) -> None:
    one, two = begin(hall, now), begin(hall, now, code="other")
    own = begin(hall, now, code="own", text=own_edition(now))
    for row in (edition(), own.edition):
        ClauseWording.objects.create(edition=row, clause_code="JB-01", text="应这样写。", note="注。", at=now, by="x")
    STEP.give_to_projects(apps, None)
    for project in (one, two, own):
        first = clause_texts(project.edition, project)[0]
        assert (first.text, first.note) == ("应这样写。", "注。")
    assert clause_texts(edition())[0].text == clause_sentences()["JB-01"].text
    assert ClauseWording.objects.count() == 3
