"""Pages of signs' artwork, texts, rule sets and official symbols: who may, what is refused and keeps what was typed."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook
from PIL import Image
from tests.center.console.the_desk import Desk, build

from budayang.center.signage.models import CompositionRule, OfficialSymbol, SignFile, SignText
from budayang.data.sign_kinds import kind_columns, read_kinds, sign_kinds

pytestmark = pytest.mark.django_db
SAMPLE = "ᠨᠣᠮ ᠤᠰᠤ"  # a layout sample of common nouns, not the text of any sign
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>x</script><path d="M0 0h9v9z"/></svg>'


@pytest.fixture
def desk(db: None, now: datetime) -> Desk:
    return build(now)


def test_one_sheet_is_shown_as_a_picture_and_taken_as_pdf_and_svg(desk: Desk) -> None:
    client = desk.client("lin")
    page = client.get("/console/sign-artwork/").content.decode()
    assert "/console/sign-artwork/kinds/no_smoking/?area=KBS" in page
    assert "还没有平面图" in page
    page = client.get("/console/sign-artwork/kinds/no_smoking/?area=KBS").content.decode()
    assert "下载 PDF" in page
    files = "/console/sign-artwork/kinds/no_smoking/{}/?area=KBS&width=200&height=200"
    picture = Image.open(io.BytesIO(client.get(files.format("png")).content))
    assert picture.width > 600
    pdf = client.get(files.format("pdf"))
    assert pdf["Content-Disposition"].startswith("attachment")
    assert pdf.content.startswith(b"%PDF")
    assert b"<svg" in client.get(files.format("svg")).content[:200]
    assert client.get(files.format("gif")).status_code == 404
    assert client.get("/console/sign-artwork/kinds/nothing/").status_code == 404


def test_a_sheet_that_cannot_be_made_says_why(desk: Desk) -> None:
    client = desk.client("lin")
    page = client.get("/console/sign-artwork/kinds/floor_plan/?area=KBS").content.decode()
    assert "这块标志还不能制作" in page
    assert "平台没有这块牌子的数据" in page
    answer = client.get("/console/sign-artwork/kinds/no_smoking/?area=KBS&width=3")
    assert answer.status_code == 422
    answer = client.get("/console/sign-artwork/kinds/floor_plan/pdf/?area=KBS")
    assert answer.status_code == 302, "the reason is on the page"
    answer = client.post("/console/sign-artwork/areas/KBS/", follow=True)
    assert "先画平面图" in answer.content.decode()
    assert not SignFile.objects.exists()


def test_a_text_is_written_approved_by_another_and_listed(desk: Desk) -> None:
    lin, boss = desk.client("lin"), desk.client("zhu")
    told = {"kind": "entrance", "language": "mn", "place": desk.hall.area.place_id, "text": SAMPLE, "source": ""}
    refused = lin.post("/console/sign-texts/new/", told)
    assert refused.status_code == 422
    assert SAMPLE in refused.content.decode(), "what was typed stays"
    lin.post("/console/sign-texts/new/", {**told, "source": "测试译员"})
    row = SignText.objects.get()
    assert lin.post(f"/console/sign-texts/{row.pk}/approve/").status_code == 403
    page = boss.get(f"/console/sign-texts/{row.pk}/").content.decode()
    assert 'lang="mn"' in page
    assert "还没有审定" in page
    boss.post(f"/console/sign-texts/{row.pk}/approve/")
    row.refresh_from_db()
    assert row.state == "approved"
    assert "已审定" in lin.get("/console/sign-texts/?state=approved").content.decode()
    boss.post(f"/console/sign-texts/{row.pk}/withdraw/")
    row.refresh_from_db()
    assert row.state == "withdrawn"
    # Somebody of another banner sees no text of this area.
    assert SAMPLE not in desk.client("ou").get("/console/sign-texts/").content.decode()
    assert desk.client("ou").get(f"/console/sign-texts/{row.pk}/").status_code == 404


def test_rule_sets_say_why_they_are_not_in_force_until_a_document_is_entered(desk: Desk) -> None:
    boss = desk.client("zhu")
    page = boss.get("/console/sign-rules/").content.decode()
    assert page.count("未启用") == 3
    assert "BS-20、BS-21、BS-23" in page
    told = {"rule": "mn_1996", "place": desk.hall.city.pk, "document": "", "valid_from": "2026-11-01",
            "horizontal": "above", "percent": "90"}  # fmt: skip
    assert boss.post("/console/sign-rules/new/", told).status_code == 422
    wrong = boss.post("/console/sign-rules/new/", {**told, "document": "样例〔2026〕1号"})
    assert "100%" in wrong.content.decode()
    boss.post("/console/sign-rules/new/", {**told, "document": "样例〔2026〕1号", "percent": "100"})
    row = CompositionRule.objects.get()
    assert "样例〔2026〕1号" in desk.client("lin").get("/console/sign-rules/").content.decode()
    assert desk.client("lin").post(f"/console/sign-rules/{row.pk}/end/").status_code == 403
    boss.post(f"/console/sign-rules/{row.pk}/end/")
    row.refresh_from_db()
    assert row.ended_on is not None


def test_official_artwork_is_cleaned_and_shown_as_an_image_only(desk: Desk) -> None:
    boss = desk.client("zhu")
    told = {"symbol": "entrance", "place": desk.hall.city.pk, "source": "GB/T 10001.1-2023 样例"}
    wrong = boss.post("/console/sign-symbols/", {**told, "artwork": SimpleUploadedFile("a.svg", b"<html/>")})
    assert wrong.status_code == 422
    boss.post("/console/sign-symbols/", {**told, "artwork": SimpleUploadedFile("a.svg", SVG)})
    row = OfficialSymbol.objects.get()
    page = desk.client("lin").get("/console/sign-symbols/").content.decode()
    assert f'<img src="/console/sign-symbols/{row.pk}/"' in page
    answer = desk.client("lin").get(f"/console/sign-symbols/{row.pk}/")
    assert b"script" not in answer.content
    assert "sandbox" in answer["Content-Security-Policy"]
    boss.post(f"/console/sign-symbols/{row.pk}/withdraw/")
    row.refresh_from_db()
    assert row.withdrawn_at is not None


def test_the_catalogue_says_which_figure_is_official_and_the_sheet_carries_it(desk: Desk) -> None:
    """Before, our drawing with its mark; after the import the official artwork, in the catalogue and on the sheet."""
    client, sheet = desk.client("lin"), "/console/sign-artwork/kinds/entrance/svg/?area=KBS&width=300&height=300"
    page = client.get("/console/sign-kinds/?q=entrance").content.decode()
    assert "示意图形</p>" in page
    assert "0 个已换成导入的官方图形" in page
    before = client.get(sheet).content
    told = {"symbol": "entrance", "place": desk.hall.city.pk, "source": "GB/T 10001.1-2023 样例"}
    desk.client("zhu").post("/console/sign-symbols/", {**told, "artwork": SimpleUploadedFile("a.svg", SVG)})
    row = OfficialSymbol.objects.get()
    page = client.get("/console/sign-kinds/?q=entrance").content.decode()
    assert f'<img src="/console/sign-symbols/{row.pk}/"' in page
    assert "官方图形（鄂尔多斯市）：GB/T 10001.1-2023 样例" in page
    assert "1 个已换成导入的官方图形" in page
    assert client.get(sheet).content != before, "the sheet is drawn with the official artwork"
    assert "示意图形</p>" in client.get("/console/sign-kinds/?q=exit").content.decode(), "the others are still ours"


def test_the_catalogue_in_excel_is_read_again_as_the_same_catalogue(desk: Desk) -> None:
    told = {"symbol": "entrance", "place": desk.hall.city.pk, "source": "GB/T 10001.1-2023 样例"}
    desk.client("zhu").post("/console/sign-symbols/", {**told, "artwork": SimpleUploadedFile("a.svg", SVG)})
    answer = desk.client("lin").get("/console/sign-kinds/?export=xlsx")
    assert "filename*=utf-8''" in answer["Content-Disposition"]
    lines = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].values)
    assert lines[0][0] == "演示数据"
    head, rows = [str(one) for one in lines[1]], lines[2:]
    assert tuple(head[:-1]) == kind_columns()
    read = [{name: str(cell if cell is not None else "") for name, cell in zip(head, row, strict=True)} for row in rows]
    assert read_kinds(read) == sign_kinds()
    figures = {row["code"]: row["图形"] for row in read}
    assert figures["entrance"] == "官方图形（鄂尔多斯市）：GB/T 10001.1-2023 样例"
    assert figures["no_smoking"] == "示意图形，制作以现行标准图形为准"
    assert figures["one_metre_line"] == "没有图形"
