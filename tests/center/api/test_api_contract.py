"""The published schema of the door holds: whatever is sent, no 5xx and no answer that the schema does not describe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.center.console import the_desk

from budayang.center.platform import tokens

pytestmark = pytest.mark.django_db
EXAMPLES = 20
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def key(now: datetime) -> str:
    """A key that may read and write in the whole city."""
    desk = the_desk.build(now)
    return tokens.issue_token(desk.actor("zhu"), name="检查", days=1, may_write=True, now=datetime.now(now.tzinfo))[1]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests come through WSGI itself, which would close the test's own connection after each."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def operations(db: None, one_connection: None) -> list[Any]:
    """Every operation of the published schema."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    return [found.ok() for found in schema.get_all_operations()]


def test_every_answer_is_in_the_schema(operations: list[Any], key: str) -> None:
    told = {(one.method, one.path) for one in operations}
    assert told >= {("get", "/api/v1/terminals"), ("post", "/api/v1/areas/{code}/stops")}
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        def holds(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=list(CHECKS))

        holds()
