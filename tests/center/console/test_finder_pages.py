"""事项检索: a helper types what a person says and reads what it is, what to bring, where it can be done."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services_cast import catalogue_rows

from budayang.center.services import actions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue(desk: Desk) -> None:
    """The whole shipped catalogue."""
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", ["zhu", "aud", "sec"])
def test_every_member_of_the_staff_may_look(desk: Desk, name: str) -> None:
    assert "事项检索" in page(desk.client(name), "/console/finder/")


def test_nobody_else_may(desk: Desk) -> None:
    assert desk.client("").get("/console/finder/?q=社保证明").status_code == 302


def test_a_persons_words_find_the_item_with_what_to_bring(desk: Desk) -> None:
    found = page(desk.client("zhu"), "/console/finder/?q=我妈退休了要刷脸认证")
    assert "养老保险待遇资格认证" in found
    assert found.index("养老保险待遇资格认证") < found.index("</tr>", found.index("<tbody>"))
    assert "本人到场刷脸" in found


def test_it_says_as_what_it_was_read(desk: Desk) -> None:
    assert "按“公积金提取”查找" in page(desk.client("zhu"), "/console/finder/rows/?q=gjj提取")


def test_what_is_not_found_and_what_is_refused_are_told(desk: Desk) -> None:
    client = desk.client("zhu")
    none = page(client, "/console/finder/rows/?q=买火车票")
    assert "没有找到" in none
    assert "按部门看全部事项" in none
    refused = page(client, "/console/finder/rows/?q=查前妻的房产")
    assert "不能办" in refused
    assert "只有本人持本人证件" in refused
    assert "<tbody>" not in refused


def test_what_was_typed_is_never_a_part_of_the_page(desk: Desk, now: datetime) -> None:
    assert "<script>alert" not in page(desk.client("zhu"), "/console/finder/?q=%3Cscript%3Ealert(1)%3C/script%3E%00")
