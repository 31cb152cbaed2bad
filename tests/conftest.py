"""What all tests share: a night in November, Chromium, a folder for pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import settings

from budayang.center.platform import heap

# A busy machine is not a wrong rule: no deadline per example.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)  # 02:14 in Ordos
ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


@pytest.hookimpl(trylast=True)  # after the shuffle
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: at the end it would leave the other test process with nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Half a million objects stand now until the end; the collector need not look at them again and again."""
    heap.settle()


def missing(what: str, repair: str) -> None:
    """Skip and say the repair; with CI=true what is missing is an error."""
    message = f"{what} is not here: {repair}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("Chromium", "apt-get install chromium fonts-noto-cjk fonts-noto-core")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def chromium_flags() -> tuple[str, ...]:
    """Flags known to work without a display and without a way out of this machine."""
    return CHROMIUM_FLAGS


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A test that read a page in English must not leave its language to the next one."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    """A night in November."""
    return NIGHT


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for pictures; kept after the run."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS
