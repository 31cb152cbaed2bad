"""Plates that hang: made of data, stale when the data changes, an order to replace them, quiet again afterwards."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from tests.center.hall import Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day, window
from budayang.center.maintenance import sign_faults
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.signage import jobs, plate_actions, plate_queries
from budayang.center.signage.models import HungPlate
from budayang.center.signage.plate_data import DRAWN, OF_TERMINAL, About, as_json, from_json, plate_of
from budayang.rules.signs.plates import PLATE_KINDS

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def hall(hall: Hall) -> Hall:
    areas.update_area(hall.actor("lin"), hall.area, keeper_phone="0477-0000001")
    hall.bodies["ZW1"].phone = "0477-0000002"
    hall.bodies["ZW1"].save()
    return hall


def hang(hall: Hall, kind: str, now: datetime, who: str = "lin") -> HungPlate:
    terminal = hall.terminal if kind in OF_TERMINAL else None
    return plate_actions.hang(hall.actor(who), hall.area, terminal, kind, now=now)


def tell(now: datetime) -> None:
    """What the worker does: news to signage, plates that are due, news to maintenance."""
    jobs.hear_changes(list(Transition.objects.filter(kind__startswith="areas.")), now)
    plate_actions.judge_plates(now)
    sign_faults.hear_plates(list(Transition.objects.filter(kind__startswith="signage.")), now)


def test_every_plate_says_what_the_rooms_know(hall: Hall, now: datetime) -> None:
    assert set(PLATE_KINDS) >= DRAWN
    for kind in sorted(DRAWN - {"item_list", "management_card", "device_board"}):
        row = hang(hall, kind, now)
        plate = from_json(row.said)
        assert (plate.kind, as_json(plate)) == (kind, row.said)
    card = plate_of("management_card", About(hall.area, hall.terminal, now))
    assert dict(card.rows)["归口单位"] == "测试RS"
    assert dict(card.rows)["承诺"] == "故障30分钟内响应"
    assert dict(plate_of("opening_hours", About(hall.area, None, now)).rows)["开放时间"] == "每天 全天 24 小时"
    assert "/r/t/KBS-01/" in card.qr
    with pytest.raises(ValueError, match="terminal"):
        plate_of("rating_code", About(hall.area, None, now))


def test_a_changed_phone_makes_the_hung_plate_stale_and_an_order(hall: Hall, now: datetime) -> None:
    row, other = hang(hall, "keeper_phone", now), hang(hall, "rating_code", now)
    tell(now)
    assert not Incident.objects.exists()
    areas.update_area(hall.actor("lin"), hall.area, keeper_phone="0477-0000009")
    tell(now + HOUR / 60)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.stale_since, other.stale_since) == (now + HOUR / 60, None)
    assert row.differs == [["电话", "0477-0000001", "0477-0000009"]]
    (found,) = Incident.objects.filter(kind="sign_stale")
    assert (found.terminal, found.owner, found.opened_at) == (hall.terminal, hall.bodies["RS"], now + HOUR / 60)
    order = WorkOrder.objects.get(incident=found)
    assert order.organization == hall.bodies["RS"]
    tell(now + HOUR)
    assert Incident.objects.filter(kind="sign_stale").count() == 1
    new = hang(hall, "keeper_phone", now + 2 * HOUR, who="ren")
    tell(now + 2 * HOUR)
    row.refresh_from_db()
    found.refresh_from_db()
    assert (row.taken_down_at, found.state) == (now + 2 * HOUR, "closed")
    assert (new.stale_since, set(plate_queries.plates_visible_to(hall.actor("ren")))) == (None, {new, other})


def test_data_that_come_back_make_it_true_again(hall: Hall, now: datetime) -> None:
    row, lin, since = hang(hall, "opening_hours", now), hall.actor("lin"), timezone.localdate(now)
    short = [window(day, time(8), time(20)) for day in range(7)]
    areas.set_promised_hours(lin, hall.area, short, valid_from=since, now=now)
    tell(now + HOUR)
    row.refresh_from_db()
    assert row.differs == [["开放时间", "每天 全天 24 小时", "每天 08:00—20:00"]]
    assert Incident.objects.get(kind="sign_stale").owner == hall.bodies["ZW1"]
    areas.set_promised_hours(lin, hall.area, all_day(), valid_from=since, now=now + 2 * HOUR)
    tell(now + 3 * HOUR)
    row.refresh_from_db()
    assert (row.stale_since, row.differs, Incident.objects.get(kind="sign_stale").state) == (None, [], "closed")


def test_without_news_it_is_looked_at_each_hour(hall: Hall, now: datetime) -> None:
    row = hang(hall, "keeper_phone", now)
    assert plate_actions.judge_plates(now) == 1
    type(hall.area).objects.filter(pk=hall.area.pk).update(keeper_phone="0477-0000008")
    assert plate_actions.judge_plates(now + HOUR - timedelta(seconds=1)) == 0
    assert plate_actions.judge_plates(now + HOUR) == 1
    row.refresh_from_db()
    assert row.stale_since == now + HOUR


def test_what_cannot_be_hung_says_why(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    with pytest.raises(Refused, match="终端"):
        plate_actions.hang(lin, hall.area, None, "keeper_phone", now=now)
    with pytest.raises(Refused, match="终端"):
        plate_actions.hang(lin, hall.area, hall.terminal, "opening_hours", now=now)
    with pytest.raises(Refused, match="没有可核对"):
        plate_actions.hang(lin, hall.area, None, "zone", now=now)
    areas.update_area(lin, hall.area, keeper_phone="")
    with pytest.raises(Refused, match="电话"):
        plate_actions.hang(lin, hall.area, hall.terminal, "keeper_phone", now=now)
    with pytest.raises(Forbidden):
        plate_actions.hang(hall.actor("shui"), hall.area, hall.terminal, "rating_code", now=now)
    with pytest.raises(Forbidden):
        plate_actions.hang(hall.actor("ning"), hall.area, hall.terminal, "rating_code", now=now)
    assert not HungPlate.objects.exists()


def test_a_plate_that_was_taken_down_is_no_fault(hall: Hall, now: datetime) -> None:
    row = hang(hall, "keeper_phone", now)
    areas.update_area(hall.actor("lin"), hall.area, keeper_phone="0477-0000007")
    tell(now + HOUR)
    plate_actions.take_down(hall.actor("lin"), plate_queries.plates_visible_to(hall.actor("lin")).get(), now=now + HOUR)
    tell(now + 2 * HOUR)
    assert Incident.objects.get(kind="sign_stale").state == "closed"
    row.refresh_from_db()
    assert (row.look_at, AuditLine.objects.filter(action="signage.take_down_plate").count()) == (None, 1)
    phones = "".join(AuditLine.objects.filter(action__startswith="signage.").values_list("record", flat=True))
    assert "0477" not in phones


def test_the_door_head_says_24_hours_only_while_that_is_promised(hall: Hall, now: datetime) -> None:
    row, lin, today = hang(hall, "door_head", now), hall.actor("lin"), timezone.localdate(now)
    assert from_json(row.said).rows == (("", "24小时"),)
    six = [one for one in all_day() if one.weekday != 6]
    for windows, words in (
        ([window(day, time(8), time(20)) for day in range(7)], "每天 08:00—20:00"),
        (six, "周一至周六 全天 24 小时"),
    ):
        areas.set_promised_hours(lin, hall.area, windows, valid_from=today, now=now)
        tell(now + HOUR)
        row.refresh_from_db()
        assert row.differs == [["", "24小时", words]]
        now += HOUR
    assert plate_of("door_head", About(hall.far_area, None, now - timedelta(days=9))).rows == (), "nothing promised yet"


def test_a_plate_found_stale_a_moment_ago_is_told_when_it_comes_down(hall: Hall, now: datetime) -> None:
    row = hang(hall, "keeper_phone", now)
    opened = plate_queries.plates_visible_to(hall.actor("lin")).get()
    areas.update_area(hall.actor("lin"), hall.area, keeper_phone="0477-0000007")
    tell(now + HOUR)
    assert opened.stale_since is None, "whoever takes it down looked before it was found stale"
    plate_actions.take_down(hall.actor("lin"), opened, now=now + HOUR)
    told = Transition.objects.filter(kind="signage.plate_true", subject=f"plate:{row.pk}")
    assert told.count() == 1


def test_of_two_who_hang_at_once_one_is_told_so(hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rival's plate is written after this one looked at what hangs: the unique constraint refuses it."""
    hang(hall, "keeper_phone", now)
    monkeypatch.setattr(plate_actions, "hanging", lambda _area: HungPlate.objects.none())
    with pytest.raises(Refused, match="已经有人"):
        hang(hall, "keeper_phone", now + HOUR)
    assert HungPlate.objects.count() == 1
