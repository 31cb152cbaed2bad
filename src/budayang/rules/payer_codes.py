"""付款码: what a payer's phone shows to be scanned. Shapes as the payment institutions publish them: WeChat 18 digits
that begin with 10 to 15, Alipay 16 to 24 digits that begin with 25 to 30, UnionPay 19 digits that begin with 62.
"""

from __future__ import annotations

import re

_SHAPES = (
    re.compile(r"1[0-5][0-9]{16}", re.ASCII),
    re.compile(r"(?:2[5-9]|30)[0-9]{14,22}", re.ASCII),
    re.compile(r"62[0-9]{17}", re.ASCII),
)


def payer_code_problem(code: str) -> str:
    """Why a scanned text is no payer's code, in Chinese; empty when it is one."""
    if any(shape.fullmatch(code) for shape in _SHAPES):
        return ""
    return "这不是付款码。请打开微信、支付宝或云闪付的“付款码”再扫一次"
