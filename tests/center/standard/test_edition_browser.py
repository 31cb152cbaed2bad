"""Pages of the standard in a real Chromium, on desk and phone: nothing that axe-core objects to, nothing too wide; from
a clause to the row that shows it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import actions, edition_actions, edition_queries, given_actions, queries
from budayang.center.standard.models import Clause, Edition, EditionProposal
from budayang.rules.standard.parts import Kind

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
PAGES = (
    "/console/conformity/",
    "/console/conformity/KBS/",
    "/console/conformity/KBS/score/",
    "/console/conformity/KBS/YJ-19/",
    "/console/conformity/KBS/YJ-10/",
    "/console/conformity/KBS/JB-09/",
    "/console/conformity/KBS/WH-10/",
    "/console/conformity/KBS/YJ-18/give/measurement/",
    "/console/conformity/KBS/JB-12/give/document/",
    "/console/conformity/KBS/WH-10/exception/",
    "/console/clause-given/",
    "/console/clause-given/numbers/",
    "/console/clause-exceptions/",
    "/console/editions/",
    "/console/editions/REF-2026/",
    "/console/editions/REF-2026/terms/",
    "/console/editions/REF-2027/compare/?with=REF-2026",
    "/console/editions/import/",
    "/console/editions/proposals/{ready}/",
    "/console/editions/proposals/{refused}/",
)


def clause(code: str) -> Clause:
    return Clause.objects.get(code=code, edition__code="REF-2026")


def edited(cells: dict[tuple[str, str], object]) -> bytes:
    text = edition_queries.text_of(Edition.objects.get(code="REF-2026"))
    book = load_workbook(io.BytesIO(edition_queries.workbook_of(text, demo=False)))
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def shown(transactional_db: None) -> tuple[Hall, dict[str, int]]:
    """A hall with an evidence of each kind, an exemption, a transition, a second edition, a workbook with faults."""
    now = timezone.now().replace(microsecond=0)
    hall = build(now)
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - timedelta(days=1))
    hall.staff["zhu"] = person
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - timedelta(minutes=90), now)
    today, lin = queries.day_of(now), hall.actor("lin")
    given = {"on": today, "source": "5 米卷尺", "now": now}
    wrong = given_actions.give_numbers(
        lin, hall.area.place, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1520}, **given
    )
    given_actions.withdraw(lin, wrong, why="量错了地方", now=now)
    given_actions.give_numbers(
        lin, hall.area.place, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1400}, **given
    )
    given_actions.give_numbers(
        SYSTEM,
        hall.city,
        clause("YJ-10"),
        Kind.EXTERNAL,
        values={"infected": 0},
        on=today,
        source="防病毒管理端",
        now=now,
    )
    for days, name in ((400, "应急预案"), (20, "测评报告"), (-3, "旧制度")):
        given_actions.give_document(
            lin, hall.area.place, clause("JB-12"), title=name, on=today - timedelta(days=30),
            until_on=today + timedelta(days=days), name="a.pdf", content=PDF, now=now,
        )  # fmt: skip
    given_actions.set_exception(
        SYSTEM, hall.area.place, clause("YJ-19"), kind="transition", reason="老楼改造没有完工",
        plan="拆一排座椅，物业负责", from_on=today, until_on=date(today.year + 1, 6, 30), now=now,
    )  # fmt: skip
    given_actions.set_exception(
        SYSTEM, hall.area.place, clause("WH-10"), kind="exemption", reason="没有消防控制室", from_on=today,
        until_on=None, now=now,
    )  # fmt: skip
    actions.assess_many([hall.area.place], queries.month_of(now), now)
    new = {("版本", "A2"): "REF-2027", ("版本", "B2"): "另一份要求汇编（参照版）", ("条款", "D2"): "新的判断标准"}
    ready = edition_actions.bring_edition(SYSTEM, edited(new), file_name="要求汇编.xlsx", now=now)
    edition_actions.load_proposal(SYSTEM, ready.pk, now)
    ready = edition_actions.bring_edition(
        SYSTEM, edited({**new, ("版本", "A2"): "REF-2028"}), file_name="要求汇编二.xlsx", now=now
    )
    refused = edition_actions.bring_edition(
        SYSTEM,
        edited({("条款", "C3"): None, ("条款", "H4"): "E", ("术语", "C5"): None}),
        file_name="有错.xlsx",
        now=now,
    )
    return hall, {"ready": ready.pk, "refused": refused.pk}


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_the_standard_are_accessible_and_fit(
    shown: tuple[Hall, dict[str, int]],
    live_server: Any,
    in_chromium: Callable[..., Any],
    artifacts: Path,
    size: str,
) -> None:
    names = shown[1]

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        for number, address in enumerate(PAGES):
            answer = page.goto(live_server.url + address.format(**names))
            if answer is None or answer.status != 200:
                wrong.append(f"{address}: status {answer and answer.status}")
            for closed in page.locator("details:not([open]) > summary").all():
                if closed.is_visible() and "REF-2026" in address:
                    closed.click()
            wrong += judge(page, address)
            page.screenshot(path=artifacts / f"standard-{number:02}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
    assert EditionProposal.objects.count() == 3


def test_from_the_city_to_the_row_that_shows_a_clause(
    shown: tuple[Hall, dict[str, int]], live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def walk(browser: Browser) -> str:
        page = open_page(browser, "desk", [])
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/conformity/")
        page.get_by_role("link", name="康巴什区自助区").click()
        page.get_by_role("link", name="得分和扣分").click()
        page.locator(".score-lines").get_by_role("link", name="YJ-07").first.click()
        page.locator("ul.plain a[href*='/console/incidents/']").first.click()
        page.wait_for_url("**/console/incidents/*/")
        return page.inner_text("main")

    assert shown[0].area.name
    assert "缺纸" in in_chromium(walk)
