"""Setting up the center's Django for a command, with its bad settings as messages."""

from __future__ import annotations

import os

import django
from django.core.management import call_command
from django.db import OperationalError

from budayang.center.config.table import BadSetting
from budayang.cli.messages import Stop


def set_up() -> None:
    """Make the center's models and actions usable in this process.

    Raises:
        Stop: when a setting cannot be used.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")
    try:
        django.setup()
    except BadSetting as error:
        raise Stop("设置不对，没有启动。", str(error)) from error


def prepare_database() -> None:
    """Create or update the tables.

    Raises:
        Stop: when the database cannot be reached.
    """
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    except OperationalError as error:
        raise Stop(
            "数据库打不开。请检查 BUDAYANG_DATABASE_URL，或数据目录能否写入、磁盘是否已满。",
            f"The database cannot be opened ({error}). Check BUDAYANG_DATABASE_URL and the data folder.",
        ) from error
