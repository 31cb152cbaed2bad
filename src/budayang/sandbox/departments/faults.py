"""What is wrong with a department, on demand: the switches of /control/departments/<code>."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Slip(StrEnum):
    """How one answer goes wrong. All but `fail` happen after the department acted."""

    FAIL = "fail"
    LOSE = "lose_answers"
    CUT = "cut"
    HANG = "hang"
    MALFORMED = "malformed"
    NOT_JSON = "not_json"
    WRONG_PERSON = "wrong_person"
    SWAP = "swap"


@dataclass
class Switches:
    """What is wrong with one department; all good by default.

    down: health and all else 503. closed: matters 503, as outside its hours. delay_s: each answer so much later.
    always_open: hours do not count. forget_keys: the same key is acted on again. flaky: share of calls, 0 to 1, that
    end in 500 before anything was done.
    Counts of next matters, payments or corrections. fail: 500, nothing done. lose_answers: done, then 504. cut: done,
    half the answer, line cut. hang: done, never answered. malformed: done, a JSON that is not of the contract.
    not_json: done, a page of HTML. wrong_person: answered from somebody else's record. swap: the answer of the matter
    before, instead of its own.
    """

    down: bool = False
    delay_s: float = 0.0
    lose_answers: int = 0
    always_open: bool = False
    closed: bool = False
    forget_keys: bool = False
    flaky: float = 0.0
    fail: int = 0
    cut: int = 0
    hang: int = 0
    malformed: int = 0
    not_json: int = 0
    wrong_person: int = 0
    swap: int = 0
    last: bytes = field(default=b"", repr=False)
    dice: random.Random = field(default_factory=lambda: random.Random(7), repr=False)

    def shown(self) -> dict[str, Any]:
        """Every switch by its name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.repr}

    def take(self, slip: Slip) -> bool:
        """Whether the next answer goes wrong in this way; it is counted off."""
        left: int = getattr(self, slip.value)
        if left <= 0:
            return False
        setattr(self, slip.value, left - 1)
        return True

    def stumbles(self) -> bool:
        """Whether this call fails by chance."""
        return self.flaky > 0 and self.dice.random() < self.flaky
