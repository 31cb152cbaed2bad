"""What wakes the signage room: news of areas, and the moments at which plates are looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.signage import artwork_actions, plate_actions


def hear_changes(news: Sequence[Transition], now: datetime) -> None:
    """What plates say of these places may have changed."""
    plate_actions.look_again({one.place_path for one in news}, now)


CONSUMERS: tuple[Consumer, ...] = (Consumer("signage.plates", ("areas.changed", "areas.hours_changed"), hear_changes),)
FORGET_S = 600.0
LONG_WORK = (artwork_actions.DRAW,)
DUES: tuple[Due, ...] = (
    Due("signage.plates", 1.0, plate_actions.judge_plates),
    Due("signage.sheets", FORGET_S, artwork_actions.forget),
)
