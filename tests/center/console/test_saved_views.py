"""Saved views: kept per person and list, shared below a place, renamed and dropped by their owner only."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.center.console.the_desk import Desk

from budayang.center.platform import view_actions
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, SavedView

LIST = "/console/terminals/"


def save(client: Client, name: str, query: str, *, shared: bool = False, address: str = LIST) -> int:
    fields = {"list": address, "name": name, "query": query, **({"shared": "1"} if shared else {})}
    return client.post("/console/views/save/", fields).status_code


def tabs(html: str) -> str:
    return html.partition('<nav class="views"')[2].partition("</nav>")[0]


def test_a_view_is_a_tab_that_opens_the_list_as_it_was(desk: Desk) -> None:
    client = desk.client("lin")
    page = client.get(f"{LIST}?owner=SW&sort=code").content.decode()
    assert "保存为视图" in page
    assert "保存为视图" not in client.get(LIST).content.decode(), "an unfiltered list needs no name"
    assert save(client, "税务的", "sort=code&owner=SW&page=3&export=xlsx") == 302
    view = SavedView.objects.get()
    assert view.query == "owner=SW&sort=code", "page and export are not part of a view"
    found = tabs(client.get(f"{LIST}?sort=code&owner=SW").content.decode())
    assert 'aria-current="page">税务的' in found
    assert AuditLine.objects.filter(action="platform.save_view").get().details == {"address": LIST}


def test_it_works_for_every_list_and_stays_there(desk: Desk) -> None:
    client = desk.client("lin")
    assert save(client, "开着的", "state=open", address="/console/incidents/") == 302
    assert "开着的" in tabs(client.get("/console/incidents/").content.decode())
    assert tabs(client.get(LIST).content.decode()) == ""


def test_a_shared_view_reaches_those_who_work_below(desk: Desk) -> None:
    assert save(desk.client("lin"), "康巴什的", "now=fault", shared=True) == 302
    assert "康巴什的" not in tabs(desk.client("ou").get(LIST).content.decode()), "another banner"
    assert save(desk.client("zhu"), "全市的", "now=silent", shared=True) == 302
    shown = tabs(desk.client("ou").get(LIST).content.decode())
    assert "全市的" in shown
    assert "测试zhu" in shown, "whose it is"
    save(desk.client("ou"), "自己的", "now=ok")
    assert "自己的" not in tabs(desk.client("zhu").get(LIST).content.decode())


def test_only_its_owner_changes_it(desk: Desk) -> None:
    save(desk.client("zhu"), "全市的", "now=silent", shared=True)
    view = SavedView.objects.get()
    for step in ("rename", "delete"):
        assert desk.client("ou").post(f"/console/views/{view.pk}/{step}/", {"name": "改"}).status_code == 404
    with pytest.raises(Forbidden):
        view_actions.delete_view(desk.actor("ou"), view)
    assert desk.client("zhu").post(f"/console/views/{view.pk}/rename/", {"name": " 全市 失联 "}).status_code == 302
    assert SavedView.objects.get().name == "全市 失联"
    assert "全市 失联" in desk.client("zhu").get(f"/console/views/?list={LIST}").content.decode()
    desk.client("zhu").post(f"/console/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_names_are_one_each_and_lists_must_be_ours(desk: Desk) -> None:
    client = desk.client("lin")
    save(client, "甲", "now=ok")
    again = client.post("/console/views/save/", {"list": LIST, "name": "甲", "query": "now=fault"}, follow=True)
    assert "已有同名的视图" in again.content.decode()
    assert '<details class="save-view" open>' in again.content.decode()
    assert 'required value="甲"' in again.content.decode(), "what was typed is kept"
    assert 'value="甲"' not in client.get(f"{LIST}?now=fault").content.decode(), "once"
    assert SavedView.objects.count() == 1
    for address in ("https://elsewhere.example/", "/", "/console/staff/new/", "/console/none/"):
        assert save(client, "乙", "", address=address) == 404, address
    then = desk.hall.terminal.registered_at
    with pytest.raises(Forbidden):
        view_actions.save_view(
            desk.actor("ren"),
            address=LIST,
            name="丙",
            query="",
            shared_at=desk.hall.city,
            now=then,
        )
    with pytest.raises(Refused):
        view_actions.save_view(desk.actor("ren"), address=LIST, name="  ", query="", shared_at=None, now=then)
