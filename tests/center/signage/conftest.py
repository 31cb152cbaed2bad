"""The hall for the tests of this room."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.center.hall import Hall, build


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    return build(now)
