"""Checks the values of a form. A message says the repair, in Chinese, and never repeats what the person typed.

The checks themselves are jsonschema's; formats that the field needs and jsonschema does not know are added here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from json import dumps, loads
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError

from budayang.forms.pages import (
    GROUP,
    LIST,
    SLOT,
    Schema,
    asked,
    find_property,
    kind_of_property,
    must_answer,
    typed_entries,
)

WHOLE = ""
"""The key under which a message about the form as a whole is given."""

MOST_ENTRIES = 20  # of a list: more nobody types at a terminal

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


@lru_cache(maxsize=256)
def _validator(schema_text: str) -> Draft202012Validator:
    schema = loads(schema_text)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise FormError(f"form schema: {error.message}") from error
    return Draft202012Validator(schema, format_checker=_formats)


def clean(schema: Schema, posted: Mapping[str, str]) -> dict[str, Any]:
    """What pages posted (all text, by path) as typed values. Empty fields are left out, and so is what these answers
    do not ask for; a number that is none stays text and fails validation.

    Fields that the schema does not have are left out too: a page can only fill its own form.
    """
    return _clean(schema, "", posted)


def _clean(holder: Schema, path: str, posted: Mapping[str, str], *outer: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    # `asked` looks into `out` before each property: what is hidden is not there, and hides what hangs on it.
    for name, prop in asked(holder, out, *outer):
        kind, where = kind_of_property(prop), f"{path}{name}"
        if kind == GROUP:
            inner = _clean(prop, f"{where}.", posted, out, *outer)
            if inner:
                out[name] = inner
        elif kind == LIST:
            count = min(typed_entries(where, posted), MOST_ENTRIES)
            entries = [_clean(prop.get("items", {}), f"{where}.{n}.", posted, out, *outer) for n in range(count)]
            if entries:
                out[name] = entries
        else:
            text = posted.get(where, "").strip()
            if text:
                out[name] = _typed(kind, prop, text)
    return out


def _typed(kind: str, prop: Schema, text: str) -> Any:
    if kind == "promise":
        return text in ("true", "on", "1")
    if kind == "number":
        return _number(text, whole=prop.get("type") == "integer")
    if kind == "id_number":
        return text.upper()
    return re.sub(r"[\s-]", "", text) if kind == "phone" else text


def flatten(values: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """Typed values as a page would have posted them: the way back from `clean`."""
    out: dict[str, str] = {}
    for name, value in values.items():
        where = f"{path}{name}"
        if isinstance(value, Mapping):
            out |= flatten(value, f"{where}.")
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                out |= flatten(entry, f"{where}.{number}.") if isinstance(entry, Mapping) else {}
        elif isinstance(value, bool):
            out[where] = "true" if value else "false"
        else:
            out[where] = str(value)
    return out


def _number(text: str, *, whole: bool) -> int | float | str:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def shown_schema(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of what these answers ask for, in plain JSON Schema: hidden parts are not in it, and what is shown on
    a condition is required like the rest.
    """
    return _shown(schema, values)


def _shown(holder: Schema, values: Mapping[str, Any], *outer: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, prop in asked(holder, values, *outer):
        given, kind = values.get(name), kind_of_property(prop)
        if kind == GROUP:
            properties[name] = _shown(prop, given if isinstance(given, Mapping) else {}, values, *outer)
        elif kind == LIST:
            # Each entry hangs on its own answers: a schema for each place.
            entries = [x if isinstance(x, Mapping) else {} for x in given] if isinstance(given, list) else []
            items = [_shown(prop.get("items", {}), entry, values, *outer) for entry in entries]
            properties[name] = {**prop, "prefixItems": items} if items else dict(prop)
        else:
            properties[name] = prop
        if must_answer(holder, name, prop):
            required.append(name)
    return {**holder, "properties": properties, "required": required, "additionalProperties": False}


def fits(prop: Schema, text: str) -> bool:
    """Whether a text may stand in a field of this property."""
    value = _typed(kind_of_property(prop), prop, text.strip())
    return next(_validator(dumps(prop, sort_keys=True, ensure_ascii=False)).iter_errors(value), None) is None


def validate(schema: Schema, values: Mapping[str, Any], *, today: date | None = None) -> dict[str, str]:
    """Field (by its path) → message; empty when all is right. One message a field, the first that has to be repaired.

    ``today`` (in the area's zone) is needed by fields with ``x-not-after: today``; without it they are not checked
    against today.
    Raises FormError when the schema is wrong.
    """
    out: dict[str, str] = {}
    _validator(dumps(schema, sort_keys=True, ensure_ascii=False))  # a wrong schema is told for every answer
    shown = shown_schema(schema, values)
    validator = _validator(dumps(shown, sort_keys=True, ensure_ascii=False))
    for error in sorted(validator.iter_errors(dict(values)), key=_order):
        for name, message in _messages(error, schema):
            out.setdefault(name, message)
    for name, message in _date_order(schema, values, today):
        out.setdefault(name, message)
    return dict(sorted(out.items(), key=lambda found: _place(schema, found[0])))


def _place(schema: Schema, name: str) -> tuple[int, ...]:
    """Where a field stands in the form; the form as a whole comes last."""
    node: Schema = schema
    place: list[int] = []
    for part in name.split(".") if name else ():
        if kind_of_property(node) == LIST and part.isdecimal():
            place.append(int(part))
            node = node.get("items", {})
            continue
        names = list(node.get("properties", {}))
        place.append(names.index(part) if part in names else len(names))
        node = node.get("properties", {}).get(part, {})
    return tuple(place) or (len(schema.get("properties", {})) + 1,)


def _order(error: ValidationError) -> tuple[int, str]:
    """What is missing before what is wrong."""
    return (0 if error.validator in ("required", "minLength") else 1, str(list(error.absolute_path)))


def _messages(error: ValidationError, schema: Schema) -> list[tuple[str, str]]:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = [name for name in _names(error.validator_value) if name not in _names(error.instance)]
        return [_missing_at(schema, ".".join([*path, name])) for name in missing]
    if error.validator == "additionalProperties":
        return [(WHOLE, "表单里有不认识的内容，请返回重新填写")]
    if not path:
        return [(WHOLE, "表单没有填写完整，请返回检查")]
    name = ".".join(path)
    return [(name, _wrong(error, find_property(schema, name)))]


def _missing_at(schema: Schema, name: str) -> tuple[str, str]:
    """A group or a list that is missing as a whole is told at its first question: that is what a page can show."""
    prop = find_property(schema, name)
    if kind_of_property(prop) in (GROUP, LIST):
        inner = prop if kind_of_property(prop) == GROUP else prop.get("items", {})
        first = next(iter(inner.get("properties", {})), "")
        name = f"{name}.{first}" if kind_of_property(prop) == GROUP else f"{name}.0.{first}"
        prop = find_property(schema, name)
    return name, _missing(name, prop)


def _names(value: object) -> list[str]:
    """The keys of an object or the texts of a list: jsonschema leaves the type of both open."""
    return [str(x) for x in value] if isinstance(value, (list, dict)) else []


def _label(name: str, prop: Schema) -> str:
    return str(prop.get("title", name))


def _missing(name: str, prop: Schema) -> str:
    kind = kind_of_property(prop)
    if kind == "promise":
        return "请阅读后勾选，才能继续"
    name = name.rpartition(".")[2]
    verb = "选择" if kind in ("choice", "date", SLOT) else "填写"
    return f"请{verb}“{_label(name, prop)}”"


_WRONG: dict[str, Callable[[Any, Any], str]] = {
    "minLength": lambda bound, value: f"写得太短，至少{bound}个字，还差{bound - len(str(value))}个",
    "maxLength": lambda bound, value: f"写得太长，最多{bound}个字，请删去{len(str(value)) - bound}个",
    "minItems": lambda bound, value: f"至少要填{bound}个，还差{bound - len(value)}个",
    "maxItems": lambda bound, value: f"最多填{bound}个，请删去{len(value) - bound}个",
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
    if rule == "pattern":
        return str(prop.get("x-problem", "格式不对，请核对"))
    if rule in ("oneOf", "enum", "const"):
        return "请从给出的选项中选一个"
    if rule == "type":
        return "请只填数字" if kind_of_property(prop) == "number" else "内容不能识别，请重新填写"
    return "内容不符合要求，请核对后重新填写"


def _date_order(schema: Schema, values: Mapping[str, Any], today: date | None) -> list[tuple[str, str]]:
    out = []
    for path, holder, mine in _holders(schema, values):
        properties: Mapping[str, Schema] = holder.get("properties", {})
        for name, prop in properties.items():
            message = _date_problem(prop, mine.get(name), mine, properties, today)
            if message:
                out.append((f"{path}{name}", message))
    return out


def _holders(schema: Schema, values: Mapping[str, Any]) -> Iterator[tuple[str, Schema, Mapping[str, Any]]]:
    """The form, its groups and the entries of its lists, each with its own values."""
    yield "", schema, values
    for name, prop in schema.get("properties", {}).items():
        given, kind = values.get(name), kind_of_property(prop)
        if kind == GROUP and isinstance(given, Mapping):
            yield f"{name}.", prop, given
        elif kind == LIST and isinstance(given, list):
            for number, entry in enumerate(given):
                if isinstance(entry, Mapping):
                    yield f"{name}.{number}.", prop.get("items", {}), entry


def _date_problem(
    prop: Schema, mine: Any, values: Mapping[str, Any], properties: Mapping[str, Schema], today: date | None
) -> str:
    if not isinstance(mine, str) or not _is_date(mine):
        return ""
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
            return f"不能{'晚于' if late else '早于'}{word}，请重新选择日期"
    return ""
