"""Chapter 8 (评价与改进) of one area and period."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

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


def _scored(seen: Gathering, out: Measured) -> None:
    """PJ-20: owner units with machines here, and those of which the period has closed days to score."""
    first = seen.start.astimezone(ZoneInfo(seen.zone)).date()
    owners = {one.owner_id: one.owner.name for one in seen.machines}
    days = hours.days_visible_to(JOB).filter(area_id=seen.area.pk, on__gte=first, on__lte=seen.on)
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
