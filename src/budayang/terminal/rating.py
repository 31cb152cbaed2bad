"""What the rating page asks about: a matter that came to its end and was not asked about before, wherever it was handed
in; of a joint matter each part by itself.
"""

from __future__ import annotations

from budayang.rules.evaluation import ENDED, PARTS_ENDED
from budayang.terminal.journey import Journey
from budayang.wire.messages import CaseAnswer, CaseResult

ToAsk = list[tuple[str, str]]


def to_ask(journey: Journey, answer: CaseAnswer) -> ToAsk:
    """The matter as the one thing to ask about, as (number, ""); nothing before its end, and nothing a second time."""
    return [(journey.number, "")] if answer.state in ENDED and not answer.asked else []


def parts_to_ask(result: CaseResult) -> ToAsk:
    """Of a joint matter the parts that have come to their end, as (number, name)."""
    return [
        (part.number, part.name)
        for part in result.parts
        if part.number and part.state in PARTS_ENDED and not part.asked
    ]
