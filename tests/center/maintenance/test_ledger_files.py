"""LibreOffice opens what ledgers are printed as: Word turned into pages with numbers, Excel into lines."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.center.hall import Hall
from tests.center.maintenance.the_books import build
from tests.conftest import missing

from budayang.center.maintenance import ledger_printing
from budayang.center.maintenance.ledger_books import BY_CODE
from budayang.center.maintenance.ledger_printing import Filled
from budayang.center.maintenance.ledger_rows_devices import Scope

pytestmark = [pytest.mark.django_db, pytest.mark.processes]


def test_libreoffice_reads_word_and_excel(hall: Hall, now: datetime, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("LibreOffice", "apt-get install libreoffice-writer-nogui libreoffice-calc-nogui")
        return
    month = build(hall, now)
    scope = Scope(hall.actor("lin"), hall.area.place, month.first, month.last, now)
    rows = tuple(BY_CODE["repair"].rows(scope)) * 60
    filled = Filled(BY_CODE["repair"], scope, rows, now, demo=True)
    word, excel = tmp_path / "a.docx", tmp_path / "b.xlsx"
    word.write_bytes(next(ledger_printing.print_forms(filled, "docx"))[1])
    excel.write_bytes(next(ledger_printing.print_forms(filled, "xlsx"))[1])
    quiet = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office"]
    subprocess.run(
        [*quiet, "--convert-to", "pdf", "--outdir", str(tmp_path), str(word)],
        check=True,
        capture_output=True,
        timeout=240,
    )
    utf8 = "csv:Text - txt - csv (StarCalc):44,34,76"
    subprocess.run(
        [*quiet, "--convert-to", utf8, "--outdir", str(tmp_path), str(excel)],
        check=True,
        capture_output=True,
        timeout=240,
    )
    pages = [re.sub(r"\s+", "", page.extract_text()) for page in PdfReader(tmp_path / "a.pdf").pages]
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        assert f"第{number}页共{len(pages)}页" in text
        assert "演示数据" in text
        assert "工单号" in text or number == len(pages), "the head stands on each page"
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as lines:
        found = list(csv.reader(lines))
    head = next(at for at, line in enumerate(found) if line[0] == "工单号")
    assert [line[0] for line in found[head + 1 : head + 61]] == [row[0] for row in rows]
    assert sum(float(line[8]) for line in found[head + 1 : head + 61]) == 60 * 70.5
