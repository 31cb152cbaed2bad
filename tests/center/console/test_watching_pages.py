"""Pages of the watched machines: who sees them, what they say, what their forms refuse."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from tests.center.console.the_desk import Desk

from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, watching_actions
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import StatusInterval, Terminal, WatchFound, WatchSeen

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def machine(desk: Desk, now: datetime) -> Terminal:
    area = desk.hall.area
    relay = actions.register_terminal(
        SYSTEM, code="KBS-R1", name="值班室电脑", area=area.code, owner="RS", kind="relay", now=now
    )
    machine = actions.register_terminal(
        SYSTEM, code="KBS-11", name="社保自助机", area=area.code, owner="RS", kind="watched", now=now
    )
    watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, now)
    return machine


def test_a_machine_without_sources_is_unknown_and_told_how_to_change_that(desk: Desk, machine: Terminal) -> None:
    page = desk.client("zhu").get(reverse("console:watched", args=["KBS-11"])).content.decode()
    assert "还没有来源" in page
    assert "最省的办法" in page
    assert "未知" in page
    listed = desk.client("zhu").get(reverse("console:watching")).content.decode()
    assert "社保自助机" in listed
    assert "还不知道" in listed


def test_a_source_is_added_by_its_form_and_its_cost_with_it(desk: Desk, machine: Terminal) -> None:
    browser, url = desk.client("zhu"), reverse("console:watch_source_new", args=["KBS-11", "plug"])
    assert "例如 ENERGY.Power" in browser.get(url).content.decode()
    given = {
        "url": "mqtt://192.168.10.5", "topic": "", "path": "power", "off_below_w": "1", "standby_below_w": "12",
        "proves": ["power"], "interval_s": "30", "keep_s": "180", "price": "55.50", "minutes": "10",
    }  # fmt: skip
    refused = browser.post(url, given)
    assert refused.status_code == 422
    assert "MQTT 插座要写主题" in refused.content.decode()
    assert "mqtt://192.168.10.5" in refused.content.decode(), "what was typed stays"
    assert browser.post(url, {**given, "topic": "tele/plug-3/SENSOR"}).status_code == 302
    (source,) = watching.sources_of(watching.profile_of(machine.pk))
    assert (source.subject, source.settings["topic"]) == ("power-1", "tele/plug-3/SENSOR")
    assert watching.costs_of([machine.pk])[machine.pk] == watching.Cost(Decimal("55.50"), 10)
    assert "计量插座" in browser.get(reverse("console:watched", args=["KBS-11"])).content.decode()
    prices = browser.get(reverse("console:watch_prices")).content.decode()
    assert "56" in prices or "55" in prices
    assert browser.post(reverse("console:watch_source_remove", args=["KBS-11", source.pk])).status_code == 302
    assert watching.sources_of(watching.profile_of(machine.pk)) == []


def test_the_label_leads_to_i_confirm_at_the_machine(desk: Desk, machine: Terminal, now: datetime) -> None:
    profile = watching.profile_of(machine.pk)
    assert profile is not None
    browser = desk.client("zhu")
    picture = browser.get(reverse("console:watched_qr", args=["KBS-11"]))
    assert picture["Content-Type"] == "image/svg+xml"
    led = browser.get(reverse("console:watched_label", args=[profile.qr]))
    assert led["Location"] == reverse("console:watched_seen", args=["KBS-11"])
    form = browser.get(led["Location"])
    assert "请站在机器前填写" in form.content.decode()
    late = browser.post(led["Location"], {"what": "test_print", "state": "working", "at": "2099-01-01T00:00"})
    assert (late.status_code, "不能在将来" in late.content.decode()) == (422, True)
    local = form.context["form"].initial["at"]
    sent = browser.post(led["Location"], {"what": "test_print", "state": "working", "at": local, "note": "出纸正常"})
    assert sent.status_code == 302
    row = WatchSeen.objects.get()
    assert (row.state, row.note, row.keep_until - row.at) == ("working", "出纸正常", timedelta(days=1))
    assert "出纸正常" in browser.get(reverse("console:watched", args=["KBS-11"])).content.decode()


def test_a_heartbeat_s_token_is_shown_once_with_the_lines_for_both_schedulers(desk: Desk, machine: Terminal) -> None:
    browser, url = desk.client("zhu"), reverse("console:watch_source_new", args=["KBS-11", "heartbeat"])
    given = {"every_s": "60", "proves": ["reach"], "interval_s": "60", "keep_s": "300", "price": "0", "minutes": "20"}
    page = browser.post(url, given)
    text = page.content.decode()
    assert "schtasks /Create" in text
    assert "curl.exe" in text
    assert "/beat/KBS-11" in text
    assert page["Cache-Control"] == "no-store"
    (source,) = watching.sources_of(watching.profile_of(machine.pk))
    assert len(source.settings["token_hash"]) == 64
    assert source.settings["token_hash"] not in text


def test_a_relay_gets_one_code_and_what_it_found_is_taken_over(desk: Desk, machine: Terminal, now: datetime) -> None:
    browser = desk.client("zhu")
    page = browser.post(reverse("console:relay_code", args=["KBS-R1"])).content.decode()
    assert "budayang relay --center-url" in page
    relay = Terminal.objects.get(code="KBS-R1")
    offers = [{"kind": "ping", "settings": {"host": "192.168.10.21", "count": 3}, "saw": "有应答 1.0 ms"}]
    found = WatchFound.objects.create(relay=relay, host="192.168.10.21", sources=offers, found_at=now)
    assert "192.168.10.21" in browser.get(reverse("console:relay", args=["KBS-R1"])).content.decode()
    settle = reverse("console:relay_found", args=["KBS-R1", found.pk])
    assert browser.post(settle, {"machine": "KBS-11"}).status_code == 302
    (source,) = watching.sources_of(watching.profile_of(machine.pk))
    assert source.settings["host"] == "192.168.10.21"
    assert "1" in browser.get(reverse("console:relays")).content.decode()
    browser.post(settle, {"machine": "KBS-11"})
    assert len(watching.sources_of(watching.profile_of(machine.pk))) == 1, "settled once"


def test_a_relay_is_registered_by_its_form(desk: Desk) -> None:
    url = reverse("console:relay_new")
    given = {"code": "KBS-R2", "name": "备用", "area": desk.hall.area.code, "owner": "RS"}
    assert desk.client("zhu").post(url, given).status_code == 302
    assert Terminal.objects.get(code="KBS-R2").kind == "relay"
    again = desk.client("zhu").post(url, given)
    assert (again.status_code, "已经有了" in again.content.decode()) == (422, True)


def test_strangers_see_nothing(desk: Desk, machine: Terminal) -> None:
    profile = watching.profile_of(machine.pk)
    assert profile is not None
    for name in ("watched", "watched_live", "watched_qr", "watched_seen", "watched_relay", "watched_cost"):
        answer = desk.client("ou").get(reverse(f"console:{name}", args=["KBS-11"]))
        assert answer.status_code in (403, 404), name
    assert desk.client("ou").get(reverse("console:watched_label", args=[profile.qr])).status_code in (403, 404)
    assert desk.client("ou").get(reverse("console:relay", args=["KBS-R1"])).status_code in (403, 404)
    assert desk.client("").get(reverse("console:watching")).status_code == 302


def test_the_list_asks_no_more_for_more_machines(
    desk: Desk, machine: Terminal, now: datetime, django_assert_max_num_queries: object
) -> None:
    from_here = desk.client("zhu")
    for number in range(12, 22):
        one = actions.register_terminal(
            SYSTEM, code=f"KBS-{number}", name="机器", area=desk.hall.area.code, owner="RS", kind="watched", now=now
        )
        watching_actions.add_source(SYSTEM, one.pk, kind="ping", settings={"host": "10.0.0.9"}, now=now)
        StatusInterval.objects.create(
            terminal=one, subject="reach-1", property="ping", kind="reach", state="ok", since=now, received_at=now
        )
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        page = from_here.get(reverse("console:watching"))
    assert page.content.decode().count("KBS-") >= 11
