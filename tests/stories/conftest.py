"""Houses for the stories: seeded once, copied for each module, each on the ports of this test process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("house")
from house import ENVIRONMENT, Stage, free_port, stands  # noqa: E402  # its assertions tell what they found


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """The center's port of all houses of this process; only one stands at a time."""
    with free_port() as port:
        yield port


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory, port: int) -> Path:
    """A folder with the demonstration's data, to be copied."""
    folder = tmp_path_factory.mktemp("seeded")
    Stage(folder, port, environment=dict(ENVIRONMENT)).prepare()
    return folder


@pytest.fixture(scope="session")
def fresh(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a new folder with the demonstration's data."""

    def copy() -> Path:
        folder = tmp_path_factory.mktemp("house")
        shutil.copytree(seeded, folder, dirs_exist_ok=True)
        return folder

    return copy


@pytest.fixture(scope="module")
def stage(fresh: Callable[[], Path], port: int) -> Iterator[Stage]:
    """A house that stands for all tests of a module."""
    with stands(fresh(), port) as standing:
        yield standing
