"""Documents for tests: editions with annexes brought by workbook, documents asked for by the pages, Word read back."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.test import Client
from docx import Document
from tests.center.hall import SYSTEM

from budayang.center.platform import works
from budayang.center.standard import edition_actions, edition_queries
from budayang.center.standard.edition_writing import reference_text
from budayang.center.standard.models import Edition, WrittenFile
from budayang.rules.standard.edition_text import About, AnnexRow


def texts_of(content: bytes) -> list[str]:
    """All paragraphs of a Word file, its tables' cells too."""
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return [one.text for one in paper.paragraphs] + cells


def bring(
    now: datetime, *, code: str = "OWN-1", state: str = "draft", number: str = "", says: dict[str, str] | None = None,
    annexes: Sequence[AnnexRow] = (),
) -> Edition:  # fmt: skip
    """An edition that is no reference edition, by upload and loading. `says`: clause code → its requirement."""
    text = reference_text()
    clauses = tuple(replace(one, requirement=(says or {}).get(one.code, one.requirement)) for one in text.clauses)
    about = About(code, "自助服务区运行规范", False, state, number, "测试")
    book = edition_queries.workbook_of(replace(text, about=about, clauses=clauses, annexes=tuple(annexes)), demo=True)
    row = edition_actions.bring_edition(SYSTEM, book, file_name="a.xlsx", now=now)
    assert row.state == "ready", list(row.faults.values_list("sheet", "letter", "row", "message"))
    return edition_actions.load_proposal(SYSTEM, row.pk, now)


def made(client: Client, address: str, **wanted: Any) -> bytes:
    """Press the button that makes a document, let the worker make it, and take it away."""
    assert client.post(address).status_code == 302
    row = WrittenFile.objects.filter(**wanted).latest("pk")
    assert row.work_id is not None
    works.run_work.call(row.work_id)
    answer = client.get(f"/console/standard-text/files/{row.pk}/")
    assert answer.status_code == 200
    return bytes(answer.content)
