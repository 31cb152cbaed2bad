"""我的巡查 in a real Chromium: two rounds walked without a network, the browser killed twice, everything there once."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, Playwright, expect, sync_playwright
from tests.center.console.test_browser import judge, night, sign_in
from tests.center.console.the_desk import Desk
from tests.center.console.the_phone import Cable, Phone
from tests.center.hall import PASSWORD, SYSTEM

from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import Round, RoundAnswer, RoundPhoto, RoundTrace
from budayang.center.maintenance.round_actions import Given
from budayang.center.maintenance.round_day import key_of
from budayang.rules.rounds import Plan, Rhythm

__all__ = ["night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHOTOS = 20  # of each of two rounds
ROWS: list[dict[str, object]] = [
    {"code": "door", "text": "大门能推开", "severity": "urgent", "bucket": "site", "photo": "on_fault"},
    {"code": "seconds", "text": "求助按钮几秒有人应答", "kind": "number", "high": 30, "unit": "秒"},
    {"code": "light", "text": "照明", "photo": "always"},
    {"code": "print", "text": "试打一页", "about": "terminal"},
    {"code": "on", "text": "开机", "about": "terminal", "known": "link"},
]


@pytest.fixture
def walks(night: Desk) -> list[Round]:
    """Two rounds of one person that are open at any hour; at one of them an answer of yesterday's shift."""
    now = timezone.now()
    on = timezone.localdate(now)
    found = []
    for code, name in (("daily", "每日巡查"), ("night", "夜间巡查")):
        planning.write_edition(
            SYSTEM, place=night.hall.city, code=code, name=name, basis="WH-02", rows=ROWS, valid_from=on, now=now,
            today=on,
        )  # fmt: skip
        plan = planning.set_plan(
            SYSTEM, None, area=night.hall.area, code=code, who="keeper", now=now - timedelta(days=1),
            plan=Plan(Rhythm.DAILY, ((time(0), time(0)),), on),
        )  # fmt: skip
        jobs.open_rounds(now)
        found.append(Round.objects.get(plan=plan))
    actions.record_answer(night.actor("lin"), found[0], Given("client-old", "", "door", "no", now), now=now)
    return found


@pytest.fixture
def cable(live_server: Any) -> Iterator[Cable]:
    made = Cable(live_server.thread.port)
    yield made
    made.close()


@pytest.fixture
def with_phone(
    chromium: str, chromium_flags: tuple[str, ...], tmp_path: Path
) -> Iterator[Callable[[Callable[[Phone, Playwright], Any]], Any]]:
    """Run a function with a phone in a thread of its own, as the other browser tests do."""
    phone = Phone(chromium, chromium_flags, tmp_path / "profile")
    with ThreadPoolExecutor(max_workers=1) as threads:

        def run(what: Callable[[Phone, Playwright], Any]) -> Any:
            def visit() -> Any:
                with sync_playwright() as playwright:
                    try:
                        return what(phone, playwright)
                    finally:
                        phone.kill()

            return threads.submit(visit).result(timeout=280)

        yield run


def pictures(folder: Path) -> list[str]:
    """Photographs as a phone makes them: large, with a position in them, each another one."""
    made = []
    for number in range(2 * PHOTOS):
        exif = Image.Exif()
        exif.get_ifd(0x8825)[2] = (39.0, 36.0, float(number))  # GPSLatitude
        path = folder / f"photo-{number}.jpg"
        Image.new("RGB", (2400, 1800), (number * 6, 90, 200 - number * 4)).save(path, exif=exif)
        made.append(str(path))
    return made


def ready(page: Page, base: str) -> None:
    """The page is open, and all of it is on the phone."""
    page.goto(f"{base}/console/my-rounds/")
    page.locator("body[data-kept=yes]").wait_for()
    page.get_by_role("link", name="夜间巡查").first.wait_for()


def sign_in_again(page: Page) -> None:
    """A browser that was killed has forgotten who signed in, and nothing else."""
    page.get_by_role("button", name="现在送出").click()
    page.get_by_text("请重新登录后自动发送").wait_for()
    page.get_by_role("link", name="去登录").click()
    page.get_by_label("用户名").fill("lin")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/console/my-rounds/")


def walk(page: Page, name: str, at: str, photos: list[str]) -> None:
    """The place and the first machine of one round."""
    page.locator(".phone-list .card", has_text=name).first.get_by_role("link").click()
    page.get_by_role("link", name="整个自助区").click()
    door = page.locator("#q-door")
    door.get_by_text("正常", exact=True).click()
    door.get_by_text("已保存").wait_for()
    seconds = page.locator("#q-seconds")
    seconds.locator("input[type=number]").fill("48")
    seconds.get_by_text("数字").click()
    seconds.get_by_text("已保存").wait_for()
    seconds.locator("textarea").fill(f"{at} 占线")
    light = page.locator("#q-light")
    light.get_by_text("正常", exact=True).click()
    light.locator("input[type=file]").set_input_files(photos)
    expect(light.locator("figure")).to_have_count(len(photos), timeout=60_000)
    page.get_by_role("link", name="下一站：KBS-01").click()
    page.locator("#q-print").get_by_text("不适用", exact=True).click()
    page.locator("#q-print").get_by_text("已保存").wait_for()


def hand_over(page: Page, name: str) -> None:
    page.locator(".phone-list .card", has_text=name).first.get_by_role("link").click()
    page.get_by_label("为什么不答").fill("第二台在维修")
    page.get_by_role("button", name="交上").click()
    page.get_by_text("已在这部手机上交上").wait_for()
    page.get_by_role("link", name="我的巡查").first.click()


def kept_photo(page: Page) -> bytes:
    """One photograph as it lies on the phone."""
    script = """() => new Promise(done => { const open = indexedDB.open("budayang-rounds"); open.onsuccess = () => {
        const all = open.result.transaction("photos").objectStore("photos").getAll();
        all.onsuccess = () => { open.result.close(); done([...new Uint8Array(all.result[0].content)]); }; }; })"""
    return bytes(page.evaluate(script))


def take_for_another(page: Page, base: str, row: Round, name: str) -> None:
    """Take a round that is not one's own by its link; later readings of the day keep it, without the link too."""
    day = re.compile("/my-rounds/day/")
    page.goto(f"{base}/console/my-rounds/?round={key_of(row.plan_id, row.opens_at)}")
    page.get_by_role("link", name=name).wait_for()
    with page.expect_request(day):
        page.goto(f"{base}/console/my-rounds/")
    with page.expect_request(day):  # Sendings follow one another: the first one is over when the next one asks.
        page.evaluate("dispatchEvent(new Event('online'))")
    page.reload()
    page.get_by_role("link", name=name).wait_for()


def test_two_rounds_without_a_network_and_a_browser_killed_twice(
    walks: list[Round], cable: Cable, with_phone: Callable[..., Any], tmp_path: Path, artifacts: Path
) -> None:
    photos = pictures(tmp_path)

    def visit(phone: Phone, playwright: Playwright) -> tuple[list[str], bytes, str]:
        page = phone.start(playwright)
        sign_in(page, cable.url, "lin")
        ready(page, cable.url)
        cable.cut()
        page.reload()
        walk(page, "每日巡查", "早", photos[:PHOTOS])
        page.goto(f"{cable.url}/console/my-rounds/")
        walk(page, "夜间巡查", "晚", photos[PHOTOS:])
        phone.kill()

        page = phone.start(playwright)
        page.goto(f"{cable.url}/console/my-rounds/")
        page.get_by_text("没有网络。").wait_for()
        wrong = judge(page, "list without a network")
        pill = page.locator("#unsent").inner_text()
        page.screenshot(path=artifacts / "phone-list-offline.png")
        picture = kept_photo(page)
        for name in ("每日巡查", "夜间巡查"):
            hand_over(page, name)
        page.locator("#unsent").click()
        wrong += judge(page, "what is unsent")
        page.screenshot(path=artifacts / "phone-unsent.png")

        cable.join()
        sign_in_again(page)
        page.locator("#unsent", has_text=re.compile("未送出 [12]?[0-9]$")).wait_for(timeout=60_000)
        phone.kill()
        page = phone.start(playwright)
        page.goto(f"{cable.url}/console/my-rounds/#/unsent")
        sign_in_again(page)
        page.locator("#unsent", has_text="已全部送到").wait_for(timeout=60_000)
        return wrong, picture, pill

    wrong, picture, pill = with_phone(visit)
    assert wrong == []
    assert pill == f"未送出 {2 * (PHOTOS + 4)}"
    small = Image.open(io.BytesIO(picture))
    assert (small.size, dict(small.getexif())) == ((1600, 1200), {})
    for row, when in zip(walks, ("早", "晚"), strict=True):
        row.refresh_from_db()
        assert (row.state, row.note) == ("done", "第二台在维修")
        told = RoundAnswer.objects.filter(round=row, source="person", state="current")
        assert set(told.values_list("stop", "question", "value", "note")) == {
            ("", "door", "yes", ""), ("", "seconds", "48", f"{when} 占线"), ("", "light", "yes", ""),
            ("KBS-01", "print", "na", ""),
        }  # fmt: skip
        assert row.photos.count() == PHOTOS
    assert RoundAnswer.objects.filter(source="person").count() == 9, "the old answer stays beside what replaced it"
    assert RoundPhoto.objects.values("sha256").distinct().count() == 2 * PHOTOS
    assert [one.details["old"] for one in RoundTrace.objects.filter(event="edited")] == ["no"]
    devices = set(RoundAnswer.objects.filter(source="person").exclude(client_id="client-old").values_list("device"))
    assert len(devices) == 1


def test_what_one_said_waits_for_that_person_and_a_conflict_comes_back(
    night: Desk, walks: list[Round], cable: Cable, with_phone: Callable[..., Any], artifacts: Path
) -> None:
    counts: list[int] = []

    def visit(phone: Phone, playwright: Playwright) -> list[str]:
        page = phone.start(playwright)
        sign_in(page, cable.url, "lin")
        ready(page, cable.url)
        page.locator(".phone-list .card", has_text="夜间巡查").first.get_by_role("link").click()
        wrong = judge(page, "a round")
        page.screenshot(path=artifacts / "phone-round.png")
        page.get_by_role("link", name="整个自助区").click()
        cable.cut()
        page.locator("#q-light").get_by_text("异常", exact=True).click()
        page.locator("#q-light").get_by_text("已保存").wait_for()
        page.locator("#q-light").locator("textarea").fill("两根灯管不亮")
        page.locator("#q-seconds").locator("input[type=number]").fill("48")
        page.locator("#q-seconds").get_by_text("数字").click()
        page.locator("#q-seconds").get_by_text("已保存").wait_for()
        wrong += judge(page, "a stop")
        page.screenshot(path=artifacts / "phone-stop.png")
        cable.join()
        page.context.clear_cookies()
        page.locator("#unsent").click()
        page.get_by_role("button", name="现在送出").click()
        page.get_by_text("请重新登录后自动发送").wait_for()
        wrong += judge(page, "signed out")
        page.screenshot(path=artifacts / "phone-signed-out.png")

        sign_in(page, cable.url, "zhu")
        page.goto(f"{cable.url}/console/my-rounds/")
        page.get_by_text("2 条是另一个人的").wait_for()
        page.locator("#unsent", has_text="已全部送到").wait_for()
        page.screenshot(path=artifacts / "phone-other.png")
        counts.append(page.locator("text=两根灯管").count())
        take_for_another(page, cable.url, walks[1], "夜间巡查")
        # Meanwhile somebody who stands in answers the same on the ordinary page.
        page.goto(f"{cable.url}/console/rounds/{walks[1].pk}/place/")
        page.locator("#q-light").get_by_text("正常", exact=True).click()
        page.get_by_role("button", name="记下这一站").click()
        page.wait_for_url("**/stops/KBS-01/")
        page.context.clear_cookies()

        sign_in(page, cable.url, "lin")
        page.goto(f"{cable.url}/console/my-rounds/")
        page.get_by_text("1 处不一致").wait_for()
        page.locator(".phone-list .card", has_text="夜间巡查").first.get_by_role("link").click()
        page.get_by_role("link", name="整个自助区").click()
        page.get_by_text("两次作答不一致").wait_for()
        wrong += judge(page, "a conflict")
        page.screenshot(path=artifacts / "phone-conflict.png")
        page.get_by_role("link", name="夜间巡查").first.click()
        page.get_by_role("link", name="去裁定").click()
        page.get_by_text("两次作答不一致").first.wait_for()
        return wrong

    assert with_phone(visit) == []
    assert counts == [0]
    told = RoundAnswer.objects.filter(question__in=("light", "seconds"), source="person").order_by("pk")
    assert [(one.by, one.question, one.value, one.note, one.state) for one in told] == [
        ("zhu", "light", "yes", "", "current"),
        ("lin", "light", "no", "两根灯管不亮", "conflict"),
        ("lin", "seconds", "48", "", "current"),
    ]


def test_a_fixed_label_read_without_a_network_asks_and_keeps_where_the_phone_is(
    night: Desk, walks: list[Round], cable: Cable, with_phone: Callable[..., Any], artifacts: Path
) -> None:
    code = "KBS-01.29700000." + "A" * 86

    def visit(phone: Phone, playwright: Playwright) -> list[str]:
        page = phone.start(playwright)
        sign_in(page, cable.url, "lin")
        ready(page, cable.url)
        cable.cut()
        page.goto(f"{cable.url}/console/rounds/here/?c={code}")
        page.get_by_role("heading", name="您在 KBS-01 号终端 KBS-01 旁边吗").wait_for()
        wrong = judge(page, "at a machine")
        page.screenshot(path=artifacts / "phone-here.png")
        page.get_by_role("button", name="在，继续夜间巡查").click()
        page.get_by_text("已扫码，等平台核对").wait_for()
        page.get_by_role("link", name="扫码或输入码").click()
        page.get_by_label("码的内容").wait_for()
        wrong += judge(page, "typing a code")
        page.screenshot(path=artifacts / "phone-scan.png")
        page.get_by_label("码的内容").fill(code)
        page.get_by_role("button", name="用这个码").click()
        page.get_by_text("不在", exact=True).click()
        expect(page.get_by_label("码的内容")).to_have_value("")
        # From here on the phone has no room for another byte: what was said goes all the same.
        page.evaluate(
            "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError') } }"
        )
        cable.join()
        page.locator("#unsent").click()
        page.get_by_role("button", name="现在送出").click()
        page.locator("#unsent", has_text="已全部送到").wait_for()
        page.get_by_text("手机没有存下最新的巡查").wait_for()
        return wrong

    assert with_phone(visit) == []
    assert [(one.stop, one.verdict, one.latitude) for one in walks[1].presences.all()] == [("KBS-01", "wrong", None)]
