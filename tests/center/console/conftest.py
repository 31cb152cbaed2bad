"""The hall with everybody who signs in to the console."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone
from tests.center.console.the_desk import Desk, build


@pytest.fixture
def desk(db: None) -> Desk:
    """The hall as of this moment: pages tell the present by the real clock."""
    return build(timezone.now())


@pytest.fixture
def today() -> datetime:
    """The moment that pages take as now."""
    return timezone.now()
