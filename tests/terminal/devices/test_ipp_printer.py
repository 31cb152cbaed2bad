"""The driver against the sandbox's printer, which was written from the RFCs by another hand, over real HTTP."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pypdf
import pytest
import uvicorn

from budayang.sandbox.devices.printer import Printer
from budayang.sandbox.devices.printer_door import PrinterDoor
from budayang.terminal.devices.printer.driver import IppPrinter
from budayang.terminal.devices.printer.jobs import JobState
from budayang.terminal.errors import DeviceError
from budayang.terminal.testpage import test_page as make_page

PAGE = make_page(["Budayang test page", "Work order (1)"])


@asynccontextmanager
async def on_the_network(printer: Printer) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"ipp://127.0.0.1:{listener.getsockname()[1]}/ipp/print"
    server = uvicorn.Server(uvicorn.Config(PrinterDoor(printer, uri=url).app(), log_config=None, ws="none"))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield url
    finally:
        server.should_exit = True
        await serving


def talk(printer: Printer, work: Callable[[IppPrinter], Awaitable[None]]) -> None:
    async def main() -> None:
        async with on_the_network(printer) as url:
            driver = IppPrinter(url)
            try:
                await work(driver)
            finally:
                await driver.close()

    asyncio.run(main())


async def ended(driver: IppPrinter, job_id: int) -> JobState:
    for _ in range(200):
        job = await driver.job(job_id)
        assert job is not None
        if job.state in {JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED}:
            return job.state
        await asyncio.sleep(0.02)
    raise AssertionError("the job does not end")


async def state(driver: IppPrinter, prop: str) -> str:
    return (await driver.poll())[prop].state


def test_a_page_is_printed_and_the_printer_has_the_same_bytes() -> None:
    printer = Printer("A4", page_s=0.01, keep_documents=True)

    async def work(driver: IppPrinter) -> None:
        job = await driver.print_pdf("KBS01-7Q2M-000017-C/1/1", PAGE)
        assert await ended(driver, job.id) is JobState.COMPLETED
        assert printer.kept == [PAGE]
        assert printer.sheets_printed == 1
        done = await driver.job(job.id)
        assert done is not None
        assert (done.sheets, await driver.meter()) == (1, 1)

    talk(printer, work)


def test_states_follow_the_tray() -> None:
    printer = Printer("A4")

    async def work(driver: IppPrinter) -> None:
        assert await state(driver, "paper.upper") == "full"
        printer.set(paper=5)
        assert await state(driver, "paper.upper") == "low"
        printer.set(paper=0)
        assert await state(driver, "paper.upper") == "out"
        printer.set(paper=100, jam=True)
        assert await state(driver, "media") == "jammed"
        printer.set(jam=False, cover_open=True)
        assert await state(driver, "device") == "userError"

    talk(printer, work)


def test_a_job_waits_for_paper_and_goes_on() -> None:
    printer = Printer("A4", paper=0, page_s=0.01)

    async def work(driver: IppPrinter) -> None:
        job = await driver.print_pdf("n/1/1", PAGE)
        await asyncio.sleep(0.1)
        waiting = await driver.job(job.id)
        assert waiting is not None
        assert waiting.state not in {JobState.COMPLETED, JobState.ABORTED}
        printer.set(paper=10)
        assert await ended(driver, job.id) is JobState.COMPLETED

    talk(printer, work)


def test_a_job_is_found_by_its_name_after_its_number_was_lost() -> None:
    printer = Printer("A4", paper=0, page_s=0.01)

    async def work(driver: IppPrinter) -> None:
        first = await driver.print_pdf("n/1/1", PAGE)
        second = await driver.print_pdf("n/1/2", PAGE)
        assert (await driver.find_job("n/1/2")) is not None
        found = await driver.find_job("n/1/1")
        assert found is not None
        assert (found.id, found.name) == (first.id, "n/1/1")
        assert await driver.find_job("n/2/1") is None
        await driver.cancel(second.id)
        assert await ended(driver, second.id) is JobState.CANCELED
        again = await driver.find_job("n/1/2")
        assert again is not None
        assert again.state is JobState.CANCELED

    talk(printer, work)


def test_a_job_that_is_not_known_is_none() -> None:
    async def work(driver: IppPrinter) -> None:
        assert await driver.job(4711) is None
        await driver.cancel(4711)  # harmless

    talk(Printer("A4"), work)


def test_a_printer_that_is_not_there_is_offline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def main() -> None:
        driver = IppPrinter(f"ipp://127.0.0.1:{port}/ipp/print")
        assert await state(driver, "device") == "offline"
        with pytest.raises(DeviceError) as caught:
            await driver.print_pdf("n/1/1", PAGE)
        assert caught.value.reason == "offline"
        await driver.close()

    asyncio.run(main())


def test_the_test_page_is_a_pdf_that_others_read() -> None:
    (page,) = pypdf.PdfReader(io.BytesIO(PAGE), strict=True).pages
    assert "Work order (1)" in page.extract_text()
