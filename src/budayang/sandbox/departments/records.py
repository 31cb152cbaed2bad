"""What the departments hold of each invented citizen beyond citizens.json: made up, the same every time.

Nobody is real and no number belongs to anything: plates begin with 演, certificates are of 演示市.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

from budayang.sandbox.citizens import Citizen


def chance(citizen: Citizen, topic: str) -> random.Random:
    """The dice of one person and topic."""
    return random.Random(f"{citizen.id_number}/{topic}")


def known(citizen: Citizen) -> bool:
    """Whether any department has heard of the person: 庚 has no record anywhere."""
    return citizen.records.RS is not None or citizen.records.YB is not None


@dataclass(frozen=True, slots=True)
class House:
    certificate: str
    address: str
    area_m2: str
    since: str
    mortgaged: bool


@dataclass(frozen=True, slots=True)
class Fund:
    """A provident fund account (住房公积金). Amounts in yuan. `loan`: remaining principal, None without a loan."""

    account: str
    unit: str
    monthly: int
    balance: int
    since: str
    months: int
    loan: int | None


@dataclass(frozen=True, slots=True)
class Fine:
    decision: str
    what: str
    on: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Business:
    name: str
    code: str
    since: str


@functools.cache
def houses(citizen_id: str, has: bool) -> tuple[House, ...]:
    """The flats of the person with this number."""
    dice = random.Random(f"{citizen_id}/house")
    if not has:
        return ()
    count = 0 if citizen_id[6:10] > "1995" else dice.choice((1, 1, 1, 2))
    return tuple(
        House(
            f"演（{dice.randint(2016, 2024)}）演示市不动产权第{dice.randint(1, 99999):07d}号",
            f"演示市演示路{dice.randint(1, 200)}号{dice.randint(1, 6)}单元{dice.randint(101, 1802)}室",
            f"{dice.randint(6000, 14000) / 100:.2f}",
            f"{dice.randint(2016, 2024)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
            dice.random() < 0.4,
        )
        for _ in range(count)
    )


def houses_of(citizen: Citizen) -> tuple[House, ...]:
    return houses(citizen.id_number, known(citizen))


def fund_of(citizen: Citizen) -> Fund | None:
    """Who works for a unit has an account; retired people closed theirs."""
    record = citizen.records.RS
    if record is None or not record["unit"]:
        return None
    dice = chance(citizen, "fund")
    monthly, months = dice.randrange(800, 3600, 20), dice.randint(24, 160)
    balance = monthly * months - dice.randrange(0, monthly * months // 2)
    loan = dice.randrange(60_000, 420_000, 1000) if dice.random() < 0.5 else None
    return Fund(
        f"演{dice.randint(10**9, 10**10 - 1)}",
        record["unit"],
        monthly,
        balance,
        f"{2026 - months // 12}年{dice.randint(1, 12):02d}月",
        months,
        loan,
    )


def loan_settled(citizen: Citizen) -> str | None:
    """The day on which the person's loan of earlier years was settled, None when there was none."""
    dice = chance(citizen, "settled")
    return f"20{dice.randint(18, 25)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}" if fund_of(citizen) else None


def fines_of(citizen: Citizen) -> tuple[Fine, ...]:
    """Traffic fines that were decided and not paid."""
    if not known(citizen):
        return ()
    dice = chance(citizen, "fine")
    count = dice.choice((1, 1, 2))
    return tuple(
        Fine(
            f"演{dice.randint(10**13, 10**14 - 1)}",
            dice.choice(("违反禁令标志指示", "超过规定时速百分之十以上未达百分之二十", "不按规定停放车辆")),
            f"2025-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
            dice.choice((5_000, 10_000, 15_000, 20_000)),
        )
        for _ in range(count)
    )


def plate_of(citizen: Citizen) -> str | None:
    return f"演K·{chance(citizen, 'plate').randint(10000, 99999)}" if known(citizen) else None


def points_of(citizen: Citizen) -> int:
    """Points (记分) of the running period, 0 to 11."""
    return chance(citizen, "points").choice((0, 0, 1, 3, 6))


def business_of(citizen: Citizen) -> Business | None:
    """Some people run a shop as individual traders (个体工商户)."""
    dice = chance(citizen, "business")
    if not known(citizen) or dice.random() < 0.5:
        return None
    return Business(
        f"演示市{citizen.name[-1]}记{dice.choice(('面馆', '便利店', '理发店', '水果店'))}",
        f"92DEMO{dice.randint(10**11, 10**12 - 1)}",
        f"20{dice.randint(12, 24)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
    )


def travels_of(citizen: Citizen) -> list[list[str]]:
    """Entries and exits of the last years: day, 出境 or 入境, where."""
    if not known(citizen):
        return []
    dice = chance(citizen, "travel")
    rows: list[list[str]] = []
    for _ in range(dice.randint(0, 3)):
        year, month, day = dice.randint(2023, 2025), dice.randint(1, 12), dice.randint(1, 20)
        port = dice.choice(("演示机场口岸", "演示陆路口岸"))
        rows.append([f"{year}-{month:02d}-{day:02d}", "出境", port])
        rows.append([f"{year}-{month:02d}-{day + dice.randint(2, 8):02d}", "入境", port])
    return sorted(rows)
