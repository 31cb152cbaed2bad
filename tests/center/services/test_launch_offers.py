"""Items of the kind launch: offered where a terminal can open a department's page, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.center.services_cast import SYSTEM, set_state

from budayang.center.platform.models import Work
from budayang.center.services import actions, judging
from budayang.center.services.connector_actions import declare_items
from budayang.center.services.connector_queries import PAGE, launch_addresses
from budayang.center.services.models import Item, Offering
from budayang.center.services.publishing import catalogue_of
from budayang.center.terminals.models import Peripheral, Terminal
from budayang.rules.services import Truth

pytestmark = pytest.mark.django_db
ONLINE = "ZZ131"  # of SF; no form ships for it
URL = "https://sf.example.gov.cn/apply"


def declare(now: datetime, **item: Any) -> int:
    body = {"contract": "1", "items": {ONLINE: {"kind": "launch", "launch_url": URL, **item}} if item else {}}
    return declare_items(SYSTEM, "SF", body, now)


def with_window(terminal: Terminal, now: datetime, state: str = "online") -> None:
    Peripheral.objects.create(terminal=terminal, subject=PAGE, kind=PAGE, first_seen_at=now)
    set_state(terminal, PAGE, "device", state, now)


def offers(terminal: Terminal) -> Offering | None:
    return Offering.objects.filter(terminal=terminal, item__code=ONLINE, active=True).first()


def test_it_is_offered_by_the_window_for_pages_alone(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    assert not Item.objects.get(code=ONLINE).driven
    assert declare(judged, launch_hosts=["cdn.example.gov.cn"]) == 1
    assert Work.objects.filter(name="services.derive_offerings").exists(), (
        "what follows is worked out in the background"
    )
    with_window(jia, judged)
    actions.derive_offerings([jia.pk, yi.pk], judged)
    found = offers(jia)
    assert found is not None
    assert (found.needs, found.driven, offers(yi)) == ([PAGE], True, None)
    row = actions.set_department_hours(
        SYSTEM, "SF", item_code=ONLINE, weekly=[[d, "00:00", "24:00"] for d in range(7)], source="测试"
    )
    actions.confirm_hours(SYSTEM, row.pk, confirmed_by="司法局信息科", now=judged)
    item = next(one for one in catalogue_of(jia.pk, judged)["items"] if one["code"] == ONLINE)
    assert (item["launch"], item["schema"]) == ({"url": URL, "hosts": ["cdn.example.gov.cn"]}, None)
    assert item["needs"] == [PAGE]
    assert truth(jia, judged) is Truth.DOABLE
    others = [one for one in catalogue_of(jia.pk, judged)["items"] if one["code"] != ONLINE]
    assert others
    assert not any("launch" in one for one in others)


def truth(terminal: Terminal, now: datetime) -> Truth:
    (offering,) = judging.active_offerings(terminal_id=terminal.pk, item__code=ONLINE)
    return judging.judge(offering, judging.Facts.load([offering], now)).truth


def test_a_machine_that_lacks_the_rights_stops_it_with_the_reason(judged: datetime, jia: Terminal) -> None:
    declare(judged, honours_key=True)
    with_window(jia, judged, "noDevice")
    actions.derive_offerings([jia.pk], judged)
    (offering,) = judging.active_offerings(terminal_id=jia.pk, item__code=ONLINE)
    verdict = judging.judge(offering, judging.Facts.load([offering], judged))
    assert (verdict.truth, verdict.text) == (Truth.STOPPED, "本机不能隔离地打开部门网页")


def test_a_page_that_is_not_declared_any_more_is_not_offered(judged: datetime, jia: Terminal) -> None:
    declare(judged, honours_key=True)
    with_window(jia, judged)
    actions.derive_offerings([jia.pk], judged)
    assert offers(jia)
    assert declare(judged) == 1
    assert launch_addresses() == {}
    actions.derive_offerings([jia.pk], judged)
    assert offers(jia) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"launch_hosts": "cdn.example"},
        {"launch_hosts": ["127.0.0.1"]},
        {"launch_hosts": ["*.example.cn"]},
        {"launch_hosts": ["localhost"]},
        {"launch_hosts": ["a.example"] * 21},
        {"kind": "apply", "launch_url": None, "launch_hosts": ["a.example"]},
    ],
)
def test_hosts_are_plain_names_of_the_kind_launch(judged: datetime, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="launch_hosts"):
        declare(judged, **wrong)
