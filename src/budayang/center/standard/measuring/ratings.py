"""Chapter 8 (评价与改进) of one area and period."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.evaluation import queries as evaluation
from budayang.center.maintenance import hours_queries as hours
from budayang.center.services import queries as services
from budayang.center.standard.measuring import said
from budayang.center.standard.measuring.gathered import EVIDENCE_ROWS, JOB, Gathering, Measured, evidence

# A case that was finished a moment ago may still be at its printer: the rating page comes after the paper.
ASKING_GRACE = timedelta(minutes=10)


def measure(seen: Gathering, out: Measured) -> None:
    """PJ-01 … PJ-24."""
    _asked(seen, out)
    _negatives(seen, out)
    _scored(seen, out)
    said.measure(seen, out)


def _asked(seen: Gathering, out: Measured) -> None:
    """PJ-01, PJ-02, PJ-15: cases that were followed by the rating page; ratings on the five levels."""
    start, until, path = seen.start, seen.until, seen.path
    done = services.finished_cases(start, until, path)
    asked = evaluation.invited_numbers(done)
    settled = (
        set(services.finished_cases(start, min(until, seen.now - ASKING_GRACE), path))
        if start < seen.now - ASKING_GRACE
        else set()
    )
    judged = [number for number in done if number in asked or number in settled]
    counts = evaluation.counts(start, until, path, seen.now)
    rate = counts.satisfied_rate
    out.numbers |= {
        "cases_done": float(len(judged)),
        "ratings_shown": float(len([number for number in judged if number in asked])),
        "ratings": float(counts.rated),
        "ratings_in_five": float(sum(counts.levels.values())),
        "ratings_satisfied": round((rate or 0.0) * counts.rated),
        "negatives": float(counts.negative),
        "negatives_reasoned": float(counts.negative_reasoned),
    }
    missed = [number for number in judged if number not in asked]
    words = _("办件 %(n)s 办结后没有出现评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", words % {"n": one}) for one in missed))
    told = _("办件 %(n)s 办结后出现了评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", told % {"n": one}) for one in reversed(judged) if one in asked))
    rated = evaluation.rated_cases(start, until, path, EVIDENCE_ROWS) if counts.rated else []
    words = _("办件 %(n)s 的评价")
    for clause in ("PJ-02", "PJ-15"):
        out.show(
            clause,
            (evidence("rating", f"rating:{one}", words % {"n": one}, f"/console/ratings/{one}/") for one in rated),
        )


def _negatives(seen: Gathering, out: Measured) -> None:
    """PJ-03, 06, 07, 08: negative ratings of the period, each a case whose clocks count once met or broken."""
    cases = list(
        evaluation.negative_cases_visible_to(JOB).filter(
            rating__place_path__startswith=seen.path, rating__at__gte=seen.start, rating__at__lt=seen.until
        )
    )
    out.numbers["negatives_as_cases"] = float(len(cases))
    for clause, name, done, due in (
        ("PJ-07", "verify", "verified_at", "verify_due_at"),
        ("PJ-08", "close", "closed_at", "close_due_at"),
    ):
        known = [(one, _in_time(getattr(one, done), getattr(one, due), seen.now)) for one in cases]
        judged = [(one, ok) for one, ok in known if ok is not None]
        good = {"verify": "negatives_verified_in_time", "close": "negatives_closed_in_time"}[name]
        out.numbers |= {f"negatives_{name}_judged": float(len(judged)), good: float(sum(bool(ok) for _o, ok in judged))}
        judged.sort(key=lambda pair: bool(pair[1]))
        out.show(clause, (_negative_row(one, _("按时") if ok else _("超时")) for one, ok in judged))
    out.show("PJ-03", (_negative_row(one, _("已按差评处理")) for one in cases))
    out.show(
        "PJ-06",
        (_negative_row(one, _("没有写原因")) for one in cases if not one.rating.reasons),
    )


def _negative_row(case: Any, word: str) -> Any:
    number = case.rating.case_number
    words = _("办件 %(n)s 的差评：%(word)s") % {"n": number, "word": word}
    return evidence("rating", f"rating:{number}", words, f"/console/ratings/{number}/")


def _in_time(done: datetime | None, due: datetime, now: datetime) -> bool | None:
    if done is not None:
        return done <= due
    return False if due < now else None


def _scored(seen: Gathering, out: Measured) -> None:
    """PJ-20: owner units with machines here, and those of which the period has closed days to score."""
    owners = {one.owner_id: one.owner.name for one in seen.machines}
    days = hours.days_visible_to(JOB).filter(area_id=seen.area.pk, on__gte=seen.start.date(), on__lte=seen.on)
    scored = set(days.order_by().values_list("owner_id", flat=True).distinct()) & set(owners)
    out.numbers |= {"owners": float(len(owners)), "owners_scored": float(len(scored))}
    rows = sorted(owners.items(), key=lambda pair: (pair[0] in scored, pair[1]))
    out.show(
        "PJ-20",
        (
            evidence(
                "scorecard",
                f"organization:{pk}",
                f"{name}：{_('有评分') if pk in scored else _('还没有评分')}",
                "/console/scorecards/",
            )
            for pk, name in rows
        ),
    )
