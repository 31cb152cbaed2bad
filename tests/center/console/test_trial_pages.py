"""Pages of trials: a question is asked by a form, the result says before and after, files and comparisons hold it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from openpyxl import load_workbook
from tests.center.hall import Hall
from tests.center.standard.the_trial import LATER, MONTHS, draft, live

from budayang.center.platform.models import AuditLine
from budayang.center.platform.works import Progress, run_work
from budayang.center.standard import trial_actions
from budayang.center.standard.models import Trial
from budayang.center.standard.trial_words import time_words
from budayang.rules.standard.trial_measures import MEASURES
from budayang.rules.standard.trials import Chosen

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterable[Hall]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield live()[0]
        transaction.set_rollback(True)


def sign_in(hall: Hall, name: str) -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def made(hall: Hall, title: str, *chosen: Chosen, once: float = 0, edition: Any = None) -> Trial:
    row = trial_actions.ask_trial(
        hall.actor("lin"), hall.area.place, title=title, months=(MONTHS[0], MONTHS[1]), measures=chosen,
        edition=edition, once=once, monthly=0, note="", now=LATER,
    )  # fmt: skip
    assert row.work is not None
    trial_actions.run(Progress(row.work.pk), {"trial": row.pk})
    type(row.work).objects.filter(pk=row.work.pk).update(state="done")
    return Trial.objects.get(pk=row.pk)


REPAIR = Chosen("repair", {"hours": 1.0})


def asked(hall: Hall, **changes: Any) -> dict[str, Any]:
    return {
        "title": "装 UPS", "place": hall.area.place_id, "first": "2026-09", "last": "2026-10", "once": "3000",
        "monthly": "0", "use_ups": "on", "ups-minutes": "30", "ups-recharge_h": "8", **changes,
    }  # fmt: skip


def test_a_question_is_asked_and_answered(lived: Hall) -> None:
    client = sign_in(lived, "lin")
    page = client.get("/console/trials/new/").content.decode()
    assert all(one.name in page for one in MEASURES)
    answer = client.post("/console/trials/new/", asked(lived))
    assert answer.status_code == 302, answer.content.decode()
    row = Trial.objects.latest("pk")
    assert row.measures == [{"code": "ups", "values": {"minutes": 30.0, "recharge_h": 8.0}}]
    assert "在排队" in client.get(answer["Location"]).content.decode()
    assert row.work is not None
    type(row.work).objects.filter(pk=row.work.pk).update(state="running", total=4, done=1)
    assert "已算 1 / 4" in client.get(answer["Location"]).content.decode()
    client.post(f"{answer['Location']}cancel/")
    page = client.get(answer["Location"]).content.decode()
    assert "正在停下" in page
    assert "/cancel/" not in page
    type(row.work).objects.filter(pk=row.work.pk).update(state="waiting", cancel_requested_at=None)
    run_work.func(row.work.pk)
    page = client.get(answer["Location"]).content.decode()
    for words in (
        "终端可用时间", "本可不白跑的", "供电", "合计（承诺）", "停电开始时电池是满的", "3,000.00", "参照版",
        "没有随措施重算的条款", "<span>YJ-08</span>", "没有发生的故障无从计时", "平均修复用时",
    ):  # fmt: skip
        assert words in page, words
    assert row.title in client.get("/console/trials/").content.decode()


def test_what_cannot_be_tried_is_said_at_its_field(lived: Hall) -> None:
    client = sign_in(lived, "lin")
    known = Trial.objects.count()
    for changes, words in (
        ({"ups-minutes": "9999"}, "要在 0 和 1440 之间"),
        ({"use_ups": ""}, "至少选一项措施"),
        ({"first": "2026-10", "last": "2026-09"}, "不能早于第一个月"),
        ({"use_department": "on", "department-until": "22:00"}, "请选部门"),
        ({"place": lived.far_area.place_id}, "选择"),
    ):
        answer = client.post("/console/trials/new/", asked(lived, **changes))
        assert answer.status_code == 422, changes
        assert words in answer.content.decode(), changes
    assert Trial.objects.count() == known


def test_the_file_has_what_the_page_has(lived: Hall) -> None:
    row = made(lived, "修得快", REPAIR, once=100)
    client = sign_in(lived, "ning")
    answer = client.get(f"/console/trials/{row.pk}/", {"export": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["试算", "结果", "时间", "自助区", "条款", "没有重算的条款", "假设"]
    cells = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert {"修得快", "修复限时", "YJ-07", "康巴什区自助区"} <= set(cells)
    clauses = [[cell.value for cell in line] for line in book["条款"].iter_rows()]
    assert ["2026-09", "YJ-07"] in [line[1:3] for line in clauses]
    left = {line[0].value: line[1].value for line in book["没有重算的条款"].iter_rows(min_row=2)}
    assert "发现、告示、跟进" in str(left["WH-14"])
    assert not {"WH-17", "WH-18", "YJ-08"} & set(left)
    assert AuditLine.objects.filter(action="console.export", subject=f"trial:{row.pk}").exists()


def test_two_stand_side_by_side(lived: Hall) -> None:
    first = made(lived, "修得快", REPAIR)
    second = made(lived, "备用机", Chosen("spare", {"count": 1.0, "hours": 2.0}))
    client = sign_in(lived, "ning")
    page = client.get("/console/trials/compare/", {"of": [first.pk, second.pk]}).content.decode()
    assert page.index("修得快") < page.index("备用机")
    assert "地点或月份不一样" not in page
    assert client.get("/console/trials/compare/").status_code == 404
    start = sign_in(lived, "lin").get("/console/trials/new/", {"like": first.pk}).content.decode()
    assert 'value="修得快"' in start
    assert 'name="use_repair" id="id_use_repair" checked' in start.replace("checked id", "id")


def test_run_again_cancel_and_who_may(lived: Hall) -> None:
    row = made(lived, "修得快", REPAIR)
    lin, ning, ou = (sign_in(lived, name) for name in ("lin", "ning", "ou"))
    assert ning.post(f"/console/trials/{row.pk}/again/").status_code == 403
    assert ou.get(f"/console/trials/{row.pk}/").status_code == 404
    lin.post(f"/console/trials/{row.pk}/again/")
    again = Trial.objects.get(pk=row.pk)
    assert again.work_id != row.work_id
    assert "取消" in lin.get(f"/console/trials/{row.pk}/").content.decode()
    lin.post(f"/console/trials/{row.pk}/cancel/")
    page = lin.get(f"/console/trials/{row.pk}/").content.decode()
    assert "已算出" in page, "the earlier result stays"
    Trial.objects.filter(pk=row.pk).update(result={"form": 0}, made_at=LATER - timedelta(days=1))
    assert "旧版本" in lin.get(f"/console/trials/{row.pk}/").content.decode()


def test_a_draft_says_which_values_it_changes(lived: Hall) -> None:
    client = sign_in(lived, "ning")
    with transaction.atomic():
        made_draft = draft(LATER, repair_general_s=36 * 3600, availability_target=0.9, mean_repair_s=90 * 60)
        row = made(lived, "草案", edition=made_draft)
        page = client.get(f"/console/trials/{row.pk}/").content.decode()
        client.cookies["django_language"] = "en"
        english = client.get(f"/console/trials/{row.pk}/").content.decode()
        transaction.set_rollback(True)
    changed = "一般故障修复时限 8 小时 → 36 小时；平均修复用时上限 2 小时 → 90 分钟；设备正常运行率目标 98% → 90%"
    assert changed in page
    assert "时间归到哪里" not in page, "no measure, no time"
    assert "没有随措施重算的条款" not in page, "all clauses are compared"
    assert "Time to repair, general fault 8 h → 36 h" in english
    assert "不会有的工单不再计入样本" not in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 秒"), (59.94, "60 秒"), (120, "2 分钟"), (7199.9, "120 分钟"), (7200, "2 小时"), (7200.1, "2.01 小时"),
     (9_000_000, "2,500 小时")],
)  # fmt: skip
def test_times_are_told_upwards(seconds: float, told: str) -> None:
    assert time_words(seconds) == told
