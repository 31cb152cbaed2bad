"""Sheets of signs as an independent reader sees them: boxes, fonts, codes, outlines; what does not fit is refused."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
import zxingcpp
from defusedxml.ElementTree import fromstring
from PIL import Image

from budayang.papers import DoesNotFit, PaperError, Sheet, SheetText, draw_sheet
from budayang.papers.page_boxes import with_boxes
from budayang.papers.vertical import pieces

TARGET = "http://127.0.0.1:8800/r/t/KBS-09/0123456789abcdef0123/"
# A layout sample of common nouns (book, water, horse, moon), not the text of any sign.
SAMPLE = "ᠨᠣᠮ ᠤᠰᠤ ᠮᠣᠷᠢ ᠰᠠᠷᠠ"
PLATE = Sheet(
    code="terminal_card",
    width_mm=148,
    height_mm=105,
    ground="#ffffff",
    ink="#142235",
    accent="#0f4c81",
    texts=(
        SheetText(SAMPLE, "mn", (0, 0, 1, 0.55), downwards=True, unapproved=True),
        SheetText("设备管理卡", "zh", (0, 0.6, 1, 0.4)),
    ),
    rows=(("功能", "打印"), ("监督电话", "0477-12345")),
    qr=TARGET,
    qr_word="扫码报修",
    outside="示意图形，制作以现行标准图形为准",
)
LONGEST = "鄂尔多斯市康巴什区哈巴格希街道滨河社区二十四小时政务自助服务区"


def points(mm: float) -> float:
    return mm * 72 / 25.4


def test_a_sheet_has_true_size_three_millimetres_of_bleed_and_embedded_fonts(tmp_path: Path) -> None:
    pdf = draw_sheet(PLATE)
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    (page,) = reader.pages
    assert float(page.trimbox.width) == pytest.approx(points(148), abs=0.01)
    assert float(page.trimbox.height) == pytest.approx(points(105), abs=0.01)
    for box, outside in ((page.bleedbox, 3), (page.mediabox, 14)):
        for side, sign in (("left", -1), ("bottom", -1), ("right", 1), ("top", 1)):
            expected = float(getattr(page.trimbox, side)) + sign * points(outside)
            assert float(getattr(box, side)) == pytest.approx(expected, abs=0.02), (box, side)
    text = "".join(page.extract_text().split())
    for said in ("设备管理卡", "0477-12345", "扫码报修", "未审定", "演示数据", "示意图形，制作以现行标准图形为准"):
        assert said in text
    fonts = page["/Resources"]["/Font"]  # type: ignore[index]
    for name in fonts:
        font = fonts[name].get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(font), font["/FontName"]
    assert any("Mongolian" in fonts[name].get_object()["/BaseFont"] for name in fonts)
    if shutil.which("pdffonts"):
        (tmp_path / "sheet.pdf").write_bytes(pdf)
        told = subprocess.run(["pdffonts", tmp_path / "sheet.pdf"], capture_output=True, text=True, check=True)
        lines = told.stdout.splitlines()[2:]
        assert lines
        assert all(line.split()[-5] == "yes" for line in lines), told.stdout
        assert "Syntax" not in told.stderr, told.stderr


def test_the_code_is_read_from_the_picture() -> None:
    picture = Image.open(io.BytesIO(draw_sheet(PLATE, "png", ppi=120)))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [TARGET]


def test_the_svg_has_the_sheets_size_and_letters_as_outlines() -> None:
    root = fromstring(draw_sheet(PLATE, "svg"))
    assert root.tag.endswith("}svg")
    assert float(root.get("width", "").removesuffix("pt")) == pytest.approx(points(148 + 28), abs=0.1)
    assert not [one for one in root.iter() if one.tag.endswith(("}text", "}script", "}foreignObject"))]


def test_the_longest_name_shrinks_and_what_is_too_long_is_refused() -> None:
    head = replace(PLATE, width_mm=3000, height_mm=600, rows=(), qr="", qr_word="")
    draw_sheet(replace(head, texts=(SheetText(LONGEST, "zh", (0, 0, 1, 1)),)))
    for texts, rows, part in (
        ((SheetText(LONGEST * 40, "zh", (0, 0, 1, 1)),), PLATE.rows, "title"),
        ((SheetText("Llanfairpwll" * 12, "en", (0, 0, 1, 1)),), PLATE.rows, "title"),
        (PLATE.texts, ((LONGEST, LONGEST * 30),), "rows"),
    ):
        with pytest.raises(DoesNotFit) as caught:
            draw_sheet(replace(PLATE, texts=texts, rows=rows))
        assert caught.value.part == part
        assert LONGEST not in str(caught.value)


def test_a_hole_instead_of_a_letter_and_a_wrong_size_are_refused() -> None:
    with pytest.raises(PaperError, match=r"U\+20BB7"):
        draw_sheet(replace(PLATE, rows=(("姓名", "𠮷"),)))
    with pytest.raises(PaperError, match="sides"):
        draw_sheet(replace(PLATE, width_mm=6000))


def test_data_of_a_sign_are_text_and_never_code() -> None:
    evil = '#read("/etc/passwd") *x* $y$'
    page = pypdf.PdfReader(io.BytesIO(draw_sheet(replace(PLATE, rows=(("a", evil),))))).pages[0]
    assert "".join(evil.split()) in "".join(page.extract_text().split())


def test_another_layout_of_the_pdf_is_told_and_not_spoilt() -> None:
    with pytest.raises(ValueError, match="not laid out"):
        with_boxes(b"%PDF-1.7\n", (0, 0, 1, 1), (0, 0, 1, 1))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ᠨᠣᠮ ᠤᠰᠤ", "t t"),
        ("24小时", "uuuu"),
        ("ᠨᠣᠮ 24", "t uu"),
        ("ᠨᠣᠮ\u202fᠤᠨ", "t"),  # the narrow space joins a suffix to its word
        ("  ᠨᠣᠮ  \n ᠤᠰᠤ ", "t t"),
    ],
)
def test_what_is_turned_and_what_stands_upright(text: str, kinds: str) -> None:
    assert "".join({"turned": "t", "upright": "u", "space": " "}[kind] for kind, _text, _glue in pieces(text)) == kinds


def test_a_number_and_a_closing_mark_are_not_parted() -> None:
    assert [glue for _kind, _text, glue in pieces("第24号，开")] == ["", "", "1", "", "1", ""]
