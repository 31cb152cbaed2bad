"""Chapter 8 (评价与改进): what the platform's own rows answer."""

from __future__ import annotations

from budayang.rules.standard.answers import Answer, ClauseAnswer, ClauseCheck, Numbers
from budayang.rules.standard.check_making import GE, LE, check, ratio


def _core(n: Numbers) -> tuple[float | None, int]:
    """Share of promised time in which the platform itself could see."""
    promised = n["promised_s"]
    return ((promised - n["monitoring_lost_s"]) / promised if promised > 0 else None), int(n["terminals"])


def _forced(n: Numbers) -> tuple[float | None, int]:
    return n["ratings_forced"], int(n["ratings_all"])


def _forced_unjudged(n: Numbers, threshold: float) -> ClauseAnswer | None:
    """While somebody still has to look at a flag nobody can say that there was none."""
    if n["ratings_forced"] <= threshold and n["ratings_unjudged"] > 0:
        why = f"还有{n['ratings_unjudged']:.0f}条评价异常等人判断，判断完再下结论"
        return ClauseAnswer(Answer.NO_EVIDENCE, n["ratings_forced"], threshold, "count", int(n["ratings_all"]), why)
    return None


def _public(n: Numbers) -> tuple[float | None, int]:
    """Of the report that holds most of them; sample: published reports that tell of this area."""
    return n["indicators_public"], int(n["indicator_reports"])


def _classes(n: Numbers) -> tuple[float | None, int]:
    """Classes of which there is a number: how long matters took, how satisfied people were, what went wrong (of the
    matters that were taken in), complaints (none is a number where there were matters).
    """
    found = (n["cases_done"] > 0) + (n["ratings"] > 0) + 2 * (n["cases_taken"] > 0)
    return float(found), int(n["cases_taken"])


def _surveyed(n: Numbers) -> tuple[float | None, int]:
    """Where nothing was handled in the half-year before, no sample can be asked for, and nothing is said."""
    return n["surveys_enough"], int(n["sheets_asked_for"])


def _answered(n: Numbers) -> tuple[float | None, int]:
    """A survey that nobody answered is there, and not met; without a survey there is no evidence."""
    return n["survey_sheets"], int(n["surveys_here"])


def _supervised(n: Numbers) -> tuple[float | None, int]:
    """A visit that was planned openly and not handed in is there, and not met; without any there is no evidence."""
    return n["visits_scored"], int(n["visits_due"])


RATING_CHECKS: tuple[ClauseCheck, ...] = (
    ratio("PJ-01", "办结后评价页触发率", "ratings_shown", "cases_done", parameter="rating_shown_target"),
    ratio("PJ-02", "收到的评价中属于五级的比例", "ratings_in_five", "ratings_came"),
    ratio("PJ-03", "后两级评价中按差评处理的比例", "negatives_as_cases", "negatives"),
    check(
        "PJ-04",
        "查实的强迫、代评、刷评",
        0,
        LE,
        "count",
        ("ratings_forced", "ratings_all", "ratings_unjudged"),
        _forced,
        special=_forced_unjudged,
    ),
    ratio("PJ-06", "写明原因的差评比例", "negatives_reasoned", "negatives"),
    ratio("PJ-07", "按时核实的差评比例", "negatives_verify_in_time", "negatives_verify_judged"),
    ratio("PJ-08", "按时办结的差评比例", "negatives_fix_in_time", "negatives_fix_judged"),
    ratio("PJ-09", "留了电话的差评已回访的比例", "named_called", "named_judged"),
    ratio("PJ-10", "申诉裁定有人、有理由的比例", "appeals_traced", "appeals_judged"),
    ratio("PJ-11", "整改后请本人再评价的比例", "rerate_asked", "rerate_judged"),
    check("PJ-12", "月报里公开的指标", 6, GE, "count", ("indicators_public", "indicator_reports"), _public),
    check(
        "PJ-14",
        "半年内达到抽样数、分别算出窗口和环境满意率的问卷",
        1,
        GE,
        "count",
        ("surveys_enough", "sheets_asked_for"),
        _surveyed,
        period="半年",
    ),
    ratio("PJ-15", "群众满意率", "ratings_satisfied", "ratings", bound=0.95),
    ratio("PJ-16", "无障碍用户满意度", "access_satisfied", "access_answers", bound=0.8),
    ratio("PJ-17", "五步留痕的投诉比例", "complaints_traced", "complaints_judged"),
    check("PJ-18", "有数的评价指标类别", 4, GE, "count", ("cases_done", "ratings", "cases_taken"), _classes),
    ratio("PJ-20", "有评分的设备归属单位比例", "owners_scored", "owners", of_now=True),
    check(
        "PJ-21",
        "一季内交上打分的督查、暗访",
        1,
        GE,
        "count",
        ("visits_scored", "visits_due"),
        _supervised,
        period="季",
    ),
    check("PJ-22", "半年内收回的问卷", 1, GE, "count", ("survey_sheets", "surveys_here"), _answered, period="半年"),
    ratio("PJ-23", "有人用过的终端天数比例", "machine_days_used", "machine_days", bound=0.6),
    ratio("PJ-23", "自助办件占自助和窗口合计的比例", "matters_here", "matters_both", bound=0.8, key="PJ-23-2"),
    check(
        "PJ-24",
        "核心系统可用的时间比例",
        0.999,
        GE,
        "ratio",
        ("promised_s", "monitoring_lost_s", "terminals"),
        _core,
    ),
    ratio(
        "PJ-24", "按时响应的工单比例", "orders_responded_in_time", "orders_respond_judged", bound=0.95, key="PJ-24-2"
    ),
    ratio("PJ-25", "按期闭环的改进事项比例", "improvements_in_time", "improvements_judged", bound=0.9),
)
