"""The search for people finds what lies there, in each form: else its silence would prove nothing."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import traces

from budayang.sandbox.citizens import find_citizen

JIA = find_citizen("甲")
assert JIA is not None
FORMS = {
    "plain": JIA.id_number.encode(),
    "utf-16": JIA.name.encode("utf-16-le"),
    "gbk": JIA.name.encode("gbk"),
    "json": rb"\u6d4b\u8bd5\u7532",
    "base64": base64.b64encode(b'{"id_number":"' + JIA.id_number.encode() + b'"}'),
    "base64 of a name": base64.b64encode(b"name=" + JIA.name.encode() + b"&"),
    "digest": hashlib.sha256(JIA.id_number.encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_trace_is_found(form: str, tmp_path: Path) -> None:
    (tmp_path / "some.log").write_bytes(b"2026-11-23 " + FORMS[form] + b" done\n")
    assert len(traces.in_files(tmp_path)) == 1


@pytest.mark.parametrize("value", [JIA.id_number, FORMS["json"].decode(), FORMS["utf-16"]])
def test_a_cell_of_a_database_is_looked_into_also_while_it_stands_in_the_log_only(
    value: str | bytes, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "center.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE cases (body)")
        database.execute("INSERT INTO cases VALUES (?)", (value,))
        database.commit()
        found = traces.in_files(tmp_path)
    assert any("cases.body" in one for one in found)
    assert any(one.startswith("center.sqlite3-wal") for one in found)


def test_the_departments_own_folder_may_hold_people(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "ledger").write_text(JIA.name)
    assert traces.in_files(tmp_path, but=("sandbox",)) == []
    assert traces.in_files(tmp_path) != []


def test_masked_data_are_no_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("测** 9999**********0012")
    assert traces.in_files(tmp_path) == []
