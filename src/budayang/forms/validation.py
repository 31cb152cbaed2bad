"""Checks the values of a form. A message says the repair, in Chinese, and never repeats what the person typed.

The checks themselves are jsonschema's; formats that the field needs and jsonschema does not know are added here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from json import dumps, loads
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError

from budayang.forms.pages import Schema, kind_of_property

WHOLE = ""
"""The key under which a message about the form as a whole is given."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_PATTERN = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_MOBILE_PATTERN = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


class FormError(ValueError):
    """The schema itself is wrong: a fault of ours, not of the person."""


def id_number_problem(text: str) -> str:
    """Why ``text`` is no citizen's id number (GB 11643-1999), in Chinese; empty when it is one. The region code is
    not looked up.
    """
    if not _ID_PATTERN.fullmatch(text):
        return "身份证号码应为18位，最后一位可以是X"
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return "身份证号码第7至14位应为出生年月日，请核对"
    total = sum(int(digit) * weight for digit, weight in zip(text, _ID_WEIGHTS, strict=False))
    if _ID_CHECKS[total % 11] != text[17]:
        return "身份证号码有一位不对，请逐位核对"
    return ""


_formats = FormatChecker(formats=())


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_mobile(value: object) -> bool:
    return not isinstance(value, str) or _MOBILE_PATTERN.fullmatch(value) is not None


def _is_id_number(value: object) -> bool:
    return not isinstance(value, str) or not id_number_problem(value)


for _name, _check in (("date", _is_date), ("cn-mobile", _is_mobile), ("cn-id-number", _is_id_number)):
    _formats.checks(_name)(_check)


@lru_cache(maxsize=64)
def _validator(schema_text: str) -> Draft202012Validator:
    schema = loads(schema_text)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise FormError(f"form schema: {error.message}") from error
    return Draft202012Validator(schema, format_checker=_formats)


def clean(schema: Schema, posted: Mapping[str, str]) -> dict[str, Any]:
    """What a page posted (all text) as typed values. Empty fields are left out; a number that is none stays text and
    fails validation.

    Fields that the schema does not have are left out too: a page can only fill its own form.
    """
    out: dict[str, Any] = {}
    for name, prop in schema.get("properties", {}).items():
        text = posted.get(name, "").strip()
        if not text:
            continue
        kind = kind_of_property(prop)
        if kind == "promise":
            out[name] = text in ("true", "on", "1")
        elif kind == "number":
            out[name] = _number(text, whole=prop.get("type") == "integer")
        elif kind == "id_number":
            out[name] = text.upper()
        elif kind == "phone":
            out[name] = re.sub(r"[\s-]", "", text)
        else:
            out[name] = text
    return out


def _number(text: str, *, whole: bool) -> int | float | str:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def validate(schema: Schema, values: Mapping[str, Any], *, today: date | None = None) -> dict[str, str]:
    """Field → message; empty when all is right. One message a field, the first that has to be repaired.

    ``today`` (in the area's zone) is needed by fields with ``x-not-after: today``; without it they are not checked
    against today.
    Raises FormError when the schema is wrong.
    """
    out: dict[str, str] = {}
    validator = _validator(dumps(schema, sort_keys=True, ensure_ascii=False))
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for error in sorted(validator.iter_errors(dict(values)), key=_order):
        for name, message in _messages(error, properties):
            out.setdefault(name, message)
    for name, message in _date_order(properties, values, today):
        out.setdefault(name, message)
    return {name: out[name] for name in (*properties, WHOLE) if name in out}


def _order(error: ValidationError) -> tuple[int, str]:
    """What is missing before what is wrong."""
    return (0 if error.validator in ("required", "minLength") else 1, str(list(error.absolute_path)))


def _messages(error: ValidationError, properties: Mapping[str, Schema]) -> list[tuple[str, str]]:
    if error.validator == "required":
        missing = [name for name in _names(error.validator_value) if name not in _names(error.instance)]
        return [(name, _missing(name, properties.get(name, {}))) for name in missing]
    if error.validator == "additionalProperties":
        return [(WHOLE, "表单里有不认识的内容，请返回重新填写")]
    if not error.absolute_path:
        return [(WHOLE, "表单没有填写完整，请返回检查")]
    name = str(error.absolute_path[0])
    return [(name, _wrong(error, properties.get(name, {})))]


def _names(value: object) -> list[str]:
    """The keys of an object or the texts of a list: jsonschema leaves the type of both open."""
    return [str(x) for x in value] if isinstance(value, (list, dict)) else []


def _label(name: str, prop: Schema) -> str:
    return str(prop.get("title", name))


def _missing(name: str, prop: Schema) -> str:
    kind = kind_of_property(prop)
    if kind == "promise":
        return "请阅读后勾选，才能继续"
    verb = "选择" if kind in ("choice", "date") else "填写"
    return f"请{verb}“{_label(name, prop)}”"


_WRONG: dict[str, Callable[[Any, Any], str]] = {
    "minLength": lambda bound, value: f"写得太短，至少{bound}个字，还差{bound - len(str(value))}个",
    "maxLength": lambda bound, value: f"写得太长，最多{bound}个字，请删去{len(str(value)) - bound}个",
    "minimum": lambda bound, _value: f"不能小于{bound}，请改大",
    "maximum": lambda bound, _value: f"不能大于{bound}，请改小",
}

_FORMAT_MESSAGES = {
    "date": "日期不存在，请重新选择年、月、日",
    "cn-mobile": "手机号码应为11位数字，以1开头，请核对",
}


def _wrong(error: ValidationError, prop: Schema) -> str:
    if kind_of_property(prop) == "promise":
        return "请阅读后勾选，才能继续"
    rule = str(error.validator)
    if rule in _WRONG:
        return _WRONG[rule](error.validator_value, error.instance)
    if rule == "format":
        if error.validator_value == "cn-id-number":
            return id_number_problem(str(error.instance))
        return _FORMAT_MESSAGES.get(str(error.validator_value), "格式不对，请核对")
    if rule in ("oneOf", "enum", "const"):
        return "请从给出的选项中选一个"
    if rule == "type":
        return "请只填数字" if kind_of_property(prop) == "number" else "内容不能识别，请重新填写"
    return "内容不符合要求，请核对后重新填写"


def _date_order(
    properties: Mapping[str, Schema], values: Mapping[str, Any], today: date | None
) -> list[tuple[str, str]]:
    out = []
    for name, prop in properties.items():
        mine = values.get(name)
        if not isinstance(mine, str) or not _is_date(mine):
            continue
        for key, late in (("x-not-after", True), ("x-not-before", False)):
            other = prop.get(key)
            if other is None:
                continue
            bound = (today.isoformat() if today else None) if other == "today" else values.get(other)
            if not isinstance(bound, str) or not _is_date(bound):
                continue
            # ISO dates compare as text
            if (mine > bound) if late else (mine < bound):
                word = "今天" if other == "today" else f"“{_label(str(other), properties.get(str(other), {}))}”"
                out.append((name, f"不能{'晚于' if late else '早于'}{word}，请重新选择日期"))
    return out
