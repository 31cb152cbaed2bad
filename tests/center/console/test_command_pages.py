"""Pages of commands, roll-outs and profiles: who may open them, what they say, what a form keeps when it is refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.platform.models import AuditLine
from budayang.center.terminals import command_actions, profile_queries, rollout_actions
from budayang.center.terminals.models import Command, CommandRun, Package, Rollout

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(now: datetime) -> Package:
    return Package.objects.create(
        version="2.0", sha256="ab" * 32, size=10, added_at=now, added_by="x",
        manifest={"name": "budayang-terminal", "version": "2.0"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("lin", {"test_print", "restart_machine", "screenshot", "collect_diagnostics", "show_notice"}),
        ("ren", {"test_print", "restart_machine", "screenshot"}),
        ("mo", {"test_print", "restart_application", "collect_diagnostics"}),
    ],
)
def test_what_each_may_order_is_offered(desk: Desk, who: str, kinds: set[str]) -> None:
    page = desk.client(who).get("/console/commands/new/").content.decode()
    offered = {one for one in kinds if f"/console/commands/new/{one}/" in page}
    assert offered == kinds
    assert ("new/restart_machine/" in page) == (who != "mo")
    assert "new/update_software/" not in page


def test_an_order_from_the_form_to_the_page_and_back(desk: Desk, today: datetime) -> None:
    lin = desk.client("lin")
    address = "/console/commands/new/restart_application/"
    assert "KBS-01" in lin.get(address).content.decode()
    refused = lin.post(address, {"terminals": ["KBS-01", "KBS-02"], "reason": "", "valid_s": "3600"})
    assert refused.status_code == 422
    assert refused.content.decode().count("checked") == 2, "what was ticked stays"
    done = lin.post(address, {"terminals": ["KBS-01", "KBS-02"], "reason": "页面发白", "valid_s": "3600"})
    command = Command.objects.get()
    assert done.headers["Location"] == f"/console/commands/{command.pk}/"
    page = lin.get(f"/console/commands/{command.pk}/").content.decode()
    assert "页面发白" in page
    assert page.count("待取走") >= 2
    assert "待取走 2/2" in lin.get("/console/commands/").content.decode()
    part = lin.get(f"/console/commands/{command.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="command"')
    lin.post(f"/console/commands/{command.pk}/cancel/")
    assert set(CommandRun.objects.values_list("state", flat=True)) == {"cancelled"}


def test_an_emergency_wants_its_word(desk: Desk) -> None:
    lin = desk.client("lin")
    form = {"terminals": ["KBS-01"], "reason": "漏水", "valid_s": "3600", "emergency": "on", "typed": "好"}
    assert lin.post("/console/commands/new/restart_machine/", form).status_code == 422
    assert not Command.objects.exists()
    lin.post("/console/commands/new/restart_machine/", {**form, "typed": "立即执行"})
    assert Command.objects.get().emergency
    assert "紧急，不等人" in lin.get("/console/commands/").content.decode()
    page = desk.client("ren").get("/console/commands/new/restart_machine/").content.decode()
    assert "不等人，马上执行" not in page, "an owner unit has no emergency"


def test_what_is_not_mine_cannot_be_ticked_nor_seen(desk: Desk, today: datetime) -> None:
    form = {"terminals": ["KBS-01"], "reason": "x", "valid_s": "21600"}
    assert desk.client("shui").post("/console/commands/new/test_print/", form).status_code == 422
    assert desk.client("mo").get("/console/commands/new/restart_machine/").status_code == 404
    command = command_actions.order(SYSTEM, [desk.hall.terminal], "test_print", reason="x", now=today)
    assert desk.client("ren").get(f"/console/commands/{command.pk}/").status_code == 200
    for who in ("shui", "ou"):
        assert desk.client(who).get(f"/console/commands/{command.pk}/").status_code == 404
    assert desk.client("ning").get("/console/commands/").status_code == 200
    assert desk.client("ning").post(f"/console/commands/{command.pk}/cancel/").status_code == 403
    assert desk.client("sys").get("/console/commands/").status_code == 403


def test_a_profile_is_changed_and_says_where_it_comes_from(desk: Desk, today: datetime) -> None:
    lin = desk.client("lin")
    tree = lin.get("/console/profiles/").content.decode()
    assert "康巴什区自助区" in tree
    address = f"/console/profiles/place/{desk.hall.area.place.code}/night_window/"
    refused = lin.post(address, {"value": "18点"})
    assert refused.status_code == 422
    assert "18点" in refused.content.decode()
    assert lin.post(address, {"value": "19:00-06:30"}).status_code == 302
    page = lin.get("/console/profiles/terminal/KBS-01/").content.decode()
    assert "19:00-06:30" in page
    assert desk.hall.area.place.name in page
    assert 'data-label="谁改的">测试甲</td>' in page, "by name, not by user name"
    own = "/console/profiles/terminal/KBS-01/"
    assert lin.post(f"{own}helper_phone_shown/", {"value": ""}).status_code == 302
    assert lin.post(f"{own}languages/", {"value": ["zh"]}).status_code == 302
    assert lin.post(f"{own}idle_warn_s/", {"value": "20"}).status_code == 422
    found = {
        one.setting.name: (one.value, one.origin)
        for one in profile_queries.effective(desk.hall.area.place.path, today.replace(year=2100), terminal="KBS-01")
    }
    assert found["helper_phone_shown"] == (False, "KBS-01")
    assert found["languages"] == (["zh"], "KBS-01")
    assert lin.post(f"{own}languages/", {"withdraw": "on"}).status_code == 302
    assert desk.client("ren").get(own).status_code == 200
    assert desk.client("ren").post(f"{own}languages/", {"value": ["zh"]}).status_code == 403
    assert desk.client("ou").get(own).status_code == 404


def test_a_roll_out_from_the_form_to_its_stop(desk: Desk, package: Package, today: datetime) -> None:
    lin = desk.client("lin")
    form = {"package": package.pk, "place": desk.hall.area.place.pk, "reason": "修复打印"}
    assert lin.post("/console/rollouts/new/", form).status_code == 302
    rollout = Rollout.objects.get()
    assert "第一台" in lin.get(f"/console/rollouts/{rollout.pk}/").content.decode()
    assert lin.post("/console/rollouts/new/", form).status_code == 422
    run = CommandRun.objects.get()
    command_actions.advance(run, "failed", at=today, now=today, reason="rolled_back")
    rollout_actions.judge_all(today)
    page = lin.get(f"/console/rollouts/{rollout.pk}/").content.decode()
    assert "已停下" in page
    assert "已退回旧版本" in page
    assert desk.client("ren").get("/console/rollouts/").status_code == 403
    lin.post(f"/console/rollouts/{rollout.pk}/steer/", {"event": "cancel", "note": "等修好"})
    rollout.refresh_from_db()
    assert rollout.state == "cancelled"
    assert AuditLine.objects.filter(action="terminals.cancel_rollout", actor="lin").exists()
