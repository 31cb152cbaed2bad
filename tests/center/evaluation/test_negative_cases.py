"""差评 from the rating to its end: every step by somebody, with words and a clock; nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.center.evaluation.the_rater import PHONE, bad, counted, rate
from tests.center.hall import Hall, number

from budayang.center.evaluation import integrity_actions as integrity
from budayang.center.evaluation import negative_actions as actions
from budayang.center.evaluation import negative_jobs as jobs
from budayang.center.evaluation import queries
from budayang.center.evaluation.keeping import RETENTION
from budayang.center.evaluation.models import NegativeCase, NegativeStep, Rating, RatingFlag
from budayang.center.maintenance.models import NoticeLine, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine, Transition

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def fixed(hall: Hall, case: NegativeCase, now: datetime) -> NegativeCase:
    """Contacted and put right by the owner unit."""
    ren = hall.actor("ren")
    outcome = "reached" if case.phone_sealed else "no_phone"
    actions.contact(ren, case, outcome=outcome, note="打印机缺纸 20 分钟", now=now + MINUTE)
    return actions.fix(
        ren, case, outcome="fixed", note="已增加备纸", reply="已加备纸，谢谢提醒。", now=now + 2 * MINUTE
    )


def events(case: NegativeCase) -> list[str]:
    return list(NegativeStep.objects.filter(case=case).order_by("pk").values_list("event", flat=True))


def test_the_whole_way_with_a_phone_number(hall: Hall, now: datetime) -> None:
    case = fixed(hall, bad(hall, 1, now, phone=PHONE), now)
    assert (case.state, case.reply) == ("fixed", "已加备纸，谢谢提醒。")
    lin = hall.actor("lin")
    assert actions.show_phone(lin, case, now) == PHONE
    actions.call_back(lin, case, outcome="fixed_satisfied", note="", now=now + HOUR)
    assert (case.state, case.due_at, case.look_at) == ("called_back", None, case.rerate_until)
    actions.rerate(case, level="satisfied", now=now + 2 * HOUR)
    assert (case.state, case.closed_at) == ("closed", now + 2 * HOUR)
    assert events(case) == ["opened", "contact", "fix", "phone", "call_back", "rerate_good"]
    assert AuditLine.objects.filter(action__startswith="evaluation.negative_").count() == 6
    assert Transition.objects.filter(kind="evaluation.negative_fix").count() == 1
    assert PHONE not in str(list(AuditLine.objects.values())) + str(list(NegativeStep.objects.values()))


def test_steps_want_words_a_result_and_their_turn(hall: Hall, now: datetime) -> None:
    ren, case = hall.actor("ren"), bad(hall, 1, now)
    with pytest.raises(Refused, match="待联系核实"):
        actions.fix(ren, case, outcome="fixed", note="x", reply="y", now=now)
    with pytest.raises(Refused, match="写明"):
        actions.contact(ren, case, outcome="no_phone", note=" ", now=now)
    with pytest.raises(Refused, match="选择结果"):
        actions.contact(ren, case, outcome="", note="x", now=now)
    with pytest.raises(Refused, match="没有留电话"):
        actions.contact(ren, case, outcome="reached", note="x", now=now)
    actions.contact(ren, case, outcome="no_phone", note="x", now=now)
    with pytest.raises(Refused, match="评价人看的答复"):
        actions.fix(ren, case, outcome="fixed", note="x", reply="", now=now)


def test_of_two_people_the_first_one_counts(hall: Hall, now: datetime) -> None:
    mine = bad(hall, 1, now)
    yours = NegativeCase.objects.select_related("rating").get(pk=mine.pk)
    actions.contact(hall.actor("ren"), mine, outcome="no_phone", note="x", now=now)
    with pytest.raises(Refused, match="别人"):
        actions.contact(hall.actor("lin"), yours, outcome="no_phone", note="y", now=now)


@pytest.mark.parametrize("name", ["shui", "mo", "ning", "ou", "sys"])
def test_strangers_do_not_handle_it(hall: Hall, now: datetime, name: str) -> None:
    case = bad(hall, 1, now)
    with pytest.raises(Forbidden):
        actions.contact(hall.actor(name), case, outcome="no_phone", note="x", now=now)
    with pytest.raises(Forbidden):
        actions.show_phone(hall.actor(name), case, now)


def test_the_clocks_are_the_editions_working_days(hall: Hall, now: datetime) -> None:
    # `now` is Tuesday, 24 November 2026, 02:14 in Ordos.
    case = bad(hall, 1, now)
    assert case.due_at == case.verify_due_at == datetime(2026, 11, 25, 16, tzinfo=UTC), "end of Wednesday"
    fixed(hall, case, now)
    assert case.due_at == case.call_due_at == datetime(2026, 11, 27, 16, tzinfo=UTC), "three working days"
    assert case.rerate_until == now + 2 * MINUTE + 7 * DAY


def test_who_cannot_be_reached_is_tried_three_times(hall: Hall, now: datetime) -> None:
    case, lin = fixed(hall, bad(hall, 1, now, phone=PHONE), now), hall.actor("lin")
    due = case.due_at
    for hour in (1, 2):
        actions.call_back(lin, case, outcome="unreached", note="", now=now + hour * HOUR)
        assert (case.state, case.due_at) == ("fixed", due), "a call without an answer moves no clock"
    actions.call_back(lin, case, outcome="unreached", note="", now=now + 3 * HOUR)
    assert (case.state, case.call_tries) == ("called_back", 3)


def test_not_put_right_goes_back_with_a_new_clock(hall: Hall, now: datetime) -> None:
    case, lin = fixed(hall, bad(hall, 1, now, phone=PHONE), now), hall.actor("lin")
    with pytest.raises(Refused, match="本人说了什么"):
        actions.call_back(lin, case, outcome="not_fixed", note="", now=now + DAY)
    actions.call_back(lin, case, outcome="not_fixed", note="还是没有纸", now=now + DAY)
    assert (case.state, case.due_at) == ("verified", datetime(2026, 12, 2, 16, tzinfo=UTC))


def test_a_bad_rerating_goes_back_once_and_then_time_closes_it(hall: Hall, now: datetime) -> None:
    case, ren = fixed(hall, bad(hall, 1, now), now), hall.actor("ren")
    actions.rerate(case, level="unsatisfied", now=now + HOUR)
    assert case.state == "verified"
    actions.fix(ren, case, outcome="fixed", note="又加了", reply="又加了一包。", now=now + 2 * HOUR)
    with pytest.raises(Refused, match="只能再评价一次"):
        actions.rerate(case, level="satisfied", now=now + 3 * HOUR)
    actions.call_back(ren, case, outcome="no_phone", note="", now=now + 3 * HOUR)
    assert case.state == "closed", "nothing is left to wait for"


def test_a_case_without_a_rerating_is_closed_when_its_time_is_over(hall: Hall, now: datetime) -> None:
    case = fixed(hall, bad(hall, 1, now), now)
    actions.call_back(hall.actor("ren"), case, outcome="no_phone", note="", now=now + HOUR)
    assert case.rerate_until is not None
    assert jobs.watch(case.rerate_until - MINUTE) == 0
    assert jobs.watch(case.rerate_until) == 1
    case.refresh_from_db()
    assert (case.state, case.closed_at, events(case)[-1]) == ("closed", case.rerate_until, "lapse")
    with pytest.raises(Refused):
        actions.rerate(case, level="satisfied", now=now + 9 * DAY)


def test_a_clock_warns_then_tells_that_it_is_late_each_once(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now)
    due = case.verify_due_at
    told: list[tuple[str, int]] = []
    for at in (due - 5 * HOUR, due - 4 * HOUR, due - HOUR, due, due + HOUR):
        told.append((f"{(at - due).total_seconds() / 3600:g}", jobs.watch(at)))
    assert told == [("-5", 0), ("-4", 1), ("-1", 0), ("0", 1), ("1", 0)]
    assert events(case) == ["opened", "warned", "overdue"]
    news = list(Transition.objects.filter(kind__in=("evaluation.negative_warned", "evaluation.negative_overdue")))
    jobs.tell(news[:1], due - 4 * HOUR)
    assert {line.staff.username for line in NoticeLine.objects.all() if line.staff} == {"ren", "lin"}
    jobs.tell(news[1:], due)
    late = NoticeLine.objects.filter(topic__endswith="late")
    assert {line.staff.username for line in late if line.staff} == {"ren", "lin", "zhu"}
    assert "联系核实已超时" in str(late[0].facts)
    actions.contact(hall.actor("ren"), case_now(case), outcome="no_phone", note="x", now=due + HOUR)
    assert counted(now - DAY, now + DAY, "/", due + HOUR).negative_late == 1, "late stays late"


def case_now(case: NegativeCase) -> NegativeCase:
    return NegativeCase.objects.select_related("rating__terminal__area").get(pk=case.pk)


def test_nobody_is_told_of_a_clock_that_was_met_meanwhile(hall: Hall, now: datetime) -> None:
    case = bad(hall, 1, now)
    jobs.watch(case.verify_due_at)
    actions.contact(hall.actor("ren"), case_now(case), outcome="no_phone", note="x", now=case.verify_due_at)
    jobs.tell(list(Transition.objects.filter(kind="evaluation.negative_overdue")), case.verify_due_at)
    assert not NoticeLine.objects.exists()


def test_an_appeal_that_is_upheld_removes_the_rating_with_its_trace(hall: Hall, now: datetime, zhu: Actor) -> None:
    rate(hall, 2, "satisfied", now)
    case, ren = bad(hall, 1, now), hall.actor("ren")
    assert counted(now - DAY, now + DAY, "/", now).satisfied_rate == 0.5
    actions.appeal(ren, case, reason="mistaken", note="本人当面说点错了", now=now + HOUR)
    assert (case.state, case.due_at) == ("open_appealed", case.decide_due_at)
    for name in ("ren", "lin"):
        with pytest.raises(Forbidden):
            actions.decide_appeal(hall.actor(name), case, uphold=True, note="x", now=now)
    with pytest.raises(Refused, match="裁定的理由"):
        actions.decide_appeal(zhu, case, uphold=True, note="", now=now)
    actions.decide_appeal(zhu, case, uphold=True, note="录像核对一致", now=now + 2 * HOUR)
    rating = Rating.objects.get(case_number=number(1))
    assert case.state == "removed"
    assert (rating.set_aside_for, rating.set_aside_by, rating.set_aside_at) == ("mistaken", zhu.label, now + 2 * HOUR)
    assert rating.set_aside_note == "录像核对一致"
    counts = counted(now - DAY, now + DAY, "/", now)
    assert (counts.satisfied_rate, counts.negative, counts.set_aside) == (1.0, 0, 1)
    assert queries.ratings_visible_to(ren).filter(case_number=number(1)).exists(), "it stays to be seen"
    actions.restore_rating(zhu, rating, note="又有新的材料", now=now + DAY)
    assert case_now(case).state == "open"
    assert counted(now - DAY, now + DAY, "/", now).negative == 1


def test_an_appeal_that_is_refused_gives_its_time_back_and_is_not_repeated(
    hall: Hall, now: datetime, zhu: Actor
) -> None:
    case, ren = bad(hall, 1, now), hall.actor("ren")
    due = case.verify_due_at
    actions.appeal(ren, case, reason="malicious", note="x", now=now + HOUR)
    actions.decide_appeal(zhu, case, uphold=False, note="没有依据", now=now + 6 * HOUR)
    assert (case.state, case.verify_due_at, case.due_at) == ("open", due + 5 * HOUR, due + 5 * HOUR)
    with pytest.raises(Refused, match="只能申诉一次"):
        actions.appeal(ren, case, reason="malicious", note="x", now=now + 7 * HOUR)


def test_an_appeal_is_the_owner_units_and_in_time(hall: Hall, now: datetime) -> None:
    case = bad(hall, 1, now)
    for name in ("lin", "shui", "mo"):
        with pytest.raises(Forbidden):
            actions.appeal(hall.actor(name), case, reason="mistaken", note="x", now=now)
    assert case.appeal_until is not None
    with pytest.raises(Refused, match="期限"):
        actions.appeal(hall.actor("ren"), case, reason="mistaken", note="x", now=case.appeal_until)


def test_any_rating_may_be_set_aside_by_the_supervisor_only(hall: Hall, now: datetime, zhu: Actor) -> None:
    rating = rate(hall, 1, "very_satisfied", now)
    with pytest.raises(Forbidden):
        actions.set_aside_rating(hall.actor("ren"), rating, reason="staff", note="x", now=now)
    with pytest.raises(Refused, match="选择"):
        actions.set_aside_rating(zhu, rating, reason="because", note="x", now=now)
    actions.set_aside_rating(zhu, rating, reason="staff", note="录像可见", now=now)
    with pytest.raises(Refused, match="已经剔除"):
        actions.set_aside_rating(zhu, rating, reason="staff", note="x", now=now)
    assert counted(now - DAY, now + DAY, "/", now).satisfied_rate is None, "no rating is not a rate of zero"


def test_one_order_of_the_terminal_because_of_it(hall: Hall, now: datetime) -> None:
    case, lin = bad(hall, 1, now), hall.actor("lin")
    actions.open_order(lin, case, now=now + MINUTE)
    order = WorkOrder.objects.get()
    assert case.order_id == order.pk
    assert (order.organization, order.incident.kind) == (hall.bodies["RS"], "negative_rating")
    assert order.incident.subject == f"terminal:KBS-01/negative_rating:{number(1)}"
    assert "没有打出来或打印不清" in order.incident.title
    with pytest.raises(Refused, match="已经派了"):
        actions.open_order(lin, case, now=now + 2 * MINUTE)
    assert events(case) == ["opened", "order"]


def test_the_number_goes_with_its_time(hall: Hall, now: datetime) -> None:
    (rule,) = [one for one in RETENTION if one.name == "evaluation.negative"]
    case = bad(hall, 1, now, phone=PHONE)
    assert (case.phone_hint, case.erase_at) == ("139****1234", now + 60 * DAY)
    assert PHONE.encode() not in bytes(case.phone_sealed or b"")
    fixed(hall, case, now)
    actions.rerate(case, level="satisfied", now=now + DAY)
    assert case.erase_at == now + 8 * DAY
    assert not rule.due(rule.held(), now + 8 * DAY - MINUTE)
    assert rule.erase(rule.due(rule.held(), now + 8 * DAY)) == 1
    case.refresh_from_db()
    assert (case.phone_sealed, case.phone_hint) == (None, "")


def test_a_number_that_was_left_and_deleted_is_not_told_as_never_left(hall: Hall, now: datetime) -> None:
    case, lin = bad(hall, 1, now, phone=PHONE), hall.actor("lin")
    with pytest.raises(Refused, match="本人留了电话"):
        actions.contact(lin, case, outcome="no_phone", note="x", now=now)
    with pytest.raises(Refused, match="本人留了电话"):
        actions.contact(lin, case, outcome="phone_gone", note="x", now=now)
    (rule,) = [one for one in RETENTION if one.name == "evaluation.negative"]
    late = now + 60 * DAY
    assert rule.erase(rule.due(rule.held(), late)) == 1
    case.refresh_from_db()
    for outcome in ("reached", "no_phone"):
        with pytest.raises(Refused, match="留过电话，号码已按期删除"):
            actions.contact(lin, case, outcome=outcome, note="x", now=late)
    actions.contact(lin, case, outcome="phone_gone", note="x", now=late)
    actions.fix(lin, case, outcome="fixed", note="x", reply="已加纸。", now=late)
    for outcome in ("unreached", "no_phone", "fixed_satisfied"):
        with pytest.raises(Refused, match="留过电话，号码已按期删除"):
            actions.call_back(lin, case, outcome=outcome, note="", now=late)
    actions.call_back(lin, case, outcome="phone_gone", note="", now=late)
    assert case.state == "called_back"


def test_of_whoever_left_no_number_none_was_deleted(hall: Hall, now: datetime) -> None:
    case = bad(hall, 1, now)
    with pytest.raises(Refused, match="没有留电话"):
        actions.contact(hall.actor("lin"), case, outcome="phone_gone", note="x", now=now)


def test_a_good_rating_keeps_no_number(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now, phone=PHONE)
    assert not NegativeCase.objects.exists()


def test_what_was_removed_and_counts_again_has_no_former_life(hall: Hall, now: datetime, zhu: Actor) -> None:
    case = bad(hall, 1, now, phone=PHONE)
    ren, lin = hall.actor("ren"), hall.actor("lin")
    actions.contact(ren, case, outcome="reached", note="x", now=case.verify_due_at + HOUR)
    late = case.verify_due_at + 2 * HOUR
    actions.fix(ren, case, outcome="fixed", note="x", reply="旧的答复", now=late)
    actions.call_back(lin, case, outcome="not_fixed", note="没有", now=late + HOUR)
    actions.appeal(ren, case, reason="mistaken", note="x", now=late + 2 * HOUR)
    actions.decide_appeal(zhu, case, uphold=False, note="x", now=late + 3 * HOUR)
    actions.fix(ren, case, outcome="fixed", note="x", reply="旧的答复", now=late + 4 * HOUR)
    actions.rerate(case, level="unsatisfied", now=late + 5 * HOUR)
    flag = RatingFlag.objects.create(
        rating=case.rating, kind="burst", why="x", place_path=case.place_path, found_at=late
    )
    gone = late + DAY
    integrity.judge_set_aside(zhu, flag, reason="mistaken", note="x", now=gone)
    case.refresh_from_db()
    assert case.erase_at == gone + 7 * DAY
    actions.restore_rating(zhu, Rating.objects.get(), note="看错了", now=gone + HOUR)
    case = NegativeCase.objects.select_related("rating__terminal__area").get()
    assert (case.state, case.reply, case.call_outcome, case.rerated_level, case.call_tries) == ("open", "", "", "", 0)
    moments = ("verified_at", "fixed_at", "replied_at", "called_at", "rerated_at", "appealed_at", "rerate_until")
    assert [getattr(case, name) for name in moments] == [None] * 7
    assert case.erase_at == case.opened_at + 60 * DAY, "the number is needed again, and goes when it was promised"
    flag.refresh_from_db()
    assert (flag.state, flag.judged_at, flag.judged_by) == ("open", None, "")
    assert counted(now - DAY, now + DAY, "/", gone + 2 * HOUR).negative_late == 0, "its old steps are no more"
    actions.appeal(ren, case, reason="mistaken", note="x", now=gone + 2 * HOUR)
    actions.decide_appeal(zhu, case, uphold=False, note="x", now=gone + 3 * HOUR)
    fixed(hall, case, gone + 4 * HOUR)
    actions.rerate(case, level="satisfied", now=gone + 5 * HOUR)
    assert case.state == "closed"
    integrity.judge_genuine(zhu, flag, note="是真的", now=gone + 6 * HOUR)


def test_two_who_called_in_vain_at_once_are_two_tries(hall: Hall, now: datetime) -> None:
    mine, lin = fixed(hall, bad(hall, 1, now, phone=PHONE), now), hall.actor("lin")
    yours = NegativeCase.objects.select_related("rating__terminal__area").get(pk=mine.pk)
    actions.call_back(lin, mine, outcome="unreached", note="", now=now + HOUR)
    with pytest.raises(Refused, match="别人"):
        actions.call_back(lin, yours, outcome="unreached", note="", now=now + HOUR)
    yours.refresh_from_db()
    actions.call_back(lin, yours, outcome="unreached", note="", now=now + HOUR)
    assert (yours.state, yours.call_tries, events(yours).count("try_again")) == ("fixed", 2, 2)
