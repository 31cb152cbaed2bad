"""What wakes the evaluation room: what terminals report, clocks of negative ratings, ratings to be looked at, monthly
reports by plan, the end of the audit chain of each day.
"""

from __future__ import annotations

from datetime import datetime

from budayang.center.evaluation import (
    actions,
    complaint_jobs,
    digests,
    improvement_actions,
    integrity_actions,
    monthly_actions,
    negative_jobs,
    placement_actions,
    supervision_findings,
    survey_jobs,
)
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.terminals.inbox import InboxRow, consume_inbox

KINDS = ("rating.shown", "rating", "session")


def read_inbox(now: datetime) -> int:
    """Take what terminals sent about ratings and visits; each message counts once."""
    return consume_inbox(KINDS, lambda row: _take(row, now), now)


def _take(row: InboxRow, now: datetime) -> None:
    actor = Actor.terminal(row.terminal, row.place_path)
    body = row.body
    number = str(body.get("number") or "")
    if row.kind == "rating.shown":
        actions.record_invitation(actor, number=number, terminal_code=row.terminal, shown_at=row.at, now=now)
    elif row.kind == "rating":
        reasons = body.get("reasons")
        actions.record_rating(
            actor,
            number=number,
            level=str(body.get("level") or ""),
            reasons=[str(one) for one in reasons] if isinstance(reasons, list) else [],
            terminal_code=row.terminal,
            at=row.at,
            now=now,
            texts=str(body.get("texts") or ""),
        )
    else:
        steps = body.get("steps")
        seconds = body.get("seconds")
        actions.record_visit(
            actor,
            terminal_code=row.terminal,
            end=str(body.get("end") or ""),
            step=str(body.get("step") or ""),
            seconds=int(seconds) if isinstance(seconds, int | float) else 0,
            item_code=str(body.get("item") or ""),
            cleared=isinstance(steps, dict) and bool(steps.get("clear")),
            at=row.at,
            now=now,
        )


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("evaluation.notices", ("evaluation.negative_warned", "evaluation.negative_overdue"), negative_jobs.tell),
    Consumer("evaluation.complaint_notices", ("evaluation.complaint_overdue",), complaint_jobs.tell),
)
LONG_WORK = (monthly_actions.MAKE, monthly_actions.CHECK)
DUES: tuple[Due, ...] = (
    Due("evaluation.inbox", 0.5, read_inbox),
    Due("evaluation.clocks", 5.0, negative_jobs.watch),
    Due("evaluation.integrity", 30.0, integrity_actions.look),
    Due("evaluation.complaints", 10.0, complaint_jobs.watch),
    Due("evaluation.improvements", 60.0, improvement_actions.watch),
    Due("evaluation.surveys", 3600.0, survey_jobs.remind),
    Due("evaluation.placement", 60.0, placement_actions.run_due),
    Due("evaluation.supervision", 10.0, supervision_findings.watch),
    Due("evaluation.monthly", 30.0, monthly_actions.run_plans),
    Due("evaluation.chain_digests", 600.0, digests.write_digests),
    Due("evaluation.monthly_checks", 60.0, monthly_actions.run_checks),
)
