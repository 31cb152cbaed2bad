"""Negative ratings in the clauses of chapter 8: clocks, removal, appeal, restoring, through actions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.evaluation.the_rater import PHONE, bad, rate
from tests.center.evaluation.the_visit import adopt, planned
from tests.center.hall import PASSWORD, SYSTEM, Hall, number
from tests.center.standard.the_looks import ZONE, hand_in

from budayang.center.evaluation import integrity_actions as integrity
from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.evaluation import negative_actions as negatives
from budayang.center.evaluation import negative_jobs, supervision_findings
from budayang.center.evaluation.keeping import RETENTION
from budayang.center.evaluation.models import NegativeCase, Rating, RatingFlag, SupervisionVisit
from budayang.center.maintenance import actions as maintenance
from budayang.center.maintenance import hours_actions
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.deliveries import deliver
from budayang.center.platform.models import AuditLine
from budayang.center.standard import actions, jobs
from budayang.center.standard.models import Assessment, ClauseVerdict
from budayang.rules.evaluation import EDITIONS
from budayang.rules.evaluation.negative import SET_ASIDE_REASONS

NOV = date(2026, 11, 1)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def zhu(hall: Hall, now: datetime) -> Actor:
    """The supervisor."""
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password=PASSWORD)
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - DAY)
    hall.staff["zhu"] = person
    return hall.actor("zhu")


def told(hall: Hall, code: str, now: datetime, month: date = NOV) -> tuple[str, float | None, int]:
    """(answer, number, sample) of a clause as it is computed now."""
    made = {one.clause.code: one for one in actions.assess_many([hall.area.place], month, now)}
    return made[code].answer, made[code].number, made[code].sample


def contact(hall: Hall, case: NegativeCase, at: datetime) -> None:
    outcome = "reached" if case.phone_sealed else "no_phone"
    negatives.contact(hall.actor("ren"), case, outcome=outcome, note="缺纸", now=at)


def fix(hall: Hall, case: NegativeCase, at: datetime) -> None:
    negatives.fix(hall.actor("ren"), case, outcome="fixed", note="加纸", reply="已加纸。", now=at)


def test_what_was_put_right_in_time_is_in_time_however_long_the_person_is_waited_for(hall: Hall, now: datetime) -> None:
    case = bad(hall, 1, now)
    assert told(hall, "PJ-08", now + HOUR) == ("no_evidence", None, 0)
    contact(hall, case, now + HOUR)
    fix(hall, case, now + 3 * DAY)
    assert case.close_due_at is not None
    negatives.call_back(hall.actor("ren"), case, outcome="no_phone", note="", now=now + 3 * DAY + HOUR)
    assert told(hall, "PJ-08", now + 4 * DAY) == ("met", 1, 1)
    assert case.rerate_until is not None
    negative_jobs.watch(case.rerate_until)
    case.refresh_from_db()
    assert case.closed_at is not None
    assert case.closed_at > case.close_due_at, "it is closed long after, because the person might have said something"
    assert told(hall, "PJ-08", case.closed_at) == ("met", 1, 1)


def test_steps_taken_late_or_not_at_all(hall: Hall, now: datetime) -> None:
    late, never, sent_back = bad(hall, 1, now), bad(hall, 2, now), bad(hall, 3, now, phone=PHONE)
    contact(hall, late, late.verify_due_at + HOUR)
    contact(hall, sent_back, now + HOUR)
    fix(hall, late, late.close_due_at + HOUR)
    fix(hall, sent_back, now + 2 * HOUR)
    assert told(hall, "PJ-07", late.verify_due_at + 2 * HOUR) == ("not_met", pytest.approx(1 / 3), 3)
    first_due = never.close_due_at
    assert told(hall, "PJ-08", first_due + 2 * HOUR) == ("not_met", pytest.approx(1 / 3), 3)
    negatives.call_back(hall.actor("lin"), sent_back, outcome="not_fixed", note="还是没有纸", now=first_due + 2 * HOUR)
    assert told(hall, "PJ-08", first_due + 3 * HOUR) == ("not_met", 0, 2), "sent back, its new clock still runs"
    assert told(hall, "PJ-08", sent_back.close_due_at + HOUR) == ("not_met", 0, 3)


def test_deleting_numbers_changes_no_verdict(hall: Hall, now: datetime) -> None:
    """PJ-09: whoever left a number was called or not, also after the number is gone as it has to be."""
    (rule,) = [one for one in RETENTION if one.name == "evaluation.negative"]
    called, again, never = (bad(hall, counter, now, phone=PHONE) for counter in (1, 2, 3))
    for case in (called, again, never):
        contact(hall, case, now + HOUR)
        fix(hall, case, now + 2 * HOUR)
    negatives.call_back(hall.actor("lin"), called, outcome="fixed_satisfied", note="", now=now + 3 * HOUR)
    negatives.rerate(again, level="satisfied", now=now + 3 * HOUR)
    assert never.call_due_at is not None
    overdue = never.call_due_at + HOUR
    assert told(hall, "PJ-09", overdue) == ("not_met", pytest.approx(2 / 3), 3)
    assert called.rerate_until is not None
    negative_jobs.watch(called.rerate_until)
    later = called.rerate_until + 8 * DAY
    assert rule.erase(rule.due(rule.held(), later)) == 2
    assert told(hall, "PJ-09", later) == ("not_met", pytest.approx(2 / 3), 3)
    last = now + 61 * DAY
    assert rule.erase(rule.due(rule.held(), last)) == 1
    assert told(hall, "PJ-09", last) == ("not_met", pytest.approx(2 / 3), 3)
    never.refresh_from_db()
    negatives.call_back(hall.actor("lin"), never, outcome="phone_gone", note="", now=last)
    assert told(hall, "PJ-09", last) == ("not_met", pytest.approx(2 / 3), 3), "an answer in public is no call"


def test_what_was_removed_counts_in_no_clause(hall: Hall, now: datetime, zhu: Actor) -> None:
    kept, removed = bad(hall, 1, now), bad(hall, 2, now)
    contact(hall, kept, now + HOUR)
    negatives.set_aside_rating(zhu, removed.rating, reason="mistaken", note="有录像", now=now + HOUR)
    assert told(hall, "PJ-03", now + 9 * DAY) == ("met", 1, 1)
    assert told(hall, "PJ-06", now + 9 * DAY) == ("met", 1, 1)
    assert told(hall, "PJ-07", now + 9 * DAY) == ("met", 1, 1)


@pytest.mark.parametrize("by_flag", [False, True])
@pytest.mark.parametrize("reason", SET_ASIDE_REASONS)
def test_what_was_forced_is_said_by_the_reason_and_not_by_the_door(
    hall: Hall, now: datetime, zhu: Actor, reason: str, by_flag: bool
) -> None:
    """PJ-04: only 代评, 强迫 and 刷评 are found to be such, whether a flag led there or the rating's own page."""
    rate(hall, 1, "very_satisfied", now)
    integrity.look(now + 2 * HOUR)
    flag = RatingFlag.objects.get()
    assert told(hall, "PJ-04", now + 2 * HOUR)[0] == "no_evidence", "somebody has to look at it"
    if by_flag:
        integrity.judge_set_aside(zhu, flag, reason=reason, note="核对过", now=now + 3 * HOUR)
    else:
        negatives.set_aside_rating(zhu, flag.rating, reason=reason, note="核对过", now=now + 3 * HOUR)
    flag.refresh_from_db()
    assert (flag.state, flag.note, flag.judged_by) == ("set_aside", "核对过", "测试主管")
    forced = reason in ("staff", "forced", "bulk")
    assert told(hall, "PJ-04", now + 3 * HOUR)[:2] == (("not_met", 1) if forced else ("met", 0))
    integrity.flag_second(flag.rating, "satisfied", [], EDITIONS[-1], now + 3 * HOUR)
    answer = "not_met" if forced else "met"
    assert told(hall, "PJ-04", now + 3 * HOUR)[0] == answer, "what is removed waits for nobody"


def test_an_upheld_appeal_ends_the_flags_too(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now)
    integrity.look(now + 2 * HOUR)
    negatives.appeal(hall.actor("ren"), case, reason="mistaken", note="点错了", now=now + HOUR)
    negatives.decide_appeal(zhu, case, uphold=True, note="录像里点错了", now=now + 3 * HOUR)
    assert RatingFlag.objects.get().state == "set_aside"
    assert AuditLine.objects.filter(action="evaluation.flag_set_aside").count() == 1
    assert told(hall, "PJ-04", now + 3 * HOUR)[0] == "met"


def test_an_appeal_that_runs_is_not_judged_and_an_upheld_one_never(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now)
    negatives.appeal(hall.actor("ren"), case, reason="mistaken", note="点错了", now=now + HOUR)
    later = case.close_due_at + DAY
    assert told(hall, "PJ-03", later) == ("met", 1, 1), "it counts until it is decided"
    assert [told(hall, code, later)[0] for code in ("PJ-07", "PJ-08")] == ["no_evidence"] * 2
    negatives.decide_appeal(zhu, case, uphold=True, note="录像里点错了", now=later)
    assert [told(hall, code, later)[0] for code in ("PJ-03", "PJ-07", "PJ-08")] == ["no_evidence"] * 3
    assert told(hall, "PJ-10", later)[0] == "met"


def test_a_refused_appeal_gives_its_time_back(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now)
    negatives.appeal(hall.actor("ren"), case, reason="mistaken", note="点错了", now=now + HOUR)
    negatives.decide_appeal(zhu, case, uphold=False, note="没有点错", now=now + 3 * DAY)
    assert case.verify_due_at > now + 3 * DAY
    assert told(hall, "PJ-07", now + 3 * DAY + HOUR)[0] == "no_evidence"
    contact(hall, case, case.verify_due_at - HOUR)
    assert told(hall, "PJ-07", case.verify_due_at) == ("met", 1, 1)


def test_a_restored_case_begins_again(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now)
    contact(hall, case, case.verify_due_at + HOUR)
    again = case.verify_due_at + 2 * HOUR
    assert told(hall, "PJ-07", again)[0] == "not_met"
    negatives.set_aside_rating(zhu, case.rating, reason="mistaken", note="x", now=again)
    rating = negatives.restore_rating(zhu, Rating.objects.get(), note="看错了", now=again + HOUR)
    case = NegativeCase.objects.get(rating=rating)
    assert told(hall, "PJ-07", again + 2 * HOUR)[0] == "no_evidence", "the late step was of its former life"
    contact(hall, case, again + 2 * HOUR)
    assert told(hall, "PJ-07", again + 3 * HOUR) == ("met", 1, 1)


def test_a_terminal_that_offers_other_levels_is_not_met(hall: Hall, now: datetime) -> None:
    """PJ-02, through the terminals' door: nobody types anything in, and the month follows."""
    hall.inbox(hall.terminal, "rating", {"number": number(1), "level": "very_satisfied"}, now, now)
    evaluation_jobs.read_inbox(now)
    assert told(hall, "PJ-02", now + MINUTE) == ("met", 1, 1)
    listen(now + MINUTE)
    hall.inbox(hall.terminal, "rating", {"number": number(2), "level": "good"}, now + HOUR, now + HOUR)
    evaluation_jobs.read_inbox(now + HOUR)
    assert listen(now + HOUR) == ["2026-11"]
    assert told(hall, "PJ-02", now + 2 * HOUR) == ("not_met", 0.5, 2)
    assert told(hall, "PJ-15", now + 2 * HOUR) == ("met", 1, 1), "it is in no other figure"
    shown = ClauseVerdict.objects.get(clause__code="PJ-02", place=hall.area.place)
    assert shown.evidence[0]["ref"] == f"refused_rating:{number(2)}"
    assert "“good”不是五级之一" in shown.evidence[0]["text"]


def test_visits_from_above_answer_for_a_quarter(hall: Hall, now: datetime, zhu: Actor) -> None:
    """PJ-21: nobody was sent; an officer of the public is nobody from above; planned and not made; made and scored."""
    adopt(hall, now, date(2026, 11, 24))

    def plan(kind: str, at: datetime) -> SupervisionVisit:
        row, _token = planned(zhu, hall, at, at.astimezone(ZONE).date(), kind)
        return row

    hand_in(plan("experience", now), now + HOUR)
    assert told(hall, "PJ-21", now + 2 * HOUR)[0] == "no_evidence"
    plan("unannounced", now + 2 * HOUR)
    listen(now + 2 * HOUR)
    missed_at = now + 4 * DAY
    supervision_findings.watch(missed_at)
    assert listen(missed_at) == []
    assert told(hall, "PJ-21", missed_at)[0] == "no_evidence", "nobody of the area learns of it"
    plan("inspection", missed_at)
    supervision_findings.watch(missed_at + 5 * DAY)
    assert "2026-12" in listen(missed_at + 5 * DAY)
    december = date(2026, 12, 1)
    assert told(hall, "PJ-21", missed_at + 6 * DAY, december) == ("not_met", 0, 1)
    came = hand_in(plan("unannounced", missed_at + 6 * DAY), missed_at + 6 * DAY)
    assert listen(missed_at + 6 * DAY) == ["2026-12"]
    assert told(hall, "PJ-21", missed_at + 7 * DAY, december) == ("met", 1, 2)
    shown = ClauseVerdict.objects.get(clause__code="PJ-21", place=hall.area.place, period_end__gt=missed_at + 3 * DAY)
    assert [one["ref"] for one in shown.evidence] == [f"supervision:{came.number}", shown.evidence[1]["ref"]]
    spring = datetime(2027, 4, 15, tzinfo=UTC)
    assert told(hall, "PJ-21", spring, date(2027, 4, 1))[0] == "no_evidence", "a quarter later it is forgotten"


def months_marked() -> list[str]:
    rows = Assessment.objects.filter(dirty_at__isnull=False, place__name="康巴什区自助区")
    return [f"{one:%Y-%m}" for one in rows.order_by("month").values_list("month", flat=True)]


def listen(now: datetime) -> list[str]:
    """What the news so far marks: the worker's turn, after which nothing else is marked."""
    Assessment.objects.update(dirty_at=None)
    while deliver(jobs.CONSUMERS[0], now):
        pass
    return months_marked()


def test_a_clock_that_ends_in_the_next_month_is_judged_in_its_own(hall: Hall) -> None:
    given = datetime(2026, 11, 30, 12, tzinfo=UTC)  # 20:00 of the last evening of November
    case = bad(hall, 1, given)
    listen(given + MINUTE)
    after = datetime(2026, 11, 30, 16, tzinfo=UTC) + MINUTE
    assert told(hall, "PJ-07", after)[0] == "no_evidence", "the month is over, the clock is not"
    listen(after)
    assert case.look_at is not None
    for _look in range(2):  # the warning, and the end
        case.refresh_from_db()
        assert case.look_at is not None
        negative_jobs.watch(case.look_at)
    assert listen(case.verify_due_at + MINUTE) == ["2026-11", "2026-12"]
    assert told(hall, "PJ-07", case.verify_due_at + MINUTE) == ("not_met", 0, 1)


def test_an_order_of_the_last_evening_is_judged_in_its_own_month(hall: Hall) -> None:
    opened = datetime(2026, 11, 30, 15, 50, tzinfo=UTC)  # 23:50
    hall.tell(hall.terminal, "printer", "paper.upper", "out", opened, opened)
    order = WorkOrder.objects.get()
    listen(opened + 20 * MINUTE)
    maintenance.accept_order(hall.actor("ren"), order, now=opened + 25 * MINUTE)
    assert listen(opened + 26 * MINUTE) == ["2026-11", "2026-12"]
    assert told(hall, "WH-15", opened + 26 * MINUTE) == ("met", 1, 1)


def test_the_month_before_is_computed_daily_until_the_next_one_is_over(hall: Hall) -> None:
    first = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
    for month in (NOV, date(2026, 12, 1)):
        actions.assess_many([hall.area.place], month, first)
    Assessment.objects.update(dirty_at=None)
    days = []
    for hours in (1, 23, 25, 26, 50):
        jobs.keep_fresh(first + hours * HOUR)
        days.append("2026-11" in months_marked())
        actions.recompute(first + hours * HOUR)
    assert days == [False, False, True, False, True]
    jobs.keep_fresh(datetime(2027, 1, 1, tzinfo=UTC))
    assert "2026-11" not in months_marked(), "two months later only news changes it"


def test_removing_and_restoring_marks_the_month_of_the_rating(hall: Hall, now: datetime, zhu: Actor) -> None:
    for counter in range(5):
        rate(hall, counter + 1, "very_satisfied", now + counter * HOUR)
    bad(hall, 6, now)
    assert told(hall, "PJ-15", now + DAY) == ("not_met", pytest.approx(5 / 6), 6)
    listen(now + DAY)
    december = datetime(2026, 12, 15, tzinfo=UTC)
    negatives.set_aside_rating(
        zhu, Rating.objects.get(case_number=number(6)), reason="trial", note="试机", now=december
    )
    assert listen(december) == ["2026-11", "2026-12"]
    actions.recompute(december)
    assert told(hall, "PJ-15", december) == ("met", 1, 5)
    good = Rating.objects.get(case_number=number(1))
    negatives.set_aside_rating(zhu, good, reason="staff", note="代评", now=december)
    assert listen(december) == ["2026-11", "2026-12"]
    assert told(hall, "PJ-15", december) == ("met", 1, 4)
    negatives.restore_rating(zhu, good, note="看错了", now=december + HOUR)
    assert listen(december + HOUR) == ["2026-11", "2026-12"]
    assert told(hall, "PJ-15", december + HOUR) == ("met", 1, 5)


def close_day(hall: Hall, on: date, now: datetime) -> None:
    ids = [hall.terminal.pk, hall.other.pk]
    hours_actions.compute_days(ids, on, hall.area.place.zone, now, reason="")


def test_scores_of_owner_units_are_of_the_months_own_days(hall: Hall) -> None:
    """PJ-20: a closed day of the month before is none of this month."""
    first = datetime(2026, 11, 30, 16, tzinfo=UTC)  # midnight in Ordos
    close_day(hall, date(2026, 11, 30), first + 6 * HOUR)
    december = date(2026, 12, 1)
    assert told(hall, "PJ-20", first + 7 * HOUR, december) == ("not_met", 0, 2)
    close_day(hall, december, first + 30 * HOUR)
    assert told(hall, "PJ-20", first + 31 * HOUR, december) == ("met", 1, 2)
