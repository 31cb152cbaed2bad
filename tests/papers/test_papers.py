from __future__ import annotations

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest

import budayang
from budayang.papers import TEMPLATES, PaperError, missing_glyphs, preview, qr_svg, render

CODE = "K7QM-4XTD-9HWR-2PZA"
AT = datetime(2026, 1, 1, 2, 14, 5, 123456, tzinfo=ZoneInfo("Asia/Shanghai"))
CERTIFICATE: dict[str, Any] = {
    "title": "个人参保证明",
    "department": "人社演示部门",
    "number": "KBS01-7F3A-000017-C",
    "issued_at": "2026年1月1日 02:14",
    "code": CODE,
    "verify_url": f"http://127.0.0.1:8800/verify/{CODE}",
    "fields": [["姓名", "测试甲"]],
    "demo": True,
}
RECEIPT: dict[str, Any] = {
    "number": "KBS01-7F3A-000017-C",
    "item": "个人参保证明查询打印",
    "at": "2026年1月1日 02:14",
    "department": "人社演示部门",
    "outcome": "已办结",
    "code": CODE,
    "verify_url": f"http://127.0.0.1:8800/verify/{CODE}",
    "head_seq": "18204",
    "head_hash": "9f3c02ab771d40e6",
    "demo": True,
}
TEST_PAGE: dict[str, Any] = {"terminal": "KBS-01", "printer": "A4", "at": "2026年1月1日 02:14", "demo": True}
FAULT_NOTICE: dict[str, Any] = {
    "title": "暂停服务",
    "area": "康巴什区24小时自助区",
    "machine": "不动产专机",
    "sentence": "这台机器暂时不能用。",
    "rows": [["从什么时候", "11月26日 23:40"], ["谁在处理", "测试运维商已接单"], ["预计", "最迟11月27日 01:40修好"],
             ["最近能办", "本区2 号终端现在能办（这里停下的 12 件事能办 10 件）"]],
    "printed_at": "2026年11月26日 23:45",
    "report_url": "http://127.0.0.1:8800/r/t/KBS-09/0123456789abcdef0123/",
    "demo": True,
}  # fmt: skip
LEDGER: dict[str, Any] = {
    "title": "维修台账",
    "place": "康巴什区24小时自助区",
    "period": "2026年11月1日至2026年11月30日",
    "basis": "参照版 WH-15（依据 B 级）",
    "made": "2026-12-01 08:30 由平台按当时的记录打印，共 1 行",
    "columns": ["工单号", "开单", "费用（元）"],
    "widths": [9, 8, 6],
    "numbers": [2],
    "rows": [["GD261101-00001", "2026-11-01\n08:30", "35.00"]],
    "figures": [["工单", "1"]],
    "note": "一行一张工单。",
    "signers": ["维修人", "验收人"],
    "demo": True,
}
STANDARD: dict[str, Any] = {
    "title": "自助服务区运行要求",
    "mark": "参照版，不是已发布标准的文本",
    "lines": ["演示"],
    "blocks": [
        {
            "type": "heading",
            "kind": "chapter",
            "level": 1,
            "number": "4",
            "text": "基本要求",
            "contents": "4　基本要求",
        },
        {"type": "item", "number": "4.1", "text": "设备应设为不关机。"},
        {"type": "note", "text": "关机会被记录。"},
    ],
    "demo": True,
}
MONTHLY: dict[str, Any] = {
    "title": "康巴什区自助区 2026年10月自助服务月报",
    "place": "康巴什区自助区",
    "made": "按 2026-11-05 09:00 的记录计算",
    "published": "草稿，还没有发布",
    "hash": "SHA-256 9f3c02ab771d40e6",
    "lead": [["白跑率", "26.2 %", "20.5 % – 32.7 %", "样本 195 趟", "上月没有可以比的数。"]],
    "sections": [
        {
            "title": "一、白跑率",
            "figures": [],
            "tables": [
                {
                    "title": "各自助区的白跑率", "heads": ["自助区", "白跑率"], "widths": [20, 8], "numbers": [1],
                    "rows": [["康巴什区自助区", "26.2 %"]], "note": "", "empty": "本月没有。",
                },
                {
                    "title": "为什么白跑", "heads": ["怎样"], "widths": [20], "numbers": [], "rows": [], "note": "",
                    "empty": "本月没有白跑的记录。",
                },
            ],
        }
    ],
    "corrections": ["2026-11-06 全部趟数：183 → 184"],
    "definitions": [["白跑率", "白跑的趟数 ÷ 全部趟数"]],
    "notes": ["样本少，区间就宽。"],
    "demo": True,
}  # fmt: skip
ALL = {
    "monthly": MONTHLY,
    "certificate": CERTIFICATE,
    "receipt": RECEIPT,
    "test_page": TEST_PAGE,
    "fault_notice": FAULT_NOTICE,
    "ledger": LEDGER,
    "standard": STANDARD,
}


def words(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def test_each_template_has_data_here() -> None:
    assert set(ALL) == set(TEMPLATES)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_paper_is_one_a4_page_that_says_what_it_is(name: str) -> None:
    pdf = render(name, ALL[name])
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    sides = (round(float(page.mediabox.width)), round(float(page.mediabox.height)))
    assert sides == ((842, 595) if name == "ledger" else (595, 842)), "a ledger lies across"
    text = words(pdf)
    assert "演示数据" in text
    for key, value in ALL[name].items():
        if isinstance(value, str):
            assert re.sub(r"\s", "", value) in text, key


@pytest.mark.parametrize("name", ["certificate", "receipt"])
def test_a_demonstration_paper_says_that_it_is_valid_on_this_machine_only(name: str) -> None:
    assert "演示纸张只在本机有效" in words(render(name, ALL[name]))
    assert "演示" not in words(render(name, {**ALL[name], "department": "某部门", "demo": False}))


def test_a_paper_without_the_demo_mark_counts_as_a_demonstration() -> None:
    data = {key: value for key, value in CERTIFICATE.items() if key != "demo"}
    assert "演示纸张只在本机有效" in words(render("certificate", data))


def test_receipt_bears_witness() -> None:
    text = words(render("receipt", RECEIPT))
    assert "回执作证" in text
    assert "9f3c02ab771d40e6" in text


def test_a_receipt_asks_for_a_rating_only_where_there_is_an_address() -> None:
    assert "这次办得怎么样" not in words(render("receipt", RECEIPT))
    rated = {**RECEIPT, "rate_url": "http://127.0.0.1:8800/rate/q/KBS01-04HM-000001-1/0123456789abcdef0123/"}
    text = words(render("receipt", rated))
    assert "这次办得怎么样" in text
    assert "自愿" in text
    assert len(preview("receipt", rated, ppi=40)) == 1, "it is still one sheet"


def test_what_only_the_code_carries_is_not_printed_as_an_address_to_type() -> None:
    text = words(render("receipt", {**RECEIPT, "verify_url": RECEIPT["verify_url"] + "?w=18204-9f3c02ab771d40e6"}))
    assert f"/verify/{CODE}" in text
    assert "?w=" not in text


def test_fonts_are_embedded() -> None:
    pdf = pypdf.PdfReader(io.BytesIO(render("certificate", CERTIFICATE)))
    fonts: Any = pdf.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {fonts[key].get_object()["/BaseFont"] for key in fonts}
    assert names
    assert all("NotoS" in name and "+" in name for name in names), names


def test_same_data_and_time_give_the_same_bytes() -> None:
    assert render("certificate", CERTIFICATE, at=AT) == render("certificate", CERTIFICATE, at=AT)


def test_a_long_table_runs_over_pages_and_keeps_its_head() -> None:
    rows = [[f"税种{i}", "2026年1月", "100.00"] for i in range(80)]
    pdf = render("certificate", {**CERTIFICATE, "columns": ["税种", "所属期", "实缴金额"], "rows": rows})
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 1
    # The last page may hold the seal and the panel only; each page with rows repeats the head.
    texts = [re.sub(r"\s", "", page.extract_text()) for page in pages]
    assert all("实缴金额" in text for text in texts if "税种7" in text or "税种1" in text)


@pytest.mark.parametrize("evil", ['#read("/etc/passwd")', "*strong* #panic()", "$ x $ \\ @label", '"; #let x = 1; "'])
def test_data_are_text_and_never_code(evil: str) -> None:
    text = words(render("certificate", {**CERTIFICATE, "fields": [["姓名", evil]], "note": evil}))
    assert re.sub(r"\s", "", evil) in text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code": ""}, "'code'"),
        ({"fields": "测试甲"}, "'fields'"),
        ({"fields": [["姓名", 1]]}, "'fields'"),
        ({"rows": [[1]]}, "'rows'"),
        ({"colour": "red"}, "colour"),
        ({"note": "x" * 300_000}, "larger"),
    ],
)
def test_wrong_data_are_refused_by_name_and_not_by_value(change: dict[str, Any], says: str) -> None:
    with pytest.raises(PaperError, match=re.escape(says)) as caught:
        render("certificate", {**CERTIFICATE, **change})
    assert "测试甲" not in str(caught.value)


def test_unknown_template() -> None:
    with pytest.raises(PaperError, match="unknown paper template"):
        render("../../etc/passwd", {})


def test_a_name_that_the_fonts_cannot_draw_is_refused_and_not_left_blank() -> None:
    assert missing_glyphs("测试甲 䶮𬭚㛃𠅤") == []
    assert missing_glyphs("测试𠮷") == ["𠮷"]
    with pytest.raises(PaperError, match=r"U\+20BB7"):
        render("certificate", {**CERTIFICATE, "fields": [["姓名", "测试𠮷"]]})


def test_preview_is_png() -> None:
    (page,) = preview("receipt", RECEIPT, ppi=40)
    assert page.startswith(b"\x89PNG")


def test_qr_is_an_svg_without_size_and_tells_texts_apart() -> None:
    one, two = qr_svg("http://127.0.0.1/verify/A"), qr_svg("http://127.0.0.1/verify/B")
    assert one.startswith("<svg")
    assert "viewBox" in one
    assert "width=" not in one.split(">")[0]
    assert one != two
    for bad in ("", "x" * 1001):
        with pytest.raises(ValueError, match="QR code"):
            qr_svg(bad)


def test_typst_and_segno_are_called_nowhere_else() -> None:
    package = Path(budayang.__file__).parent
    callers = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if re.search(r"^\s*(import|from) (typst|segno)\b", path.read_text("utf-8"), re.MULTILINE)
    }
    assert callers == {"papers"}
