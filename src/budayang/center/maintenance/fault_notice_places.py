"""Where people are sent while something does not work here: where most of what has stopped can be finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from budayang.center.services.alternatives import Alternative, Alternatives
from budayang.center.services.judging import active_offerings
from budayang.rules.fault_notices import Near
from budayang.rules.services import Truth


@dataclass(frozen=True, slots=True)
class Places:
    """What can be finished where, read once for one turn of building."""

    found: Alternatives

    @classmethod
    def load(cls, now: datetime) -> Places:
        return cls(Alternatives.load(now))

    def near(self, area: Any, terminal: Any | None, since: datetime) -> Near | None:
        """For one machine, or for the whole area, from which people have to go elsewhere. None: nowhere known.

        `since`: when the fault was noticed. Until the items were judged after that, nobody knows which have stopped:
        a place is named, and nothing is counted. What waits for its department has not stopped here.
        """
        rows = active_offerings(terminal_id=terminal.pk) if terminal else active_offerings(terminal__area_id=area.pk)
        if not rows:
            return None
        judged = all(row.judged_at is not None and row.judged_at >= since for row in rows)
        stopped = {row.item.code for row in rows if row.truth == Truth.STOPPED} if judged else set()
        elsewhere = self.found.of(
            sorted(stopped or {row.item.code for row in rows}), rows[0].terminal, limit=3 if terminal else 12
        )
        counts: dict[str, tuple[int, Alternative]] = {}
        for options in elsewhere.values():
            for one in options:
                if terminal is not None or one.area != area.name:
                    counts[one.terminal] = (counts.get(one.terminal, (0, one))[0] + 1, one)
        if not counts:
            return None
        # A machine beside it first, whatever it can do: nobody drives away from one that works here.
        m, best = max(counts.values(), key=lambda pair: (pair[1].area == area.name, pair[0], _closeness(pair[1])))
        return Near(best.text, m, len(stopped))


def _closeness(one: Alternative) -> float:
    return -one.distance_km if one.distance_km is not None else float("-inf")
