"""Published monthly figures for everybody: definitions, history, files of a schema; the daily digests of the chain."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.center.console.test_monthly_browser import keep
from tests.center.evaluation.the_month import MADE, live
from tests.center.hall import SYSTEM, Hall

from budayang.center.evaluation import digests
from budayang.center.evaluation.models import ChainDigest, MonthlyCorrection, MonthlyReport
from budayang.center.platform import audit
from budayang.center.platform.actions import record
from budayang.center.platform.models import AuditHead, AuditLine
from budayang.center.platform.sealing import center_keys
from budayang.center.public import open_data
from budayang.rules.monthly import Change

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(db: None) -> Hall:
    """The city's October is published, the area's is a draft."""
    hall = live(matters=80)
    keep(hall.city, published=True)
    keep(hall.area.place)
    return hall


def test_the_page_tells_figures_definitions_and_nothing_of_a_draft(hall: Hall) -> None:
    page = Client().get("/open/monthly/").content.decode()
    assert "白跑率" in page
    assert "白跑的趟数 ÷ 全部趟数" in page
    assert "鄂尔多斯市" in page
    assert "康巴什区自助区" not in page, "a draft is nobody's business yet"
    assert "耗材费用" not in page, "what is not public stays inside"
    assert Client().get("/open/monthly/?place=A-KBS").status_code == 200
    assert "/open/monthly/" in Client().get("/open/").content.decode()


def test_the_files_follow_the_schema_and_say_the_same(hall: Hall) -> None:
    body = json.loads(Client().get("/open/monthly.json").content)
    schema = json.loads(Client().get("/open/monthly.schema.json").content)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(body, schema)
    assert body["mark"] == "演示数据"
    rows = {row["code"]: row for row in body["rows"]}
    assert rows["wasted"]["value"] is not None
    assert rows["wasted"]["place_code"] == "150600"
    assert "cost" not in rows
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**body, "rows": [{**rows["wasted"], "person": "x"}]}, schema)
    text = Client().get("/open/monthly.csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text.split("\n", 1)[1])))
    assert [row["code"] for row in table] == [row["code"] for row in body["rows"]]
    assert float(table[0]["value"]) == rows["wasted"]["value"]


def test_corrections_are_told_beside_what_was_published(hall: Hall) -> None:
    row = MonthlyReport.objects.get(state="published")
    change = Change("白跑率和非工作时间", "白跑率", "", "", 0.3, 0.25, "share")
    MonthlyCorrection.objects.create(report=row, found_at=MADE, changes=[asdict(change)], sha256="x")
    told = json.loads(Client().get("/open/monthly.json").content)["rows"]
    one = next(row for row in told if row["code"] == "wasted")
    assert (one["corrected"], one["corrected_value"]) == (True, 0.25)
    assert "发布后有更正：25.0 %" in Client().get("/open/monthly/").content.decode()


@pytest.mark.parametrize("address", ["/open/monthly.json", "/open/monthly.csv"])
def test_the_files_are_made_once_for_whoever_asks_in_the_same_seconds(
    hall: Hall, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [MADE]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])

    def asked() -> tuple[bytes, bool]:
        with CaptureQueriesContext(connection) as queries:
            content = Client().get(address).content
        return content, any("evaluation_monthly" in one["sql"] for one in queries)

    first, read = asked()
    assert read
    assert asked() == (first, False)
    row = MonthlyReport.objects.get(state="published")
    change = Change("白跑率和非工作时间", "白跑率", "", "", 0.3, 0.25, "share")
    MonthlyCorrection.objects.create(report=row, found_at=MADE, changes=[asdict(change)], sha256="x")
    clock[0] += timedelta(seconds=open_data.KEPT_S)
    later, read = asked()
    assert read
    assert b"0.25" in later, "then what was found since is told"


def day(number: int, hour: int) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def sealed(at: datetime, lines: int) -> None:
    for _line in range(lines):
        record(SYSTEM, "test.act", subject="x", at=at)
    audit.seal(center_keys().audit_private, at)


def test_a_digest_a_day_by_which_tidying_is_found(db: None) -> None:
    AuditLine.objects.all().delete()
    AuditHead.objects.all().delete()
    sealed(day(1, 3), 2)
    sealed(day(1, 15), 3)  # 23:00 by the wall's clock: still the first
    sealed(day(1, 17), 4)  # 01:00 of the second
    assert digests.write_digests(day(2, 1)) == 1
    assert digests.write_digests(day(2, 1)) == 0
    assert digests.write_digests(day(4, 1)) == 2, "also of a day without any line"
    found = {row.on.day: row for row in ChainDigest.objects.all()}
    assert {on: row.seq for on, row in found.items()} == {1: 5, 2: 9, 3: 9}
    assert found[1].hash == AuditLine.objects.get(seq=5).hash
    page = Client().get("/open/chain/").content.decode()
    assert found[1].hash in page
    assert "不一致" not in page
    text = Client().get("/open/chain.csv").content.decode("utf-8-sig")
    kept = next(row for row in csv.reader(io.StringIO(text)) if row[:2] == ["2026-11-01", "5"])
    answer = Client().get(f"/receipt/?seq={kept[1]}&hash={kept[2]}").content.decode()
    assert "与您的回执一致" in answer

    AuditLine.objects.filter(seq=2).update(record="tidied")
    previous = audit.GENESIS  # whoever tidies writes the whole chain anew
    for line in AuditLine.objects.filter(seq__isnull=False).order_by("seq"):
        line.hash = previous = audit.link(previous, line.seq or 0, line.record)
        line.save(update_fields=["hash"])
    page = Client().get("/open/chain/").content.decode()
    assert page.count("不一致") == 3
    ChainDigest.objects.all().delete()  # … and tidies our own digests too
    digests.write_digests(day(4, 1))
    answer = Client().get(f"/receipt/?seq={kept[1]}&hash={kept[2]}").content.decode()
    assert kept[2][:16] not in {row.hash[:16] for row in ChainDigest.objects.all()}
    assert "与您的回执不同" in answer, "the kept copy still tells"
    assert digests.write_digests(day(4, 1) + timedelta(days=1)) == 1


def test_before_the_first_day_is_over_the_page_says_so(db: None) -> None:
    assert "还没有满一天的记录" in Client().get("/open/chain/").content.decode()
    assert "还没有发布的月报" in Client().get("/open/monthly/").content.decode()
