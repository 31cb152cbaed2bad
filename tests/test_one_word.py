"""One word for one thing: no page, document or text of the program uses a word that chapter 3 discourages."""

from __future__ import annotations

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
    [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.typ"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.zh-CN.md"]
)
QUOTING = {"docs/mechanisms/clause-checks.md", "docs/mechanisms/terms.md"}
"""Pages that quote sources or the words themselves."""


def messages() -> Iterator[tuple[str, str]]:
    """(file, text) of every sentence that code hands to people."""
    for path in sorted((SOURCE / "center").rglob("*.py")):
        for one in in_python(path.read_text()):
            yield str(path.relative_to(ROOT)), one.text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_uses_the_defined_word(path: Path) -> None:
    if str(path.relative_to(ROOT)) in QUOTING:
        return
    assert [(one.line, one.word, one.term) for one in second_words(path.read_text(), terms())] == []


def test_no_sentence_of_the_program_uses_a_second_word() -> None:
    found = [(name, one.word, one.term) for name, text in messages() for one in second_words(text, terms())]
    assert found == []


def test_the_check_can_fail() -> None:
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
