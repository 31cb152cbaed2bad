"""Whatever is wrong in a workbook is said in English: only what stands in the workbook itself stays as it is."""

from __future__ import annotations

import re

from django.utils import translation
from tests.rules.faulty_edition import planted

from budayang.center.platform.wording import words
from budayang.center.standard import edition_queries
from budayang.rules.standard.edition_reading import read_edition


def test_every_planted_fault_is_told_in_english() -> None:
    book, _cells = planted()
    _text, faults = read_edition(book, edition_queries.known())
    assert len(faults) >= 30
    with translation.override("en"):
        told = [words(one.message) for one in faults]
    for text in told:
        left = re.sub(r"“[^”]*”|possible are: .*", "", text)  # what the workbook says, and what it may say
        assert not re.search(r"[\u3400-\u9fff]", left), text
