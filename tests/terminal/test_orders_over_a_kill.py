"""A real terminal killed with -9 between "running" and "done" of an order: carried out once, and told."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from test_terminal_process import Hall, play

pytestmark = pytest.mark.processes
RUNNING, DONE = ("running", ""), ("done", "")


async def told(h: Hall, number: int, expected: list[tuple[str, str]], seconds: float = 120) -> None:
    async def there() -> bool:
        return h.center.told(number) == expected

    await h.until(there, seconds)


def test_a_test_page_comes_out_once(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        h.printer.set(paper=0)  # the page waits in the printer, so that the kill meets it
        number = h.center.order("test_print", arguments={"order": "GD-7"})

        async def with_the_printer() -> bool:
            return bool(h.printer.jobs)

        await h.until(with_the_printer)
        await told(h, number, [RUNNING])
        await h.kill()
        h.printer.set(paper=50)  # it comes out while nobody runs

        async def out() -> bool:
            return h.printer.sheets_printed == 1

        await h.until(out)
        await h.begin()
        await told(h, number, [RUNNING, RUNNING, DONE])
        await asyncio.sleep(1.5)
        assert (len(h.printer.jobs), h.printer.sheets_printed) == (1, 1)

    play(tmp_path, work)


def test_a_restart_is_not_done_again(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        number = h.center.order("restart_application", emergency=True)
        await told(h, number, [RUNNING])
        await h.kill()  # within the three seconds that the program gives its line
        await h.begin()
        await told(h, number, [RUNNING, DONE])
        assert h.process is not None
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(h.process.wait, 5)
        assert h.center.told(number) == [RUNNING, DONE]
        started = h.center.bodies("started")
        assert [one["stopped"] for one in started] == ["unknown", "unclean"]

    play(tmp_path, work)
