"""Staff's pages of maintenance, evaluation and standard: what they say, to whom, and what a press of a button does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.center.hall import SYSTEM, Hall, build, number

from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.evaluation.models import NegativeCase
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform import works
from budayang.center.platform.models import Work
from budayang.center.standard import actions, queries
from budayang.center.standard.models import Assessment, Clause, Edition

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    """Pages read the real clock, so their hall stands at the real hour."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def night(db: None, now: datetime) -> Hall:
    """Paper ran out ten minutes ago, one case was rated badly, and conformity was computed."""
    hall = build(now)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - 10 * MINUTE, now - 9 * MINUTE)
    hall.inbox(hall.terminal, "rating.shown", {"number": number(1)}, now - MINUTE, now)
    body: dict[str, object] = {"number": number(1), "level": "unsatisfied", "reasons": ["no_paper"]}
    hall.inbox(hall.terminal, "rating", body, now - MINUTE, now)
    evaluation_jobs.read_inbox(now)
    actions.assess_many([hall.area.place], queries.month_of(now), now)
    return hall


def sign_in(hall: Hall, name: str) -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def pages() -> list[str]:
    order, incident = WorkOrder.objects.get(), Incident.objects.get()
    return [
        "/console/incidents/",
        f"/console/incidents/{incident.pk}/",
        "/console/orders/",
        f"/console/orders/{order.number}/",
        "/console/ratings/",
        f"/console/ratings/{number(1)}/",
        "/console/conformity/",
        "/console/conformity/KBS/",
        "/console/conformity/KBS/YJ-08/",
        "/console/conformity/KBS/WH-01/",
    ]


def test_every_page_opens_whole_and_as_a_live_part(night: Hall) -> None:
    client = sign_in(night, "lin")
    for address in pages():
        whole = client.get(address)
        assert whole.status_code == 200, address
        assert "演示数据" in whole.content.decode(), address
        part = client.get(address, headers={"HX-Request": "true", "HX-Target": "listing"})
        assert part.status_code == 200, address
        if "ratings/KBS" not in address:
            assert "<html" not in part.content.decode(), address


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("ning", [200] * 10),
        ("ren", [200] * 6 + [403] * 4),
        ("mo", [200] * 6 + [403] * 4),
        ("shui", [200, 404, 200, 404, 200, 404, 403, 403, 403, 403]),
        ("ou", [200, 404, 200, 404, 200, 404, 200, 404, 404, 404]),
        ("sys", [403] * 10),
    ],
)
def test_who_may_open_which_page(night: Hall, name: str, answers: list[int]) -> None:
    client = sign_in(night, name)
    assert [client.get(address).status_code for address in pages()] == answers


def test_lists_of_a_stranger_are_empty(night: Hall) -> None:
    client = sign_in(night, "ou")
    for address in ("/console/incidents/", "/console/orders/", "/console/ratings/"):
        text = client.get(address).content.decode()
        assert "KBS-01" not in text
        assert number(1) not in text


def test_an_order_is_worked_on_from_its_page(night: Hall, now: datetime) -> None:
    order = WorkOrder.objects.get()
    client = sign_in(night, "ren")
    page = client.get(f"/console/orders/{order.number}/").content.decode()
    assert "打印机缺纸" in page
    assert f"/console/orders/{order.number}/accept/" in page
    assert "verify/" not in page
    for step, body in (("accept", {}), ("arrive", {}), ("repair", {"note": "已补 A4 纸一包"}), ("test", {})):
        answer = client.post(f"/console/orders/{order.number}/{step}/", body, follow=True)
        assert "已记下" in answer.content.decode(), step
    order.refresh_from_db()
    assert order.state == "repaired"
    assert order.assignee == night.staff["ren"]
    page = client.get(f"/console/orders/{order.number}/").content.decode()
    assert "已补 A4 纸一包" in page
    assert "正等它的结果" in page


def test_what_is_refused_is_told_in_words_and_changes_nothing(night: Hall) -> None:
    order = WorkOrder.objects.get()
    client = sign_in(night, "lin")
    answer = client.post(f"/console/orders/{order.number}/verify/", follow=True)
    assert "还不能验收" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "reported"
    assert client.get(f"/console/orders/{order.number}/accept/").status_code == 405
    assert client.post(f"/console/orders/{order.number}/nonsense/").status_code == 404


def test_an_inspector_reads_and_does_not_act(night: Hall) -> None:
    order = WorkOrder.objects.get()
    client = sign_in(night, "ning")
    assert "下一步" not in client.get(f"/console/orders/{order.number}/").content.decode()
    assert client.post(f"/console/orders/{order.number}/accept/").status_code == 403
    assert client.post(f"/console/ratings/{number(1)}/contact/", {"note": "x"}).status_code == 403


def test_a_negative_rating_is_handled_from_its_page(night: Hall) -> None:
    client = sign_in(night, "ren")
    listed = client.get("/console/ratings/?negative=waiting").content.decode()
    assert "没有打出来或打印不清" in listed
    client.post(f"/console/ratings/{number(1)}/contact/", {"outcome": "no_phone", "note": "打印机缺纸"})
    client.post(f"/console/ratings/{number(1)}/fix/", {"outcome": "fixed", "note": "已补纸", "reply": "已补纸。"})
    client.post(f"/console/ratings/{number(1)}/call/", {"outcome": "no_phone"})
    assert NegativeCase.objects.get().state == "called_back"


def test_the_reference_mark_is_on_every_page_and_file_of_conformity(night: Hall) -> None:
    client = sign_in(night, "ning")
    for address in ("/console/conformity/", "/console/conformity/KBS/", "/console/conformity/KBS/YJ-08/"):
        assert "参照版" in client.get(address).content.decode(), address
    file = client.get("/console/conformity/KBS/?export=csv")
    text = file.content.decode("utf-8-sig")
    assert text.count("参照版") >= 150
    assert "没有证据" in text


def test_a_clause_shows_number_threshold_grade_and_evidence(night: Hall) -> None:
    text = sign_in(night, "ning").get("/console/conformity/KBS/YJ-08/").content.decode()
    for words in ("不符合", "50%", "≥ 95%", "C/D", "有故障没有恢复", "/console/terminals/KBS-01/"):
        assert words in text, words


def test_a_clause_that_is_not_connected_says_how_it_is_checked(night: Hall) -> None:
    Clause.objects.filter(code="WH-01").update(parts=[])
    text = sign_in(night, "ning").get("/console/conformity/KBS/WH-01/").content.decode()
    assert "未接入" in text
    assert "巡查打卡" in text
    assert "符合</span>" not in text


def test_a_score_stands_under_the_edition_that_gave_it(night: Hall, now: datetime) -> None:
    lin = sign_in(night, "lin")
    before = Assessment.objects.get(place=night.area.place, month=queries.month_of(now))
    shown = f"{before.score:.1f}"
    assert before.edition is not None
    assert before.edition.code == "REF-2026"
    assert shown in lin.get("/console/conformity/").content.decode()
    other = Edition.objects.create(
        code="DB-1",
        title="另一版",
        is_reference=False,
        number="测试号 1",
        state="published",
        loaded_at=now,
        loaded_by="测试",
    )
    actions.adopt_edition(SYSTEM, other, now)
    page = lin.get("/console/conformity/").content.decode()
    assert "另一版" in page
    assert shown not in page, "not computed by this edition yet"


@pytest.mark.parametrize("month", ["2026-13", "x", "9999-01", "", "2020-01"])
def test_an_odd_month_is_answered(night: Hall, month: str) -> None:
    client = sign_in(night, "ning")
    for address in ("/console/conformity/", "/console/conformity/KBS/", "/console/conformity/KBS/YJ-08/"):
        assert client.get(address, {"month": month}).status_code == 200


def test_recompute_is_queued_for_the_areas_of_the_reader(night: Hall) -> None:
    answer = sign_in(night, "lin").post("/console/conformity/recompute/", follow=True)
    assert "已安排重新计算 1 个自助区" in answer.content.decode()
    assert Work.objects.get().requested_by == "lin"


def test_a_city_is_one_work_and_as_of_the_moment_it_runs(night: Hall, now: datetime) -> None:
    sign_in(night, "ning").post("/console/conformity/recompute/", follow=True)
    work = Work.objects.get()
    assert work.place_id == night.city.pk, "not one work an area"
    assert set(work.arguments) == {"place", "month"}, "when it was asked for is not what it is computed from"
    works.run_work.call(work.pk)
    work.refresh_from_db()
    assert (work.state, work.result) == ("done", {"areas": 2})
    assert Assessment.objects.filter(computed_at__gte=work.requested_at).count() == 2


def test_more_rows_cost_no_more_queries(night: Hall, now: datetime) -> None:
    client = sign_in(night, "ning")
    addresses = ("/console/incidents/", "/console/orders/", "/console/ratings/", "/console/conformity/")

    def cost() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries_made:
                assert client.get(address).status_code == 200
            found.append(len(queries_made))
        return found

    few = cost()
    for back in range(8, 2, -1):
        state = "full" if back % 2 else "out"
        at = now - back * 20 * MINUTE  # so far apart that nothing flaps
        night.tell(night.other, "printer", "paper.upper", state, at, at)
    assert Incident.objects.count() == 4
    assert cost() == few
