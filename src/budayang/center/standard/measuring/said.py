"""Chapter 8 (评价与改进) of one area and period, what is counted for many areas at once: negative ratings, integrity,
call-backs, appeals, complaints, public indicators, surveys, supervision visits, use.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from budayang.center.evaluation.clause_queries import EvaluationSeen, Known
from budayang.center.platform import wording
from budayang.center.standard.measuring.gathered import Evidence, Gathering, Measured, evidence
from budayang.rules.evaluation.supervision import KIND_NAMES


def measure(seen: Gathering, found: EvaluationSeen, out: Measured) -> None:
    """PJ-03, 04, 06 … 12, 14, 16 … 18, 21 … 23, 25."""
    _integrity(found, out)
    _negatives(found, out)
    _judged(out, "PJ-09", "named_called", "named_judged", found.called, (_("已回访"), _("到期没有回访")))
    _judged(out, "PJ-10", "appeals_traced", "appeals_judged", found.appeals, (_("裁定有记录"), _("没有按时裁定")))
    _judged(out, "PJ-11", "rerate_asked", "rerate_judged", found.rerated, (_("请了再评价"), _("没有请再评价")))
    _indicators(found, out)
    _complaints(found, out)
    _surveys(found, out)
    _improvements(found, out)
    _visits(found, out)
    _use(seen, out)


def _integrity(found: EvaluationSeen, out: Measured) -> None:
    """PJ-04: what was found not to be people's own first, then what waits to be judged."""
    out.numbers |= {
        "ratings_all": float(found.ratings_all),
        "ratings_forced": float(len(found.forced)),
        "ratings_unjudged": float(len(found.unjudged)),
    }
    out.show("PJ-04", (_rating(number, _("查实，已剔除")) for number in found.forced))
    out.show("PJ-04", (_rating(number, _("有异常，等人判断")) for number in found.unjudged))


def _negatives(found: EvaluationSeen, out: Measured) -> None:
    """PJ-03, 06, 07, 08: negative ratings of the period that count, each a case with its clocks."""
    cases = found.negatives.rows
    out.numbers["negatives_as_cases"] = float(len(cases))
    out.show("PJ-03", (_negative(number, _("已按差评处理")) for number, _ok in cases))
    out.show("PJ-06", (_negative(number, _("没有写原因")) for number, reasoned in cases if not reasoned))
    for clause, name, known in (("PJ-07", "verify", found.verified), ("PJ-08", "fix", found.fixed)):
        rows = sorted(known.rows, key=lambda pair: pair[1])
        out.numbers |= {
            f"negatives_{name}_judged": float(len(rows)),
            f"negatives_{name}_in_time": float(known.good),
        }
        out.show(clause, (_negative(number, _("按时") if ok else _("超时")) for number, ok in rows))


def _negative(number: str, word: str) -> Evidence:
    words = _("办件 %(n)s 的差评：%(word)s") % {"n": number, "word": word}
    return evidence("rating", f"rating:{number}", words, f"/console/ratings/{number}/")


def _rating(number: str, word: str) -> Evidence:
    words = _("办件 %(n)s 的评价：%(word)s") % {"n": number, "word": word}
    return evidence("rating", f"rating:{number}", words, f"/console/ratings/{number}/")


def _judged(out: Measured, clause: str, good: str, judged: str, known: Known, words: tuple[str, str]) -> None:
    """Negative ratings, those that are not as they should be first."""
    out.numbers |= {good: float(known.good), judged: float(len(known.rows))}
    rows = sorted(known.rows, key=lambda pair: pair[1])
    out.show(clause, (_rating(number, words[0] if ok else words[1]) for number, ok in rows))


def _indicators(found: EvaluationSeen, out: Measured) -> None:
    """PJ-12: the published report of the month that holds most of the six."""
    reports = found.reports
    out.numbers |= {
        "indicator_reports": float(len(reports)),
        "indicators_public": float(max(reports.values(), default=0)),
    }
    words = _("已发布的月报有六项指标中的 %(n)d 项")
    out.show(
        "PJ-12",
        (
            evidence("monthly", f"monthly:{pk}", words % {"n": held}, f"/console/monthly-reports/{pk}/")
            for pk, held in sorted(reports.items(), key=lambda pair: -pair[1])
        ),
    )


def _complaints(found: EvaluationSeen, out: Measured) -> None:
    """PJ-17. A complaint's number opens it for whoever holds it: evidence names its row."""
    known = found.complaints
    out.numbers |= {"complaints_traced": float(known.good), "complaints_judged": float(len(known.rows))}
    rows = sorted(known.rows, key=lambda pair: pair[1])
    words = {True: _("投诉 %(n)s：五步都有记录"), False: _("投诉 %(n)s：到期没有走完五步")}
    out.show(
        "PJ-17",
        (evidence("complaint", f"complaint:{pk}", words[ok] % {"n": pk}, "/console/complaints/") for pk, ok in rows),
    )


def _surveys(found: EvaluationSeen, out: Measured) -> None:
    """PJ-14, 16, 22."""
    out.numbers |= {
        "surveys_here": float(len(found.surveys)),
        "survey_sheets": float(sum(found.surveys.values())),
        "surveys_enough": float(found.surveys_enough),
        "sheets_asked_for": float(found.sheets_asked_for),
        "access_answers": float(found.access_answers),
        "access_satisfied": float(found.access_good),
    }
    words = _("问卷 %(code)s 收回 %(n)d 份")
    rows = [
        evidence("survey", f"survey:{code}", words % {"code": code, "n": n}, f"/console/surveys/{code}/")
        for code, n in sorted(found.surveys.items())
    ]
    for clause in ("PJ-14", "PJ-16", "PJ-22"):
        out.show(clause, rows)


def _improvements(found: EvaluationSeen, out: Measured) -> None:
    """PJ-25: those that were late first."""
    known = found.improvements
    out.numbers |= {"improvements_in_time": float(known.good), "improvements_judged": float(len(known.rows))}
    words = {True: _("改进事项 %(n)s：按期闭环"), False: _("改进事项 %(n)s：到期没有闭环")}
    rows = sorted(known.rows, key=lambda pair: pair[1])
    out.show(
        "PJ-25",
        (
            evidence("improvement", f"improvement:{pk}", words[ok] % {"n": pk}, f"/console/improvements/{pk}/")
            for pk, ok in rows
        ),
    )


def _visits(found: EvaluationSeen, out: Measured) -> None:
    """PJ-21: a visit that answered nothing gives no score, and is none."""
    scored = [one for one in found.visits if one[3]]
    out.numbers |= {
        "visits_scored": float(len(scored)),
        "visits_due": float(len(found.visits) + len(found.visits_missed)),
    }
    rows = [
        (number, f"{wording.words(KIND_NAMES[kind])} {number}：{100 * well / n:.0f}")
        for number, kind, well, n in scored
    ]
    rows += [(number, _("监督检查 %(n)s 没有按期交") % {"n": number}) for number in found.visits_missed]
    out.show(
        "PJ-21", (evidence("supervision", f"supervision:{n}", text, f"/console/supervision/{n}/") for n, text in rows)
    )


def _use(seen: Gathering, out: Measured) -> None:
    """PJ-23: days on which a machine was used; the share of matters that people did here, not at the windows."""
    use = seen.together.uses.get(seen.area.pk)
    if use is not None:
        out.numbers |= {"machine_days": float(use.days), "machine_days_used": float(use.used)}
        words = _("%(n)d 个终端·天里有人用过 %(m)d 个") % {"n": use.days, "m": use.used}
        out.show("PJ-23", [evidence("use", f"area:{seen.area.code}", words, "/console/trips/")])
    share = seen.together.shares.get(seen.area.pk)
    if share is not None:
        here, both = share
        out.numbers |= {"matters_here": float(here), "matters_both": float(both)}
        words = _("自助办件 %(n)d 件，加上窗口叫号共 %(m)d") % {"n": here, "m": both}
        out.show("PJ-23-2", [evidence("use", f"area:{seen.area.code}", words, "/console/windows/share/")])
