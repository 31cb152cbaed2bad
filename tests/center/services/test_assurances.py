"""出门前保障: the machine is tried before the hour, the person is told where else, and nothing of them stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.services_cast import ALL_WEEK, beat

from budayang.center.areas import actions as areas
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.services import actions, assurance_actions, assurance_queries, jobs, keeping
from budayang.center.services.models import Offering, Probe, Promise, Trip
from budayang.center.terminals.models import Terminal
from budayang.rules.promises import STAYS, checks_left, hour_problem, next_look

SYSTEM = Actor.system()
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PHONE = "13900001234"
ME = "hash-of-an-address"


def make(now: datetime, *, at: datetime | None = None, phone: str = "", client: str = ME) -> Promise:
    return assurance_actions.make_promise("ZZ001", "KBS-01", at or now + 3 * HOUR, phone=phone, client=client, now=now)


def end_probe(state: str, now: datetime, text: str = "") -> None:
    """The try under way ends so."""
    assert Probe.objects.filter(state__in=("waiting", "running")).update(state=state, text=text, due_at=None) == 1


def turn(now: datetime) -> Promise:
    """A turn of the loop, and the one promise after it."""
    assurance_actions.look(now)
    return Promise.objects.get()


def test_it_is_tried_an_hour_and_twenty_minutes_before(judged: datetime, jia: Terminal) -> None:
    hour = make(judged).promised_at
    assert turn(hour - 61 * MINUTE).probe is None
    first = turn(hour - 60 * MINUTE)
    assert first.probe is not None
    assert (first.probe.asked_by, first.probe.terminal_id) == ("promise", jia.pk)
    end_probe("passed", judged)
    assert turn(hour - 59 * MINUTE).state == "fine"
    assert Probe.objects.count() == 1
    turn(hour - 20 * MINUTE)
    end_probe("failed", judged, "打印机卡纸")
    broken = turn(hour - 19 * MINUTE)
    assert (broken.state, broken.text) == ("broken", "打印机卡纸")
    assert Probe.objects.count() == 2
    assert turn(hour + STAYS).state == "over"
    assert Promise.objects.get().next_at is None


def test_who_is_late_is_tried_for_at_once() -> None:
    now = datetime(2026, 11, 26, 18, 0)  # noqa: DTZ001  # differences only
    assert checks_left(now + 3 * HOUR, now, [3600, 1200]) == [3600, 1200]
    assert checks_left(now + 30 * MINUTE, now, [3600, 1200]) == [1800, 1200]
    assert checks_left(now + 15 * MINUTE, now, [3600, 1200]) == [900]
    assert next_look(now + HOUR, []) == now + HOUR + STAYS
    assert hour_problem(now + 5 * MINUTE, now)
    assert hour_problem(now + timedelta(days=8), now)
    assert not hour_problem(now + HOUR, now)


def test_the_nearest_place_that_works_is_told(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    promise = make(judged)
    later = promise.promised_at - 60 * MINUTE
    beat(later)
    Offering.objects.update(judged_at=later)
    turn(later)
    end_probe("failed", later, "终端没有应答自检")
    turn(later + MINUTE)
    found = assurance_queries.find_promise(promise.number, later + MINUTE)
    assert found is not None
    assert [one.terminal for one in found.others] == [yi.code]
    assert found.open
    assert not found.asks


def test_a_message_is_news_without_the_number_and_only_when_something_changed(judged: datetime, jia: Terminal) -> None:
    promise = make(judged, phone="139 0000 1234")
    assert promise.phone_hint == "139****1234"
    hour = promise.promised_at
    turn(hour - 60 * MINUTE)
    end_probe("failed", judged, "打印机缺纸")
    turn(hour - 59 * MINUTE)
    turn(hour - 20 * MINUTE)
    end_probe("passed", judged)
    turn(hour - 19 * MINUTE)
    told = list(Transition.objects.filter(kind="services.promise_told").order_by("pk"))
    assert [one.payload for one in told] == [
        {"promise": promise.number, "works": False},
        {"promise": promise.number, "works": True},
    ]
    assert assurance_actions.phone_of(promise.number) == PHONE
    assert PHONE.encode() not in bytes(Promise.objects.get().phone_sealed or b"")
    turn(hour + STAYS)
    assert assurance_actions.phone_of(promise.number) is None
    assert (Promise.objects.get().phone_hint, Promise.objects.get().client) == ("", "")


def test_nobody_is_told_by_message_who_did_not_ask_for_it(judged: datetime, jia: Terminal) -> None:
    hour = make(judged).promised_at
    turn(hour - 60 * MINUTE)
    end_probe("failed", judged)
    turn(hour - 59 * MINUTE)
    assert not Transition.objects.filter(kind="services.promise_told").exists()


def test_cancelling_deletes_the_number_at_once(judged: datetime, jia: Terminal) -> None:
    promise = make(judged, phone=PHONE)
    assert assurance_actions.cancel_promise(promise.number, now=judged)
    assert not assurance_actions.cancel_promise(promise.number, now=judged)
    kept = Promise.objects.get()
    assert (kept.state, kept.phone_sealed, kept.phone_hint, kept.client) == ("cancelled", None, "", "")
    assert kept.next_at is None
    assert turn(promise.promised_at - 60 * MINUTE).probe is None


def test_an_hour_at_which_it_is_closed_is_refused_with_the_reason(judged: datetime, jia: Terminal) -> None:
    """税务 takes ZZ054 from 07:00 to 23:00 Ordos time; the promise is for 03:14."""
    with pytest.raises(Refused, match="部门系统此时不开放"):
        assurance_actions.make_promise("ZZ054", "KBS-01", judged + HOUR, client=ME, now=judged)
    assert assurance_actions.make_promise("ZZ054", "KBS-01", judged + 8 * HOUR, client=ME, now=judged)
    areas.plan_stop(
        SYSTEM, place=jia.area.place, starts_at=judged + 2 * HOUR, ends_at=judged + 4 * HOUR, reason="检修", now=judged
    )
    with pytest.raises(Refused, match="计划停用"):
        make(judged)


def test_what_is_broken_now_may_be_promised_for(judged: datetime, jia: Terminal) -> None:
    Terminal.objects.filter(pk=jia.pk).update(silent_since=judged)
    assert make(judged).state == "waiting"


@pytest.mark.parametrize("phone", ["123", "23900001234", "139000012345", "+8613900001234"])
def test_a_number_that_is_none_is_refused(judged: datetime, jia: Terminal, phone: str) -> None:
    with pytest.raises(Refused, match="手机号"):
        make(judged, phone=phone)
    assert not Promise.objects.exists()


def test_abuse_is_slowed_by_address(judged: datetime, jia: Terminal) -> None:
    for _number in range(5):
        make(judged)
    with pytest.raises(Refused, match="先取消一个"):
        make(judged)
    make(judged, client="another")
    for promise in Promise.objects.filter(client=ME):
        Promise.objects.filter(pk=promise.pk).update(state="cancelled")
    for _number in range(7):
        made = make(judged)
        Promise.objects.filter(pk=made.pk).update(state="cancelled")
    with pytest.raises(Refused, match="今天约得太多"):
        make(judged)


def test_numbers_are_random_and_forgiving_and_wrong_ones_are_counted(judged: datetime, jia: Terminal) -> None:
    number = make(judged).number
    assert assurance_actions.read_number(number.lower().replace("-", " ")) == number
    assert assurance_actions.read_number("7Q2M") is None
    assert assurance_queries.look_up(number, ME, judged) is not None
    for _miss in range(10):
        assert assurance_queries.look_up("0000-0000-0000", ME, judged) is None
    with pytest.raises(assurance_queries.TooManyLooks):
        assurance_queries.look_up(number, ME, judged)
    assert assurance_queries.look_up(number, "another", judged) is not None


def test_the_answer_counts_once_and_a_locked_door_is_a_trip(judged: datetime, jia: Terminal) -> None:
    promise = make(judged)
    assert not assurance_actions.answer_promise(promise.number, "locked", now=judged)
    after = promise.promised_at + HOUR
    assert assurance_actions.answer_promise(promise.number, "locked", now=after)
    assert not assurance_actions.answer_promise(promise.number, "finished", now=after)
    trip = Trip.objects.get()
    assert (trip.result, trip.source, trip.area_id, trip.client) == ("locked", "person", jia.area_id, "")
    with pytest.raises(Refused):
        assurance_actions.answer_promise(promise.number, "nonsense", now=after)


def test_the_message_names_the_nearest_place_and_nothing_of_the_person(
    judged: datetime, jia: Terminal, yi: Terminal
) -> None:
    promise = make(judged, phone=PHONE)
    Promise.objects.update(state="broken", text="打印机缺纸")
    text = assurance_queries.message_of(promise.number, judged)
    assert text is not None
    assert "打印机缺纸" in text
    assert "YJHL自助区现在能办" in text
    assert promise.number in text
    assert "139" not in text
    Promise.objects.update(state="fine")
    assert "能办了" in str(assurance_queries.message_of(promise.number, judged))
    Promise.objects.update(state="waiting")
    assert assurance_queries.message_of(promise.number, judged) is None


def test_a_terminal_that_does_it_no_more_is_told(judged: datetime, jia: Terminal) -> None:
    hour = make(judged).promised_at
    Offering.objects.filter(terminal=jia).update(active=False)
    found = turn(hour - 60 * MINUTE)
    assert (found.state, found.text) == ("broken", "这台终端已经不办这件事了")


def test_no_telephone_number_in_audit_and_news(judged: datetime, jia: Terminal) -> None:
    promise = make(judged, phone=PHONE)
    turn(promise.promised_at - 60 * MINUTE)
    end_probe("failed", judged)
    turn(promise.promised_at - 59 * MINUTE)
    said = [str(line.details) for line in AuditLine.objects.all()]
    said += [str(one.payload) for one in Transition.objects.all()]
    assert not [one for one in said if PHONE in one or "1234" in one]


def test_what_is_left_is_deleted_by_rule(judged: datetime, jia: Terminal) -> None:
    make(judged, phone=PHONE)
    late = judged + 4 * HOUR
    rules = {rule.name: rule for rule in keeping.RETENTION}
    phones, rows = rules["services.promise_phones"], rules["services.promises"]
    assert phones.erase(phones.due(phones.held(), late)) == 1
    assert Promise.objects.get().phone_sealed is None
    assert rows.due(rows.held(), late).count() == 0
    assert rows.erase(rows.due(rows.held(), late + timedelta(days=15))) == 1


def test_it_can_be_done_later_where_it_is_closed_now(judged: datetime, jia: Terminal) -> None:
    row = actions.set_department_hours(
        SYSTEM, "YB", item_code="ZZ037", weekly=[[day, "08:30", "17:30"] for day in range(7)], source="测试"
    )
    actions.confirm_hours(SYSTEM, row.pk, confirmed_by="医保局", now=judged)
    jobs.judge_due(judged)
    offering = Offering.objects.select_related("item__department", "terminal__area__place").get(
        item__code="ZZ037", terminal=jia
    )
    nine = judged + timedelta(hours=7)  # 09:14 in Ordos
    assert assurance_actions.verdict_at(offering, nine, judged).reason != "department_closed"
    assert len(ALL_WEEK) == 7
