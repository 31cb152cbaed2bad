"""The documents of a stage say what stood when they were kept, also when their files are made later."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import get_args

import pytest
from django.core.cache import cache
from docx import Document
from tests.center.hall import Hall
from tests.center.standard.the_project import TODAY, begin, consult, furnish, own_edition, step

from budayang.center.platform import works
from budayang.center.standard import opinion_actions, writing_actions
from budayang.center.standard.models import Consultation, WrittenFile
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.opinion_queries import printed_table
from budayang.center.standard.writing_blocks import Block
from budayang.center.standard.writing_frozen import _CLASSES, frozen, thawed
from budayang.center.standard.writing_note import write_note
from budayang.center.standard.writing_standard import write_standard

LATER = timedelta(days=31)


@pytest.fixture
def asked(hall: Hall, now: datetime) -> Consultation:
    """A round of today about the group's own draft."""
    cache.clear()
    return consult(hall, furnish(hall, begin(hall, now, text=own_edition(now)), now), now)


def texts_of(row: WrittenFile) -> str:
    """The file of a kept document, made as the worker makes it."""
    assert row.work_id is not None
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    paper = Document(io.BytesIO(bytes(row.content or b"")))
    cells = [cell.text for table in paper.tables for line in table.rows for cell in line.cells]
    return "\n".join([*(one.text for one in paper.paragraphs), *cells])


def kept(stage: str, what: str) -> WrittenFile:
    found = WrittenFile.objects.filter(kept=True, stage=stage, what=what).order_by("pk").last()
    assert found is not None, (stage, what)
    return found


def test_kept_by_hand_and_moved_on_before_the_file_is_made(hall: Hall, asked: Consultation, now: datetime) -> None:
    zhu, project = hall.actor("zhu"), asked.project
    opinion = opinion_actions.take_opinion(asked, Said("写明时限。", "4.1"), client="c", now=now)
    rows = writing_actions.keep_stage(zhu, project, now + LATER)
    opinion_actions.decide(zhu, opinion, "accepted", "", now + LATER)
    writing_actions.word_clause(zhu, project, "JB-01", "应照后来的意见改。", "", now + LATER)
    project = step(hall, project, "submit", now + LATER)
    by_what = {row.what: texts_of(row) for row in rows}
    assert "征求意见稿" in by_what["standard"]
    assert "送审稿" not in by_what["standard"]
    assert "应照后来的意见改。" not in by_what["standard"]
    assert "待处理 1 条" in by_what["note"]


def test_a_step_keeps_what_it_leaves(hall: Hall, asked: Consultation, now: datetime) -> None:
    zhu, project = hall.actor("zhu"), asked.project
    opinion = opinion_actions.take_opinion(asked, Said("写明时限。", "4.1"), client="c", now=now)
    opinion_actions.decide(zhu, opinion, "accepted", "", now)
    later = now + LATER
    project = step(hall, project, "submit", later)
    opinion_actions.decide(zhu, opinion, "rejected", "审查时改了主意。", later)
    project = step(hall, project, "finish", later)
    assert "审查时改了主意。" in texts_of(kept("review", "opinions"))
    project = step(hall, project, "publish", later, number="测试号 1", effective_on=TODAY + LATER)
    told = texts_of(kept("approval", "standard"))
    assert "报批稿" in told
    assert "测试号 1" not in told
    assert {row.stage for row in WrittenFile.objects.filter(kept=True)} == {"consulting", "review", "approval"}


def test_what_the_public_is_asked_about_is_kept_when_it_is_asked(
    hall: Hall, asked: Consultation, now: datetime
) -> None:
    first = WrittenFile.objects.get(kept=True, what="standard")
    writing_actions.word_clause(hall.actor("zhu"), asked.project, "JB-01", "应照意见改。", "", now + LATER)
    step(hall, asked.project, "submit", now + LATER)
    assert "应照意见改。" not in texts_of(first)
    assert "应照意见改。" in texts_of(kept("consulting", "standard"))


def test_the_same_that_waits_is_not_kept_twice(hall: Hall, asked: Consultation, now: datetime) -> None:
    count = WrittenFile.objects.count()
    writing_actions.keep_stage(hall.actor("zhu"), asked.project, now)
    assert WrittenFile.objects.count() == count


def test_every_block_is_frozen_and_thawed_as_it_was(hall: Hall, asked: Consultation, now: datetime) -> None:
    project = asked.project
    opinion_actions.take_opinion(asked, Said("写明时限。\n再写。", "4.1"), client="c", now=now)
    table = printed_table(project, "consultation", today=TODAY, demo=True)
    for paper in (write_standard(project.edition, project), write_note(project, today=TODAY), table):
        assert thawed(frozen(paper)) == paper
    assert set(get_args(Block)) <= set(_CLASSES.values())
    row = kept("consulting", "standard")
    assert row.frozen is not None
    texts_of(row)
    assert row.frozen is None, "the file is there; it is not kept twice"
