"""The sheets of a whole area as one job, in real processes: its worker is killed in the middle, one is called off."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import ENVIRONMENT, Clerk, Facts, Stage, clerk, wait_for
from openpyxl import load_workbook

pytestmark = pytest.mark.processes
PAGE = "/console/sign-artwork/"


@pytest.fixture
def stage(fresh: Callable[[], Path], port: int) -> Iterator[Stage]:
    """The center alone: pages and worker."""
    stage = Stage(fresh(), port, environment=dict(ENVIRONMENT))
    stage.environment["BUDAYANG_PUBLIC_URL"] = stage.center
    stage.take()
    try:
        stage.start_web()
        start_worker(stage)
        yield stage
    finally:
        stage.leave()


def start_worker(stage: Stage) -> None:
    stage._add("worker", ["worker"], stage.center_environment(), "", stage.folder / "logs")


def ask(person: Clerk) -> None:
    answer = person.send(f"{PAGE}?area=KBS", f"{PAGE}areas/KBS/")
    assert answer.status_code == 200
    assert "正在后台制作" in answer.text


def work(facts: Facts) -> tuple[str, int, int, int]:
    """(state, steps done, of how many, starts) of the newest job."""
    newest = "WHERE name = 'signage.draw_signs' ORDER BY id DESC LIMIT 1"
    return tuple(facts.center(f"SELECT state, done, total, attempts FROM platform_work {newest}")[0])


def in_the_middle(facts: Facts) -> bool:
    state, done, total, _starts = work(facts)
    assert state in ("waiting", "running"), "seen too late to be interrupted"
    return state == "running" and 2 <= done < total - 10


@pytest.fixture
def person(stage: Stage) -> Iterator[Clerk]:
    """The keeper of the area."""
    signed_in = clerk(stage, "lin")
    yield signed_in
    signed_in.close()


def test_a_killed_worker_loses_nothing_and_a_cancel_leaves_nothing(stage: Stage, person: Clerk) -> None:
    facts = Facts(stage)
    ask(person)
    ask(person)
    assert facts.count("SELECT count(*) FROM signage_signfile") == 1, "asked twice it is made once"
    wait_for("some sheets are drawn", lambda: in_the_middle(facts))
    stage.programs["worker"].kill()
    assert work(facts)[0] == "running", "nobody has noticed yet"
    stage.restart("worker")
    wait_for("all sheets are drawn", lambda: work(facts)[0] == "done", 240)
    assert work(facts)[3] >= 2, "it was started again"
    page = person.read(PAGE).text
    link = re.search(rf'href="({PAGE}files/\d+/)"', page)
    assert link is not None
    whole = zipfile.ZipFile(io.BytesIO(person.read(link[1]).content))
    sheets = [name for name in whole.namelist() if name.endswith(".pdf")]
    rows = list(load_workbook(io.BytesIO(whole.read("标志制作清单.xlsx"))).worksheets[0].values)
    head = next(n for n, row in enumerate(rows) if row[0] == "序号")
    signs = facts.count("SELECT json_array_length(drawing, '$.signs') FROM signage_planversion")
    assert len(rows) - head - 1 == signs > 10, "each sign of the plan stands in the list once"
    made = [str(row[-2]) for row in rows[head + 1 :] if row[-2]]
    assert sorted(made) == sorted(sheets)
    assert all(row[-2] or row[-1] for row in rows[head + 1 :]), "what was not made says why"

    ask(person)
    wait_for("some sheets are drawn again", lambda: in_the_middle(facts))
    pk = facts.count("SELECT max(id) FROM signage_signfile")
    assert "已取消" in person.send(PAGE, f"{PAGE}files/{pk}/cancel/").text
    wait_for("it is called off", lambda: work(facts)[0] == "cancelled")
    wait_for(
        "the worker went on", lambda: facts.count("SELECT count(*) FROM platform_delivery WHERE done_at IS NULL") == 0
    )
    assert facts.count("SELECT count(*) FROM signage_signfile WHERE content IS NOT NULL") == 1
    assert person.read(f"{PAGE}files/{pk}/").status_code == 404
