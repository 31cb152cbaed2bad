"""Which news moves which metric: what the room listens to, so that what comes late reaches the months it bears on. A
metric without news reads only what is written at its own moment; the running month is computed every few hours anyway.
"""

from __future__ import annotations

from budayang.rules.standard import SIGNS_CLAUSES

Kinds = tuple[str, ...]

MAINTENANCE: Kinds = ("maintenance.",)
RATINGS: Kinds = (
    "evaluation.rated",
    "evaluation.rating_refused",
    "evaluation.negative_",
    "evaluation.set_aside",
    "evaluation.restored",
)
MATTERS: Kinds = ("services.case_done",)
SURVEYS: Kinds = ("evaluation.survey_opened",)
NOTHING: Kinds = ()
"""Looks at cameras, tests and levels are written when they are made; who is responsible is of now; a file and a stock
count from when they were written down."""

NEWS_OF: dict[str, Kinds] = {
    **dict.fromkeys(("JB-01", "YJ-07", "YJ-08", "YJ-09", "PJ-24"), MAINTENANCE),
    **dict.fromkeys(("JB-03", "JB-04", "JB-05", "JB-13", "YJ-01", "YJ-13"), NOTHING),
    **dict.fromkeys(("JB-26", "JB-27", "JB-34", "JB-35"), NOTHING),
    **dict.fromkeys(("JB-08", "JB-17"), MATTERS),
    "JB-09": MAINTENANCE,
    "JB-24": ("evaluation.visit_late",),
    **dict.fromkeys(("YJ-04", "YJ-05", "YJ-06", "YJ-12"), MAINTENANCE),
    "YJ-02": ("maintenance.asset_accepted",),
    "YJ-14": NOTHING,
    **dict.fromkeys(("YJ-33", "WH-11"), NOTHING),
    **dict.fromkeys(("WH-01", "WH-02", "WH-03", "WH-04", "WH-24"), ("maintenance.round_",)),
    "WH-13": ("maintenance.training_written", "maintenance.emergency_"),
    **dict.fromkeys([f"WH-{number}" for number in (14, 15, 16, 17, 18, 19, 20, 21, 22, 26, 28)], MAINTENANCE),
    "PJ-24-2": MAINTENANCE,
    "PJ-01": (*MATTERS, "evaluation.invited"),
    **dict.fromkeys([f"PJ-{number:02}" for number in (2, 3, 4, 6, 7, 8, 9, 10, 11, 15)], RATINGS),
    "PJ-12": ("evaluation.monthly_published",),
    **dict.fromkeys(("PJ-14", "PJ-16", "PJ-22"), SURVEYS),
    "PJ-17": ("evaluation.complaint_",),
    "PJ-18": (*MATTERS, *RATINGS),
    "PJ-20": ("maintenance.hours_corrected",),
    "PJ-21": ("evaluation.visit_ended",),
    "PJ-23": ("services.stay_late",),
    "PJ-23-2": (*MATTERS, "services.windows_told"),
    "PJ-25": ("evaluation.improvement_",),
    **dict.fromkeys(SIGNS_CLAUSES, ("signage.", *MAINTENANCE)),
}
"""By the keys of `rules.standard.METRICS`, all of them; a kind that ends with "." or "_" stands for all that begin so.
"""
