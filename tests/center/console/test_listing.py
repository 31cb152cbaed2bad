"""The list machine: filter, search, sort, pages, files."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.platform.models import AuditLine
from budayang.center.terminals import actions as terminals


@pytest.fixture
def zhu(desk: Desk) -> Client:
    return desk.client("zhu")


def rows(html: str) -> list[str]:
    """Codes of the terminals in the order of the page."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [part.partition('"')[0].strip("/").rpartition("/")[2] for part in body.split('href="')[1:]]


def get(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"/console/terminals/{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_list_is_sorted_both_ways(zhu: Client) -> None:
    assert rows(get(zhu)) == ["KBS-01", "KBS-02"]
    assert rows(get(zhu, "?sort=-code")) == ["KBS-02", "KBS-01"]
    assert 'aria-sort="descending"' in get(zhu, "?sort=-code")
    assert rows(get(zhu, "?sort=password")) == ["KBS-01", "KBS-02"], "an unknown column is ignored"


def test_every_word_of_a_search_must_be_found(zhu: Client) -> None:
    assert rows(get(zhu, "?q=KBS-02")) == ["KBS-02"]
    assert rows(get(zhu, "?q=康巴什+测试SW")) == ["KBS-02"]
    assert rows(get(zhu, "?q=康巴什+没有这个")) == []
    assert "清除条件" in get(zhu, "?q=没有这个")
    assert rows(get(zhu, "?q=%00KBS-01")) == ["KBS-01"], "a NUL must not reach PostgreSQL"


def test_machines_are_found_by_the_name_of_their_owner(desk: Desk) -> None:
    assert rows(get(desk.client("mo"), "?q=测试SW")) == ["KBS-02"], "their vendor finds them so too"
    assert rows(get(desk.client("ren"), "?q=测试SW")) == [], "nothing of another owner unit"
    assert rows(get(desk.client("ren"), "?q=测试RS")) == ["KBS-01"]


def test_filters_narrow_and_unknown_values_do_not(zhu: Client) -> None:
    assert rows(get(zhu, "?owner=SW")) == ["KBS-02"]
    assert rows(get(zhu, "?area=HJ")) == []
    assert rows(get(zhu, "?owner=' OR 1=1")) == ["KBS-01", "KBS-02"]


def test_pages_do_not_overlap(desk: Desk, zhu: Client) -> None:
    for number in range(60):
        terminals.register_terminal(
            SYSTEM, code=f"T-{number:02}", name="同名", area="HJ", owner="RS", now=desk.hall.terminal.registered_at
        )
    first, second = rows(get(zhu, "?sort=name")), rows(get(zhu, "?sort=name&page=2"))
    assert (len(first), len(second)) == (50, 12)
    assert not set(first) & set(second)
    assert rows(get(zhu, "?sort=name&page=99")) == second
    assert "sort=name&amp;page=2" in get(zhu, "?sort=name"), "the next page keeps the order"


def test_a_fragment_is_the_list_alone(zhu: Client) -> None:
    part = get(zhu, "?q=KBS-01", **{"HX-Request": "true", "HX-Target": "listing"})
    assert part.lstrip().startswith("<section")
    assert rows(part) == ["KBS-01"]
    assert 'data-topic="terminals"' in part
    whole = get(zhu, "", **{"HX-Target": "listing", "HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in whole


def test_files_hold_what_was_filtered_and_leave_an_audit_line(zhu: Client) -> None:
    answer = zhu.get("/console/terminals/?export=csv&owner=RS")
    text = answer.content.decode("utf-8-sig")
    assert "KBS-01" in text
    assert "KBS-02" not in text
    assert text.splitlines()[0] == "演示数据"
    assert "attachment" in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(zhu.get("/console/terminals/?export=xlsx").content)).active
    assert sheet is not None
    assert [cell.value for cell in sheet["A"]] == ["演示数据", "编号", "KBS-01", "KBS-02"]
    lines = AuditLine.objects.filter(action="console.export").order_by("id")
    assert [line.details["rows"] for line in lines] == [1, 2]
    assert {line.actor for line in lines} == {"zhu"}


def test_the_number_of_queries_does_not_grow_with_the_rows(
    desk: Desk, zhu: Client, django_assert_max_num_queries: object
) -> None:
    counts = []
    for extra in (0, 30):
        for number in range(extra):
            terminals.register_terminal(
                SYSTEM, code=f"T-{number:02}", name="x", area="HJ", owner="RS", now=desk.hall.terminal.registered_at
            )
        for page in ("/console/terminals/", "/console/areas/"):
            with django_assert_max_num_queries(30) as found:  # type: ignore[operator]
                assert zhu.get(page).status_code == 200
            counts.append(len(found))
    assert counts[:2] == counts[2:]
