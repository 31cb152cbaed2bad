"""Finds what a person typed: by the index that the center made, with no network, among the items that are done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from typing import Any

import structlog

from budayang.rules.search import SearchVerdict
from budayang.search import Index

log = structlog.get_logger(__name__)
_ELSEWHERE = 3
"""So many items that this machine does not offer are named, when they are nearer than what it offers."""


@dataclass(frozen=True, slots=True)
class Found:
    """``codes``: items of this machine, best first. ``elsewhere``: names of nearer items that it does not offer.
    ``first``: the nearest item of all, here or elsewhere. ``reason``: why the question is refused.
    ``advice``: where to go instead. Texts are Chinese.
    """

    verdict: SearchVerdict
    codes: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    reason: str = ""
    advice: str = ""
    read_as: str = ""
    first: str = ""


class Finder:
    """Keeps the index in force. It is read anew only when the center sent another one."""

    def __init__(self) -> None:
        self._sent: Mapping[str, Any] | str | None = None
        self._index: Index | None = None

    def take(self, sent: Mapping[str, Any] | str | None) -> None:
        """``sent``: the index of the message "catalogue". With one that this program cannot read (of another
        center) only names are looked through: the items themselves count.
        """
        if sent == self._sent:
            return
        index = None
        if sent:
            try:
                index = Index.from_json(sent)
            except ValueError as error:
                log.error("search.unreadable", why=str(error))
        if index is not None:
            # about a second of work: the screen must not stand still for it, and the first person should not wait
            Thread(target=index.prepare, name="search-index", daemon=True).start()
        self._index, self._sent = index, sent

    def find(self, query: str, items: Mapping[str, Mapping[str, Any]], limit: int) -> Found:
        """What is meant among ``items`` (code to item). Without an index names that hold the query."""
        if not query.strip():
            return Found(SearchVerdict.NOT_FOUND)
        if self._index is None:
            asked = query.strip().lower()
            codes = tuple(code for code, item in items.items() if asked in str(item.get("name", "")).lower())
            verdict = SearchVerdict.FOUND if codes else SearchVerdict.NOT_FOUND
            return Found(verdict, codes[:limit], first=next(iter(codes), ""))
        answer = self._index.ask(query, len(self._index))
        codes = tuple(hit.item_code for hit in answer.hits)
        first = next((at for at, code in enumerate(codes) if code in items), len(codes))
        # With several nearer things that are done elsewhere, what is left here is a guess: they are told, it is not.
        here = tuple(code for code in codes if code in items)[:limit] if first < _ELSEWHERE else ()
        names = {entry.item_code: entry.name for entry in self._index.entries}
        elsewhere = tuple(names[code] for code in codes[: min(first, _ELSEWHERE)])
        return Found(
            answer.verdict, here, elsewhere, answer.reason, answer.advice, answer.read_as, next(iter(codes), "")
        )
