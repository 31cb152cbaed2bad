"""One stay of a person at this terminal, from the first touch to the clearing page, for 白跑率: what was tried and how
each try ended. Codes only; nothing of the person is ever here, and the stay is told once, when it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from budayang.rules.trips import Try
from budayang.search.plain import countable
from budayang.terminal.journey import Journey, State

MOST, MOST_ASKED = 50, 5
GONE_S = 75.0
_LAST = frozenset({State.TAKE, State.RATE})
_OUTCOMES = {"handed_in": "finished", "later": "unfinished", "review": "unfinished", "refused": "unfinished"}


def leaving_events(
    journey: Journey, step: State, steps: dict[str, int], end: str, seconds: int
) -> list[tuple[str, dict[str, Any]]]:
    """What is told of a journey that ended at `step`: counts and codes. What was not handed in is told as left."""
    told: list[tuple[str, dict[str, Any]]] = []
    if not journey.submitted and journey.launch is None:
        told.append(("case.abandoned", {"number": journey.number or None, "step": step.value}))
    body = {"steps": steps, "end": end, "step": step.value, "seconds": seconds, "item": journey.item}
    return [*told, ("session", body)]


class Stay:
    """`refuse` when an item could not be begun, `end` when a journey ended, `close` when the person is gone."""

    def __init__(self) -> None:
        self._tries: list[Try] = []
        self._left_paper = False
        self._last_s = 0.0
        self._asked: list[tuple[str, str]] = []

    def search(self, query: str, first: str, now_s: float) -> None:
        """The person typed a question that means the item `first` ("" for none). While it is being typed it is one:
        the longest of them stays, also when it is taken back letter by letter.
        """
        self._last_s = now_s
        if self._asked and self._asked[-1][0].startswith(query):
            return
        if self._asked and query.startswith(self._asked[-1][0]):
            self._asked.pop()
        if len(self._asked) < MOST_ASKED:
            self._asked.append((query, first))

    def refuse(self, item: str, why: str, now_s: float) -> None:
        """The person chose an item that cannot be begun now. The same one again is the same try."""
        self._last_s = now_s
        one = Try(item, "refused", "choose", why)
        if one not in self._tries:
            self._add(one)

    def leave_paper(self) -> None:
        """The person goes without the paper, which did not come out."""
        self._left_paper = True

    def over(self, touched_s: float, now_s: float) -> bool:
        """Whether somebody looked at items on the first page, could begin none, and went: there is no clearing page."""
        return bool(self._tries or self._asked) and now_s - max(touched_s, self._last_s) >= GONE_S

    def end(self, journey: Journey, step: State, *, hands_in: bool) -> None:
        """A journey ended at `step`. `hands_in`: the item is handed in, and what is stored is handed in (可提交)."""
        left_paper, self._left_paper = self._left_paper, False
        if not journey.item or (journey.launch is not None and journey.outcome is None):
            return  # what was done on a department's own page nobody here knows
        if journey.outcome is not None:
            result = _OUTCOMES.get(journey.outcome.kind, "unfinished")
            why = journey.outcome.kind
            if journey.outcome.kind == "later" and hands_in:
                result = "finished"
        elif step in _LAST and not left_paper:
            result, why = "finished", "paper"
        else:
            result, why = "unfinished", "left_paper" if left_paper else "left"
        self._add(Try(journey.item, result, step.value, why))

    def close(self) -> list[dict[str, Any]]:
        """What was tried, as the event "attempt" tells it; a new stay begins empty."""
        tries, self._tries = self._tries, []
        return [{"item": one.item, "result": one.result, "step": one.step, "why": one.why} for one in tries]

    def close_searches(self, seal: Callable[[str], str]) -> list[dict[str, str]]:
        """What was looked for, as the event "searched" tells it: the item that was meant, or, sealed, the words that
        meant none.
        """
        asked, self._asked = self._asked, []
        plain = [(countable(query), first) for query, first in asked]
        return [{"item": first} if first else {"sealed": seal(words)} for words, first in plain if first or words]

    def tell(self, seal: Callable[[str], str]) -> list[tuple[str, dict[str, Any]]]:
        """The events of a stay that is over: what was tried, what was looked for."""
        tries, asked = self.close(), self.close_searches(seal)
        return [
            *([("attempt", {"tries": tries})] if tries else []),
            *([("searched", {"asked": asked})] if asked else []),
        ]

    def _add(self, one: Try) -> None:
        if len(self._tries) < MOST:
            self._tries.append(one)
