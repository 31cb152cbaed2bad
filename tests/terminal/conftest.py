"""What the terminal's tests share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from budayang.rules.commands import BY_NAME


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announcements of a moment: what is waited for stays, only shorter."""
    for name, kind in list(BY_NAME.items()):
        monkeypatch.setitem(BY_NAME, name, replace(kind, announce_s=min(kind.announce_s, 1) * 0.3))  # type: ignore[arg-type]  # a share of a second
    monkeypatch.setattr("budayang.terminal.commands.restarting.GRACE_S", 0.1)
