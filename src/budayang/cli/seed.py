"""`budayang seed`: tables, reference data, first administrators, and the demonstration's cast.

Everything goes through the rooms' actions and may be run again: what is there stays as people left it.
"""

from __future__ import annotations

import argparse
import csv
import getpass
import io
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from budayang import data
from budayang.center.areas import actions as areas
from budayang.center.areas import imports as area_imports
from budayang.center.platform import actions as platform
from budayang.center.platform import queries
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import Role
from budayang.center.services import actions as services
from budayang.center.services import catalogue_actions, judging
from budayang.center.services import queries as services_queries
from budayang.center.standard import actions as standard
from budayang.center.standard import queries as standard_queries
from budayang.cli import cast, center
from budayang.cli.messages import Stop, say

SYSTEM = Actor.system()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--demo", action="store_true", help="装入演示数据 / load the demonstration's cast")
    parser.add_argument(
        "--administrator",
        action="append",
        default=[],
        metavar="ROLE:USERNAME:NAME",
        help="首位管理员，角色 system_admin、security_admin 或 audit_admin / a first administrator; asks the password",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when all is loaded."""
    if arguments.demo and not settings.BUDAYANG.demo:
        raise Stop(
            "演示数据只能装入演示环境：请设 BUDAYANG_DEMO=1，并用单独的数据目录。",
            "Demonstration data goes into a demonstration only: set BUDAYANG_DEMO=1 and use a data folder of its own.",
        )
    now = timezone.now()
    center.prepare_database()
    load_reference(now)
    if arguments.demo:
        cast.load(now)
    for text in arguments.administrator:
        add_administrator(text, now)
    say("数据已就绪", "the data is ready")
    return 0


def load_reference(now: datetime) -> None:
    """Regions, items, calendar and the reference edition, once; later changes are made on the pages."""
    demo = settings.BUDAYANG.demo
    if not queries.places_visible_to(SYSTEM).exists():
        table = area_imports.read_regions(data.table_path("regions.csv").read_bytes())
        areas.import_regions(SYSTEM, table, is_demo=demo)
    if not services_queries.items().exists():
        rows = csv.DictReader(io.StringIO(data.table_path("service_items.csv").read_text(encoding="utf-8"), newline=""))
        report = services.import_items(SYSTEM, rows, is_demo=demo)
        if report.errors:
            raise Stop(f"事项目录有误：{report.errors[:3]}", f"the catalogue has errors: {report.errors[:3]}")
    else:
        catalogue_actions.refresh_forms(SYSTEM)
    by_source: dict[str, list[data.CalendarDay]] = {}
    for day in data.calendar_days():
        by_source.setdefault(day.source, []).append(day)
    if not judging.calendar_table():
        for source, days in by_source.items():
            services.import_calendar(SYSTEM, [(day.on, day.kind.value, day.name) for day in days], source=source)
    none_yet = standard_queries.current_edition() is None
    edition = standard.load_reference_edition(SYSTEM, now)
    if none_yet:
        standard.adopt_edition(SYSTEM, edition, now)


def add_administrator(text: str, now: datetime) -> None:
    """One of the three administrators of 等保; the password is asked, never an argument that others can read."""
    role, username, name = (*text.split(":"), "", "")[:3]
    if role not in {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN} or not username or not name:
        raise Stop(
            f"--administrator {text} 看不懂：写成 角色:用户名:姓名。",
            f"--administrator {text}: write ROLE:USERNAME:NAME.",
            code=2,
        )
    password = getpass.getpass(f"{username}: ")
    try:
        person = platform.add_staff(SYSTEM, username=username, name=name, password=password)
        top = queries.places_visible_to(SYSTEM).order_by("path")[0]
        platform.grant_role(SYSTEM, person, Role(role), top, now=now)
    except Refused as refused:
        raise Stop(str(refused), f"{username} was not added.") from refused
