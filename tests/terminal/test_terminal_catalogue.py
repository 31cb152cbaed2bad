from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from terminal_stage import AVAILABILITY, CATALOGUE, HandPrinter, HandReader

from budayang.data import service_items
from budayang.search import Index, SearchItem
from budayang.search.building import build_index
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.devices.table import Reading
from budayang.terminal.outbox import Outbox
from budayang.terminal.peripherals import Peripherals
from budayang.uplink.clock import ManualClock
from budayang.uplink.outbox import MessageRow
from budayang.uplink.uplink import Level, Line

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)  # 02:14 on Tuesday in Ordos


class Shelf:
    """A catalogue with what lies around it."""

    def __init__(self, folder: Path, *, reader: bool = True) -> None:
        self.clock = ManualClock(NIGHT)
        self.outbox = Outbox(folder / "outbox.sqlite3", self.clock)
        self.printer, self.reader = HandPrinter(), HandReader()
        devices: dict[str, Any] = {"printer": self.printer} | ({"idReader": self.reader} if reader else {})
        self.peripherals = Peripherals(devices, self.outbox)
        self.catalogue = Catalogue(self.clock, self.peripherals, reader=reader)
        self.line = Line(Level.OK, NIGHT)
        self.catalogue.line = lambda: self.line
        self.device("printer", device="online", **{"paper.upper": "full", "toner": "full"})
        if reader:
            self.device("idReader", device="online", security="open")
        self.ids = 0
        self.send("catalogue", CATALOGUE)
        self.send("availability", AVAILABILITY)

    def send(self, kind: str, body: dict[str, Any], key: str = "") -> None:
        self.ids += 1
        self.outbox.take_messages([MessageRow(kind, key, self.ids, copy.deepcopy(body))])
        self.catalogue.load(self.outbox)

    def device(self, kind: str, **states: str) -> None:
        device = self.peripherals.devices[kind]
        self.peripherals._take(device, {name: Reading(state) for name, state in states.items()})
        self.catalogue.touch()

    def truth(self, code: str) -> tuple[str, str]:
        item = self.catalogue.item(code)
        assert item is not None
        return item["truth"], item["truth_word"]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    found = Shelf(tmp_path)
    yield found
    found.outbox.close()


def test_the_three_truths_at_two_in_the_morning(shelf: Shelf) -> None:
    assert shelf.truth("ZZ001") == ("doable", "可办")
    assert shelf.truth("ZZ130")[0] == "submittable"
    assert shelf.truth("ZZ200") == ("unconfirmed", "待部门确认")
    assert shelf.truth("ZZ031") == ("stopped", "暂停至 08:00")


def test_paper_out_stops_what_needs_the_printer_and_shows_where_else(shelf: Shelf) -> None:
    shelf.device("printer", device="online", **{"paper.upper": "out"})
    item = shelf.catalogue.item("ZZ001")
    assert item is not None
    assert (item["truth"], item["can_start"], item["text"]) == ("stopped", False, "打印机缺纸")
    assert item["alternatives"][0]["terminal"] == "YJHL-01"
    shelf.device("printer", device="online", **{"paper.upper": "full"})
    assert shelf.truth("ZZ001")[0] == "doable"


def test_a_dead_reader_stops_only_what_needs_it(shelf: Shelf) -> None:
    shelf.device("idReader", device="offline", security="notReady")
    assert shelf.truth("ZZ001")[0] == "stopped"
    assert shelf.truth("ZZ130")[0] == "submittable"


def test_without_a_reader_a_code_on_a_card_serves(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, reader=False)
    assert shelf.truth("ZZ001")[0] == "doable"
    shelf.outbox.close()


def test_a_stop_of_a_department_and_its_end(shelf: Shelf) -> None:
    stop = {
        "scope": "department",
        "code": "RS",
        "start": "2026-11-23T18:00:00+00:00",
        "end": "2026-11-23T19:00:00+00:00",
    }
    shelf.send("availability", {**AVAILABILITY, "stops": [stop]})
    assert shelf.truth("ZZ001") == ("stopped", "暂停至 03:00")
    assert shelf.truth("ZZ130")[0] == "submittable"
    shelf.clock.advance(3600)
    assert shelf.truth("ZZ001")[0] == "doable"


def test_a_stop_of_the_terminal_stops_everything(shelf: Shelf) -> None:
    shelf.send(
        "availability", {**AVAILABILITY, "stops": [{"scope": "terminal", "start": NIGHT.isoformat(), "end": None}]}
    )
    assert {shelf.truth(code)[0] for code in ("ZZ001", "ZZ130", "ZZ031")} == {"stopped"}


def test_a_planned_stop_is_told_ahead_and_no_longer_than_until_it_begins(shelf: Shelf) -> None:
    hour = timedelta(hours=1)
    planned = {"from": (NIGHT + hour).isoformat(), "until": (NIGHT + 2 * hour).isoformat(), "text": "次日 06:00"}
    shelf.send("availability", {**AVAILABILITY, "planned": [planned]})
    seen = []
    for _step in range(3):
        seen.append([one["text"] for one in shelf.catalogue.current_notices()])
        shelf.clock.advance(3600)
    assert seen == [[], ["次日 06:00"], []]


def test_a_department_that_does_not_answer(shelf: Shelf) -> None:
    shelf.send("availability", {**AVAILABILITY, "connectors": {"RS": {"state": "down"}, "SF": {"state": "down"}}})
    assert shelf.truth("ZZ001")[0] == "stopped"
    assert shelf.truth("ZZ130")[0] == "submittable", "what is handed in at night waits in the center"


def test_offline_stops_what_is_asked_live_and_keeps_what_is_handed_in(shelf: Shelf) -> None:
    shelf.line = Line(Level.OFFLINE, NIGHT)
    shelf.catalogue.touch()
    item = shelf.catalogue.item("ZZ001")
    assert item is not None
    assert (item["truth"], item["text"]) == ("stopped", "网络中断，暂时不能联网办理")
    assert shelf.truth("ZZ130")[0] == "submittable"


def test_verdicts_are_remembered_for_a_second_only(shelf: Shelf) -> None:
    assert shelf.truth("ZZ031")[0] == "stopped"
    shelf.clock.advance(6 * 3600)
    assert shelf.truth("ZZ031")[0] == "doable"


def test_home_departments_and_life_events(shelf: Shelf) -> None:
    home = shelf.catalogue.home()
    assert [item["code"] for item in home["hot"]] == ["ZZ001", "ZZ031"]
    assert {row["code"]: row["count"] for row in home["departments"]} == {"RS": 1, "YB": 2, "SF": 1}
    assert {row["code"]: row["count"] for row in home["events"]}["print"] == 1
    listed = shelf.catalogue.department("YB")
    assert listed is not None
    assert [item["code"] for item in listed["items"]] == ["ZZ031", "ZZ200"]
    assert shelf.catalogue.department("XX") is None
    assert shelf.catalogue.event("nothing") is None


def test_search_by_the_index_that_the_center_made(shelf: Shelf) -> None:
    index = build_index([SearchItem(item["code"], item["name"]) for item in CATALOGUE["items"]])
    assert isinstance(index, Index)
    shelf.send("catalogue", {**CATALOGUE, "index": index.to_json()})
    assert shelf.catalogue.search("cbzm")[0]["code"] == "ZZ001"
    assert [item["code"] for item in shelf.catalogue.search("fayuan", 5)] == ["ZZ130"]
    assert shelf.catalogue.search("  ") == []
    assert shelf.catalogue.search("医保")[0]["code"] in {"ZZ031"}


def test_what_another_place_does_is_told_and_not_guessed(shelf: Shelf) -> None:
    """The index holds the whole catalogue; the machine offers a part of it."""
    whole = [SearchItem(item.code, item.name) for item in service_items()]
    shelf.send("catalogue", {**CATALOGUE, "index": json.loads(build_index(whole).to_json())})
    elsewhere = shelf.catalogue.answer("我们要结婚了")
    assert (elsewhere["verdict"], elsewhere["items"]) == ("found", [])
    assert elsewhere["elsewhere"][0] == "婚姻登记预约"
    refused = shelf.catalogue.answer("办个假身份证")
    assert refused["verdict"] == "refused"
    assert "违法" in refused["reason"]
    none = shelf.catalogue.answer("买火车票")
    assert (none["verdict"], none["items"], none["elsewhere"]) == ("not_found", [], [])
    assert none["advice"]
    heard = shelf.catalogue.answer("社宝参保正明")
    assert (heard["items"][0]["code"], heard["read_as"]) == ("ZZ001", "社保参保证明")


def test_the_same_index_is_not_read_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {**CATALOGUE, "index": json.loads(build_index([SearchItem("ZZ001", "个人参保证明查询打印")]).to_json())}
    shelf.send("catalogue", body)
    read: list[Any] = []
    monkeypatch.setattr(Index, "from_json", read.append)
    shelf.send("availability", {})
    assert not read


@pytest.mark.parametrize("index", [{"v": 1, "items": []}, {"v": 3}, "nonsense"])
def test_an_index_of_another_program_costs_the_search_and_not_the_items(shelf: Shelf, index: Any) -> None:
    shelf.send("catalogue", {**CATALOGUE, "index": index})
    assert [item["code"] for item in shelf.catalogue.search("参保")] == ["ZZ001", "ZZ031"]


def test_search_without_an_index_knows_names(shelf: Shelf) -> None:
    assert [item["code"] for item in shelf.catalogue.search("参保")] == ["ZZ001", "ZZ031"]


def test_a_broken_catalogue_leaves_the_former_one(shelf: Shelf) -> None:
    shelf.send("catalogue", {"items": [{"name": "ohne Code"}]})
    assert len(shelf.catalogue) == 4
    shelf.send("catalogue", {**CATALOGUE, "calendars": {"RS": {"weekly": [[9, "x", "y"]]}}})
    assert shelf.truth("ZZ001")[0] == "doable"


def test_notices_have_their_time(shelf: Shelf) -> None:
    shelf.send("notice", {"title": "a", "text": "a", "until": "2026-11-23T19:00:00+00:00"}, "n1")
    shelf.send("notice", {"title": "b", "text": "b", "from": "2026-11-24T00:00:00+00:00"}, "n2")
    assert [n["id"] for n in shelf.catalogue.current_notices()] == ["n1"]
    shelf.clock.advance(7200)
    assert shelf.catalogue.current_notices() == []
    shelf.send("notice", {"withdrawn": True}, "n2")
    shelf.clock.advance(86400)
    assert shelf.catalogue.current_notices() == []


def test_notices_of_faults_are_the_newest_list_and_end_with_an_empty_one(shelf: Shelf) -> None:
    fault = {
        "id": "7",
        "terminal": "KBS-02",
        "subject": "2 号终端",
        "sentence": "不能打印。",
        "lines": [["预计", "说不准"]],
    }
    shelf.send("notices", {"area": "KBS", "faults": [fault]})
    assert shelf.catalogue.faults == [
        {
            "terminal": "KBS-02",
            "title": "暂停服务",
            "subject": "2 号终端",
            "sentence": "不能打印。",
            "lines": [("预计", "说不准")],
        }
    ]
    before = shelf.catalogue.revision
    shelf.send("notices", {"area": "KBS", "faults": []})
    assert shelf.catalogue.faults == []
    assert shelf.catalogue.revision > before, "the page is drawn anew"
    shelf.send("notices", {"area": "KBS"})
    assert shelf.catalogue.faults == [], "what cannot be read changes nothing"
