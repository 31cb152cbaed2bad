"""The simulated terminal at the real door of the center, in process: what its own tests take for granted is true."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from budayang.center.areas import actions as areas
from budayang.center.ingest.app import IngestApplication
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, queries
from budayang.sandbox.simulated_terminal import Refused, SimulatedTerminal
from budayang.wire import messages as wire

SYSTEM = Actor.system()


def meet(data_dir: Path, story: Callable[[SimulatedTerminal], Awaitable[None]]) -> None:
    async def run() -> None:
        door = IngestApplication(data_dir=data_dir, window_ms=2)
        await door.startup()
        try:
            async with SimulatedTerminal("http://center", transport=httpx.ASGITransport(app=door)) as terminal:
                await story(terminal)
        finally:
            await door.shutdown()

    asyncio.run(run())


@pytest.fixture
def one_time_code(transactional_db: None) -> str:
    now = datetime.now(UTC)
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    platform.add_organization(SYSTEM, code="RS", name="人社局（演示）", kind="owner", place=city)
    areas.create_area(SYSTEM, code="KBS", name="康巴什", parent=city)
    row = actions.register_terminal(
        SYSTEM, code="KBS-01", name="1号", area="KBS", owner="RS", vendor=None, now=now, is_demo=True
    )
    return actions.issue_enrolment_code(SYSTEM, row.pk, now)


def test_it_joins_reports_and_its_states_arrive(one_time_code: str, tmp_path: Path) -> None:
    async def story(terminal: SimulatedTerminal) -> None:
        assert (await terminal.enrol(one_time_code)).area
        await terminal.agree()
        terminal.set_state("printer-1", "paper.upper", "full", kind="printer")
        terminal.set_state("printer-1", "paper.upper", "out", raw="media-empty-error")
        answer = await terminal.settle()
        assert answer.ok
        assert terminal.unacknowledged() == 0
        with pytest.raises(Refused):
            await terminal.enrol(one_time_code)

    meet(tmp_path, story)
    row = queries.get_terminal(SYSTEM, "KBS-01")
    assert queries.current_states([row.pk])[row.pk]["printer-1", "paper.upper"].state == "out"


def test_its_misdeeds_are_answered_as_designed(one_time_code: str, tmp_path: Path) -> None:
    async def story(terminal: SimulatedTerminal) -> None:
        await terminal.enrol(one_time_code)
        assert (await terminal.sync()).error in (wire.NO_SESSION, wire.BAD_MAC)
        await terminal.agree()
        assert (await terminal.sync(mac="0" * 64)).error == wire.BAD_MAC
        assert (await terminal.settle()).ok
        terminal.skip_events(3)
        terminal.add_event("help", {"kind": "call", "step": "print"})
        assert (await terminal.sync()).error == wire.GAP
        terminal.forget_unacknowledged()
        assert (await terminal.settle()).ok
        twin = terminal.clone()
        assert (await terminal.sync()).ok
        assert (await twin.sync()).error in (wire.COUNTER_REUSED, wire.SUSPENDED)
        await twin.close()

    meet(tmp_path, story)
