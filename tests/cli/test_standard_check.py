"""`budayang standard check` names each faulty cell of a workbook; `standard terms` finds second words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.rules.faulty_edition import Book, planted, sound

from budayang.cli.main import main


def save(book: Book, path: Path) -> Path:
    file = Workbook()
    file.remove(file.worksheets[0])
    for title, lines in book.items():
        sheet = file.create_sheet(title)
        for line in lines:
            # Excel itself cannot hold a control character: that fault is planted in the pure test only.
            sheet.append([cell.replace("\x07", "") for cell in line])
            for cell in sheet[sheet.max_row]:
                cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    file.save(path)
    return path


def test_a_sound_workbook_passes_and_says_that_it_is_a_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["standard", "check", str(save(sound(), tmp_path / "e.xlsx"))]) == 0
    told = capsys.readouterr().out
    assert "没有错误" in told
    assert "不是任何已发布标准的条文" in told


def test_each_of_thirty_planted_faults_is_named_by_its_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, cells = planted()
    # In the file the control character becomes a fault that Excel can hold: a text beyond its length.
    control = next(cell for cell, what in cells.items() if "control" in what)
    row = int("".join(one for one in control.partition("!")[2] if one.isdigit()))
    book["条款"][row - 1][6] = "字" * 2001
    path = save(book, tmp_path / "e.xlsx")
    assert main(["standard", "check", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    named = {line.partition("  ")[0] for line in lines}
    assert cells.keys() - named == set()
    assert main(["standard", "check", str(path), "--json"]) == 1
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert cells.keys() <= {one["cell"] for one in faults}
    assert all(one["message"] for one in faults)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "e.xlsx"
    path.write_bytes(content)
    assert main(["standard", "check", str(path)]) == 2
    assert main(["standard", "check", str(tmp_path / "none.xlsx")]) == 2
    assert "XLSX" in capsys.readouterr().err


def test_second_words_are_found_with_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.md"
    path.write_text("自助终端旁\n请到自助机或自助大厅办理\n")
    assert main(["standard", "terms", str(path)]) == 1
    told = capsys.readouterr().out
    assert "a.md:2:3  自助机 → 自助终端" in told
    assert "a.md:2:7  自助大厅 → 24小时自助服务区" in told
    path.write_text("自助终端和值班表\n")
    assert main(["standard", "terms", str(path)]) == 0
