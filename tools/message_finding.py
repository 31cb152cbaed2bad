"""Finds the texts that people see: in calls of gettext, in pages, in screens, in tables of the rules."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation.template import templatize
from jinja2 import Environment

CHINESE = re.compile("[\u4e00-\u9fff]")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_STRING = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# templatize leaves a page as calls between rows of X: these are the calls
_CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*u?({_STRING})(?:\s*,\s*u?({_STRING}))?(?:\s*,\s*u?({_STRING}))?", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A text as it stands in the code. `plural` and `context` are empty where there is none."""

    text: str
    plural: str = ""
    context: str = ""


Found = dict[Message, None]


def _call(name: str, strings: list[str]) -> Message | None:
    if not strings:
        return None
    if "p" in name.removesuffix("_lazy").removesuffix("_noop").replace("gettext", ""):
        return Message(strings[1], context=strings[0]) if len(strings) > 1 else None
    if name.startswith("n"):
        return Message(strings[0], strings[1]) if len(strings) > 1 else None
    return Message(strings[0])


def in_python(source: str) -> Iterator[Message]:
    """Constant texts in calls of gettext and its kin, by whatever name a module imports them (`gettext as _t`)."""
    tree = ast.parse(source)
    called = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            name = called.get(name, name)
            if name in CALLS:
                for given in _constants(node.args):
                    found = _call(name, given)
                    if found:
                        yield found


def _imported(tree: ast.Module) -> dict[str, str]:
    """The module's own name of a call → its name in CALLS."""
    return {
        one.asname: one.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if one.asname and one.name in CALLS
    }


def _constants(arguments: list[ast.expr]) -> Iterator[list[str]]:
    """The constant texts of a call; `_("a" if x else "b")` is two calls."""
    if arguments and isinstance(arguments[0], ast.IfExp):
        yield from _constants([arguments[0].body])
        yield from _constants([arguments[0].orelse])
        return
    if arguments and isinstance(arguments[0], ast.Constant):
        yield [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def in_page(source: str) -> Iterator[Message]:
    """Texts of a Django template."""
    for name, *strings in _CALL.findall(templatize(source)):
        found = _call(name, [ast.literal_eval(one) for one in strings if one])
        if found:
            yield found


def in_screen(source: str) -> Iterator[Message]:
    """Texts of a jinja2 template."""
    environment: Any = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for _line, name, given in environment.extract_translations(source):
        strings = [given] if isinstance(given, str) else [one for one in given if isinstance(one, str)]
        found = _call(name, strings)
        if found:
            yield found


def in_table(value: object) -> Iterator[Message]:
    """Chinese texts of a table of the rules: the program asks for them by variable."""
    if isinstance(value, str):
        if CHINESE.search(value):
            yield Message(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from in_table(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from in_table(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from in_table(getattr(value, field.name))


def in_body(path: Path, *names: str) -> Iterator[Message]:
    """Chinese constants of a file that are no documentation and no part of a composed text: in the assignments,
    functions or classes of these names, without names in the whole file.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in tree.body if not names or _name(node) in names]
    missing = set(names) - {_name(node) for node in found}
    if missing:
        raise SystemExit(f"{path.name} has no {', '.join(sorted(missing))}: mend TABLES in tools/messages.py")
    for top in found:
        skipped = {
            id(part)
            for node in ast.walk(top)
            for part in _silent(node)
        }  # fmt: skip
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                yield from in_table(node.value)


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return getattr(node, "name", "")


def _silent(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    return []
