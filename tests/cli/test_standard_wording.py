"""`budayang standard wording`: names place and repair, says what a reference edition is, ends with 1 on a fault."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

import pytest
from tests.center.hall import build
from tests.center.standard.the_project import begin

from budayang.center.standard import writing_actions
from budayang.center.standard.queries import current_edition
from budayang.cli import standard_wording
from budayang.cli.messages import Stop

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    parser = ArgumentParser()
    standard_wording.add_arguments(parser)
    return standard_wording.run(parser.parse_args(words))


def test_faults_are_named_and_counted(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    hall = build(now)
    assert run() == 0
    assert "参照版，不是已发布标准的文本" in capsys.readouterr().out
    edition = current_edition()
    assert edition is not None
    project = begin(hall, now)
    writing_actions.word_clause(hall.actor("zhu"), project, "JB-02", "应必须公布。", "", now)
    assert run(edition.code) == 0, "a group's wording is its project's, the reference edition reads as it ships"
    capsys.readouterr()
    assert run("--project", project.code) == 1
    said = capsys.readouterr().out
    assert "4.2\tJB-02\t要改" in said
    assert "把“必须”改为“应”。" in said
    assert "要改 1 处" in said


def test_an_unknown_edition_says_what_there_is(now: datetime) -> None:
    build(now)
    with pytest.raises(Stop, match="REF-2026"):
        run("NONE")
    with pytest.raises(Stop, match="—"):
        run("--project", "NONE")
