"""`budayang doctor`: looks at the installation and says the repair for each thing that is wrong."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from budayang.center.platform import audit, resealing
from budayang.center.platform.models import Delivery, Work
from budayang.center.platform.sealing import center_keys

MIN_FREE_MB = 1000
STUCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be wrong. `find` returns "" when all is well, else what it found."""

    name: str
    find: Callable[[], str]
    repair_zh: str
    repair_en: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:
    """0 when nothing is wrong."""
    wrong = 0
    for check in CHECKS:
        try:
            found = check.find()
        except DatabaseError as error:
            found = f"database: {error}"
        print(f"{'✘' if found else '✔'} {check.name}" + (f": {found}" if found else ""))
        if found:
            wrong += 1
            print(f"    {check.repair_zh}\n    {check.repair_en}")
    return 1 if wrong else 0


def _folder() -> str:
    mode = settings.BUDAYANG.data_dir.stat().st_mode & 0o777
    keys = settings.BUDAYANG.data_dir / "keys"
    open_keys = [path.name for path in keys.glob("*") if path.stat().st_mode & 0o077] if keys.exists() else []
    return f"keys readable by others: {', '.join(open_keys)}" if open_keys else "" if mode else "no access"


def _disk() -> str:
    free = shutil.disk_usage(settings.BUDAYANG.data_dir).free // 1_000_000
    return f"{free} MB free" if free < MIN_FREE_MB else ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} not applied" if missing else ""


def _sqlite() -> str:
    if connection.vendor != "sqlite":
        return ""
    if sqlite3.sqlite_version_info < (3, 35):
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        row = cursor.fetchone()
    return "" if row and row[0] == "ok" else f"quick_check: {row}"


def _deliveries() -> str:
    old = Delivery.objects.filter(done_at__isnull=True, transition__recorded_at__lt=timezone.now() - STUCK)
    names = sorted(set(old.values_list("consumer", flat=True)))
    return f"{old.count()} waiting for more than 5 minutes: {', '.join(names)}" if names else ""


def _work() -> str:
    failed = Work.objects.filter(state=Work.State.FAILED, finished_at__gt=timezone.now() - timedelta(days=7)).count()
    return f"{failed} failed in the last 7 days" if failed else ""


def _chain() -> str:
    _lines, findings = audit.verify(center_keys().audit_private.public_key())
    return findings[0].what if findings else ""


def _sealed() -> str:
    closed = resealing.unopened()
    return "; ".join(f"{count} of key {key} cannot be opened" for key, count in closed.items())


CHECKS: tuple[Check, ...] = (
    Check("数据目录与密钥 data folder and keys", _folder, "chmod 600 var/keys/*", "chmod 600 var/keys/*"),
    Check("磁盘空间 disk", _disk, "清理磁盘，至少留出 1 GB。", "Make room: keep at least 1 GB free."),
    Check("数据库结构 tables", _migrations, "运行 budayang seed。", "Run budayang seed."),
    Check("SQLite", _sqlite, "升级 Python 自带的 SQLite，或从备份恢复。", "Use a newer Python, or restore a backup."),
    Check(
        "消息投递 deliveries",
        _deliveries,
        "确认 budayang worker 在运行；它的日志写明了原因。",
        "Make sure that budayang worker runs; its log says why.",
    ),
    Check(
        "长任务 long work", _work, "看 worker 的日志，修好后重新提交。", "Read the worker's log, then request it again."
    ),
    Check(
        "密封字段 sealed fields",
        _sealed,
        "把缺的密钥从备份放回 keys/ 文件夹；打不开的字段保持原样。",
        "Put the missing key from the backup into keys/; fields that cannot be opened stay as they are.",
    ),
    Check(
        "审计链 audit chain",
        _chain,
        "保留现场，由审计管理员核查。",
        "Keep everything as it is; the audit administrator looks.",
    ),
)
