"""When a person is asked how a matter went: at its end (办结), once per matter. States are those of the services room
(`services.states.CaseState`), of a part of a joint matter those of `rules.joint`.
"""

from __future__ import annotations

from budayang.rules.joint import SETTLED, PartClass

RATEABLE: tuple[str, ...] = ("done", "handed_in", "in_process", "correction")
"""What could be done at the terminal is done; where the department stands with it since does not matter."""
ENDED: frozenset[str] = frozenset({*RATEABLE, "deferred", "window", "failed", "withdrawn"})
"""The person has nothing more to wait for at the terminal and knows what came of it. Not so of a matter that its
department still works on, of one that waits for money, and of one that nobody knows the end of (待核).
"""
PARTS_ENDED: frozenset[str] = frozenset(one.value for one in SETTLED - {PartClass.TO_PAY, PartClass.UNCLEAR})
