"""A drill on the sandbox in real processes: the fault is made, found, told, answered and ended, each measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from house import ENVIRONMENT, Clerk, Facts, Stage, clerk, wait_for

from budayang.cli.visitors import text_of

pytestmark = pytest.mark.processes
PAGE = "/console/emergencies/"
NOT_YET = "还没有"


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


def lines(person: Clerk, run: str) -> dict[str, tuple[str, str, str]]:
    """What should have happened -> (seconds, who or what, verdict)."""
    rows = re.findall(r'(?s)<tr><th scope="row">(.*?)</tr>', person.read(run).text)
    cells = [[text_of(cell) for cell in re.split(r"<td[^>]*>", row)] for row in rows]
    return {row[0]: (row[3], row[4], row[5]) for row in cells if len(row) == 6}


def has(person: Clerk, run: str, *names: str) -> dict[str, tuple[str, str, str]] | None:
    found = lines(person, run)
    return found if all(found[name][2] != NOT_YET and found[name][0] != "—" for name in names) else None


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
    seen = ("平台发现故障", "求助呼叫到达平台", "对外告示挂出", "有人确认", "有人应答求助")
    assert {name: told[name][2] for name in seen} == dict.fromkeys(seen, "按时")
    assert told["有人应答求助"][1] == told["有人确认"][1] == "主"
    person.send(run, f"{run}end/", note="开门，人没事")
    over = wait_for("it is well again", lambda: has(person, run, RECOVERED, WITHDRAWN), 60)
    assert (over[RECOVERED][2], over[WITHDRAWN][2]) == ("按时", "按时")

    wait_for("the sandbox is free again", lambda: _free(stage), 30)
    run = begin(stage, person, "power_cut")
    cut = wait_for("the power cut is found", lambda: has(person, run, "平台发现故障", "对外告示挂出"), 60)
    assert cut["平台发现故障"][2] == "按时", "within plan and grace"
    assert "停电" in cut["平台发现故障"][1], "the battery told why"
    person.send(run, f"{run}end/", note="来电")
    back = wait_for("the machines are back", lambda: has(person, run, RECOVERED), 90)
    assert back[RECOVERED][2] == "按时"
    wait_for("nothing is open in the hall", lambda: facts.count(OPEN_HERE) == 0, 60)
    assert facts.count(ELSEWHERE) == before, "nothing happened anywhere else"


def _free(stage: Stage) -> bool:
    return httpx.get(f"{stage.sandbox}/control/hall", timeout=10).json()["playing"] is None
