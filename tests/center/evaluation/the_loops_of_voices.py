"""Loops over ratings and the public indicators, complaints and their steps, supervision visits."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

from tests.center.evaluation.the_loops import (
    MADE,
    OCTOBER,
    SEPTEMBER,
    Cells,
    Row,
    Said,
    World,
    counted,
    figure,
    known,
    middle,
    of,
    ratio,
    share,
    table,
)

from budayang.center.evaluation.models import (
    Complaint,
    ComplaintStep,
    Invitation,
    NegativeCase,
    Rating,
    SupervisionFinding,
    SupervisionVisit,
)
from budayang.center.services.models import Case

HOUR = timedelta(hours=1)
LEVELS = {
    "very_satisfied": "非常满意", "satisfied": "满意", "basically_satisfied": "基本满意", "unsatisfied": "不满意",
    "very_unsatisfied": "非常不满意",
}  # fmt: skip
Pair = tuple[int, int]


def ratings(w: World) -> tuple[list[Row], list[Row]]:
    """Without those that were set aside."""
    now, before = w.both(Rating, "at", "place_path", "case_number", "level", "channel", "set_aside_at")
    return [r for r in now if r["set_aside_at"] is None], [r for r in before if r["set_aside_at"] is None]


def good(rows: list[Row]) -> int:
    return sum("un" not in row["level"] for row in rows)


@figure("good_rate")
def good_rate(w: World) -> Said:
    now, before = ratings(w)
    return share((good(now), len(now)), (good(before), len(before)))


@figure("active_good_rate")
def active_good_rate(w: World) -> Said:
    now, before = ([row for row in rows if row["channel"] != "terminal"] for rows in ratings(w))
    return share((good(now), len(now)), (good(before), len(before)))


@figure("unrated_rate")
def unrated_rate(w: World) -> Said:
    every = w.every(Rating, "case_number", "at", "set_aside_at")
    aside = {row["case_number"] for row in every if row["set_aside_at"] is not None}
    rated = {row["case_number"] for row in every if row["set_aside_at"] is None and row["at"] <= MADE}
    pairs: list[Pair] = []
    for rows in w.both(Case, "finished_at", "place_path", "number", "state"):
        done = [row for row in rows if row["number"] not in aside]
        pairs.append((sum(row["number"] not in rated for row in done), len(done)))
    return share(*pairs)


@figure("rated")
def rated(w: World) -> Said:
    """Of those who were asked, who had answered when the report was made."""
    every = w.every(Rating, "case_number", "at", "set_aside_at")
    answered = {row["case_number"] for row in every if row["set_aside_at"] is None and row["at"] <= MADE}
    asked = [{r["case_number"] for r in rows} for rows in w.both(Invitation, "shown_at", "place_path", "case_number")]
    return share((len(asked[0] & answered), len(asked[0])), (len(asked[1] & answered), len(asked[1])))


def negative(w: World) -> tuple[list[Row], list[Row]]:
    columns = ("rating__set_aside_at", "state", "opened_at", "closed_at", "replied_at", "called_at", "call_outcome",
               "rerated_at", "rerated_level")  # fmt: skip
    now, before = w.both(NegativeCase, "rating__at", "place_path", *columns)
    return tuple([r for r in rows if r["rating__set_aside_at"] is None] for rows in (now, before))  # type: ignore[return-value]


def last_words(rows: list[Row]) -> list[str]:
    """What each person said last, up to the report; nothing of those who were not reached."""
    found = []
    for row in rows:
        said: list[tuple[datetime, str]] = []
        called, again = known(row, "called_at"), known(row, "rerated_at")
        if called and row["call_outcome"] in ("fixed_satisfied", "fixed_unsatisfied", "not_fixed"):
            said.append((called, row["call_outcome"]))
        if again:
            said.append((again, "not_fixed" if row["rerated_level"] == "unsatisfied" else "fixed_satisfied"))
        found += [max(said)[1]] if said else []
    return found


@figure("negative_reply_rate")
def negative_reply_rate(w: World) -> Said:
    pairs = [
        (sum(known(row, "replied_at") is not None for row in cases), len(given) - good(given))
        for cases, given in zip(negative(w), ratings(w), strict=True)
    ]
    return share(*pairs)


@figure("visit_fix_rate")
def visit_fix_rate(w: World) -> Said:
    words = [last_words(rows) for rows in negative(w)]
    return share(*[(sum(word.startswith("fixed") for word in some), len(some)) for some in words])


@figure("visit_satisfied_rate")
def visit_satisfied_rate(w: World) -> Said:
    words = [[word for word in last_words(rows) if word.startswith("fixed")] for rows in negative(w)]
    return share(*[(some.count("fixed_satisfied"), len(some)) for some in words])


@table("ratings_levels")
def ratings_levels(w: World) -> list[Cells]:
    now, before = ratings(w)
    lines = []
    for code, word in LEVELS.items() if now or before else ():
        n, was = (sum(row["level"] == code for row in rows) for rows in (now, before))
        lines.append((word, n, ratio(n, len(now)), was))
    return lines


@table("ratings_negative")
def ratings_negative(w: World) -> list[Cells]:
    """A step is owed four days after it began, seven for the whole."""
    told = []
    for rows in negative(w):
        still = [row for row in rows if row["state"] != "closed"]
        ended = [row for row in rows if row["state"] == "closed"]
        late = sum(row["opened_at"] + timedelta(days=4) <= MADE for row in still)
        late += sum(row["closed_at"] > row["opened_at"] + timedelta(days=7) for row in ended)
        told.append((len(still), len(ended), late))
    words = ("还没有办结", "已整改", "其中超过时限的")
    return [(word, *pair) for word, *pair in zip(words, *told, strict=True)] if any(map(any, told)) else []


# Complaints ----------------------------------------------------------------------------------------------------------

STEPS = {"accept": "受理", "investigate": "调查", "handle": "处置", "answer": "反馈", "file": "归档"}
KINDS = {"complaint": "投诉", "praise": "表扬", "suggestion": "建议"}


def voices(w: World, kind: str) -> tuple[list[Row], list[Row]]:
    now, before = w.both(Complaint, "made_at", "place_path", "pk", "kind", "area_id")
    return [row for row in now if row["kind"] == kind], [row for row in before if row["kind"] == kind]


def taken(w: World) -> dict[int, dict[str, datetime]]:
    """Complaint → step → when it was taken, up to the report."""
    found: dict[int, dict[str, datetime]] = {}
    for row in w.every(ComplaintStep, "complaint_id", "event", "at"):
        if row["at"] <= MADE:
            found.setdefault(row["complaint_id"], {})[row["event"]] = row["at"]
    return found


def step_counts(w: World, rows: list[Row], step: str) -> Pair:
    """(in time, late): each step has two days more than the one before it, beginning with two."""
    limit, steps = timedelta(days=2 + 2 * list(STEPS).index(step)), taken(w)
    in_time = late = 0
    for row in rows:
        mine, due = steps[row["pk"]], row["made_at"] + limit
        if step in mine:
            in_time, late = in_time + (mine[step] <= due), late + (mine[step] > due)
        elif not {"decline", "file"} & set(mine) and due < MADE:
            late += 1
    return in_time, late


@figure("complaints")
def complaints(w: World) -> Said:
    return counted(*(len(rows) for rows in voices(w, "complaint")))


@figure("praise")
def praise(w: World) -> Said:
    return counted(*(len(rows) for rows in voices(w, "praise")))


@figure("complaints_in_time")
def complaints_in_time(w: World) -> Said:
    pairs = [step_counts(w, rows, "answer") for rows in voices(w, "complaint")]
    return share(*[(in_time, in_time + late) for in_time, late in pairs])


def answer_hours(w: World, rows: list[Row]) -> list[float]:
    steps = taken(w)
    return [(steps[row["pk"]]["answer"] - row["made_at"]) / HOUR for row in rows if "answer" in steps[row["pk"]]]


@figure("complaint_hours")
def complaint_hours(w: World) -> Said:
    now, before = voices(w, "complaint")
    return middle(answer_hours(w, now), answer_hours(w, before))


@table("complaints_areas")
def complaints_areas(w: World) -> list[Cells]:
    steps, lines = taken(w), []
    for area in w.areas:
        for kind, word in KINDS.items():
            mine, was = ([row for row in rows if row["area_id"] == area["pk"]] for rows in voices(w, kind))
            if not mine and not was:
                continue
            ended = [sum(event in steps[row["pk"]] for row in mine) for event in ("file", "decline", "withdraw")]
            waited = answer_hours(w, mine)
            middle_h = median(waited) if waited else None
            lines.append((area["name"], word, len(mine), *ended, len(mine) - sum(ended), middle_h, len(was)))
    return lines


@table("complaints_steps")
def complaints_steps(w: World) -> list[Cells]:
    rows, lines = voices(w, "complaint")[0], []
    for step, word in STEPS.items() if rows else ():
        in_time, late = step_counts(w, rows, step)
        lines.append((word, in_time, late, len(rows) - in_time - late, ratio(in_time, in_time + late)))
    return lines


# Supervision ---------------------------------------------------------------------------------------------------------


@table("visits_kinds")
def visits_kinds(w: World) -> list[Cells]:
    names = {"delegate": "代表、委员视察", "experience": "体验官体验", "unannounced": "暗访"}
    every = w.here(SupervisionVisit, "place_path", "pk", "kind", "state", "handed_at", "well", "failed")
    findings = w.every(SupervisionFinding, "visit_id", "state", "replied_at", "overdue_at", "due_at")
    months = [
        [row for row in of(every, "handed_at", month) if row["state"] == "done"] for month in (OCTOBER, SEPTEMBER)
    ]
    lines = []
    for kind, name in names.items():
        now, before = ([row for row in rows if row["kind"] == kind] for rows in months)
        scores = [100 * r["well"] / (r["well"] + r["failed"]) for r in now if r["well"] + r["failed"]]
        handed = {row["pk"] for row in now}
        mine = [row for row in findings if row["visit_id"] in handed and row["state"] != "dismissed"]
        late = [row for row in mine if known(row, "overdue_at") or (known(row, "replied_at") or MADE) > row["due_at"]]
        in_time = sum(known(row, "replied_at") is not None for row in mine if row not in late)
        if now or before:
            score = sum(scores) / len(scores) if scores else None
            lines.append((name, len(now), score, len(mine), in_time, len(late), len(before)))
    return lines
