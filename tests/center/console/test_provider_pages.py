"""Pages of payment providers and e-licence sources: who may see and set what, and no key is ever shown again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.center.console.the_desk import SYSTEM, Desk, build

from budayang.center.console.incidents import about
from budayang.center.maintenance.models import Incident
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import open_field
from budayang.center.services import hearing, licence_line
from budayang.center.services.models import LicenceSource, PaymentProvider, Reconciliation
from budayang.center.services.payments import actions, provider_queries

pytestmark = pytest.mark.django_db
KEY = "very-secret-key"
CITY = "/150600/"


@pytest.fixture
def desk(db: None, now: datetime) -> Desk:
    return build(now)


@pytest.fixture
def provider(desk: Desk, now: datetime) -> PaymentProvider:
    path = desk.hall.city.path
    url = "https://pay.example/door"
    return actions.set_provider(SYSTEM, "BANK", name="城商行", url=url, key=KEY, place_path=path, now=now)


@pytest.fixture
def source(desk: Desk) -> LicenceSource:
    return licence_line.set_source(SYSTEM, "LIB", name="市电子证照库", url="https://lib.example", key=KEY)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_first_day_of_a_provider_is_that_of_its_place(provider: PaymentProvider, now: datetime) -> None:
    assert f"{now:%Y-%m-%d}" == "2026-11-23", "in UTC it is still yesterday"
    assert provider.since_on == date(2026, 11, 24)


def test_the_list_says_who_takes_the_money_and_whether_it_answers(
    desk: Desk, provider: PaymentProvider, now: datetime
) -> None:
    day = Reconciliation.objects.create(provider=provider, on=now.date(), state="differs", done_at=now, differing=2)
    zhu = desk.client("zhu")
    page = text(zhu.get("/console/providers/"))
    assert "城商行" in page
    assert "还没有问过它" in page
    assert f"{day.on.isoformat()} 有差异" in page
    assert KEY not in page
    hearing.note_answer(PaymentProvider, provider.pk, "", now)
    assert "有应答" in text(zhu.get("/console/providers/"))
    for _turn in range(hearing.SILENT_AFTER):
        hearing.note_answer(PaymentProvider, provider.pk, "ConnectError", now)
    page = text(zhu.get("/console/providers/BANK/"))
    assert "没有应答" in page
    assert "连不上" in page
    assert "连续 3 次" in page
    assert KEY not in page
    assert desk.hall.area.name in page, "the areas that it serves"
    for query, there in (("health=bad", True), ("health=ok", False), ("use=0", False), ("differs=1", True)):
        assert ("城商行" in text(zhu.get(f"/console/providers/?{query}"))) is there, query
    assert zhu.get("/console/providers/?export=csv").status_code == 200


def test_a_nearer_provider_takes_its_areas(desk: Desk, provider: PaymentProvider, now: datetime) -> None:
    near = desk.hall.far_area.place.path
    url = "https://near.example"
    actions.set_provider(SYSTEM, "NEAR", name="旗里的一家", url=url, key=KEY, place_path=near, now=now)
    zhu = desk.actor("zhu")
    mine = set(provider_queries.areas_served(zhu, provider).values_list("code", flat=True))
    assert desk.hall.area.code in mine
    assert desk.hall.far_area.code not in mine
    page = text(desk.client("zhu").get("/console/providers/areas/?provider=NEAR"))
    assert desk.hall.far_area.name in page
    assert desk.hall.area.name not in page
    PaymentProvider.objects.update(active=False)
    page = text(desk.client("zhu").get("/console/providers/areas/?provider=-"))
    assert desk.hall.area.name in page
    assert "这里不能缴费" in page


def test_a_keeper_sees_the_provider_above_them_and_cannot_set_it(desk: Desk, provider: PaymentProvider) -> None:
    lin = desk.client("lin")
    assert "城商行" in text(lin.get("/console/providers/"))
    assert "/console/providers/BANK/edit/" not in text(lin.get("/console/providers/BANK/"))
    assert lin.get("/console/providers/BANK/edit/").status_code == 403


def test_nobody_sees_what_serves_others(desk: Desk, now: datetime) -> None:
    near = desk.hall.far_area.place.path
    row = actions.set_provider(
        SYSTEM, "NEAR", name="旗里的一家", url="https://a.example", key=KEY, place_path=near, now=now
    )
    day = Reconciliation.objects.create(provider=row, on=now.date(), state="even", done_at=now)
    lin = desk.client("lin")  # keeper of another banner
    assert "旗里的一家" not in text(lin.get("/console/providers/"))
    assert lin.get("/console/providers/NEAR/").status_code == 404
    assert lin.get(f"/console/payments/days/{day.pk}/").status_code == 404
    assert desk.client("ou").get(f"/console/payments/days/{day.pk}/").status_code == 200


def edit(client: Client, page: str, **fields: str) -> Any:
    given = {"name": "城商行", "url": "https://pay.example/door", "place": CITY, "key": "", "active": "on"} | fields
    return client.post(page, {name: value for name, value in given.items() if value != "-"})


def key_of(row: PaymentProvider) -> str:
    return open_field("services_payment_provider", row.code, "key", bytes(row.key_sealed))


def test_a_supervisor_registers_and_changes_a_provider(desk: Desk, provider: PaymentProvider) -> None:
    zhu = desk.client("zhu")
    answer = edit(zhu, "/console/providers/new/", code="bank-2", name="第二家", key="k2")
    assert (answer.status_code, answer["Location"]) == (302, "/console/providers/BANK-2/")
    page = text(zhu.get("/console/providers/BANK/edit/"))
    assert KEY not in page
    assert "https://pay.example/door" in page
    # the key stays where nothing but the name changes, and never follows to another address
    assert edit(zhu, "/console/providers/BANK/edit/", name="改了名").status_code == 302
    provider.refresh_from_db()
    assert (provider.name, key_of(provider)) == ("改了名", KEY)
    refused = edit(zhu, "/console/providers/BANK/edit/", url="https://elsewhere.example")
    assert refused.status_code == 422
    assert "换了地址" in text(refused)
    assert "https://elsewhere.example" in text(refused), "what was typed is kept"
    assert edit(zhu, "/console/providers/BANK/edit/", url="https://elsewhere.example", key="k3").status_code == 302
    provider.refresh_from_db()
    assert (provider.url, key_of(provider)) == ("https://elsewhere.example", "k3")
    assert edit(zhu, "/console/providers/BANK/edit/", url="https://elsewhere.example", active="-").status_code == 302
    provider.refresh_from_db()
    assert not provider.active
    told = str(list(AuditLine.objects.filter(action="services.set_provider").values_list("details", flat=True)))
    assert KEY not in told
    assert "k3" not in told


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"url": "http://10.1.2.3/pay", "key": "k"}, "须为 https 地址"),
        ({"url": "https://169.254.169.254/", "key": "k"}, "须为 https 地址"),
        ({"url": "soap+https://pay.example", "key": "k"}, "不用插件"),
        ({"code": "1", "key": "k"}, "2 到 16 个"),
        ({"code": "BANK", "key": "k"}, "已经登记过"),
        ({"key": ""}, "请填写密钥"),
    ],
)
def test_what_is_wrong_is_named(desk: Desk, provider: PaymentProvider, fields: dict[str, str], why: str) -> None:
    answer = edit(desk.client("zhu"), "/console/providers/new/", **{"code": "NEW", **fields})
    assert answer.status_code == 422
    assert why in text(answer)
    assert PaymentProvider.objects.count() == 1


def test_a_place_that_is_not_the_supervisors_is_no_choice(desk: Desk, provider: PaymentProvider) -> None:
    answer = edit(desk.client("zhu"), "/console/providers/new/", code="TOP", place="/", key="k")
    assert answer.status_code == 422
    assert not PaymentProvider.objects.filter(code="TOP").exists()


@pytest.mark.parametrize(
    ("who", "status"), [("zhu", 200), ("ning", 200), ("sys", 200), ("lin", 403), ("mo", 403), ("", 302)]
)
def test_who_may_see_e_licence_sources(desk: Desk, source: LicenceSource, who: str, status: int) -> None:
    client = desk.client(who)
    assert client.get("/console/licences/").status_code == status
    assert client.get("/console/licences/LIB/").status_code == status


def test_a_source_says_what_it_is_asked_for_and_not_its_key(desk: Desk, source: LicenceSource, now: datetime) -> None:
    def page_now() -> str:
        return text(desk.client("sys").get("/console/licences/LIB/"))

    page = page_now()
    assert KEY not in page
    assert "已填写，加密保存" in page
    licence_line.note_heard({source.pk: "HTTP 503"}, now - timedelta(minutes=1))
    assert "HTTP 503" in page_now()
    licence_line.note_heard({source.pk: ""}, now)
    assert "有应答" in page_now()


def test_the_system_administrator_sets_a_source(desk: Desk, source: LicenceSource) -> None:
    sys = desk.client("sys")
    given = {"code": "LIB2", "name": "第二处", "url": "https://two.example", "key": "k2", "active": "on"}
    assert sys.post("/console/licences/new/", given)["Location"] == "/console/licences/LIB2/"
    assert sys.post("/console/licences/new/", given).status_code == 422, "the code is taken"
    changed = {"name": "改了名", "url": "https://lib.example", "key": ""}
    assert sys.post("/console/licences/LIB/edit/", changed).status_code == 302
    source.refresh_from_db()
    assert (source.name, source.active) == ("改了名", False)
    assert desk.client("zhu").post("/console/licences/LIB/edit/", changed).status_code == 403


def test_an_incident_leads_to_what_it_is_about(desk: Desk) -> None:
    zhu, lin = desk.actor("zhu"), desk.actor("lin")

    def urls(subject: str, who: Any = zhu) -> list[str]:
        return [url for _word, url in about(Incident(subject=subject), who)]

    assert urls("reconciliation:7") == ["/console/payments/days/7/"]
    assert urls("terminal:KBS-01/payment:A-P1") == ["/console/payments/A-P1/"]
    assert urls("terminal:KBS-01/case:A") == ["/console/cases/A/"]
    assert urls("department:RS") == ["/console/connectors/RS/", "/console/probes/?department=RS"]
    assert urls("department:RS", lin) == ["/console/probes/?department=RS"], "not what the reader may not open"
    assert urls("terminal:KBS-01/printer") == []
