"""A table of items as somebody brings it: the catalogue as cells, with changes or with forty planted faults."""

from __future__ import annotations

import io
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from tests.center.services_cast import SYSTEM

from budayang.center.platform.actors import Actor
from budayang.center.services import catalogue_actions, catalogue_queries
from budayang.center.services.catalogue import COLUMNS
from budayang.center.services.catalogue_sheets import as_text
from budayang.center.services.models import CatalogueEdition
from budayang.rules.catalogue import DEFAULT_RULES

KEYS = [column.key for column in COLUMNS]
RULES = dict(DEFAULT_RULES)
SAME_AS_FOURTH = "(the code of row 4)"
# column, what somebody wrote there, what the message must say; one row each, below
PLANTED: tuple[tuple[str, str, str], ...] = (
    ("item_id", "", "不能空"),
    ("item_id", SAME_AS_FOURTH, "与第 4 行重复"),
    ("item_id", "zz-17", "演示编码"),
    ("item_id", "1.52014E+11", "科学计数"),
    ("name", "", "不能空"),
    ("name", "长" * 121, "最多 120 个字"),
    ("name", "#REF!", "错误值"),
    ("base_code", "15201400100", "12 位数字"),
    ("base_code", "1.52014001E+11", "科学计数"),
    ("base_code", "A52014001000", "12 位数字"),
    ("official_code", "1" * 30, "31"),
    ("official_code", "12441500196720244t3442199806003", "31"),
    ("dept_type", "", "不能空"),
    ("dept_type", "部" * 41, "最多 40 个字"),
    ("department", "局" * 81, "最多 80 个字"),
    ("kind", "办理", "可以写：申报"),
    ("kind", "", "不能空"),
    ("audience", "居民", "可以写：个人"),
    ("audience", "", "不能空"),
    ("summary", "说" * 501, "最多 500 个字"),
    ("who_acts", "任何人", "可以写"),
    ("materials", "身份证（原件", "括号没有成对"),
    ("materials", "身份证、、户口簿", "没有名称"),
    ("materials", "身份证（原件，复印件）", "既写了原件又写了复印件"),
    ("output_kind", "证书", "可以写：最终结果"),
    ("output_medium", "纸", "可以写：纸质"),
    ("typical_minutes", "快", "整数"),
    ("typical_minutes", "1000", "0 到 999"),
    ("typical_minutes", "-5", "整数"),
    ("legal_workdays", "二十", "整数"),
    ("legal_workdays", "11", "不一致"),
    ("promised_workdays", "30", "不能比法定期限长"),
    ("fee_yuan", "十元", "金额"),
    ("fee_yuan", "10.555", "金额"),
    ("fee_yuan", "20", "不一致"),
    ("after_hours", "24小时", "可以写：全时可办"),
    ("needs_live_system", "有时", "可以写：是"),
    ("hw_payment", "2", "写 1（需要）或 0"),
    ("steps", "\n".join(f"第{n}步" for n in range(21)), "最多 20 步"),
    ("fee_verified", "C", "部门确认只能由部门"),
)


def xlsx(rows: list[list[str]]) -> bytes:
    """A workbook as somebody would save it: every cell as text."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table_of(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Rows of values as cells, with Chinese heads."""
    return [[column.title for column in COLUMNS], *([as_text(key, row[key]) for key in KEYS] for row in rows)]


def planted_table() -> list[list[str]]:
    """The catalogue with one fault in each of forty rows."""
    table = table_of(catalogue_queries.rows_at(timezone.now()))
    for number, (key, text, _message) in enumerate(PLANTED):
        row = table[10 + number]
        if text == SAME_AS_FOURTH:
            text = table[3][KEYS.index("item_id")]
        row[KEYS.index("legal_limit")], row[KEYS.index("fee")] = "20个工作日", "10元"
        row[KEYS.index("legal_workdays")], row[KEYS.index("fee_yuan")] = "20", "10"
        row[KEYS.index(key)] = text
    return table


def bring(content: bytes, *, whole: bool = True, actor: Actor = SYSTEM, **rules: str) -> CatalogueEdition:
    return catalogue_actions.bring_edition(
        actor,
        content,
        file_name="目录.xlsx",
        name="测试版",
        source="测试",
        whole=whole,
        code_rules=RULES | rules,
        now=timezone.now(),
    )


def changed_table(**cells: str) -> list[list[str]]:
    """The catalogue in force with cells of its first item changed."""
    table = table_of(catalogue_queries.rows_at(timezone.now()))
    for key, text in cells.items():
        table[1][KEYS.index(key)] = text
    return table
