"""Tables of regions and areas: an error per row, all or nothing."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.center.areas.the_city import SYSTEM, City

from budayang.center.areas import actions, imports, queries
from budayang.center.platform.models import Place
from budayang.center.platform.uploads import BadUpload, TableRefused


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_a_city_is_loaded_children_before_parents(city: City) -> None:
    rows = imports.read_regions(
        table("代码,名称,上级代码", "150702,海拉尔区,150700", "150702001,测试街道,150702", "150700,呼伦贝尔市,")
    )
    assert actions.import_regions(SYSTEM, rows) == (3, 0)
    assert Place.objects.get(code="150702001").path == "/150700/150702/150702001/"
    assert actions.import_regions(SYSTEM, rows) == (0, 3), "a second time changes nothing"


def test_english_heads_and_gb18030_are_read(city: City) -> None:
    content = "code,name,parent\n150627,伊金霍洛旗,150600\n".encode("gb18030")
    assert actions.import_regions(SYSTEM, imports.read_regions(content)) == (1, 0)


def test_each_wrong_row_is_told_and_nothing_is_loaded(city: City) -> None:
    rows = imports.read_regions(
        table(
            "代码,名称,上级代码",
            "150621,达拉特旗,150600",
            "15062,少一位,150600",
            "150622,,150600",
            "150621,又一次,150600",
            "150624,没有上级,999999",
            "150603,另一个名字,150600",
            "150626,在自助区下,A-KBS",
            "150630,甲,150631",
            "150631,乙,150630",
        )
    )
    with pytest.raises(TableRefused) as refused:
        actions.import_regions(SYSTEM, rows)
    assert [line for line, _message in refused.value.errors] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert all(message for _line, message in refused.value.errors)
    assert not Place.objects.filter(code="150621").exists()


def test_a_supervisor_loads_inside_the_own_scope_only(city: City) -> None:
    rows = imports.read_regions(table("代码,名称,上级代码", "150699,甲,150600", "150100,呼和浩特市,"))
    check = imports.check_regions(city.supervisor(), rows)
    assert [line for line, _message in check.errors] == [3]
    assert [plan.code for plan in check.new] == ["150699"]


def test_areas_are_loaded_with_their_hours(city: City, now: datetime) -> None:
    rows = imports.read_areas(
        table(
            "代码,名称,区划代码,类别,纬度,经度,有窗口,承诺时间",
            "HJ,测试杭锦,150625,便民服务点,39.8,108.7,是,周一至周五 08:30-17:30",
            "KBS,测试自助区,150603,,,,,",
        )
    )
    assert actions.import_areas(city.supervisor(), rows, valid_from=now.date(), now=now) == (1, 1)
    area = queries.get_area(city.stranger(), "HJ")
    assert (area.kind, area.latitude, area.has_windows) == ("outreach", 39.8, True)
    assert len(queries.hours_in_force([area.pk], now.date())[area.pk]) == 5


@pytest.mark.parametrize(
    "row",
    [
        "hj,小写,150625,,",
        "HJ,,150625,,",
        "HJ,甲,999999,,",
        "HJ,甲,A-KBS,,",
        "HJ,甲,150625,200,",
        "HJ,甲,150625,北,",
        "HJ,甲,150625,,看情况",
        "KBS,改名,150603,,",
    ],
)
def test_a_wrong_area_stops_the_whole_table(city: City, now: datetime, row: str) -> None:
    rows = imports.read_areas(table("代码,名称,区划代码,纬度,承诺时间", "WS,好的,150625,,全天", row))
    with pytest.raises(TableRefused) as refused:
        actions.import_areas(SYSTEM, rows, valid_from=now.date(), now=now)
    assert [line for line, _message in refused.value.errors] == [3]
    assert not queries.visible_to(SYSTEM).filter(code="WS").exists()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04nonsense", "代码,名称\n".encode()])
def test_what_is_no_such_table_is_refused(city: City, content: bytes) -> None:
    with pytest.raises(BadUpload):
        imports.read_regions(content)
