"""A drill on the sandbox in real processes: the fault is made, found, told, answered and ended, each measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from house import ENVIRONMENT, Clerk, Facts, Stage, clerk, wait_for

from budayang.cli.visitors import text_of

pytestmark = pytest.mark.processes
PAGE = "/console/emergencies/"
NOT_YET = "还没有"
BUSY_S = 30


@pytest.fixture
def stage(fresh: Callable[[], Path], port: int) -> Iterator[Stage]:
    """Sandbox, pages and worker; no terminal but those of the hall."""
    stage = Stage(fresh(), port, environment=dict(ENVIRONMENT))
    stage.environment["BUDAYANG_PUBLIC_URL"] = stage.center
    stage.take()
    logs = stage.folder / "logs"
    logs.mkdir(exist_ok=True)
    environment = stage.center_environment()
    try:
        arguments = ["sandbox", *stage._sandbox_arguments()]
        stage._add("sandbox", arguments, environment, f"{stage.sandbox}/control/state", logs)
        stage.start_web()
        stage._add("worker", ["worker"], environment, "", logs)
        yield stage
    finally:
        stage.leave()


def speaking(stage: Stage) -> bool:
    return bool(httpx.get(f"{stage.sandbox}/control/hall", timeout=10).json()["speaking"] == 4)


def begin(stage: Stage, person: Clerk, scenario: str) -> str:
    """Plan a drill for today and start it; its page's address."""
    today = re.search(r'name="on"[^>]*value="([0-9-]+)"', person.read(f"{PAGE}sandbox/").text)
    assert today is not None
    answer = person.send(f"{PAGE}sandbox/", f"{PAGE}sandbox/", scenario=scenario, on=today[1], hold_s="600")
    run = str(answer.url).removeprefix(stage.center)
    assert re.fullmatch(rf"{PAGE}\d+/", run), answer.text[:500]
    shown = person.send(run, f"{run}start/")
    assert "故障保持到" in text_of(shown.text), text_of(shown.text)[:1500]
    return run


class Line(NamedTuple):
    """One line of planned beside happened, as the page says it."""

    limit: str
    seconds: str
    who: str
    verdict: str

    def took_s(self) -> int:
        """The seconds, which the verdict must fit: on a busy machine something may be late, and then it says so."""
        took, limit = int(self.seconds.split()[0]), int(self.limit.split()[0])
        assert (took <= limit) if self.verdict == "按时" else (self.verdict == "超时" and took >= limit), self
        return took


def lines(person: Clerk, run: str) -> dict[str, Line]:
    """What should have happened, by its words."""
    rows = re.findall(r'(?s)<tr><th scope="row">(.*?)</tr>', person.read(run).text)
    cells = [[text_of(cell) for cell in re.split(r"<td[^>]*>", row)] for row in rows]
    return {row[0]: Line(row[1], row[3], row[4], row[5]) for row in cells if len(row) == 6}


def has(person: Clerk, run: str, *names: str) -> dict[str, Line] | None:
    found = lines(person, run)
    return found if all(found[name].verdict != NOT_YET and found[name].seconds != "—" for name in names) else None


@pytest.fixture
def person(stage: Stage) -> Iterator[Clerk]:
    """The supervisor."""
    signed_in = clerk(stage, "zhu")
    yield signed_in
    signed_in.close()


ELSEWHERE = "SELECT count(*) FROM maintenance_incident i JOIN areas_area a ON a.id = i.area_id WHERE a.code <> 'DRILL'"
OPEN_HERE = (
    "SELECT count(*) FROM maintenance_incident i JOIN areas_area a ON a.id = i.area_id"
    " WHERE a.code = 'DRILL' AND i.state = 'open'"
)
NOTICE = (
    "SELECT n.id FROM maintenance_notice n JOIN maintenance_incident i ON i.id = n.incident_id"
    " WHERE i.kind = 'door_locked'"
)
RECOVERED, WITHDRAWN = "故障排除后平台自己认定恢复", "告示自己撤下"


def test_a_trapped_person_and_a_power_cut(stage: Stage, person: Clerk) -> None:
    facts = Facts(stage)
    person.send(f"{PAGE}sandbox/", f"{PAGE}sandbox/hall/")
    wait_for("the machines of the hall speak", lambda: speaking(stage), 60)
    before = facts.count(ELSEWHERE)

    run = begin(stage, person, "trapped")
    wait_for("the door is found", lambda: has(person, run, "平台发现故障", "求助呼叫到达平台", "对外告示挂出"), 30)
    call = facts.count("SELECT id FROM maintenance_helpcall")
    person.send("/console/help-calls/", f"/console/help-calls/{call}/answer/")
    wait_for("somebody is told", lambda: has(person, run, "通知发给值班的人"), 60)
    notice = facts.count(NOTICE)
    person.send(f"/console/notices/{notice}/", f"/console/notices/{notice}/confirm/")
    told = wait_for("it is answered", lambda: has(person, run, "有人确认", "有人应答求助"), 20)
    for name in ("平台发现故障", "求助呼叫到达平台", "对外告示挂出", "有人应答求助"):
        assert told[name].took_s() < BUSY_S, name
    assert told["有人应答求助"].who == told["有人确认"].who == "主"
    assert told["有人确认"].verdict == "按时"
    person.send(run, f"{run}end/", note="开门，人没事")
    over = wait_for("it is well again", lambda: has(person, run, RECOVERED, WITHDRAWN), 60)
    assert max(over[RECOVERED].took_s(), over[WITHDRAWN].took_s()) < BUSY_S

    wait_for("the sandbox is free again", lambda: _free(stage), 30)
    run = begin(stage, person, "power_cut")
    cut = wait_for("the power cut is found", lambda: has(person, run, "平台发现故障", "对外告示挂出"), 60)
    assert 10 < cut["平台发现故障"].took_s() < BUSY_S, "not before plan and grace, for nobody can know"
    assert "停电" in cut["平台发现故障"].who, "the battery told why"
    person.send(run, f"{run}end/", note="来电")
    back = wait_for("the machines are back", lambda: has(person, run, RECOVERED), 90)
    assert back[RECOVERED].took_s() < 2 * BUSY_S
    wait_for("nothing is open in the hall", lambda: facts.count(OPEN_HERE) == 0, 60)
    assert facts.count(ELSEWHERE) == before, "nothing happened anywhere else"


def _free(stage: Stage) -> bool:
    return httpx.get(f"{stage.sandbox}/control/hall", timeout=10).json()["playing"] is None
