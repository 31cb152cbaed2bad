"""The cast of the services room: a city with two areas, terminals 甲 (well) and 乙 (elsewhere), four departments."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from budayang import data
from budayang.center.areas import actions as areas
from budayang.center.areas.models import Area
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.services import actions, jobs
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals.models import IngestLease, Peripheral, StatusInterval, Terminal

SYSTEM = Actor.system()
ALL_WEEK = [[day, "00:00", "24:00"] for day in range(7)]
WELL = {"idReader": {"device": "online"}, "printer": {"device": "online", "paper.upper": "full"}}


def catalogue_rows() -> list[dict[str, str]]:
    """The shipped catalogue as an importer reads it."""
    text = data.table_path("service_items.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def set_state(terminal: Any, subject: str, prop: str, state: str, now: datetime) -> None:
    """What ingest writes when a terminal reports: close the open interval, open another."""
    open_rows = StatusInterval.objects.filter(terminal=terminal, subject=subject, property=prop, until__isnull=True)
    open_rows.update(until=now)
    StatusInterval.objects.create(
        terminal=terminal, subject=subject, property=prop, kind=subject, state=state, since=now, received_at=now
    )


def beat(now: datetime) -> None:
    """Ingest is listening."""
    IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": now})


@pytest.fixture
def city(db: None, now: datetime) -> Any:
    """鄂尔多斯 with its bodies, the demonstration items and some others of the same departments."""
    place = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    for code in ("RS", "SW", "YB", "SF"):
        platform.add_organization(SYSTEM, code=code, name=f"{code}（演示）", kind="owner", place=place)
    few = [row for row in catalogue_rows() if row["item_id"] in {*data.DEMO_ITEMS, "ZZ002", "ZZ056", "ZZ131"}]
    assert not actions.import_items(SYSTEM, few, is_demo=True).errors
    beat(now)
    return place


@pytest.fixture
def new_terminal(city: Any, now: datetime) -> Callable[..., Terminal]:
    """A terminal that is well and was heard a moment ago, in an area made for it when it is not there yet."""

    def make(code: str, *, area: str = "KBS", at: tuple[float, float] = (39.6, 109.78)) -> Terminal:
        if not Area.objects.filter(code=area).exists():
            made = areas.create_area(
                SYSTEM,
                code=area,
                name=f"{area}自助区",
                parent=city,
                latitude=at[0],
                longitude=at[1],
                keeper_phone="0477-1",
            )
            assert made.code == area
        terminal = terminal_actions.register_terminal(
            SYSTEM, code=code, name=f"{code}号机", area=area, owner="RS", now=now, is_demo=True
        )
        Terminal.objects.filter(pk=terminal.pk).update(state="active", last_seen_at=now)
        for subject, properties in WELL.items():
            Peripheral.objects.create(terminal=terminal, subject=subject, kind=subject, first_seen_at=now)
            for prop, state in properties.items():
                set_state(terminal, subject, prop, state, now - timedelta(hours=1))
        actions.derive_offerings([terminal.pk], now)
        return Terminal.objects.select_related("area__place").get(pk=terminal.pk)

    return make


@pytest.fixture
def open_departments(city: Any, now: datetime) -> None:
    """人社, 医保, 税务, 司法 answer, and have confirmed their hours."""
    hours = {
        "ZZ001": ("RS", ALL_WEEK),
        "ZZ031": ("YB", ALL_WEEK),
        "ZZ054": ("SW", [[d, "07:00", "23:00"] for d in range(7)]),
    }
    for item, (department, weekly) in hours.items():
        row = actions.set_department_hours(SYSTEM, department, item_code=item, weekly=weekly, source="测试")
        actions.confirm_hours(SYSTEM, row.pk, confirmed_by=f"{department}信息科", now=now)
    for code in ("RS", "SW", "YB", "SF"):
        actions.set_connector(SYSTEM, code, url=f"http://127.0.0.1:8810/dept/{code}", key=f"key-{code}", now=now)
        actions.note_connector(code, ok=True, why="", now=now)


@pytest.fixture
def jia(new_terminal: Callable[..., Terminal]) -> Terminal:
    """甲, who is well."""
    return new_terminal("KBS-01")


@pytest.fixture
def yi(new_terminal: Callable[..., Terminal]) -> Terminal:
    """乙, in another area, 5 km away."""
    return new_terminal("YJHL-01", area="YJHL", at=(39.565, 109.748))


@pytest.fixture
def judged(jia: Terminal, yi: Terminal, open_departments: None, now: datetime) -> datetime:
    """Both terminals judged once."""
    jobs.judge_due(now)
    return now
