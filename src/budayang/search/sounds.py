"""How characters sound, and which sounds are taken for one another."""

from __future__ import annotations

from collections.abc import Mapping

# The confusions of the north-west (ang/an, eng/en, ing/in, zh/z, ch/c, sh/s) and of the south (l/n), in pinyin and
# in what a speech recogniser writes. Each replaces the longer by the shorter: a part of a word stays a part.
_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("l", "n"))


def near(letters: str) -> str:
    """Pinyin without the differences that many people neither say nor hear."""
    for one, other in _NEAR:
        letters = letters.replace(one, other)
    return letters


class Sounds:
    """The usual syllable of each character. The center makes the table with pypinyin; who asks needs only the table.

    ``table``: syllable without tone to the characters that are read so ("she": "社设射…").
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = dict(table)
        self._of = {char: syllable for syllable, chars in self.table.items() for char in chars}
        self._near = {char: near(syllable) for char, syllable in self._of.items()}

    def of(self, char: str) -> str:
        """A letter, a digit and a character without a reading sound like themselves."""
        return self._of.get(char, char)

    def near_of(self, char: str) -> str:
        return self._near.get(char) or near(char)

    def spell(self, text: str) -> tuple[str, ...]:
        """One syllable for each character."""
        of = self._of
        return tuple(of.get(char, char) for char in text)
