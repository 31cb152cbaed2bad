"""An item's page at the terminal says of each field how it is known, and what the catalogue says of each material."""

from __future__ import annotations

from typing import Any

from budayang.terminal.screens import words

ITEM: dict[str, Any] = {
    "code": "ZZ001",
    "name": "参保证明",
    "truth": "doable",
    "who_acts": "本人或代办人",
    "materials": "身份证（原件，高拍）",
    "material_list": [{"name": "身份证", "form": "original", "camera": True, "when": ""}],
    "output": "A4参保证明",
    "output_kind": "final",
    "output_medium": "paper",
    "legal_limit": "即时",
    "marks": {"who": "R", "materials": "C", "output": "V", "fee": "X"},
}


def test_each_row_of_the_guide_says_how_it_is_known() -> None:
    rows = {label: (value, how) for label, value, how in words.guide(ITEM)}
    assert rows["谁能办"] == ("本人、代办人", ("known R", "未核实"))
    assert rows["材料"] == ("身份证（原件，用高拍仪拍）", ("known C", "部门已确认"))
    assert rows["能拿到"] == ("A4参保证明 · 最终结果 · 纸质", ("known V", "已核实"))
    assert rows["法定时限"] == ("即时", ("", "")), "the center did not say: no mark is made up"
    assert words.known(ITEM, "fee") == ("", "")


def test_an_older_center_that_sends_no_marks_is_shown_as_before() -> None:
    old = {"code": "ZZ001", "truth": "doable", "who_acts": "限本人", "materials": "身份证", "output": "纸"}
    assert [(label, value) for label, value, _how in words.guide(old)] == [
        ("谁能办", "本人"), ("材料", "身份证"), ("能拿到", "纸"),
    ]  # fmt: skip


def test_the_items_own_steps_are_shown_where_it_has_some() -> None:
    assert list(words.steps({**ITEM, "guide_steps": ["放卡", "签字"]})) == ["放卡", "签字"]
    assert len(words.steps(ITEM)) == 4
