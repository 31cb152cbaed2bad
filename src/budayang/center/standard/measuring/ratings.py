"""Chapter 8 (评价与改进) of one area and period."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from budayang.center.evaluation.clause_queries import EvaluationSeen
from budayang.center.standard.measuring import said
from budayang.center.standard.measuring.gathered import EVIDENCE_ROWS, Gathering, Measured, digest, evidence
from budayang.rules.evaluation import LEVEL_BY_CODE, NEGATIVE_LEVELS

# A case that was finished a moment ago may still be at its printer: the rating page comes after the paper.
ASKING_GRACE = timedelta(minutes=10)


def measure(seen: Gathering, out: Measured) -> None:
    """PJ-01 … PJ-24."""
    found = seen.together.evaluations(seen.now).get(seen.area.pk, EvaluationSeen())
    _asked(seen, out)
    _rated(found, out)
    _scored(seen, out)
    said.measure(seen, found, out)


def _asked(seen: Gathering, out: Measured) -> None:
    """PJ-01: cases that were followed by the rating page."""
    done, asked = seen.together.finished.get(seen.path, []), seen.together.asked
    settled_at = seen.now - ASKING_GRACE
    judged = [number for number, at in done if number in asked or at < settled_at]
    shown = [number for number in judged if number in asked]
    out.numbers |= {"cases_done": float(len(judged)), "ratings_shown": float(len(shown))}
    words = _("办件 %(n)s 办结后没有出现评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", words % {"n": one}) for one in judged if one not in asked))
    told = _("办件 %(n)s 办结后出现了评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", told % {"n": one}) for one in reversed(shown)))


def _rated(found: EvaluationSeen, out: Measured) -> None:
    """PJ-02: ratings that came, those on the five levels and those on none of them; PJ-15: of the former."""
    negative = sum(n for level, n in found.levels.items() if level in NEGATIVE_LEVELS)
    rated = len(found.rated)
    out.numbers |= {
        "ratings": float(rated),
        "ratings_came": float(rated + len(found.refused)),
        "ratings_in_five": float(sum(n for level, n in found.levels.items() if level in LEVEL_BY_CODE)),
        "ratings_satisfied": float(rated - negative),
        "negatives": float(negative),
        "negatives_reasoned": float(found.negative_reasoned),
    }
    foreign = _("办件 %(n)s 的评价没有收：终端 %(terminal)s 送来的“%(level)s”不是五级之一")
    out.show(
        "PJ-02",
        (
            evidence(
                "refused_rating", f"refused_rating:{number}",
                foreign % {"n": number, "terminal": terminal, "level": level or "？"},
                f"/console/terminals/{terminal}/",
            )
            for number, terminal, level in found.refused
        ),
    )  # fmt: skip
    words = _("办件 %(n)s 的评价")
    for clause in ("PJ-02", "PJ-15"):
        out.show(
            clause,
            (
                evidence("rating", f"rating:{one}", words % {"n": one}, f"/console/ratings/{one}/")
                for one in found.rated[:EVIDENCE_ROWS]
            ),
        )


def _scored(seen: Gathering, out: Measured) -> None:
    """PJ-20: owner units with machines here, and those of which the period has closed days to score."""
    owners = {one.owner_id: one.owner.name for one in seen.machines}
    scored = seen.together.scored.get(seen.area.pk, set()) & set(owners)
    out.basis["PJ-20"] = digest(sorted(seen.together.scored.get(seen.area.pk, ())))
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
