"""What a supervisor says of a flag is written here, whichever way it was said: of the flag itself, or by removing its
rating.
"""

from __future__ import annotations

from datetime import datetime

from budayang.center.evaluation.models import Rating, RatingFlag
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor

NOTE_LENGTH = 300


def write_judgement(actor: Actor, flag: RatingFlag, state: str, note: str, now: datetime) -> bool:
    """Close an open flag as `state`, with its audit line; False when it is not open any more. Who may do that the
    caller has asked.
    """
    by = (actor.label or actor.name)[:80]
    mine = RatingFlag.objects.filter(pk=flag.pk, state="open")
    if not mine.update(state=state, note=note[:NOTE_LENGTH], judged_at=now, judged_by=by):
        return False
    flag.refresh_from_db()
    record(
        actor, f"evaluation.flag_{state}", subject=f"case:{flag.rating.case_number}", place_path=flag.place_path,
        details={"kind": flag.kind}, at=now,
    )  # fmt: skip
    return True


def remove_with_rating(actor: Actor, rating: Rating, note: str, now: datetime) -> None:
    """The rating was removed: what waited to be judged about it is judged with that."""
    for flag in RatingFlag.objects.filter(rating_id=rating.pk, state="open"):
        write_judgement(actor, flag, "set_aside", note, now)
