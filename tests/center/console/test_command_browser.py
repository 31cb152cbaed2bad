"""Pages of orders, roll-outs and terminal settings in a real Chromium, on desk and phone, filled as after busy days."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import Desk, build

from budayang.center.terminals import command_actions, command_files, profile_actions, rollout_actions
from budayang.center.terminals.models import Command, CommandRun, Package, Rollout, Terminal

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


@transaction.atomic
def give_out(desk: Desk, now: datetime) -> dict[str, Command]:
    """Orders of two days in every state, a picture and an archive brought back; name → the command."""
    both, first = [desk.hall.terminal, desk.hall.other], [desk.hall.terminal]
    lin, mo = desk.actor("lin"), desk.actor("mo")
    given: dict[str, Command] = {}

    def order(word: str, at: datetime, terminals: list[Terminal], name: str, reason: str, **more: Any) -> Command:
        actor = mo if more.pop("vendor", False) else lin
        given[word] = command_actions.order(actor, terminals, name, reason=reason, now=at, **more)
        return given[word]

    def answer(word: str, *steps: tuple[str, str]) -> None:
        for run in CommandRun.objects.filter(command=given[word]).select_related("command", "terminal__area__place"):
            for minute, (event, reason) in enumerate(steps):
                at = given[word].created_at + (minute + 1) * MINUTE / 4
                command_actions.advance(run, event, at=at, now=at, reason=reason)
                run.refresh_from_db()

    order("print", now - 30 * 60 * MINUTE, both, "test_print", "换了墨粉，看看打印是否清楚", vendor=True)
    answer("print", ("delivered", ""), ("running", ""), ("failed", "paper_out"))
    order("gone", now - 26 * 60 * MINUTE, first, "collect_diagnostics", "昨晚两次没有响应，查原因")
    command_actions.look(now - 20 * 60 * MINUTE)
    order("restart", now - 9 * MINUTE, both, "restart_application", "页面发白，重启后再看")
    answer("restart", ("delivered", ""), ("running", ""), ("done", ""))
    order("picture", now - 6 * MINUTE, first, "screenshot", "群众反映首页文字看不清")
    answer("picture", ("delivered", ""), ("running", ""))
    run = CommandRun.objects.get(command=given["picture"])
    drawn = io.BytesIO()
    Image.new("RGB", (540, 960), (24, 42, 64)).save(drawn, "PNG")
    command_files.take_file("KBS-01", run.number, drawn.getvalue(), now - 5 * MINUTE)
    command_actions.advance(run, "done", at=now - 5 * MINUTE, now=now - 5 * MINUTE)
    order("files", now - 5 * MINUTE, first, "collect_diagnostics", "打印偏慢，取日志看看")
    answer("files", ("delivered", ""), ("running", ""))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("facts.json", "{}" * 900)
    run = CommandRun.objects.get(command=given["files"])
    command_files.take_file("KBS-01", run.number, packed.getvalue(), now - 4 * MINUTE)
    command_actions.advance(run, "done", at=now - 4 * MINUTE, now=now - 4 * MINUTE)
    order("urgent", now - 3 * MINUTE, first, "restart_machine", "屏幕出现不当内容", emergency=True, typed="立即执行")
    answer("urgent", ("delivered", ""), ("running", ""))
    notice = {"text": "本周六 9:00 到 11:00 检修供电，届时本机不能使用。"}
    order("notice", now - MINUTE, both, "show_notice", "供电局通知的计划检修", arguments=notice)
    return given


@transaction.atomic
def bring_versions(desk: Desk, now: datetime) -> tuple[Rollout, Rollout]:
    """A version that stopped itself on some terminals, and one whose first terminal is being watched on the others."""
    Terminal.objects.bulk_create(
        Terminal(
            code=f"KBS-{number:02}", name=f"KBS-{number:02} 号终端", area=desk.hall.area, owner=desk.hall.bodies["RS"],
            state="active", registered_at=now, is_demo=True,
        )
        for number in range(10, 28)
    )  # fmt: skip
    made = []
    for version, reason, word, why, start in (
        ("1.4.0", "打印队列卡住时不再丢页", "failed", "rolled_back", now - 50 * 60 * MINUTE),
        ("1.4.1", "修正 1.4.0 在旧显卡上不能启动", "done", "", now - 20 * MINUTE),
    ):
        package = Package.objects.create(
            version=version, sha256=f"{len(made)}b" * 32, size=48_000_000, added_at=start, added_by="sys",
            manifest={"name": "budayang-terminal", "version": version},
        )  # fmt: skip
        every = Terminal.objects.filter(area=desk.hall.area).select_related("area__place").order_by("code")
        wanted = list(every)[8:] if made else list(every)[:8]
        rollout = rollout_actions.start_rollout(desk.actor("lin"), package, wanted, reason=reason, now=start)
        run = CommandRun.objects.select_related("command", "terminal__area__place").get(command__rollout=rollout)
        for minute, event in enumerate(("delivered", "running", word)):
            at = start + (minute + 1) * MINUTE
            command_actions.advance(run, event, at=at, now=at, reason=why if event == word else "")
            run.refresh_from_db()
        rollout_actions.judge_all(start + 5 * MINUTE)
        rollout.refresh_from_db()
        made.append(rollout)
    return made[0], made[1]


def set_profiles(desk: Desk, now: datetime) -> None:
    """Values at the city, the area and one terminal, one of them to come and one withdrawn."""
    lin, zhu, area, one = desk.actor("lin"), desk.actor("zhu"), desk.hall.area.place, desk.hall.terminal
    profile_actions.set_value(zhu, "night_window", "19:00-06:30", now=now - 90 * MINUTE, place=desk.hall.city)
    profile_actions.set_value(zhu, "heartbeat_plan_s", 30, now=now - 80 * MINUTE, place=desk.hall.city)
    profile_actions.set_value(lin, "brightness", "06:00 80%, 22:00 40%", now=now - 70 * MINUTE, place=area)
    profile_actions.set_value(lin, "languages", ["zh"], now=now - 60 * MINUTE, terminal=one)
    profile_actions.set_value(lin, "idle_warn_s", 60, now=now - 50 * MINUTE, terminal=one)
    profile_actions.set_value(lin, "idle_warn_s", None, now=now - 40 * MINUTE, terminal=one, withdraw=True)
    profile_actions.set_value(
        lin, "update_ring", "first", now=now, terminal=one, valid_from=now + timedelta(days=2)
    )  # fmt: skip


@pytest.fixture
def busy(transactional_db: None) -> dict[str, str]:
    """title → address of each page."""
    now = timezone.now()
    desk = build(now)
    given = give_out(desk, now)
    stopped, watched = bring_versions(desk, now)
    set_profiles(desk, now)
    place = desk.hall.area.place.code
    return {
        "commands": "/console/commands/",
        "command-kinds": "/console/commands/new/",
        "command-order": "/console/commands/new/restart_machine/",
        "command-order-text": "/console/commands/new/out_of_service/?terminal=KBS-01",
        "command-order-nobody": "/console/commands/new/test_print/?q=none",
        **{f"command-{word}": f"/console/commands/{one.pk}/" for word, one in given.items()},
        "rollouts": "/console/rollouts/",
        "rollout-new": "/console/rollouts/new/",
        "rollout-stopped": f"/console/rollouts/{stopped.pk}/",
        "rollout-watched": f"/console/rollouts/{watched.pk}/",
        "profiles": "/console/profiles/",
        "profile-place": f"/console/profiles/place/{place}/",
        "profile-terminal": "/console/profiles/terminal/KBS-01/",
        "profile-number": f"/console/profiles/place/{place}/heartbeat_plan_s/",
        "profile-choices": "/console/profiles/terminal/KBS-01/languages/",
        "profile-steps": f"/console/profiles/place/{place}/brightness/",
        "profile-to-come": "/console/terminals/KBS-01/",
    }


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_orders_and_settings_are_accessible_and_fit(
    busy: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "lin")
        for title, address in busy.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_refused_order_keeps_what_was_typed_and_is_accessible(
    busy: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    def visit(browser: Browser) -> tuple[list[str], str, bool]:
        page = open_page(browser, "phone", [])
        sign_in(page, live_server.url, "lin")
        page.goto(live_server.url + busy["command-order"])
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("KBS-01").check()
        page.get_by_label("原因").fill("冒烟")
        page.get_by_label("紧急：不等人，马上执行").check()
        page.get_by_role("button", name="发出指令").click()
        page.get_by_text("请输入“立即执行”").first.wait_for()
        page.screenshot(path=artifacts / "console-command-refused-phone.png", full_page=True)
        return judge(page, "refused"), page.get_by_label("原因").input_value(), page.get_by_label("KBS-01").is_checked()

    assert in_chromium(visit) == ([], "冒烟", True)
