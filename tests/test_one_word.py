"""One word for one thing: no page, document or text of the program uses a word that chapter 3 discourages."""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from budayang.data.standard_text import terms
from budayang.rules.standard.wordings import second_words

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "budayang"
sys.path.insert(0, str(ROOT / "tools"))
from message_finding import in_page, in_python  # noqa: E402  # tools are no package

PAGES = sorted(
    [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.typ"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("README*.md")]
)
PROGRAMS = ("rules", "terminal", "relay", "uplink", "forms", "papers", "cli", "sandbox")
"""Beside the center: what these say is said in plain strings, or handed on to a page that translates it."""
TABLES = sorted([*(SOURCE / "data").rglob("*.csv"), *(SOURCE / "data").rglob("*.json")])
NAMES_OF_SOURCES = {"basis", "source", "discouraged"}
"""Columns that give titles of papers as they are written, and the words themselves."""
QUOTING = {"docs/mechanisms/clause-checks.md", "docs/mechanisms/terms.md"}
"""Pages that quote sources or the words themselves."""


def messages() -> Iterator[tuple[str, str]]:
    """(file, text) of every sentence that code hands to people."""
    for path in sorted((SOURCE / "center").rglob("*.py")):
        for one in in_python(path.read_text()):
            yield str(path.relative_to(ROOT)), one.text


def spoken(source: str) -> Iterator[str]:
    """Every string of a program but its docstrings, which are read by programmers."""
    tree = ast.parse(source)
    written = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in written:
            yield node.value


def shown(path: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of each cell of a table that pages show; of each text of a JSON file."""
    if path.suffix == ".json":
        yield path.name, path.read_text()
        return
    with path.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            for column, cell in row.items():
                if column not in NAMES_OF_SOURCES:
                    yield f"{path.name}:{number} {column}", cell or ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_uses_the_defined_word(path: Path) -> None:
    if str(path.relative_to(ROOT)) in QUOTING:
        return
    assert [(one.line, one.word, one.term) for one in second_words(path.read_text(), terms())] == []


def test_no_sentence_of_the_program_uses_a_second_word() -> None:
    found = [(name, one.word, one.term) for name, text in messages() for one in second_words(text, terms())]
    assert found == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_string_of_the_other_programs_is_a_second_word(program: str) -> None:
    files = sorted((SOURCE / program).rglob("*.py"))
    assert files
    found = [
        (str(path.relative_to(ROOT)), one.word, one.term)
        for path in files
        for text in spoken(path.read_text())
        for one in second_words(text, terms())
    ]
    assert found == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_no_table_that_pages_show_uses_a_second_word(path: Path) -> None:
    found = [(where, one.word, one.term) for where, text in shown(path) for one in second_words(text, terms())]
    assert found == []


def test_the_check_can_fail() -> None:
    assert list(spoken('"""自助机"""\nWHY = f"{n} 台自助机"')) == [" 台自助机"]
    cells = dict(shown(SOURCE / "data" / "terms.csv"))
    assert "terms.csv:2 term" in cells
    assert not any(where.endswith("discouraged") for where in cells)
    wrong = "请到自助大厅看排班表"
    assert [(one.word, one.term) for one in second_words(wrong, terms())] == [
        ("自助大厅", "24小时自助服务区"),
        ("排班表", "值班表"),
    ]
    assert next(iter(in_page("{% translate '自助机' %}"))).text == "自助机"


def test_each_thing_has_one_term_and_no_term_is_another_ones_second_word() -> None:
    names = [one.term for one in terms()]
    assert len(names) == len(set(names))
    words = [word for one in terms() for word in one.discouraged]
    assert len(words) == len(set(words))
    assert not set(words) & set(names)
    for one in terms():
        assert one.definition
        assert one.english
        assert one.grade in "ABCD"
