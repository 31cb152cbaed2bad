"""Terminal and center judge alike: the terminal gets what the center knows, and asks the same rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.center.services_cast import beat, set_state

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import parse_hours
from budayang.center.platform.actors import Actor
from budayang.center.services import actions, publishing, queries
from budayang.center.services.models import Connector, Item, ProbeStanding
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.models import SupplyLevel, Terminal
from budayang.rules.services import Verdict
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.devices.table import Device, Reading, States
from budayang.terminal.outbox import Outbox
from budayang.terminal.peripherals import Peripherals
from budayang.uplink.clock import ManualClock
from budayang.uplink.outbox import MessageRow

SYSTEM = Actor.system()
HOUR = timedelta(hours=1)


class Shown:
    """A device in the states that the center was told of."""

    poll_s = 60.0

    def __init__(self, kind: str, states: dict[str, str]) -> None:
        self.kind = self.subject = kind
        self._states = states

    async def poll(self) -> States:
        return {prop: Reading(state) for prop, state in self._states.items()}

    async def close(self) -> None:
        return None


def at_the_terminal(terminal: Terminal, now: datetime, folder: Path) -> dict[str, Verdict]:
    """What the terminal's own catalogue says, from the messages as they travel and the devices as they were told."""
    clock = ManualClock(now)
    outbox = Outbox(folder / "outbox.sqlite3", clock)
    bodies = {
        "catalogue": publishing.catalogue_of(terminal.pk, now),
        "availability": publishing.availability_of(terminal.pk, now),
    }
    for number, (kind, body) in enumerate(bodies.items(), start=1):
        outbox.take_messages([MessageRow(kind, "", number, body)])
    devices: dict[str, dict[str, str]] = {}
    for (subject, prop), one in terminals.current_states([terminal.pk])[terminal.pk].items():
        devices.setdefault(subject, {})[prop] = one.state
    hands: dict[str, Device] = {kind: Shown(kind, states) for kind, states in devices.items()}
    peripherals = Peripherals(hands, outbox)
    for kind, states in devices.items():
        peripherals._take(hands[kind], {prop: Reading(state) for prop, state in states.items()})
    catalogue = Catalogue(clock, peripherals, reader="idReader" in devices)
    catalogue.load(outbox)
    codes = [str(item["code"]) for item in bodies["catalogue"]["items"]]
    found = {code: catalogue.verdict(code) for code in codes}
    outbox.close()
    return found


def _stop(jia: Terminal, now: datetime) -> None:
    starts, ends = now - HOUR, now + 2 * HOUR
    areas.plan_stop(SYSTEM, place=jia.area.place, starts_at=starts, ends_at=ends, reason="检修", now=starts - HOUR)


def _stop_of_a_part(jia: Terminal, now: datetime) -> None:
    starts, ends = now + HOUR, now + 2 * HOUR
    areas.plan_stop(
        SYSTEM, place=jia.area.place, starts_at=starts, ends_at=ends, reason="换打印机", component="printer", now=now
    )


def _night_closed(jia: Terminal, now: datetime) -> None:
    areas.set_promised_hours(
        SYSTEM, jia.area, parse_hours("每天 08:00-22:00"), valid_from=now.date() - timedelta(days=3), now=now
    )


def _cut(jia: Terminal, now: datetime) -> None:
    Connector.objects.filter(department__code="RS").update(state="down", circuit="open")


def _down(jia: Terminal, now: datetime) -> None:
    Connector.objects.filter(department__code="SF").update(state="down")


def _probe_failed(jia: Terminal, now: datetime) -> None:
    item = Item.objects.get(code="ZZ001")
    ProbeStanding.objects.create(item=item, failed_at=now, failed_step="department", text="部门没有办理测试事项")


def _probe_failed_here(jia: Terminal, now: datetime) -> None:
    item = Item.objects.get(code="ZZ031")
    ProbeStanding.objects.create(item=item, terminal=jia, failed_at=now, text="终端没有应答自检")


def _probe_passed(jia: Terminal, now: datetime) -> None:
    ProbeStanding.objects.create(item=Item.objects.get(code="ZZ037"), passed_at=now - HOUR)


def _paper_low(jia: Terminal, now: datetime) -> None:
    set_state(jia, "printer", "paper.upper", "low", now)


def _toner_out_by_count(jia: Terminal, now: datetime) -> None:
    SupplyLevel.objects.create(terminal=jia, subject="printer", consumable="toner", capacity=2600, tell="out")


def _jam(jia: Terminal, now: datetime) -> None:
    set_state(jia, "printer", "media", "jammed", now)


def _estimated(jia: Terminal, now: datetime) -> None:
    row = actions.set_department_hours(
        SYSTEM, "YB", item_code="ZZ031", weekly=[[day, "08:30", "17:30"] for day in range(5)],
        follows_workdays=True, source="测试",
    )  # fmt: skip
    actions.confirm_hours(SYSTEM, row.pk, confirmed_by="医保局", now=now)


@pytest.mark.parametrize(
    "change",
    [
        None, _stop, _stop_of_a_part, _night_closed, _cut, _down, _probe_failed, _probe_failed_here, _probe_passed,
        _paper_low, _toner_out_by_count, _jam, _estimated,
    ],
)  # fmt: skip
def test_the_same_verdict_on_both_sides(
    judged: datetime, jia: Terminal, tmp_path: Path, change: Callable[[Terminal, datetime], Any] | None
) -> None:
    if change is not None:
        change(jia, judged)
    beat(judged)
    there, here = at_the_terminal(jia, judged, tmp_path), queries.verdicts(jia.pk, judged)
    assert there == here
    assert here


def test_what_is_published_stays_the_same_while_nothing_changes(judged: datetime, jia: Terminal) -> None:
    """A moving edge of the look-ahead would be sent to every terminal at each look."""
    _night_closed(jia, judged)
    first = publishing.availability_of(jia.pk, judged)
    assert first["stops"]
    later = publishing.availability_of(jia.pk, judged + timedelta(minutes=7))
    assert later["stops"] == first["stops"]
