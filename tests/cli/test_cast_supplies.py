"""The demonstration's month of use: once, forecasts that show, and nothing of it for a real machine."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.center.hall import SYSTEM, build

from budayang.center.platform.actions import Refused
from budayang.center.terminals import supply_history
from budayang.center.terminals.models import Stock, SupplyCount, SupplyLevel, Terminal
from budayang.cli import cast_supplies


@pytest.mark.django_db
def test_a_month_of_use_is_loaded_once(now: datetime) -> None:
    build(now)
    cast_supplies.load(now)
    rows = {(one.terminal.code, one.consumable): one for one in SupplyLevel.objects.select_related("terminal")}
    assert set(rows) == {(code, kind) for code in ("KBS-01", "KBS-02") for kind in ("a4", "toner")}
    for (code, kind), row in rows.items():
        assert (row.amount, row.grade) == (cast_supplies.LEFT[code][kind], "counted")
    assert rows["KBS-01", "a4"].early_at is not None
    assert Stock.objects.count() == 3
    before = (SupplyCount.objects.count(), Stock.objects.get(consumable="a4").balance)
    cast_supplies.load(now)
    assert (SupplyCount.objects.count(), Stock.objects.get(consumable="a4").balance) == before


@pytest.mark.django_db
def test_real_use_is_counted_and_never_entered(now: datetime) -> None:
    build(now)
    Terminal.objects.update(is_demo=False)
    with pytest.raises(Refused, match="不能录入"):
        supply_history.load_history(
            SYSTEM, terminal="KBS-01", subject="printer", counter="pages", uses={now: 1}, left={"a4": 9}, note="",
            now=now,
        )  # fmt: skip
