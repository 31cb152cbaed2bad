"""From a fault to the people: bundles, escalation, quiet hours, confirming, recovery, retries."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from tests.center.hall import SYSTEM, Hall
from tests.center.maintenance.the_alarm import Alarm

from budayang.center.areas import actions as areas
from budayang.center.areas import stop_actions
from budayang.center.maintenance import (
    duty_actions,
    emergency_actions,
    notice_actions,
    notice_jobs,
    notice_messages,
    notice_runs,
)
from budayang.center.maintenance import notice_queries as queries
from budayang.center.maintenance.channels.kinds import Outcome
from budayang.center.maintenance.jobs import warn_of_clocks
from budayang.center.maintenance.models import (
    Incident,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeDelivery,
    NoticeEvent,
    NoticeLine,
    NoticeMessage,
)
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Staff
from budayang.rules.duty import Days
from budayang.rules.escalation import Step, StepKind
from budayang.rules.notices import MESSAGE_NAMES, RETRY_S, RUN_NAMES, RUN_TRANSITIONS, SEND_NAMES, SEND_TRANSITIONS


@pytest.fixture
def alarm(hall: Hall, now: datetime) -> Alarm:
    """The hall; 林 keeps the area, 任 belongs to RS whose terminal it is; everybody has a telephone."""
    found = Alarm(hall, now)
    for number, person in enumerate(hall.staff.values()):
        Staff.objects.filter(pk=person.pk).update(phone=f"1390000{number:04}")
        person.refresh_from_db()
    found.channel("sms", "短信")
    return found


def policy(alarm: Alarm, *steps: Step, severity: str = "") -> None:
    notice_actions.set_policy(
        SYSTEM, place=alarm.hall.city, organization=None, severity=severity, name="测试", steps=steps, now=alarm.now
    )


def person(alarm: Alarm, username: str) -> Step:
    return Step(StepKind.TELL_PERSON, staff=alarm.person(username).pk)


def wait(minutes: int) -> Step:
    return Step(StepKind.WAIT, wait_s=minutes * 60)


def test_the_tables_of_states_are_whole() -> None:
    assert {state for pair in RUN_TRANSITIONS for state in (pair[0],)} | set(RUN_TRANSITIONS.values()) == set(RUN_NAMES)
    assert set(SEND_TRANSITIONS.values()) | {"queued"} == set(SEND_NAMES)


def test_a_fault_is_told_after_the_bundle_and_says_everything(alarm: Alarm) -> None:
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(seconds=90)
    assert alarm.sent == [], "within the window nothing goes"
    alarm.later(seconds=60)
    [(name, parcel)] = alarm.sent
    assert (name, parcel.to) == ("短信", alarm.person("ren").phone), "RS keeps no roster: its person is told"
    assert parcel.title == "【一般】康巴什区自助区 KBS-01 号终端 打印机缺纸"
    for words in ("11-24 02:14 开始，已 2 分钟", "影响：不能打印", "收到请点此确认：http"):
        assert words in parcel.body, parcel.body
    assert alarm.run(incident).state == "running"
    assert alarm.person("ren").phone not in str(list(NoticeEvent.objects.values())), "the log masks numbers"
    assert NoticeDelivery.objects.get().hint == "139****" + alarm.person("ren").phone[-4:]


def test_an_area_outage_with_forty_terminals_is_one_message_even_when_single_silences_came_first(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "lin"), wait(30))
    singles = [alarm.fault("terminal_silent", terminal=alarm.hall.terminal) for _one in range(40)]
    alarm.later(seconds=60)
    area = alarm.fault("area_power_lost" if _known("area_power_lost") else "network_down")
    for one in singles:
        alarm.hang(one, area)
    alarm.later(minutes=10)
    assert len(alarm.sent) == 1
    assert "另有 40 项随它停用" in alarm.sent[0][1].body
    assert NoticeLine.objects.filter(state="dropped").count() == 40
    assert set(Notice.objects.filter(incident__in=singles).values_list("state", flat=True)) == {"held"}
    for one in singles:
        alarm.hang(one, None)
        alarm.recover(one)
    alarm.recover(area)
    alarm.later(minutes=10)
    assert [parcel.kind for _name, parcel in alarm.sent] == ["alarm", "recovery"], "one recovery, to who was told"


def _known(code: str) -> bool:
    try:
        return bool(notice_runs.get_cause(code))
    except KeyError:
        return False


def test_a_symptom_whose_news_is_late_is_silent_all_the_same(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "lin"), wait(30))
    cause = alarm.fault("network_down")
    single = alarm.fault("terminal_silent", terminal=alarm.hall.terminal)
    alarm.read_news()
    type(single).objects.filter(pk=single.pk).update(cause=cause)  # judged, and the news not read yet
    notice_messages.bundle(alarm.now + timedelta(minutes=3))
    [message] = alarm.to("lin")
    assert [one.title for one in queries.facts_of(message)] == ["网络中断"]


def test_neighbours_within_the_window_go_together_and_the_next_one_alone(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "lin"), wait(30))
    alarm.fault("paper_out", terminal=alarm.hall.terminal)
    alarm.later(seconds=60)
    alarm.fault("toner_out", terminal=alarm.hall.other)
    alarm.later(minutes=2)
    [(_name, parcel)] = alarm.sent
    assert parcel.title.startswith("【一般】2 起：康巴什区自助区 KBS-01 号终端 打印机缺纸 等")
    assert "打印机碳粉用完" in parcel.body
    alarm.fault("paper_jam", terminal=alarm.hall.other)
    alarm.later(minutes=3)
    assert len(alarm.sent) == 2


def test_an_urgent_fault_goes_at_once_and_takes_nobody_along(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "lin"), wait(30))
    alarm.fault("paper_out", terminal=alarm.hall.terminal)
    alarm.fault("cabinet_forced", terminal=alarm.hall.terminal)
    alarm.work()
    assert [parcel.severity for _name, parcel in alarm.sent] == ["urgent"]
    alarm.later(minutes=3)
    assert [parcel.severity for _name, parcel in alarm.sent] == ["urgent", "general"]
    platform.set_parameter(SYSTEM, "notice_urgent_at_once", alarm.hall.city, 0, valid_from=alarm.now)
    alarm.fault("cabinet_forced", terminal=alarm.hall.other)
    alarm.work()
    assert len(alarm.sent) == 2, "where the policy says so it waits for its bundle too"


def test_what_recovers_before_it_was_told_is_never_told(alarm: Alarm) -> None:
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(seconds=60)
    alarm.recover(incident)
    alarm.later(minutes=20)
    assert alarm.sent == []
    assert NoticeMessage.objects.count() == 0
    assert alarm.run(incident).state == "closed"


def test_news_that_comes_twice_or_out_of_order_changes_nothing(alarm: Alarm) -> None:
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.tell("opened", incident)
    alarm.later(minutes=3)
    alarm.tell("opened", incident)
    alarm.tell("freed", incident)
    alarm.later(minutes=3)
    assert len(alarm.sent) == 1
    alarm.recover(incident)
    alarm.tell("opened", incident)
    alarm.later(minutes=5)
    assert [parcel.kind for _name, parcel in alarm.sent] == ["alarm", "recovery"]
    assert Notice.objects.count() == 1


def test_nobody_confirms_and_the_next_ones_are_told(alarm: Alarm) -> None:
    keeper, boss = Step(StepKind.TELL_ROLE, role="area_keeper"), person(alarm, "ning")
    policy(alarm, person(alarm, "ren"), wait(15), keeper, wait(30), boss)
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.work()
    start, times = alarm.now, []
    for _minute in range(60):
        before = len(alarm.sent)
        alarm.later(minutes=1)
        times += [(round((alarm.now - start).total_seconds() / 60), p.to[-4:]) for _name, p in alarm.sent[before:]]
    # Each waits for its bundle of two minutes.
    assert times == [(2, alarm.person("ren").phone[-4:]), (17, alarm.person("lin").phone[-4:]),
                     (47, alarm.person("ning").phone[-4:])]  # fmt: skip
    assert alarm.run(incident).state == "exhausted"


def test_confirming_by_the_link_stops_the_escalation_and_says_who(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), wait(15), person(alarm, "ning"))
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    token = alarm.sent[0][1].link.rstrip("/").rpartition("/")[2]
    message = queries.find_message(token)
    assert message is not None
    assert notice_actions.confirm_by_link(message, now=alarm.now) == 1
    assert notice_actions.confirm_by_link(message, now=alarm.now) == 0, "pressed twice"
    alarm.later(minutes=60)
    assert len(alarm.sent) == 1
    run = alarm.run(incident)
    assert (run.state, run.acknowledged_by) == ("acknowledged", alarm.person("ren").name)
    line = AuditLine.objects.get(action="maintenance.notice_acknowledged")
    assert (line.actor_kind, line.actor) == ("public", f"notice-link:{message.pk}")


def test_a_link_is_long_kept_as_a_hash_and_expires(alarm: Alarm) -> None:
    alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    token = alarm.sent[0][1].link.rstrip("/").rpartition("/")[2]
    assert len(token) >= 27, "160 bits"
    message = queries.find_message(token)
    assert message is not None
    assert token not in str(list(NoticeMessage.objects.values())), "the database alone gives no link away"
    assert queries.find_message(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    with pytest.raises(Refused, match="过期"):
        notice_actions.confirm_by_link(message, now=message.expires_at)
    assert notice_actions.confirm_by_link(message, now=message.expires_at - timedelta(seconds=1)) == 1


def test_recovery_goes_to_the_same_people_and_to_nobody_else(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), person(alarm, "lin"), wait(60), person(alarm, "ning"))
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=5)
    told = {parcel.to for _name, parcel in alarm.sent}
    alarm.sent.clear()
    alarm.recover(incident)
    alarm.later(minutes=5)
    assert {parcel.to for _name, parcel in alarm.sent} == told == {alarm.person(n).phone for n in ("ren", "lin")}
    assert all(parcel.title.startswith("【已恢复】") for _name, parcel in alarm.sent)
    assert "历时 5 分钟" in alarm.sent[0][1].body


def test_quiet_hours_hold_what_is_not_grave_and_not_who_is_on_duty(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), wait(60))
    for name in ("ren", "lin"):
        notice_actions.set_preference(
            alarm.hall.actor(name),
            language="zh",
            quiet_from=time(22),
            quiet_to=time(7),
            breaks="serious",
            now=alarm.now,
        )
    general = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=10)
    assert alarm.sent == []
    assert NoticeDelivery.objects.get().next_at == alarm.now.replace(hour=23, minute=0, second=0), "07:00 in Ordos"
    alarm.fault("id_reader_down", terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    assert [parcel.severity for _name, parcel in alarm.sent] == ["serious"]
    alarm.recover(general)
    alarm.later(hours=6)
    kinds = [(parcel.kind, parcel.severity) for _name, parcel in alarm.sent]
    assert ("alarm", "general") not in kinds, "nobody is woken for what is long over"
    assert ("recovery", "general") not in kinds, "and nobody hears that something ended which he was not told of"


def test_who_is_on_duty_is_awake(alarm: Alarm) -> None:
    hall = alarm.hall
    duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["RS"], place=hall.city, name="夜班", days=Days.EVERY, opens=time(20),
        closes=time(8), people=[hall.staff["ren"]], starts_on=date(2026, 11, 20), now=alarm.now,
    )  # fmt: skip
    notice_actions.set_preference(
        hall.actor("ren"), language="zh", quiet_from=time(22), quiet_to=time(7), breaks="never", now=alarm.now
    )
    alarm.fault(terminal=hall.terminal)
    alarm.later(minutes=3)
    assert len(alarm.sent) == 1


def test_in_english_by_preference(alarm: Alarm) -> None:
    notice_actions.set_preference(
        alarm.hall.actor("ren"), language="en", quiet_from=None, quiet_to=None, breaks="urgent", now=alarm.now
    )
    alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    parcel = alarm.sent[0][1]
    assert parcel.title.startswith("[general] ")
    assert "Please confirm here: http" in parcel.body
    assert "for 2 min" in parcel.body


def test_reminders_while_it_lasts_go_to_who_confirmed(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), person(alarm, "lin"), wait(60))
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    notice_actions.confirm(alarm.hall.actor("lin"), alarm.run(incident), now=alarm.now)
    alarm.sent.clear()
    alarm.later(hours=9)
    assert [(p.kind, p.to) for _name, p in alarm.sent] == [("reminder", alarm.person("lin").phone)] * 2
    assert alarm.sent[0][1].title.startswith("【仍未恢复】")
    alarm.recover(incident)
    alarm.later(hours=9)
    assert [p.kind for _name, p in alarm.sent] == ["reminder"] * 2 + ["recovery"] * 2


def test_a_channel_that_fails_is_tried_again_then_given_up_and_the_next_way_used(alarm: Alarm) -> None:
    mail, sms = alarm.channel("mail", "邮件"), NoticeChannel.objects.get(kind="sms")
    alarm.address("ren", mail, "ren@example.cn")
    alarm.address("ren", sms, alarm.person("ren").phone)
    alarm.outcomes["邮件"] = Outcome("timeout")
    alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    row = NoticeDelivery.objects.get()
    assert (row.state, row.error) == ("failed", "timeout")
    assert row.attempts >= 1
    alarm.later(seconds=sum(RETRY_S) + 300)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("given_up", len(RETRY_S) + 1)
    assert [name for name, _parcel in alarm.sent] == ["短信"]
    keys = set(NoticeDelivery.objects.values_list("key", flat=True))
    assert len(keys) == 2, "each way has a key of its own"


def test_what_cannot_be_helped_is_given_up_at_once_and_shows_in_the_timeline(alarm: Alarm) -> None:
    alarm.outcomes["短信"] = Outcome("http 401", permanent=True)
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    assert NoticeDelivery.objects.get().state == "given_up"
    event = NoticeEvent.objects.get(notice__incident=incident, what="undelivered")
    assert "http 401" in event.words


def test_all_ways_at_once_for_an_urgent_fault(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), wait(60))
    mail, sms = alarm.channel("mail", "邮件"), NoticeChannel.objects.get(kind="sms")
    alarm.address("ren", mail, "ren@example.cn")
    alarm.address("ren", sms, alarm.person("ren").phone)
    alarm.fault("cabinet_forced", terminal=alarm.hall.terminal)
    alarm.work()
    assert {name for name, _parcel in alarm.sent} == {"邮件", "短信"}


def test_a_channel_takes_no_more_a_minute_than_it_may(alarm: Alarm) -> None:
    NoticeChannel.objects.update(per_minute=1)
    policy(alarm, person(alarm, "ren"), person(alarm, "lin"), wait(60))
    alarm.fault(terminal=alarm.hall.terminal)
    alarm.work()
    alarm.later(minutes=2)
    assert len(alarm.sent) == 1
    alarm.later(minutes=2)
    assert len(alarm.sent) == 2


def test_a_planned_stop_hushes_a_fault_that_began_before_it_and_tells_it_afterwards(alarm: Alarm) -> None:
    areas.plan_stop(
        SYSTEM, place=alarm.hall.area.place, kind="site", starts_at=alarm.now + timedelta(seconds=30),
        ends_at=alarm.now + timedelta(minutes=30), reason="消防演练", now=alarm.now,
    )  # fmt: skip
    alarm.now += timedelta(minutes=1)
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=20)
    assert [parcel.kind for _name, parcel in alarm.sent] == ["stop"]
    assert alarm.run(incident).state == "held"
    alarm.later(minutes=15)
    assert [parcel.kind for _name, parcel in alarm.sent] == ["stop", "alarm"]


def stop_area(alarm: Alarm, minutes: int) -> Any:
    """The whole area stops from half a minute ahead; the clock is turned into it."""
    stop = areas.plan_stop(
        SYSTEM, place=alarm.hall.area.place, kind="site", starts_at=alarm.now + timedelta(seconds=30),
        ends_at=alarm.now + timedelta(minutes=minutes), reason="夜间停用", now=alarm.now,
    )  # fmt: skip
    alarm.now += timedelta(minutes=1)
    return stop


def test_a_stop_of_the_area_silences_no_emergency_no_money_and_nobody_who_reports(alarm: Alarm) -> None:
    stop_area(alarm, 600)
    hall = alarm.hall
    emergency_actions.start(hall.actor("lin"), hall.area, "trapped", now=alarm.now)
    told = Incident.objects.get(kind="emergency")
    others = [
        alarm.fault("paid_without_output", terminal=hall.terminal),
        alarm.fault("report_urgent"),
        alarm.fault("site_smoke"),
        alarm.fault("cabinet_forced", terminal=hall.terminal),
    ]
    quiet = alarm.fault("paper_out", terminal=hall.terminal)
    alarm.later(minutes=5)
    assert alarm.run(told).state != "held"
    assert NoticeLine.objects.filter(notice__incident=told, state="sent").exists()
    for one in others:
        assert NoticeLine.objects.filter(notice__incident=one, state="sent").exists(), one.kind
    assert alarm.run(quiet).state == "held"


@pytest.mark.parametrize("how", ["cancelled", "ended_early", "shortened"])
def test_what_a_stop_held_is_told_when_the_stop_is_over_before_its_time(alarm: Alarm, how: str) -> None:
    stop = stop_area(alarm, 600)
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=5)
    assert alarm.run(incident).state == "held"
    if how == "cancelled":
        stop_actions.cancel_stop(SYSTEM, stop, now=alarm.now)
    elif how == "ended_early":
        stop_actions.end_now(SYSTEM, stop, now=alarm.now)
    else:
        stop_actions.change_stop(
            SYSTEM, stop, starts_at=alarm.now, ends_at=alarm.now + timedelta(minutes=20), reason="缩短", now=alarm.now
        )
        alarm.later(minutes=15)
        assert alarm.run(incident).state == "held"
        alarm.later(minutes=10)
    alarm.later(minutes=5)
    assert alarm.run(incident).state == "running"
    assert "alarm" in [parcel.kind for _name, parcel in alarm.sent]


def test_a_departments_stop_that_is_cancelled_frees_what_it_held(alarm: Alarm) -> None:
    stop = areas.plan_stop(
        SYSTEM, place=alarm.hall.city, department="RS", starts_at=alarm.now,
        ends_at=alarm.now + timedelta(hours=9), reason="系统升级", now=alarm.now,
    )  # fmt: skip
    alarm.now += timedelta(minutes=1)
    incident = alarm.fault("department_down")
    Incident.objects.filter(pk=incident.pk).update(area=None, department="RS")
    alarm.later(minutes=3)
    assert alarm.run(incident).state == "held"
    stop_actions.cancel_stop(SYSTEM, stop, now=alarm.now)
    alarm.later(minutes=1)
    assert alarm.run(incident).state == "running"


def test_nobody_to_tell_is_said_and_tried_again(alarm: Alarm) -> None:
    policy(alarm, Step(StepKind.TELL_ROLE, role="supervisor"), wait(10), Step(StepKind.REPEAT, times=1))
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=40)
    assert alarm.sent == []
    assert NoticeEvent.objects.filter(notice__incident=incident, what="nobody").count() == 2
    assert alarm.run(incident).state == "exhausted"


def test_without_a_channel_the_message_is_still_there_to_read(alarm: Alarm) -> None:
    NoticeChannel.objects.update(is_active=False)
    incident = alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    assert [one.kind for one in alarm.to("ren")] == ["alarm"]
    assert NoticeDelivery.objects.count() == 0
    assert "没有可用的渠道" in NoticeEvent.objects.get(notice__incident=incident, what="wrote_alarm").words


def test_evidence_that_settles_a_fault_shows_and_wakes_nobody(alarm: Alarm) -> None:
    incident = alarm.fault("terminal_silent", terminal=alarm.hall.terminal)
    alarm.later(minutes=4)
    before = len(alarm.sent)
    type(incident).objects.filter(pk=incident.pk).update(bucket="power")
    alarm.tell("settled", incident)
    alarm.later(minutes=4)
    assert len(alarm.sent) == before > 0
    assert NoticeEvent.objects.get(notice__incident=incident, what="settled").words == "供电"


def test_one_run_that_fails_holds_up_no_other(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    policy(alarm, wait(1), person(alarm, "ren"))
    bad = alarm.fault("paper_out", terminal=alarm.hall.terminal)
    alarm.fault("toner_out", terminal=alarm.hall.other)
    alarm.work()
    before = notice_runs.receivers

    def fail(step: Step, incident: Any, *rest: Any) -> Any:
        if incident.pk == bad.pk:
            raise ZeroDivisionError("a mistake of ours")
        return before(step, incident, *rest)

    monkeypatch.setattr(notice_runs, "receivers", fail)
    alarm.later(minutes=5)
    assert len(alarm.sent) == 1
    assert "碳粉" in alarm.sent[0][1].body
    monkeypatch.setattr(notice_runs, "receivers", before)
    alarm.later(minutes=20)
    assert len(alarm.sent) == 2, "and is not forgotten"


def test_the_policy_in_force_is_copied(alarm: Alarm) -> None:
    policy(alarm, person(alarm, "ren"), wait(15), person(alarm, "ning"))
    alarm.fault(terminal=alarm.hall.terminal)
    alarm.later(minutes=3)
    policy(alarm, person(alarm, "ou"))
    alarm.later(minutes=20)
    assert [p.to for _name, p in alarm.sent] == [alarm.person(name).phone for name in ("ren", "ning")]


def test_the_nearest_policy_wins(alarm: Alarm, hall: Hall) -> None:
    def put(place: Any, severity: str, body: Any, name: str) -> None:
        notice_actions.set_policy(
            SYSTEM, place=place, organization=body, severity=severity, name=name, steps=[person(alarm, "ou")],
            now=alarm.now,
        )  # fmt: skip

    path, body = hall.area.place.path, hall.bodies["RS"].pk
    assert queries.policy_for(path, body, "general")[0] == queries.SHIPPED_NAME
    put(hall.city, "", None, "全市")
    put(hall.city, "general", None, "全市一般")
    assert queries.policy_for(path, body, "general")[0] == "全市一般"
    put(hall.city, "", hall.bodies["RS"], "全市人社")
    assert queries.policy_for(path, body, "general")[0] == "全市人社"
    put(hall.area.place, "", None, "本区")
    assert queries.policy_for(path, body, "general")[0] == "本区"
    assert queries.policy_for(hall.far_area.place.path, hall.bodies["SW"].pk, "urgent")[0] == "全市"


def test_who_may_write_what(alarm: Alarm, hall: Hall) -> None:
    for name in ("lin", "ren", "ning", "mo"):
        with pytest.raises(Forbidden):
            alarm_channel(hall, name, alarm.now)
    assert alarm_channel(hall, "sys", alarm.now).hint == "qyapi.weixin.qq.com …cdef"
    with pytest.raises(Forbidden):
        notice_actions.set_policy(
            hall.actor("ou"), place=hall.area.place, organization=None, severity="", name="x",
            steps=[person(alarm, "ou")], now=alarm.now,
        )  # fmt: skip
    incident = alarm.fault(terminal=hall.terminal)
    alarm.later(minutes=3)
    for name in ("ou", "shui", "ning", "sys"):
        with pytest.raises(Forbidden):
            notice_actions.confirm(hall.actor(name), alarm.run(incident), now=alarm.now)
    seen = {name for name in hall.staff if queries.notices_visible_to(hall.actor(name)).exists()}
    assert seen == {"lin", "mo", "ren", "ning"}, "another owner unit and another banner see nothing of it"


def alarm_channel(hall: Hall, name: str, now: datetime) -> NoticeChannel:
    return notice_actions.add_channel(
        hall.actor(name), kind="wecom", name="群", place=hall.city, values={"key": "0123456789abcdef"}, now=now
    )


def test_keys_and_addresses_are_sealed_and_never_shown_again(alarm: Alarm) -> None:
    channel = alarm_channel(alarm.hall, "sys", alarm.now)
    mail = alarm.channel("mail", "邮件")
    alarm.address("ren", mail, "someone.long@example.cn")
    raw = str(list(NoticeChannel.objects.values())) + str(list(NoticeAddress.objects.values()))
    assert "0123456789abcdef" not in raw
    assert "someone.long" not in raw
    assert NoticeAddress.objects.get().hint == "s***@example.cn"
    notice_actions.change_channel(SYSTEM, channel, name="新名", values={"key": ""}, per_minute=5, now=alarm.now)
    channel.refresh_from_db()
    assert channel.hint.endswith("cdef"), "renaming keeps the keys"
    stale = NoticeChannel.objects.get(pk=channel.pk)
    notice_actions.switch_channel(SYSTEM, channel, active=False, now=alarm.now)
    notice_actions.change_channel(SYSTEM, stale, name="更新", values={"key": ""}, per_minute=5, now=alarm.now)
    channel.refresh_from_db()
    assert (channel.name, channel.is_active) == ("更新", False), "a page from before switches nothing on again"
    lines = str(list(AuditLine.objects.values_list("details", flat=True)))
    assert "example.cn" not in lines
    assert "0123456789" not in lines


def test_a_late_order_is_told_to_who_has_it_and_to_the_supervisor(alarm: Alarm, hall: Hall) -> None:
    at = alarm.now - timedelta(hours=1)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, at)
    from_now = alarm.now + timedelta(hours=9)
    alarm.read_news()
    alarm.sent.clear()
    warn_of_clocks(from_now)
    alarm.now = from_now
    alarm.later(minutes=3)
    orders = [parcel for _name, parcel in alarm.sent if parcel.kind == "order"]
    assert {parcel.to for parcel in orders} == {alarm.person("ren").phone}
    assert all("时限" in parcel.body or "超时" in parcel.body for parcel in orders)


def test_the_consumer_asks_for_the_news_that_the_rooms_write() -> None:
    kinds = notice_jobs.CONSUMERS[0].kinds
    for kind in ("opened", "closed", "hung", "freed", "settled"):
        assert f"maintenance.incident_{kind}".startswith(kinds)
    assert not "maintenance.notice_acknowledged".startswith(kinds)


def test_names_of_messages_fit_their_columns() -> None:
    """SQLite takes any length; PostgreSQL refuses the row."""
    for model in (NoticeLine, NoticeMessage):
        assert max(map(len, MESSAGE_NAMES)) <= (model._meta.get_field("kind").max_length or 0)
