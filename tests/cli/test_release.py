"""`budayang release` typed in a shell: a key that is never overwritten, a signature, a package taken in once, whole."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@dataclass
class Shell:
    """Where the program is typed: a center of its own, whose tables are those of the tests' database."""

    folder: Path
    database: str

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BUDAYANG_")}
        center = {"BUDAYANG_DATA_DIR": str(self.folder), "BUDAYANG_DEMO": "1", "BUDAYANG_DATABASE_URL": self.database}
        return subprocess.run(
            [sys.executable, "-m", "budayang.cli.main", *words],
            env={**environment, "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings", **center},
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        if self.database:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        with sqlite3.connect(self.folder / "center.sqlite3") as read:
            return read.execute(sql).fetchall()


@pytest.fixture
def typed(tmp_path: Path) -> Shell:
    folder = tmp_path / "center"
    folder.mkdir()
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        given = urlsplit(os.environ["BUDAYANG_TEST_PG"])
        return Shell(folder, urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}")))
    with sqlite3.connect(folder / "center.sqlite3") as copy:
        connection.connection.backup(copy)
    return Shell(folder, "")


def make_package(folder: Path, content: str) -> Path:
    program, path = folder / "terminal", folder / "terminal.tar.gz"
    program.write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
    program.chmod(0o755)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(program, "bin/terminal")
    return path


def test_from_the_key_to_the_package_at_the_center(typed: Shell, tmp_path: Path) -> None:
    key, path = tmp_path / "release.key", make_package(tmp_path, "exit 0")
    made = typed("release", "key", str(key))
    public = made.stdout.strip()
    assert made.returncode == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = typed("release", "key", str(key))
    assert (again.returncode, "不覆盖密钥" in again.stderr) == (1, True)

    unsigned = typed("release", "add", str(path), "--key", public)
    assert (unsigned.returncode, "请先签名" in unsigned.stderr) == (1, True)
    bad_version = typed("release", "sign", str(key), "v1", str(path))
    assert (bad_version.returncode, "1.4.0 的样子" in bad_version.stderr) == (1, True)
    beside = typed("release", "sign", str(key), "1.4.0", str(path)).stdout.strip()
    manifest = json.loads(Path(beside).read_bytes())
    assert (manifest["version"], manifest["size"]) == ("1.4.0", path.stat().st_size)

    other = typed("release", "key", str(tmp_path / "other.key")).stdout.strip()
    stranger = typed("release", "add", str(path), "--key", other)
    assert (stranger.returncode, "发布签名不对" in stranger.stderr) == (1, True)
    taken = typed("release", "add", str(path), "--key", public)
    assert taken.stdout.split() == ["1.4.0", manifest["sha256"]], taken.stderr
    twice = typed("release", "add", str(path), "--key", public)
    assert (twice.returncode, "已经有了" in twice.stderr) == (1, True)
    kept = typed.folder / "packages" / f"{manifest['sha256']}.tar.gz"
    assert kept.read_bytes() == path.read_bytes()
    path.write_bytes(path.read_bytes() + b"x")
    changed = typed("release", "add", str(path), "--key", public)
    assert (changed.returncode, "与它的清单不符" in changed.stderr) == (1, True)
    assert typed.read("SELECT version, added_by FROM terminals_package") == [("1.4.0", "system")]
    assert typed.read("SELECT count(*) FROM platform_auditline WHERE action = 'terminals.add_package'") == [(1,)]
