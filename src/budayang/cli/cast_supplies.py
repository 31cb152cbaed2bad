"""The demonstration's consumables: a month of use by the hour, refills and a stock, so that forecasts have something
to say. All of it is synthetic; movements and fills carry the mark 演示.

The running machines' own readings go on from there; their printers' words win over these counts.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from budayang import data
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries as terminals
from budayang.center.terminals import stock_actions, supply_history, supply_queries
from budayang.rules.run_outs import floor_hour

SYSTEM = Actor.system()
DAYS = 28
SEED = 20261
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Sheets an hour on a workday by the clock; nights bring few people, weekends fewer.
DAY_SHAPE = (0.3, 0.1, 0.1, 0, 0, 0.1, 0.4, 1, 3, 6, 7, 5, 3, 4, 6, 6, 5, 4, 4, 4, 3, 2, 1, 0.6)
WEEKEND = 0.45
LEFT: dict[str, dict[str, int]] = {
    # Machines that run: their own printers say how their paper stands, and the story prints on them.
    "KBS-01": {"a4": 470, "toner": 2100},
    "KBS-02": {"a4": 450, "toner": 1500},
    "YJHL-01": {"a4": 480, "toner": 55},
    # Machines that do not run here.
    "KBS-03": {"a4": 90, "toner": 900},
    "WS-01": {"a4": 310, "toner": 2400},
    "HJ-01": {"a4": 150, "toner": 1200},
    "DGTL-01": {"a4": 240, "toner": 700},
}
"""What is left now: some run out over the weekend, some do not."""
BUSY = {"KBS-01": 0.45, "KBS-02": 0.45, "YJHL-01": 0.3}


def load(now: datetime) -> None:
    """Once; what people changed since stays."""
    if supply_queries.supplies_visible_to(SYSTEM).filter(counted_since__isnull=False).exists():
        return
    dice = random.Random(SEED)  # a picture of use, no secret
    with transaction.atomic():
        for row in data.demo().terminals:
            machine = terminals.find_terminal(SYSTEM, row.code)
            if machine is not None and row.code in LEFT:
                _one(row.code, ZoneInfo(machine.area.place.zone), dice, now)
        _stock(now)


def _one(code: str, zone: ZoneInfo, dice: random.Random, now: datetime) -> None:
    end = floor_hour(now)
    uses: dict[datetime, int] = {}
    for step in range(DAYS * 24, 0, -1):
        at = end - step * HOUR
        local = at.astimezone(zone)
        mean = DAY_SHAPE[local.hour] * (WEEKEND if local.weekday() >= 5 else 1) * BUSY.get(code, 1)
        # Whoever prints takes some sheets at once: bursts, as real use has them.
        sheets = sum(dice.choice((1, 2, 2, 3, 6)) for _person in range(_arrivals(mean / 2.8, dice)))
        if sheets:
            uses[at] = sheets
    supply_history.load_history(
        SYSTEM, terminal=code, subject="printer", counter="pages", uses=uses, left=LEFT[code], note="演示数据", now=now
    )


def _arrivals(mean: float, dice: random.Random) -> int:
    """How many people come, by Poisson: exponential times between them that fit into one hour."""
    found, passed = 0, dice.expovariate(mean) if mean > 0 else 2.0
    while passed < 1:
        found += 1
        passed += dice.expovariate(mean)
    return found


def _stock(now: datetime) -> None:
    """Paper, toner and numbered sheets of the owner whose machines stand in the first area."""
    body = queries.organizations_visible_to(SYSTEM).filter(code="RS").first()
    if body is None or supply_queries.stocks_visible_to(SYSTEM).exists():
        return
    before = now - 20 * DAY
    for code, amount in (("a4", 5000), ("toner", 3)):
        stock_actions.receive(
            SYSTEM, organization=body, area="KBS", consumable=code, amount=amount, why="演示数据", now=before
        )
    stock_actions.receive(
        SYSTEM, organization=body, area="KBS", consumable="certificate", first="YS000101", last="YS000300",
        why="演示数据", now=before,
    )  # fmt: skip
