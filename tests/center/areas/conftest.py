"""The city for the tests of this room."""

from __future__ import annotations

import pytest
from tests.center.areas.the_city import City, build


@pytest.fixture
def city(db: None) -> City:
    return build()
