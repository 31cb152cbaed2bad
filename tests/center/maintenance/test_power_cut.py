"""An area with forty terminals loses its power, told from the battery's word to the last message: what is judged, who
gets an order, who is woken, and what is found when the power is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.center.hall import Hall
from tests.center.maintenance.fault_stage import COMPONENTS, Stage, Step
from tests.center.maintenance.fault_stories import DARK, LIGHT, back, boot, cut, say
from tests.center.maintenance.the_alarm import Alarm

from budayang.center.maintenance import notice_actions
from budayang.center.maintenance.models import Incident, NoticeMessage, WorkOrder
from budayang.center.platform.models import Staff
from budayang.center.terminals.models import StatusInterval

TERMINALS = 40
TURN_S = 15  # of the worker's notices; judging runs at each due time by itself
CUT_S, CONFIRMED_S, BACK_S, BROKEN_S, END_S = 75, 900, 1900, 1900.5, 2700


@pytest.fixture
def alarm(hall: Hall, now: datetime) -> Alarm:
    """Everybody has a telephone."""
    found = Alarm(hall, now)
    for number, person in enumerate(hall.staff.values()):
        Staff.objects.filter(pk=person.pk).update(phone=f"1390000{number:04}")
        person.refresh_from_db()
    found.channel("sms", "短信")
    return found


def run(stage: Stage, alarm: Alarm, steps: Sequence[Step], until_s: float) -> None:
    """Judging and notices on one clock, from where they stand to `until_s` seconds of the story."""
    while stage.now < stage.start + timedelta(seconds=until_s):
        from_s = (stage.now - stage.start).total_seconds()
        to_s = min(from_s + TURN_S, until_s)
        stage.play([one for one in steps if from_s < one.at_s <= to_s], to_s)
        alarm.now = stage.now
        alarm.work()


def causes(**more: object) -> list[Incident]:
    return list(Incident.objects.filter(cause__isnull=True, **more).order_by("pk"))


def test_a_power_cut_of_forty_terminals_is_one_fault_one_notice_and_no_owner_s_order(
    hall: Hall, alarm: Alarm, now: datetime
) -> None:
    stage = Stage(hall, now, TERMINALS)
    assert len({kind for kind, _prop, _state in COMPONENTS}) >= 9
    assert StatusInterval.objects.filter(terminal__in=stage.terminals).count() == TERMINALS * (len(COMPONENTS) + 1)
    steps = [
        say(60, 0, DARK), cut(CUT_S), back(BACK_S, "all", boot()), say(BROKEN_S, 7, "printer device hardwareError"),
        say(BACK_S + 1, 0, LIGHT),
    ]  # fmt: skip

    run(stage, alarm, steps, CONFIRMED_S)
    [cause] = causes()
    assert (cause.kind, cause.state, cause.bucket) == ("area_power", "open", "power")
    below = list(Incident.objects.filter(cause=cause).values_list("kind", flat=True))
    assert below == ["terminal_silent"] * TERMINALS, "below it, silent, each terminal once"
    assert [one.organization.code for one in WorkOrder.objects.all()] == ["ZW1"], "the hall's, and no owner unit's"
    [message] = NoticeMessage.objects.all()
    assert message.staff == alarm.person("lin")
    [(_channel, parcel)] = alarm.sent
    assert "自助区停电" in parcel.title
    assert f"另有 {TERMINALS} 项随它停用" in parcel.body
    notice_actions.confirm_by_link(message, now=alarm.now)

    run(stage, alarm, steps, BACK_S - 1)
    assert len(alarm.sent) == 1, "one message for the whole outage"
    run(stage, alarm, steps, BACK_S + 30)
    assert not Incident.objects.filter(state="open").exclude(kind="printer_offline").exists()
    [printer] = causes(state="open")
    assert (printer.kind, printer.terminal, printer.bucket) == ("printer_offline", stage.terminals[7], "device")
    assert printer.noticed_at - stage.start <= timedelta(seconds=BROKEN_S + 1), "found in the moment it was said"

    run(stage, alarm, steps, END_S)
    assert [one.organization.code for one in WorkOrder.objects.order_by("pk")] == ["ZW1", "RS"]
    titles = [parcel.title for _channel, parcel in alarm.sent]
    assert len(titles) == 3, titles
    assert sum("停电" in one and "恢复" not in one for one in titles) == 1, "the outage was told once"
    assert sum("停电" in one and "恢复" in one for one in titles) == 1, "and its end, to the same person"
    assert [one for one in titles if "打印机" in one], "the printer is told for itself"
