"""Pages of cases under review, payments, the daily reconciliation and the window: in scope, and each step where it
belongs.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.center.services.the_bank import Hall, open_hall, promise
from tests.center.services_cast import SYSTEM, city, jia, judged, new_terminal, open_departments, yi

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Organization, Place
from budayang.center.services import window_actions, window_figures
from budayang.center.services.models import Department, Payment, ReconciliationLine, WindowTask
from budayang.center.services.payments import reconciling
from budayang.center.services.payments.provider import Movement

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        yield found


@pytest.fixture
def sign_in(city: Any, now: datetime) -> Callable[..., Client]:
    """A signed-in person with one role at one place."""

    def make(role: Role, place: str = "150600", organization: str = "") -> Client:
        body = Organization.objects.get(code=organization) if organization else None
        name = f"{role.value}-{place}-{organization}"[:40]
        person = platform.add_staff(SYSTEM, username=name, name="测", password="night-shift-2026", organization=body)
        platform.grant_role(SYSTEM, person, role, Place.objects.get(code=place), organization=body, now=now)
        client = Client()
        client.force_login(person)
        return client

    return make


def text(answer: Any) -> str:
    return str(answer.content.decode())


def review(hall: Hall, *, honours_key: bool = True) -> str:
    promise("ZZ001", honours_key=honours_key)
    hall.office.faults.plan = ["lost", "broken", "broken"]
    number = hall.accept()
    hall.carry()
    assert hall.case(number).state == "review"
    return number


def paid(hall: Hall, after: str = "done") -> Payment:
    hall.office.first, hall.office.after_pay = "due", after
    number = hall.accept()
    hall.carry(2)
    hall.till.pay(hall.payment(number).number)
    hall.pass_s(5)
    hall.carry(3)
    return hall.payment(number)


def test_who_reviews_sees_what_each_attempt_proved(hall: Hall, sign_in: Callable[..., Client]) -> None:
    number = review(hall)
    keeper = sign_in(Role.AREA_KEEPER, "A-KBS")
    page = text(keeper.get(f"/console/cases/{number}/"))
    assert "可能已经送到，没有得到答复" in page
    assert "再次向部门核实" in page
    refused = keeper.post(f"/console/cases/{number}/settle/", {"found": "refused", "note": "没"})
    assert refused.status_code == 422
    assert 'value="refused" checked' in text(refused), "what was chosen stays"
    done = keeper.post(
        f"/console/cases/{number}/settle/", {"found": "refused", "note": "电话核实：没有这件"}, follow=True
    )
    assert "已登记核实结果" in text(done)
    assert hall.case(number).state == "failed"


def test_where_nothing_may_be_repeated_the_button_is_not_offered(hall: Hall, sign_in: Callable[..., Client]) -> None:
    number = review(hall, honours_key=False)
    page = text(sign_in(Role.AREA_KEEPER, "A-KBS").get(f"/console/cases/{number}/"))
    assert "平台不再发送" in page
    assert f"/console/cases/{number}/ask/" not in page


def test_an_inspector_reads_and_does_nothing(hall: Hall, sign_in: Callable[..., Client]) -> None:
    number = review(hall)
    inspector = sign_in(Role.INSPECTOR)
    assert f"/console/cases/{number}/settle/" not in text(inspector.get(f"/console/cases/{number}/"))
    assert inspector.post(f"/console/cases/{number}/settle/", {"found": "done", "note": "看到了"}).status_code == 403


def test_another_areas_payments_are_not_there(hall: Hall, sign_in: Callable[..., Client]) -> None:
    payment = paid(hall)
    other, mine = sign_in(Role.AREA_KEEPER, "A-YJHL"), sign_in(Role.AREA_KEEPER, "A-KBS")
    assert payment.number in text(mine.get("/console/payments/"))
    assert payment.number not in text(other.get("/console/payments/"))
    assert other.get(f"/console/payments/{payment.number}/").status_code == 404
    assert other.post(f"/console/payments/{payment.number}/refund/", {"note": "退款"}).status_code == 404
    assert "测**" not in text(mine.get(f"/console/payments/{payment.number}/"))


def test_a_keeper_gives_money_back_with_a_reason(hall: Hall, sign_in: Callable[..., Client]) -> None:
    payment = paid(hall)
    keeper = sign_in(Role.AREA_KEEPER, "A-KBS")
    assert keeper.post(f"/console/payments/{payment.number}/refund/", {"note": " "}).status_code == 422
    keeper.post(f"/console/payments/{payment.number}/refund/", {"note": "重复缴纳"})
    hall.clock.now = timezone.now()
    hall.carry()
    page = text(keeper.get(f"/console/payments/{payment.number}/"))
    for word in ("已退款", "重复缴纳", "已退回付款人", payment.number + "-R"):
        assert word in page


def test_a_refund_that_did_not_work_is_ended_by_a_person(hall: Hall, sign_in: Callable[..., Client]) -> None:
    hall.till.refuse_refunds = True
    payment = paid(hall, after="refused")
    keeper = sign_in(Role.AREA_KEEPER, "A-KBS")
    assert "退款没有成功" in text(keeper.get(f"/console/payments/{payment.number}/"))
    keeper.post(f"/console/payments/{payment.number}/returned/", {"note": "银行转账 0001"})
    assert "已用别的办法退回" in text(keeper.get(f"/console/payments/{payment.number}/"))


def test_a_difference_is_settled_by_a_person(hall: Hall, sign_in: Callable[..., Client]) -> None:
    payment = paid(hall)
    day = reconciling.Reconciliation.objects.create(provider=payment.provider, on=date(2026, 11, 24))
    reconciling.close_day(day, [Movement("pay", "STRANGE", 5, hall.clock.now)], hall.clock.now)
    chief = sign_in(Role.SUPERVISOR)
    listed = text(chief.get("/console/payments/days/"))
    assert "有差异" in listed
    page = text(chief.get(f"/console/payments/days/{day.pk}/"))
    assert "只有支付机构有" in page
    assert "只有我们有" in page
    line = ReconciliationLine.objects.get(number="STRANGE")
    address = f"/console/payments/days/{day.pk}/{line.pk}/"
    assert chief.post(address, {"note": "x"}).status_code == 422
    assert "已登记这一笔差异" in text(chief.post(address, {"note": "测试机构的试单"}, follow=True))
    assert sign_in(Role.INSPECTOR).post(address, {"note": "我也来"}).status_code == 403
    chief.post(f"/console/payments/days/{day.pk}/again/")
    day.refresh_from_db()
    assert day.due_at is not None


def test_the_windows_queue_belongs_to_the_department(hall: Hall, sign_in: Callable[..., Client]) -> None:
    for code in ("RS", "YB"):
        body = Organization.objects.get(code=code)
        Department.objects.filter(code=code).update(organization=body)
    hall.office.first = "refused"
    number = hall.accept()
    hall.carry()
    keeper = sign_in(Role.AREA_KEEPER, "A-KBS")
    keeper.post(f"/console/cases/{number}/window/", {"missing": "户口簿\n照片", "reason": "系统里没有"})
    assert WindowTask.objects.get().missing == ["户口簿", "照片"]
    own, other = sign_in(Role.OWNER_UNIT, "150600", "RS"), sign_in(Role.OWNER_UNIT, "150600", "YB")
    assert number in text(own.get("/console/windows/"))
    assert number not in text(other.get("/console/windows/"))
    assert other.post(f"/console/windows/{number}/take/").status_code == 404
    assert "已接手" in text(own.post(f"/console/windows/{number}/take/", follow=True))
    assert own.post(f"/console/windows/{number}/return/", {"note": ""}).status_code == 422
    own.post(f"/console/windows/{number}/finish/", {"note": "已办"})
    assert hall.case(number).state == "done"
    with pytest.raises(window_actions.Refused):
        window_actions.take_task(SYSTEM, number, hall.clock.now)


def upload(rows: str) -> SimpleUploadedFile:
    content = io.BytesIO(("日期,地点代码,部门,叫号数\n" + rows).encode()).read()
    return SimpleUploadedFile("叫号.csv", content, content_type="text/csv")


def test_the_windows_numbers_are_previewed_and_loaded(hall: Hall, sign_in: Callable[..., Client]) -> None:
    chief = sign_in(Role.SUPERVISOR)
    wrong = chief.post("/console/windows/import/", {"table": upload("2026-11-20,150600,人社,很多\n")})
    assert wrong.status_code == 422
    assert "“叫号数”应为整数" in text(wrong)
    right = chief.post("/console/windows/import/", {"table": upload("2026-11-20,150600,人社,40\n")})
    payload = right.context["payload"]
    assert window_figures.latest_day(SYSTEM) is None, "seen, not yet loaded"
    assert "已导入 1 条" in text(chief.post("/console/windows/import/", {"payload": payload}, follow=True))
    page = text(chief.get("/console/windows/share/"))
    assert "40" in page
    assert "分流率＝" in page
    assert chief.post("/console/windows/import/", {"payload": "forged"}).status_code == 422
    assert chief.get("/console/windows/import/template.csv").status_code == 200
    assert chief.get("/console/windows/share/?from=2026-01-01&to=2026-01-31").status_code == 200
    assert sign_in(Role.INSPECTOR).get("/console/windows/import/").status_code == 403
