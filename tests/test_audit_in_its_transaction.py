"""Audit lines and news are written in a transaction: followed through the source from what asks for one to the pages.

`record` and `emit` refuse to write outside a transaction. A test that runs in one of its own does not see that a page
forgot it; this reads the source instead. A function that calls one of them outside `transaction.atomic` needs its
caller's, and so does whoever calls that one; no page, no command and nobody at the end of the line may need one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
WRITERS = frozenset(f"budayang.center.platform.actions.{one}" for one in ("record", "record_many", "emit", "emit_many"))
DOORS = tuple(f"budayang.{one}." for one in ("cli", "center.console", "center.public", "center.api", "center.config"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[str, ast.Module]:
    """Every module of the center and of the command line, by its dotted name."""
    found: dict[str, ast.Module] = {}
    for path in (*SOURCE.glob("budayang/center/**/*.py"), *SOURCE.glob("budayang/cli/**/*.py")):
        if "migrations" not in path.parts:
            parts = path.relative_to(SOURCE).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text())
    return found


def is_atomic(expression: ast.expr) -> bool:
    called = expression.func if isinstance(expression, ast.Call) else expression
    return (isinstance(called, ast.Attribute) and called.attr == "atomic") or (
        isinstance(called, ast.Name) and called.id == "atomic"
    )


class Calls:
    """Which function names which other, and whether inside a transaction. Methods count by their class."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.names = {module: self._names(module, tree) for module, tree in trees.items()}
        self.open: dict[str, set[str]] = {}
        """What a function names outside a transaction of its own."""
        self.named: set[str] = set()
        """What anybody names at all, tables of jobs included."""
        for module, tree in trees.items():
            for node in tree.body:
                self._walk(node, module, "", "", safe=False, own=frozenset())

    @staticmethod
    def _names(module: str, tree: ast.Module) -> dict[str, str]:
        found: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        defined = (node for node in tree.body if isinstance(node, Function | ast.ClassDef))
        return found | {node.name: f"{module}.{node.name}" for node in defined}

    def _final(self, name: str) -> str:
        """Through what a module only hands on."""
        module, _dot, last = name.rpartition(".")
        further = self.names.get(module, {}).get(last, name)
        return name if further == name else self._final(further)

    def _walk(self, node: ast.AST, module: str, owner: str, of: str, *, safe: bool, own: frozenset[str]) -> None:
        if isinstance(node, ast.ClassDef):
            self._walk_all(node.body, module, owner, node.name, safe=safe, own=own)
            return
        if isinstance(node, Function):
            # A function inside another is its way of saying what happens there.
            name = owner or ".".join(part for part in (module, of, node.name) if part)
            safe = (safe and bool(owner)) or any(map(is_atomic, node.decorator_list))
            own |= set(_bound(node))
            self._walk_all(node.body, module, name, of, safe=safe, own=own)
            return
        if isinstance(node, ast.With | ast.AsyncWith):
            inside = safe or any(is_atomic(item.context_expr) for item in node.items)
            self._walk_all((*node.items, *node.body), module, owner, of, safe=inside, own=own)
            return
        target = self._target(node, module, of, own)
        if target:
            self.named |= {target} - {owner}
            if owner and not safe:
                self.open.setdefault(owner, set()).add(target)
        self._walk_all(ast.iter_child_nodes(node), module, owner, of, safe=safe, own=own)

    def _walk_all(
        self, nodes: Iterable[ast.AST], module: str, owner: str, of: str, *, safe: bool, own: frozenset[str]
    ) -> None:
        for node in nodes:
            self._walk(node, module, owner, of, safe=safe, own=own)

    def _target(self, node: ast.AST, module: str, of: str, own: frozenset[str]) -> str:
        names = self.names[module]
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own:
            return self._final(names[node.id]) if node.id in names else ""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            base = node.value.id
            if base in ("self", "cls") and of:
                return f"{module}.{of}.{node.attr}"
            if base in names and base not in own:
                return self._final(f"{names[base]}.{node.attr}")
        return ""

    def in_need(self) -> dict[str, str]:
        """Functions that need their caller's transaction, with what they name that does."""
        need = dict.fromkeys(WRITERS, "")
        while True:
            more = {
                one: min(named & need.keys())
                for one, named in self.open.items()
                if one not in need and named & need.keys()
            }
            if not more:
                return need
            need |= more

    def forgotten(self) -> list[str]:
        """Doors, and functions that nobody names, in whose hands an audit line has no transaction."""
        need = self.in_need()
        ends = [one for one in need if one.startswith(DOORS) or (one not in self.named and one not in WRITERS)]
        return [f"{one} → {need[one]}" for one in sorted(ends)]


def _bound(function: Function) -> Iterator[str]:
    """Names that a function gives to values of its own: they are no functions of the module."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def test_no_page_or_command_writes_an_audit_line_without_a_transaction() -> None:
    calls = Calls(modules())
    assert len(calls.in_need()) > 50, "the source is read"
    assert not calls.forgotten()


def test_what_is_forgotten_is_found() -> None:
    room = (
        "from django.db import transaction\n"
        "from budayang.center.platform.actions import record\n"
        "def _audit(): record()\n"
        "def bare(): _audit()\n"
        "@transaction.atomic\n"
        "def whole(): _audit()\n"
    )
    page = (
        "from django.db import transaction\n"
        "from budayang.center.areas import actions\n"
        "def export():\n"
        "    with transaction.atomic():\n"
        "        actions.bare()\n"
        "def good(): actions.whole()\n"
        "def bad():\n"
        "    def step(): actions.bare()\n"
        "    step()\n"
    )
    trees = {"budayang.center.areas.actions": ast.parse(room), "budayang.center.console.areas": ast.parse(page)}
    assert Calls(trees).forgotten() == ["budayang.center.console.areas.bad → budayang.center.areas.actions.bare"]
