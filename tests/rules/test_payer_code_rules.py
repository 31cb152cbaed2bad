"""Payers' codes by their shapes."""

from __future__ import annotations

import pytest

from budayang.rules.payer_codes import payer_code_problem


@pytest.mark.parametrize(
    "code", ["134567890123456789", "2812345678901234", "301234567890123456789012", "6212345678901234567"]
)
def test_codes_of_the_institutions_are_codes(code: str) -> None:
    assert payer_code_problem(code) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13456789012345678",
        "1634567890123456789",
        "https://pay.example/1",
        "28123",
        "１３４５６７８９０１２３４５６７８９",
    ],
)
def test_anything_else_is_told_with_its_repair(text: str) -> None:
    assert "付款码" in payer_code_problem(text)
