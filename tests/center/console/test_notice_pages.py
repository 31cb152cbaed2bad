"""Pages of roster and notices: each by everybody who may, forms refused and accepted, links that confirm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright
from tests.accessibility import violations, wider
from tests.center.console.the_desk import Desk, build
from tests.center.hall import PASSWORD, SYSTEM
from tests.center.maintenance.the_alarm import Alarm

from budayang.center.console.notice_forms import read_steps, rearrange
from budayang.center.maintenance import duty_actions, notice_actions
from budayang.center.maintenance.models import (
    DutyChange,
    DutyShift,
    DutySwap,
    EscalationPolicy,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeMessage,
    NoticePreference,
)
from budayang.center.platform.models import Staff
from budayang.rules.duty import Days
from budayang.rules.escalation import SHIPPED, Step, StepKind
from budayang.rules.maintenance import Severity

SIZES = {"desk": (1440, 1000), "phone": (390, 844)}
PAGES = {
    "zhu": [
        "/console/duty/",
        "/console/duty/shifts/new/",
        "/console/duty/extra/new/",
        "/console/notices/",
        "/console/notices/messages/",
        "/console/escalation/",
        "/console/escalation/edit/",
        "/console/channels/",
        "/console/my-notices/",
    ],
    "sys": ["/console/channels/", "/console/channels/new/?kind=mail", "/console/my-notices/"],
    "lin": ["/console/my-notices/"],
}


@pytest.fixture
def desk(db: None) -> Desk:
    return build(timezone.now())


@pytest.fixture
def alarm(desk: Desk) -> Alarm:
    """The hall with a night that has something to show: a roster with a gap, a fault told and confirmed."""
    return furnish(desk)


def furnish(desk: Desk) -> Alarm:
    hall, now = desk.hall, timezone.now()
    found = Alarm(hall, now - timedelta(minutes=40))
    for number, person in enumerate(hall.staff.values()):
        Staff.objects.filter(pk=person.pk).update(phone=f"1390000{number:04}")
        person.refresh_from_db()
    found.channel("sms", "短信网关")
    found.channel("wecom", "康巴什值班群")
    today = timezone.localdate(now)
    for name, opens, closes, days, people in (
        ("白班", time(8), time(20), Days.EVERY, ["lin", "zhu"]),
        ("夜班", time(20), time(8), Days.WORKDAYS, ["ning", "mo"]),
    ):
        duty_actions.add_shift(
            SYSTEM, organization=hall.bodies["ZW1"], place=hall.area.place, name=name, days=days, opens=opens,
            closes=closes, people=[hall.staff[one] for one in people], starts_on=today - timedelta(days=14), now=now,
        )  # fmt: skip
    notice_actions.set_policy(
        SYSTEM, place=hall.city, organization=None, severity="", name="全市", now=now,
        steps=[Step(StepKind.TELL_PERSON, staff=hall.staff["lin"].pk), Step(StepKind.TELL_GROUP),
               Step(StepKind.WAIT, wait_s=900), Step(StepKind.TELL_ROLE, role="supervisor")],
    )  # fmt: skip
    found.fault("paper_out", terminal=hall.terminal)
    found.later(minutes=4)
    return found


def test_every_page_answers_and_says_what_it_should(alarm: Alarm, desk: Desk) -> None:
    run = Notice.objects.get()
    pages = {**PAGES, "zhu": [*PAGES["zhu"], f"/console/notices/{run.pk}/"]}
    for name, addresses in pages.items():
        client = desk.client(name)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, (name, address)
    client = desk.client("zhu")
    assert "无人值班" in client.get("/console/duty/").content.decode(), "the weekend's nights have nobody"
    log = client.get("/console/notices/").content.decode()
    assert "康巴什值班群" in log
    assert "测试甲" in log
    timeline = client.get(f"/console/notices/{run.pk}/").content.decode()
    for words in ("故障通知写好", "已发出", "短信网关 139****", "按“全市”"):
        assert words in timeline, words
    assert alarm.person("lin").phone not in timeline
    for address in (
        "/console/notices/?export=xlsx",
        "/console/notices/messages/?export=csv",
        "/console/duty/?export=xlsx",
    ):
        assert client.get(address)["Cache-Control"] == "no-store"


def test_others_see_nothing_of_it(alarm: Alarm, desk: Desk) -> None:
    run, shift = Notice.objects.get(), DutyShift.objects.first()
    assert shift is not None
    message = NoticeMessage.objects.first()
    assert message is not None
    hidden = [
        f"/console/notices/{run.pk}/",
        f"/console/notices/messages/{message.pk}/",
        f"/console/duty/shifts/{shift.pk}/2026-11-24/",
    ]
    for name in ("ou", "shui"):
        for address in hidden:
            assert desk.client(name).get(address).status_code == 404, (name, address)
    assert desk.client("sec").get("/console/duty/").status_code == 403
    assert desk.client("aud").get("/console/channels/").status_code == 403
    assert desk.client("zhu").get("/console/channels/new/?kind=mail").status_code == 403
    assert desk.client("").get("/console/my-notices/").status_code == 302


def test_a_message_on_the_page_does_not_give_its_link_away(alarm: Alarm, desk: Desk) -> None:
    message = NoticeMessage.objects.filter(staff=alarm.person("lin")).get()
    body = desk.client("zhu").get(f"/console/notices/messages/{message.pk}/").content.decode()
    assert "链接只给收件人" in body
    assert "/n/" not in body


def test_the_links_page_shows_and_only_its_button_confirms(alarm: Alarm) -> None:
    link = next(parcel.link for _name, parcel in alarm.sent if parcel.to)
    address = "/n/" + link.partition("/n/")[2]
    client = Client(enforce_csrf_checks=True)
    for _preview in range(3):
        answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    assert Notice.objects.get().state == "running", "a preview confirms nothing"
    assert client.post(address).status_code == 403, "without its form"
    token = client.cookies["csrftoken"].value
    assert client.post(address, {"csrfmiddlewaretoken": token}).status_code == 302
    assert Notice.objects.get().state == "acknowledged"
    shown = client.get(address).content.decode()
    assert "测试甲 已在" in shown
    assert "我来处理" not in shown
    assert client.post(address, {"csrfmiddlewaretoken": token}).status_code == 302, "pressed twice"
    assert Client().get("/n/" + "A" * 27 + "/").status_code == 404
    NoticeMessage.objects.update(expires_at=timezone.now())
    assert client.post(address, {"csrfmiddlewaretoken": token}).status_code == 410


def test_confirming_from_the_console_and_from_my_page(alarm: Alarm, desk: Desk) -> None:
    run = Notice.objects.get()
    assert desk.client("ning").post(f"/console/notices/{run.pk}/confirm/").status_code == 403
    desk.client("lin").post(f"/console/notices/{run.pk}/confirm/")
    run.refresh_from_db()
    assert run.acknowledged_by == "测试甲"
    message = NoticeMessage.objects.filter(staff=alarm.person("lin")).get()
    assert desk.client("zhu").post(f"/console/my-notices/{message.pk}/confirm/").status_code == 404
    assert desk.client("lin").post(f"/console/my-notices/{message.pk}/confirm/").status_code == 302


def test_a_shift_is_planned_and_a_refused_form_keeps_what_was_typed(alarm: Alarm, desk: Desk) -> None:
    hall, client = desk.hall, desk.client("lin")
    typed = {
        "organization": hall.bodies["ZW1"].pk, "place": hall.area.place.pk, "name": "清晨班", "post": "duty",
        "days": "weekdays", "opens": "06:00", "closes": "07:30", "turn": "shift", "starts_on": "2026-12-01",
        "person_1": hall.staff["lin"].pk,
    }  # fmt: skip
    answer = client.post("/console/duty/shifts/new/", typed)
    assert answer.status_code == 422
    assert "请勾选每周哪几天" in answer.content.decode()
    assert 'value="清晨班"' in answer.content.decode()
    answer = client.post("/console/duty/shifts/new/", typed | {"weekdays": ["0", "2"]})
    assert answer.status_code == 302, answer.context["form"].errors
    assert DutyShift.objects.get(name="清晨班").weekdays == "1010000"
    assert desk.client("ning").get("/console/duty/shifts/new/").status_code == 403


def test_stand_in_swap_and_approval_on_the_pages(alarm: Alarm, desk: Desk) -> None:
    hall = desk.hall
    day_shift = DutyShift.objects.get(name="白班")
    tomorrow = timezone.localdate() + timedelta(days=1)
    days = [tomorrow + timedelta(days=number) for number in range(4)]
    mine = next(on for on in days if duty_actions.find_duty(day_shift, on).person == hall.staff["lin"].pk)  # type: ignore[union-attr]
    address = f"/console/duty/shifts/{day_shift.pk}/{mine.isoformat()}/"
    lin = desk.client("lin")
    assert "请对方答复" in lin.get(address).content.decode()
    lin.post(address, {"form": "swap", "answerer": hall.staff["zhu"].pk, "back": "", "reason": "有事"})
    swap = DutySwap.objects.get()
    zhu = desk.client("zhu")
    assert "同意换班" in zhu.get("/console/duty/").content.decode()
    zhu.post(f"/console/duty/swaps/{swap.pk}/accept/")
    swap.refresh_from_db()
    assert swap.state == "accepted"
    zhu.post(f"/console/duty/swaps/{swap.pk}/approve/")
    swap.refresh_from_db()
    assert swap.state == "accepted", "nobody approves his own swap"
    lin.post(f"/console/duty/swaps/{swap.pk}/withdraw/")
    answer = zhu.post(address, {"form": "stand_in", "person": hall.staff["ou"].pk, "reason": ""})
    assert answer.status_code == 422
    zhu.post(address, {"form": "stand_in", "person": hall.staff["ou"].pk, "reason": "请假"})
    assert DutyChange.objects.get().staff_id == hall.staff["ou"].pk
    assert "原定" in zhu.get(f"/console/duty/?week={mine.isoformat()}").content.decode()
    lin.post(f"/console/duty/changes/{DutyChange.objects.get().pk}/withdraw/")
    assert DutyChange.objects.get().withdrawn_at is not None


def steps_of(*steps: Step) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, one in enumerate(steps):
        found |= {f"kind-{number}": one.kind.value, f"wait-{number}": str(one.wait_s // 60), f"body-{number}": one.body,
                  f"role-{number}": one.role, f"times-{number}": str(one.times)}  # fmt: skip
        if one.opens and one.closes:
            found |= {f"opens-{number}": f"{one.opens:%H:%M}", f"closes-{number}": f"{one.closes:%H:%M}"}
    return found


def test_what_the_page_sends_is_what_ships() -> None:
    for severity in Severity:
        assert read_steps(steps_of(*SHIPPED[severity])) == list(SHIPPED[severity])
    steps = list(SHIPPED[Severity.GENERAL])
    assert rearrange(steps, "up:1")[:2] == [steps[1], steps[0]]
    assert rearrange(steps, "down:0")[:2] == [steps[1], steps[0]]
    assert rearrange(steps, "remove:0") == steps[1:]
    assert rearrange(steps, "add:wait")[-1].wait_s == 900
    for nonsense in ("up:0", "remove:99", "add:x", "x", "up:x", f"down:{len(steps) - 1}"):
        assert rearrange(steps, nonsense) == steps


def test_a_policy_is_read_aloud_before_it_is_saved(alarm: Alarm, desk: Desk) -> None:
    client, place = desk.client("zhu"), desk.hall.area.place
    duty = Step(StepKind.TELL_ON_DUTY, body="manager")
    head = {"name": "本区", "place": place.code, "organization": "", "severity": "urgent"}
    shown = client.post("/console/escalation/edit/", steps_of(duty) | head | {"do": "add:repeat"}).content.decode()
    assert "先通知综合管理单位的当班人员；仍无人确认，从头再来，最多 2 次。" in shown
    refused = client.post(
        "/console/escalation/edit/", steps_of(duty, Step(StepKind.REPEAT, times=2)) | head | {"do": "save"}
    )
    assert refused.status_code == 422
    assert "至少要有一步等待" in refused.content.decode()
    assert 'value="本区"' in refused.content.decode()
    good = steps_of(duty, Step(StepKind.WAIT, wait_s=600), Step(StepKind.REPEAT, times=2))
    assert client.post("/console/escalation/edit/", good | head | {"do": "save"}).status_code == 302
    row = EscalationPolicy.objects.get(name="本区")
    assert [one.kind for one in row.steps.all()] == ["tell_on_duty", "wait", "repeat"]
    assert "修改升级规则" in client.get(f"/console/escalation/edit/?policy={row.pk}").content.decode()
    assert desk.client("ou").post(f"/console/escalation/{row.pk}/remove/").status_code == 404
    assert client.post(f"/console/escalation/{row.pk}/remove/").status_code == 302
    assert not EscalationPolicy.objects.filter(name="本区").exists()


def test_channels_are_the_system_administrators_and_keys_are_never_shown(alarm: Alarm, desk: Desk) -> None:
    client, city = desk.client("sys"), desk.hall.city
    wrong = {"name": "群", "place": city.pk, "per_minute": "20", "key": "https://evil.example.cn/send?key=0123456789"}
    answer = client.post("/console/channels/new/?kind=wecom", wrong)
    assert answer.status_code == 422
    assert "qyapi.weixin.qq.com" in answer.content.decode()
    key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    good = wrong | {"key": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}"}
    assert client.post("/console/channels/new/?kind=wecom", good).status_code == 302
    row = NoticeChannel.objects.get(name="群")
    for address in ("/console/channels/", f"/console/channels/{row.pk}/"):
        assert key not in client.get(address).content.decode()
    assert client.post(f"/console/channels/{row.pk}/", {"name": "新群", "per_minute": "5"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.hint[-4:]) == ("新群", "5aaa")
    client.post(f"/console/channels/{row.pk}/switch/", {"active": "0"})
    row.refresh_from_db()
    assert not row.is_active


def test_the_test_button_sends_and_shows_the_result(alarm: Alarm, desk: Desk) -> None:
    row, client = NoticeChannel.objects.get(kind="wecom"), desk.client("zhu")
    answer = client.post(f"/console/channels/{row.pk}/test/", follow=True)
    assert "等待发送" in answer.content.decode()
    alarm.now = timezone.now()
    alarm.sender().turn()
    assert alarm.sent[-1][1].kind == "test"
    assert "已发出" in client.get(answer.request["PATH_INFO"], headers={"HX-Request": "true"}).content.decode()
    assert desk.client("lin").post(f"/console/channels/{row.pk}/test/").status_code == 403


def test_my_preferences(alarm: Alarm, desk: Desk) -> None:
    client = desk.client("aud")
    half = {"quiet_from": "22:00", "quiet_to": "", "breaks": "urgent", "language": "zh"}
    answer = client.post("/console/my-notices/", half)
    assert answer.status_code == 422
    assert "都不填" in answer.content.decode()
    assert client.post("/console/my-notices/", half | {"quiet_to": "07:00", "language": "en"}).status_code == 302
    assert NoticePreference.objects.get().language == "en"
    sms = NoticeChannel.objects.get(kind="sms")
    client.post("/console/my-notices/address/", {"channel": sms.pk, "address": "not a number"})
    assert not NoticeAddress.objects.exists()
    client.post("/console/my-notices/address/", {"channel": sms.pk, "address": "138 1234 5678"})
    assert "138****5678" in client.get("/console/my-notices/").content.decode()
    client.post("/console/my-notices/address/", {"channel": sms.pk, "do": "remove"})
    assert not NoticeAddress.objects.exists()


@pytest.fixture
def in_chromium(chromium: str, chromium_flags: tuple[str, ...]) -> Iterator[Callable[..., Any]]:
    with ThreadPoolExecutor(max_workers=1) as threads:

        def run(what: Callable[[Browser], Any]) -> Any:
            def visit() -> Any:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
                    try:
                        return what(browser)
                    finally:
                        browser.close()

            return threads.submit(visit).result(timeout=240)

        yield run


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_fit_and_are_accessible(
    live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    desk = build(timezone.now())
    alarm = furnish(desk)
    link = "/n/" + next(parcel.link for _name, parcel in alarm.sent if parcel.to).partition("/n/")[2]
    shift, today = DutyShift.objects.get(name="白班"), timezone.localdate()
    on = next(
        day
        for day in (today + timedelta(days=number) for number in range(1, 4))
        if duty_actions.find_duty(shift, day).person == desk.hall.staff["zhu"].pk  # type: ignore[union-attr]
    )
    more = [f"/console/notices/{Notice.objects.get().pk}/", f"/console/duty/shifts/{shift.pk}/{on.isoformat()}/", link]
    pages = {**PAGES, "zhu": [*PAGES["zhu"], *more, f"/console/notices/messages/{NoticeMessage.objects.first().pk}/"]}  # type: ignore[union-attr]

    def visit(browser: Browser) -> list[str]:
        wrong: list[str] = []
        width, height = SIZES[size]
        for name, addresses in pages.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
            )
            page = context.new_page()
            page.on("pageerror", lambda error, found=wrong: found.append(str(error)))
            page.goto(f"{live_server.url}/accounts/login/")
            page.get_by_label("用户名").fill(name)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url("**/console/**")
            for address in addresses:
                answer = page.goto(live_server.url + address)
                title = "link" if address.startswith("/n/") else address.strip("/").replace("/", "-").partition("?")[0]
                if answer is None or answer.status != 200:
                    wrong.append(f"{address}: {answer and answer.status}")
                if wider(page) > 0:
                    wrong.append(f"{address}: wider than the screen")
                wrong += [f"{address}: {found}" for found in violations(page)]
                page.screenshot(path=artifacts / f"notices-{name}-{title}-{size}.png", full_page=True)
            context.close()
        return wrong

    assert in_chromium(visit) == []
