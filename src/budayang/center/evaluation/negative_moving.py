"""How a negative-rating case moves: the table's step with its row, its clock, its audit line and its news."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.evaluation.models import NegativeCase, NegativeStep
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.platform.wording import words
from budayang.center.services.queries import working_days_after
from budayang.rules.evaluation.negative import FINAL_STATES, Dues, IllegalStep, next_look, next_state, running_clock

NOTE_LENGTH = 300


def dues_of(case: NegativeCase) -> Dues:
    """Until when each step of a case is due."""
    return Dues(case.verify_due_at, case.close_due_at, case.call_due_at, case.decide_due_at)


def write_step(
    actor: Actor,
    case: NegativeCase,
    event: str,
    now: datetime,
    *,
    outcome: str = "",
    note: str = "",
    due_at: datetime | None = None,
) -> NegativeStep:
    """A row of the trail, the audit line, the news. The audit has no words of people."""
    by = "" if actor.kind == "public" else actor.label or actor.name
    step = NegativeStep.objects.create(
        case=case, event=event, state=case.state, outcome=outcome, note=note, at=now, due_at=due_at, by=by[:80]
    )
    number = case.rating.case_number
    told = {"state": case.state, **({"outcome": outcome} if outcome else {})}
    record(
        actor,
        f"evaluation.negative_{event}",
        subject=f"case:{number}",
        place_path=case.place_path,
        details=told,
        at=now,
    )
    emit(
        f"evaluation.negative_{event}",
        subject=f"case:{number}",
        place_path=case.place_path,
        payload={
            "number": number,
            "state": case.state,
            "bears_on": [one.isoformat() for one in (case.rating.at, case.appealed_at) if one is not None],
        },
        occurred_at=now,
        now=now,
    )
    return step


def move(
    actor: Actor,
    case: NegativeCase,
    event: str,
    now: datetime,
    *,
    outcome: str = "",
    note: str = "",
    **also: Any,
) -> NegativeCase:
    """One step of rules.evaluation.negative.TRANSITIONS. `also`: columns that the step sets.

    Raises Refused when the state forbids it or a rival was first.
    """
    before = running_clock(case.state, dues_of(case))
    try:
        after = next_state(case.state, event)
    except IllegalStep as illegal:
        raise Refused(words(str(illegal))) from illegal
    dues = dues_of(_with(case, also))
    also |= {"state": after, **_clock(case, after, dues, now, event)}
    if after in FINAL_STATES:
        days = float(parameter("negative_phone_d", case.place_path, now))
        also["closed_at"] = now
        if case.erase_at is not None:
            also["erase_at"] = min(case.erase_at, now + timedelta(days=days))
    else:
        also["closed_at"] = None
    if note:
        also["note"] = note
    # Two people may press at once: the state stands in the condition, so only the first one moves it.
    # A call that nobody answered leaves it where it is: there the number of tries is what two people would race for.
    mine = NegativeCase.objects.filter(pk=case.pk, state=case.state, call_tries=case.call_tries)
    if not mine.update(**also):
        raise Refused(_("这件差评刚刚已被别人处理，请刷新页面再看。"))
    case.refresh_from_db()
    write_step(actor, case, event, now, outcome=outcome, note=note, due_at=before[1] if before else None)
    return case


def _with(case: NegativeCase, also: dict[str, Any]) -> NegativeCase:
    """The case as it will be: what the step sets counts for the clock that runs from now on."""
    for name in ("verify_due_at", "close_due_at", "call_due_at", "decide_due_at"):
        if name in also:
            setattr(case, name, also[name])
    return case


def _clock(case: NegativeCase, after: str, dues: Dues, now: datetime, event: str) -> dict[str, Any]:
    """The clock that runs in the next state. A try without an answer leaves it as it is, told or not."""
    if event == "try_again":
        return {}
    running = running_clock(after, dues)
    due = running[1] if running else None
    look = next_look(due, warning(case.place_path, now), {}, now)
    if after == "called_back":
        look = case.rerate_until
    return {"due_at": due, "look_at": look, "warned_at": None, "overdue_at": None}


def warning(place_path: str, now: datetime) -> timedelta:
    """How long before its end a clock is warned of."""
    return timedelta(seconds=float(parameter("negative_warn_s", place_path, now)))


def workdays(name: str, case: NegativeCase, now: datetime) -> datetime:
    """The end of so many working days from now as a parameter of the case's place says."""
    return working_days_after(now, int(parameter(name, case.place_path, now)))
