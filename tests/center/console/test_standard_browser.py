"""Pages of the standard's project in a real Chromium: accessible, no wider than the phone; an opinion from the public
page to its decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.standard.the_evidence import judge_areas, places
from tests.center.standard.the_project import CODE, begin, consult, furnish

from budayang.center.platform import works
from budayang.center.standard import opinion_actions, training_actions, writing_actions
from budayang.center.standard.models import Opinion, Question, SpreadEvent
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.revising_queries import months_over

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT = f"/console/standard-projects/{CODE}/"


@pytest.fixture
def drafting(night: Desk) -> Desk:
    """A project in consultation with opinions, a document that was made, one that waits, and a stage that was kept."""
    cache.clear()
    now, hall = timezone.now(), night.hall
    project = furnish(hall, begin(hall, now), now)
    writing_actions.word_clause(hall.actor("zhu"), project, "JB-02", "服务时间必须尽快公布。", "各区应照办。", now)
    found = consult(hall, project, now)
    rows = [
        opinion_actions.take_opinion(found, Said(text, clause=clause, unit=unit), client=text, now=now)
        for text, clause, unit in (
            ("夜里断电多久能发现，建议写明时限。", "4.9", "某区政务局"),
            ("屏幕上的字太小，老人看不清。", "5.28", ""),
            ("全文写得清楚。", "", ""),
        )
    ]
    opinion_actions.decide(hall.actor("zhu"), rows[0], "partly", "时限与 7.14 统一为 5 min。", now)
    project = found.project
    ask = {"edition": project.edition, "project": project, "now": now}
    made = writing_actions.ask(hall.actor("zhu"), "standard", "pdf", **ask)  # type: ignore[arg-type]
    for row in (made, *writing_actions.keep_stage(hall.actor("zhu"), project, now)):
        works.run_work.call(row.work_id)
    event = training_actions.plan_event(
        hall.actor("zhu"), edition=project.edition, place=hall.city, kind="training", subject="夜间值守培训",
        planned_on=timezone.localdate(now), areas=[hall.area.place], now=now,
    )  # fmt: skip
    assert event.pk
    training_actions.write_question(
        hall.actor("zhu"), project.edition, clause_code="JB-09", text="断电多久发现？",
        choices=["1 h", "5 min"], right=1, now=now,
    )  # fmt: skip
    training_actions.begin_test(hall.actor("zhu"), project.edition, now)
    judge_areas(places(hall, 53), "YJ-07", [0.5 + n / 110 for n in range(53)], now, months=months_over(now, 2))
    training_actions.register_adoption(
        hall.actor("zhu"), edition=project.edition, place=hall.city, kind="followed", since_on=timezone.localdate(now),
        until_on=None, paper="", note="", now=now,
    )  # fmt: skip
    return night


def pages() -> dict[str, str]:
    one = Opinion.objects.get(decision="partly").pk
    return {
        "projects": "/console/standard-projects/",
        "project": AT,
        "project-step": f"{AT}step/",
        "project-texts": f"{AT}texts/",
        "project-wording": f"{AT}wording/",
        "project-text": f"{AT}text/",
        "opinions": f"{AT}opinions/consultation/",
        "opinion": f"{AT}opinions/{one}/",
        "opinion-import": f"{AT}opinions/consultation/import/",
        "standard-text": "/console/standard-text/",
        "clause-evidence": "/console/clause-evidence/",
        "clause-evidence-one": "/console/clause-evidence/YJ-07/",
        "spread": "/console/spread/",
        "spread-one": f"/console/spread/{SpreadEvent.objects.get().pk}/",
        "spread-new": "/console/spread/new/",
        "spread-coverage": "/console/spread/coverage/",
        "adoptions": "/console/adoptions/",
        "question": f"/console/questions/{Question.objects.get().pk}/",
        "question-new": "/console/questions/new/",
        "test": "/console/standard-test/",
        "public-opinions": "/opinions/",
        "public-opinion": f"/opinions/{CODE}/",
        "public-opinion-progress": f"/opinion/{Opinion.objects.get(decision='partly').number}/",
    }


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    drafting: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Any, size: str
) -> None:
    addresses = pages()

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in addresses.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"standard-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_an_opinion_from_the_phone_is_decided_and_its_sender_reads_it(
    drafting: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def visit(browser: Browser) -> str:
        errors: list[str] = []
        phone = open_page(browser, "phone", errors)
        phone.goto(f"{live_server.url}/opinions/")
        phone.get_by_role("link", name="政务服务24小时自助服务区运行规范").click()
        phone.get_by_label("对哪一条").select_option("4.27")
        phone.get_by_label("意见", exact=True).fill("录像 30 天不够查。")
        phone.get_by_role("button", name="提交意见").click()
        phone.wait_for_url("**/opinion/**")
        desk = open_page(browser, "desk", errors)
        sign_in(desk, live_server.url, "zhu")
        desk.goto(f"{live_server.url}{AT}opinions/consultation/?q=录像")
        desk.locator("main table tbody a").first.click()
        desk.get_by_label("未采纳", exact=True).check()
        desk.get_by_role("button", name="保存处理意见").click()
        assert "要写理由" in desk.locator(".error-summary").inner_text()
        desk.locator("#id_reason").fill("法律规定不少于 30 日。")
        desk.get_by_role("button", name="保存处理意见").click()
        desk.wait_for_url("**/opinions/consultation/")
        phone.reload()
        said = phone.locator("main").inner_text()
        assert errors == [] or all("422" in one for one in errors)
        return said

    said = in_chromium(visit)
    assert "未采纳" in said
    assert "法律规定不少于 30 日。" in said
