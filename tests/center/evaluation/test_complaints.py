"""投诉、表扬、建议: nobody is turned away, five steps each by somebody in time, nothing of a person lies open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from tests.center.evaluation.the_rater import PHONE
from tests.center.hall import Hall

from budayang.center.evaluation import complaint_actions as actions
from budayang.center.evaluation import complaint_jobs as jobs
from budayang.center.evaluation import complaint_queries as queries
from budayang.center.evaluation.complaint_actions import Said
from budayang.center.evaluation.keeping import RETENTION
from budayang.center.evaluation.models import Complaint, ComplaintStep
from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.own_links import own_mark

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TEXT = "周日晚上九点按帮办没有人应"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    cache.clear()


def hand_in(now: datetime, client: str = "192.0.2.1", **more: str) -> Complaint:
    given = {"kind": "complaint", "area": "KBS", "text": TEXT, **more}
    return actions.take_complaint(Said(**given), client=client, now=now)


def test_the_five_steps_with_their_trace(hall: Hall, now: datetime) -> None:
    row, lin = hand_in(now, phone=PHONE), hall.actor("lin")
    # `now` is Tuesday, 24 November 2026, 02:14 in Ordos.
    assert (row.state, row.due_at) == ("received", datetime(2026, 11, 26, 16, tzinfo=UTC))
    for step in ("accept", "investigate", "handle"):
        actions.take_step(lin, row, step, note=f"{step} 做了", now=now + HOUR)
    with pytest.raises(Refused, match="待反馈"):
        actions.take_step(lin, row, "file", note="x", now=now)
    actions.answer(lin, row, text="已安排夜间值守。", now=now + DAY)
    actions.take_step(lin, row, "file", note="本人满意", now=now + 2 * DAY)
    assert (row.state, row.due_at, row.answer) == ("filed", None, "已安排夜间值守。")
    events = list(ComplaintStep.objects.order_by("pk").values_list("event", flat=True))
    assert events == ["made", "accept", "investigate", "handle", "answer", "file"]
    assert Transition.objects.filter(kind="evaluation.complaint_file").count() == 1


def test_nothing_of_the_person_lies_open_and_it_goes_in_time(hall: Hall, now: datetime) -> None:
    row = hand_in(now, phone=PHONE)
    (rule,) = [one for one in RETENTION if one.name == "evaluation.complaints"]
    lying = str([list(model.objects.values()) for model in (AuditLine, Transition, ComplaintStep)])
    assert PHONE not in lying
    assert TEXT not in lying
    assert TEXT.encode() not in bytes(row.words_sealed or b"")
    assert actions.opened(row, "words") == TEXT
    assert actions.show_phone(hall.actor("lin"), row, now) == PHONE
    actions.decline(hall.actor("lin"), row, reason="report", note="已转报修", now=now)
    assert row.erase_at == now + 30 * DAY
    assert rule.erase(rule.due(rule.held(), now + 30 * DAY)) == 1
    row.refresh_from_db()
    assert (actions.opened(row, "words"), row.phone_hint, row.answer) == ("", "", "已转报修")


def test_praise_is_answered_without_an_investigation(hall: Hall, now: datetime) -> None:
    row, lin = hand_in(now, kind="praise"), hall.actor("lin")
    actions.take_step(lin, row, "accept", note="转告", now=now)
    assert row.due_at == actions.limits_of(row).answer
    with pytest.raises(Refused):
        actions.take_step(lin, row, "investigate", note="x", now=now)
    actions.answer(lin, row, text="谢谢您。", now=now)
    assert row.state == "answered"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": ""}, "投诉、表扬还是建议"),
        ({"area": "NONE"}, "哪个自助区"),
        ({"text": " "}, "写明是什么事"),
        ({"phone": "110"}, "11 位数字"),
    ],
)
def test_what_is_refused_says_the_repair(hall: Hall, now: datetime, more: dict[str, str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        hand_in(now, **more)
    assert not Complaint.objects.exists()


def test_beyond_the_limits_it_is_kept_and_waits_for_a_person(hall: Hall, now: datetime) -> None:
    states = [hand_in(now).state for _n in range(6)]
    assert states == ["received"] * 4 + ["held"] * 2
    assert hand_in(now, client="192.0.2.2").state == "received"
    held, lin = Complaint.objects.filter(state="held")[0], hall.actor("lin")
    assert queries.same_words(lin, held).count() == 6, "the same words are seen as such"
    actions.admit(lin, held, now)
    assert held.state == "received"


def test_who_is_complained_of_handles_and_answers_but_does_not_close(hall: Hall, now: datetime) -> None:
    row, ren = hand_in(now, terminal="KBS-01"), hall.actor("ren")
    assert row.owner == hall.bodies["RS"]
    for name in ("shui", "mo", "ning", "ou"):
        with pytest.raises(Forbidden):
            actions.take_step(hall.actor(name), row, "accept", note="x", now=now)
    for step in ("accept", "investigate", "handle"):
        actions.take_step(ren, row, step, note="x", now=now)
    actions.answer(ren, row, text="改了", now=now)
    with pytest.raises(Forbidden):
        actions.take_step(ren, row, "file", note="x", now=now)
    other = hand_in(now, terminal="KBS-01", client="192.0.2.9")
    with pytest.raises(Forbidden):
        actions.decline(ren, other, reason="nothing", note="x", now=now)
    assert not queries.complaints_visible_to(hall.actor("shui")).exists()
    whole = hand_in(now, client="192.0.2.8")
    assert not queries.complaints_visible_to(ren).filter(pk=whole.pk).exists()


def test_a_late_step_is_noted_and_told_once(hall: Hall, now: datetime, zhu: Actor) -> None:
    row = hand_in(now)
    due = row.due_at
    assert due is not None
    assert [jobs.watch(at) for at in (due - HOUR, due, due + HOUR)] == [0, 1, 0]
    jobs.tell(list(Transition.objects.filter(kind="evaluation.complaint_overdue")), due)
    assert {line.staff.username for line in NoticeLine.objects.all() if line.staff} == {"lin", "zhu"}
    row.refresh_from_db()
    actions.take_step(hall.actor("lin"), row, "accept", note="x", now=due + HOUR)
    assert row.look_at == actions.limits_of(row).investigate, "the next clock runs"


def test_the_limit_of_an_address_lasts_an_hour_whatever_the_clock_says(hall: Hall, now: datetime) -> None:
    for _one in range(4):
        assert hand_in(now).state == "received"
    assert hand_in(now + timedelta(minutes=50)).state == "held", "another hour of the clock has begun at 03:00"
    assert hand_in(now + timedelta(minutes=50), client="192.0.2.2").state == "received"
    assert hand_in(now + HOUR).state == "received"


def test_the_person_withdraws_and_what_was_said_goes_at_once(hall: Hall, now: datetime) -> None:
    row = hand_in(now, phone=PHONE)
    assert actions.withdraw("ZZZZ-ZZZZ-ZZZZ", "", now) is None
    with pytest.raises(Refused, match="凭号码只能看"):
        actions.withdraw(row.number, own_mark("report", row.number), now)
    gone = actions.withdraw(row.number, own_mark("complaint", row.number), now)
    assert gone is not None
    row.refresh_from_db()
    assert (row.state, row.words_sealed, row.phone_sealed) == ("withdrawn", None, None)


def test_only_misses_are_counted_against_who_looks(hall: Hall, now: datetime) -> None:
    row = hand_in(now)
    for _n in range(queries.MISSES):
        assert queries.find_progress("ZZZZ-ZZZZ-ZZZZ", "192.0.2.7", now) is None
    with pytest.raises(queries.TooManyLooks):
        queries.find_progress(row.number, "192.0.2.7", now)
    found = queries.find_progress(row.number.lower(), "192.0.2.1", now)
    assert found is not None
    assert [event for _at, event in found.steps] == ["made"]
