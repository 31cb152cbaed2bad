"""How the terminals' door says no: the wire's word, its HTTP status, and a sentence for the person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

STATUS_OF = {
    "malformed": 400,
    "bad_number": 400,
    "bad_mac": 401,
    "clock_off": 401,
    "no_session": 401,
    "unknown_reply_key": 403,
    "unknown_case": 404,
    "unknown_code": 404,
    "unknown_item": 404,
    "method_not_allowed": 405,
    "number_in_use": 409,
    "sheets_missing": 409,
    "too_late": 409,
    "not_yours": 403,
    "nothing_to_correct": 409,
    "correction_late": 409,
    "too_large": 413,
    "unknown_person": 422,
    "form_refused": 422,
    "bad_sheet": 422,
    "agent_not_allowed": 422,
    "agent_is_person": 422,
    "consent_missing": 422,
    "check_missing": 422,
    "unknown_upload": 404,
    "licences_unavailable": 424,
    "identity_unavailable": 424,
    "too_many_codes": 429,
    "try_again": 503,
}


def refuse(code: str, fields: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of a refusal. `fields`: of a form that was not taken, each field with its repair."""
    texts = {
        "unknown_item": _("这台终端没有登记这个事项。"),
        "number_in_use": _("这个办件编号已用于另一件事，请重新开始办理。"),
        "unknown_reply_key": _("请在终端上重新核验身份后再取。"),
        "unknown_person": _("没有读到身份信息，请再试一次。"),
        "identity_unavailable": _("现在核不了身份，什么都没有提交。请刷身份证，或稍后再来。"),
        "unknown_code": _("办件编号和验证码对不上，请对照回执再输一次。"),
        "too_late": _("现在不能撤回了：部门已经在办理。"),
        "not_yours": _("这张证件不是这件办件的申请人或代办人的，请刷本人的证件。"),
        "nothing_to_correct": _("这件办件现在没有要补正的内容，或已经补正过了。"),
        "correction_late": _("补正的期限已经过了，请联系办理部门。什么都没有提交。"),
        "too_many_codes": _("这台终端上输错的码太多，请过十分钟再输，或刷身份证。"),
        "form_refused": _("填写的内容有不对的地方，请按提示改好再提交。什么都没有提交。"),
        "sheets_missing": _("有材料没有传完，正在重新传送。"),
        "bad_sheet": _("这份材料的格式不能收，请换成照片或 PDF。"),
        "too_large": _("材料太大，请减少张数，或拍清楚后重新上传。"),
        "agent_not_allowed": _("这件事只能本人办理。什么都没有提交。"),
        "agent_is_person": _("代办人和本人是同一张证件，请换代办人的证件。"),
        "consent_missing": _("没有本人的委托签名，请本人签名后再提交。"),
        "check_missing": _("这件事要先核对人和证件，请重新开始办理。什么都没有提交。"),
        "licences_unavailable": _("电子证照库现在没有应答，请自己填写。"),
        "try_again": _("管理平台暂时繁忙，请稍等再试；已经提交的不会丢失，也不会重复办理。"),
    }
    body: dict[str, Any] = {"error": code, "message": texts.get(code, _("请求没有被接受，请重新开始办理。"))}
    if fields:
        body["fields"] = dict(fields)
    return STATUS_OF.get(code, 400), json.dumps(body, ensure_ascii=False).encode()
