"""What documents are made of: paragraphs, clauses, tables. Word and PDF are written from the same blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from budayang.center.platform.printed import Heading as Column


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `level` 1 is a chapter, 2 a section; `kind` "annex" begins a page of its own, "front" stands without
    number in the middle. `number` may be empty.
    """

    text: str
    number: str = ""
    level: int = 1
    kind: str = "chapter"
    nature: str = ""
    """Of an annex: 规范性 or 资料性."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, its first line moved in by two letters unless it is `flat`."""

    text: str
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A clause without a title: its number, then its sentence."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """注, in smaller letters. It never asks for anything."""

    text: str


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term of chapter 3."""

    number: str
    zh: str
    en: str
    definition: str
    source: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with its title above ("表A.1　…"). `rows` are as many texts as there are `columns`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def number(self) -> str:
        """ "表A.1"; "" for a table without a title."""
        return self.title.partition("　")[0]


Block = Heading | Paragraph | Item | Note | TermEntry | TableBlock


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover. `mark`: what each page says of the document's standing, "" for nothing; `lines`: said below it."""

    kind: str
    number: str
    title: str
    english: str
    stage: str
    mark: str
    lines: tuple[str, ...]
    codes: str
    dates: tuple[str, str]
    issuer: str
    patent: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A whole document. With a cover it has a contents list, and its front matter is numbered apart."""

    title: str
    blocks: tuple[Block, ...]
    cover: Cover | None = None
    front: tuple[Block, ...] = ()
    demo: bool = True
    lines: tuple[str, ...] = field(default=())
    """Said under the title where there is no cover."""

    @property
    def mark(self) -> str:
        return self.cover.mark if self.cover else ""

    @property
    def contents(self) -> list[Heading]:
        """What the contents list names."""
        return [one for one in (*self.front, *self.blocks) if isinstance(one, Heading) and one.level == 1]
