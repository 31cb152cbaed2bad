"""The page that makes an evidence pack: what it gives, what it refuses, who may."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import pytest
from tests.center.console.the_desk import Desk

from budayang.rules.evidence_pack import MANIFEST

pytestmark = pytest.mark.django_db
ADDRESS = "/console/evidence/"


def test_one_click_from_a_terminal_gives_the_file(desk: Desk, now: datetime) -> None:
    client = desk.client("lin")
    assert f"{ADDRESS}?code=KBS-01" in client.get("/console/terminals/KBS-01/").content.decode()
    assert f"{ADDRESS}?code=KBS" in client.get("/console/areas/KBS/").content.decode()
    assert 'value="KBS-01"' in client.get(f"{ADDRESS}?code=KBS-01").content.decode()
    answer = client.post(ADDRESS, {"code": "KBS-01", "first": "2026-11-01", "last": "2026-11-02"})
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert b"terminal:KBS-01" in archive.read(MANIFEST)
        assert "演示数据" in archive.read("summary.html").decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"code": "KBS-09"}, "没有代码为"),
        ({"code": "HJ"}, "没有代码为"),
        ({"first": "2026-11-05"}, "早于第一天"),
        ({"first": "2024-11-05"}, "一年"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(desk: Desk, given: dict[str, str], said: str) -> None:
    fields = {"code": "KBS", "first": "2026-11-01", "last": "2026-11-02"} | given
    answer = desk.client("lin").post(ADDRESS, fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f'value="{fields["code"]}"' in page


def test_bodies_people_make_none(desk: Desk) -> None:
    for name in ("ren", "mo"):
        assert desk.client(name).get(ADDRESS).status_code == 403
