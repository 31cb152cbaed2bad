"""What all tests of the center share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import signals

from budayang.center.console.audit_words import ACTION_WORDS
from budayang.center.platform.models import AuditLine


@pytest.fixture(scope="session", autouse=True)
def _every_action_has_a_word() -> Iterator[None]:
    """An audit line says what was done in words that people read: a name without words turns its test red."""

    def look(kwargs: dict[str, Any], **_more: object) -> None:
        action = str(kwargs.get("action", ""))
        assert not action or action in ACTION_WORDS or action.startswith("test."), (
            f"{action}: no word in audit_words.py"
        )

    signals.pre_init.connect(look, sender=AuditLine, weak=False)
    yield
    signals.pre_init.disconnect(look, sender=AuditLine)
