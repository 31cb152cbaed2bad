"""Fixtures of the door: a hall, terminals in it, machines that joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from the_door import SYSTEM, Clock, Door, Machine

from budayang.center.areas import actions as areas
from budayang.center.platform import actions as platform
from budayang.center.terminals import actions
from budayang.center.terminals.models import Terminal


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def hall(transactional_db: None, now: datetime) -> Any:
    """An area with its bodies."""
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    platform.add_organization(SYSTEM, code="RS", name="人社局", kind="owner", place=city)
    platform.add_organization(SYSTEM, code="VN1", name="北辰运维(演示)", kind="vendor", place=city)
    return areas.create_area(SYSTEM, code="KBS", name="康巴什", parent=city)


@pytest.fixture
def new_terminal(hall: Any, now: datetime) -> Callable[[str], Terminal]:
    def make(code: str) -> Terminal:
        return actions.register_terminal(
            SYSTEM, code=code, name=f"{code} 一体机", area=hall.code, owner="RS", vendor="VN1", now=now, is_demo=True
        )

    return make


@pytest.fixture
def door(hall: Any, data_dir: Path, clock: Clock) -> Iterator[Door]:
    running = Door(data_dir, clock)
    yield running
    running.stop()


@pytest.fixture
def new_machine(door: Door, new_terminal: Callable[[str], Terminal]) -> Callable[[str], Machine]:
    """Registers, enrols and agrees a session."""

    def make(code: str) -> Machine:
        return Machine(door, new_terminal(code)).join()

    return make


@pytest.fixture
def machine(new_machine: Callable[[str], Machine]) -> Machine:
    """甲, who is well."""
    return new_machine("KBS-01")


@pytest.fixture
def open_door(hall: Any, data_dir: Path, clock: Clock) -> Iterator[Callable[[], Door]]:
    """Further doors on the same data, stopped at the end if the test did not."""
    doors: list[Door] = []

    def make() -> Door:
        doors.append(Door(data_dir, clock))
        return doors[-1]

    yield make
    for one in doors:
        if one.app.writer._run is not None and not one.app.writer._run.done():
            one.stop()
