"""A sandbox that is started again has printers that remember how much they printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from budayang.sandbox.devices import meters
from budayang.sandbox.devices.printer import Printer


def test_counts_live_over_a_restart(tmp_path: Path) -> None:
    meters.keep(tmp_path / "box", [Printer("a", sheets_printed=17), Printer("b", sheets_printed=3)])
    again = [Printer("a"), Printer("b"), Printer("new")]
    meters.recall(tmp_path / "box", again)
    assert [one.sheets_printed for one in again] == [17, 3, 0]


@pytest.mark.parametrize("text", ["", "[]", '{"a": "x"}', '{"a": -4}'])
def test_a_broken_file_begins_at_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / meters.FILE).write_text(text)
    printer = Printer("a")
    meters.recall(tmp_path, [printer])
    assert printer.sheets_printed == 0
