"""Pages of the catalogue in a real Chromium: accessible, no wider than the phone; from the file to the edition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services.the_table import bring, changed_table, planted_table, xlsx
from tests.center.services_cast import catalogue_rows

from budayang.center.services import actions, catalogue_actions, field_actions
from budayang.center.services.models import Item

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def catalogue(night: Desk) -> dict[str, str]:
    """The shipped catalogue, a proposal with differences, one with forty faults, one half compared; their pages."""
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors
    field_actions.link_department(SYSTEM, "RS", night.hall.bodies["RS"].pk)
    table = changed_table(fee="10元", fee_yuan="10", fee_basis="发改价格〔2026〕1号", summary="打印本人的参保证明。")
    new = [*table[3]]
    new[0] = "ZZ900"
    field_actions.confirm_fields(
        SYSTEM,
        "ZZ002",
        {"time": None, "materials": {"materials": "营业执照（电子件）、授权书（原件，高拍，非法定代表人办理时）"}},
        confirmed_by="人社局信息科 任工",
        seen=field_actions.open_version_id("ZZ002"),
        now=timezone.now(),
    )
    ready, refused = bring(xlsx([*table[:-2], new])), bring(xlsx(planted_table()))
    change = ready.changes.get(change="changed", code="ZZ001")
    return {
        "items": "/console/items/",
        "item": "/console/items/ZZ002/",
        "item-machine": "/console/items/ZZ017/",
        "item-then": f"/console/items/ZZ001/then/?at={ready.imported_at.isoformat().replace('+', '%2B')}",
        "editions": "/console/catalogue/",
        "import": "/console/catalogue/import/",
        "ready": f"/console/catalogue/{ready.pk}/",
        "change": f"/console/catalogue/{ready.pk}/items/{change.pk}/",
        "refused": f"/console/catalogue/{refused.pk}/",
        "department": "/console/departments/RS/items/",
        "confirm": "/console/items/ZZ001/confirm/",
        "body": "/console/departments/RS/body/",
        "public-item": "/items/ZZ002/",
        "public-machine": "/items/ZZ017/",
        "public-items": "/items/",
    }


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    catalogue: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        for title, address in catalogue.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"catalogue-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_from_the_file_to_the_edition(
    catalogue: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "目录.xlsx"
    file.write_bytes(xlsx(changed_table(name="浏览器里改的名字")))

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "desk", errors)
        sign_in(page, live_server.url, "zhu")
        page.goto(live_server.url + catalogue["import"])
        page.get_by_label("XLSX 或 CSV 文件").set_input_files(file)
        page.get_by_label("版本名称").fill("浏览器版")
        page.get_by_label("来源").fill("测试")
        page.get_by_role("button", name="上传并比对").click()
        page.get_by_text("浏览器里改的名字").first.wait_for()
        page.get_by_role("button", name="采用这一版").click()
        page.get_by_text("已采用为第 2 版").wait_for()
        return errors

    assert in_chromium(visit) == []
    assert Item.objects.get(code="ZZ001").name == "浏览器里改的名字"


def test_a_long_comparison_ends_on_the_page_by_itself(
    catalogue: dict[str, str],
    live_server: Any,
    in_chromium: Callable[..., Any],
    artifacts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue_actions, "AT_ONCE", 10)
    edition = bring(xlsx(changed_table(name="慢")))

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "desk", errors)
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/catalogue/{edition.pk}/")
        page.get_by_text("等待开始").wait_for()
        page.screenshot(path=artifacts / "catalogue-progress-desk.png", full_page=True)
        page.get_by_role("button", name="取消").click()
        page.get_by_text("比对没有做完").wait_for()
        page.get_by_role("button", name="重新比对").wait_for()
        return errors

    assert in_chromium(visit) == []
