"""How a check is written down: one row a metric, most of them a share of things that are as they should be."""

from __future__ import annotations

from collections.abc import Callable

from budayang.rules.parameters import BY_NAME
from budayang.rules.standard.answers import ClauseAnswer, ClauseCheck, Comparison, Numbers

GE, LE = Comparison.AT_LEAST, Comparison.AT_MOST
Measure = Callable[[Numbers], tuple[float | None, int]]
Special = Callable[[Numbers, float], ClauseAnswer | None]


def share(n: Numbers, part: str, whole: str) -> tuple[float | None, int]:
    """part ÷ whole, of so many; None of nothing."""
    return (n[part] / n[whole] if n[whole] > 0 else None), int(n[whole])


def ratio(
    clause: str,
    metric: str,
    part: str,
    whole: str,
    *,
    bound: float = 1.0,
    parameter: str = "",
    key: str = "",
    of_now: bool = False,
) -> ClauseCheck:
    """A share that has to reach a bound; `parameter` names the value in force that replaces it."""

    def measure(n: Numbers) -> tuple[float | None, int]:
        return share(n, part, whole)

    return check(
        clause, metric, bound, GE, "ratio", (part, whole), measure, parameter=parameter, key=key, of_now=of_now
    )


def slowest(clause: str, metric: str, number: str, count: str, bound: float, unit: str = "s") -> ClauseCheck:
    """A worst case that may not pass a bound; without any case there is no evidence."""

    def measure(n: Numbers) -> tuple[float | None, int]:
        return (n[number] if n[count] > 0 else None), int(n[count])

    return check(clause, metric, bound, LE, unit, (number, count), measure)


def check(
    clause: str,
    metric: str,
    bound: float,
    comparison: Comparison,
    unit: str,
    inputs: tuple[str, ...],
    measure: Measure,
    *,
    period: str = "月",
    parameter: str = "",
    special: Special | None = None,
    key: str = "",
    of_now: bool = False,
) -> ClauseCheck:
    """One row. With a parameter the bound is its value in the reference edition."""
    if parameter:
        bound = BY_NAME[parameter].default
    return ClauseCheck(
        clause, metric, bound, comparison, unit, 1, period, inputs, measure, parameter, special, key or clause, of_now
    )
