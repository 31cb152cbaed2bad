"""After any end nothing of the person is left: not in a file, not in the log, not in what the program still holds."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from terminal_stage import CARD, PDF, Center, HandPrinter, play, stage

from budayang.terminal.journey import Person
from budayang.terminal.printing import Act

FORM = {"insurance": "all", "months": "12", "purpose": "loan"}
TRACES = [CARD.id_number, CARD.name, CARD.address]


def traces_in(folder: Path) -> list[str]:
    """Files that hold a trace in any of the encodings in which one could be written."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for trace in TRACES:
                if any(trace.encode(e) in content for e in ("utf-8", "utf-16-le", "gb18030", "unicode_escape")):
                    found.append(f"{path.name}: {trace[:1]}…")
    return found


@pytest.mark.parametrize("end", ["rated", "exit while printing", "exit before sending", "case waits for the network"])
def test_no_file_and_no_object_holds_the_person(tmp_path: Path, end: str, capsys: pytest.CaptureFixture[str]) -> None:
    printer = HandPrinter()
    printer.slow = end == "exit while printing"

    async def scene() -> None:
        async with stage(tmp_path, printer=printer) as s:
            await s.identified()
            await s.post("filled", FORM)
            if end == "case waits for the network":
                s.center.down = True
            if end != "exit before sending":
                await s.post("submit")
            if end == "rated":
                await s.state("take")
                await s.post("taken")
                await s.post("rated", {"level": "satisfied"})
            elif end == "exit while printing":
                await s.until(lambda: printer.documents)
            elif end == "case waits for the network":
                await s.until(lambda: s.terminal.outbox.unsent_cases())
            assert end == "rated" or s.terminal.attendant.journey.person is not None
            if end != "rated":
                await s.post("exit")
            await s.until(lambda: not s.terminal.attendant._aside)
            await asyncio.sleep(0.05)  # the state's task ends in the next round of the loop
            assert traces_in(tmp_path) == []
            gc.collect()
            people = [o for o in gc.get_objects() if type(o) is Person]
            assert people == [], "the person is still held"
            acts = [o for o in gc.get_objects() if type(o) is Act]
            assert acts == [], "the papers are still held"
        assert traces_in(tmp_path) == []

    play(scene)
    printed = capsys.readouterr()
    assert all(trace not in printed.out + printed.err for trace in TRACES)


def test_the_scan_would_find_a_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(CARD.id_number)
    (tmp_path / "b").write_bytes("测试甲".encode("utf-16-le"))
    assert len(traces_in(tmp_path)) == 2


def test_what_waits_for_the_network_can_be_opened_by_the_center_only(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center) as s:
            await s.identified()
            await s.post("filled", FORM)
            center.down = True
            await s.post("submit")
            await s.until(lambda: s.terminal.outbox.unsent_cases())
        raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"ZZ001" in raw, "the case is there"
        assert b'"purpose":"loan"' not in raw, "its answers are not"
        center.down = False
        async with stage(tmp_path, center=center) as s:
            await s.until(lambda: center.cases)
            ((_, private),) = center.cases.values()
            assert private["id_number"] == CARD.id_number
            assert PDF not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    play(scene)
