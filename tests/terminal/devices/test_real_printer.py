"""The printer's driver against a printer that is not ours: CUPS' ippeveprinter, where it is installed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.conftest import missing

from budayang.sandbox.devices import ippeveprinter
from budayang.terminal.devices.printer.driver import IppPrinter
from budayang.terminal.devices.printer.jobs import ENDED, JobState
from budayang.terminal.testpage import test_page as make_page


async def paper(driver: IppPrinter, state: str) -> None:
    """Wait until the driver tells this state of the upper tray."""
    async with asyncio.timeout(10):
        while (await driver.poll())["paper.upper"].state != state:
            await asyncio.sleep(0.1)


async def ended(driver: IppPrinter, number: int) -> JobState:
    """How a job ended."""
    async with asyncio.timeout(20):
        while True:
            job = await driver.job(number)
            if job is not None and job.state in ENDED:
                return job.state
            await asyncio.sleep(0.1)


@pytest.mark.processes
def test_paper_runs_out_and_the_job_goes_on_when_there_is_paper(tmp_path: Path) -> None:
    why = ippeveprinter.why_not()
    if why is not None:
        missing("ippeveprinter", why)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    document = make_page(["KBS-01", "2026-11-24 02:14"])

    async def story() -> None:
        real = ippeveprinter.RealPrinter("Budayang driver test", port, tmp_path)
        await real.start()
        driver = IppPrinter(real.uri)
        try:
            states = await driver.poll()
            assert states["device"].state == "online"
            assert states["paper.upper"].state in ("full", "low")
            job = await driver.print_pdf("KBS01-TEST-000001-X", document)
            assert await ended(driver, job.id) is JobState.COMPLETED
            await real.set(paper=0)
            await paper(driver, "out")
            waiting = await driver.print_pdf("KBS01-TEST-000002-X", document)
            await asyncio.sleep(1)
            found = await driver.find_job("KBS01-TEST-000002-X")
            assert found is not None
            assert found.id == waiting.id
            assert found.state not in ENDED
            await real.set(paper=200)
            assert await ended(driver, waiting.id) is JobState.COMPLETED
            await paper(driver, "full")
            await real.stop()
            assert (await driver.poll())["device"].state == "offline"
        finally:
            await driver.close()
            await real.stop()

    asyncio.run(story())
