"""A story's chain: each link is checked against what the programs answer; the first broken one ends the story."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import httpx

from budayang.cli.visitors import Astray

POLL_S = 0.3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """One link with its verdict. `at_s`: seconds since the story began (for a link that counts from a moment: that
    moment's); `took_s`: until the link held or broke.
    """

    name: str
    title: str
    ok: bool
    at_s: float
    took_s: float
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Broken(Exception):
    """A link did not hold; the chain already notes which."""


@dataclass(slots=True)
class Chain:
    """Collects links in order."""

    links: list[Link] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def do(self, name: str, title: str, act: Callable[[], str]) -> None:
        """A link that is an act: it holds when the act ends without going astray. `act` returns what to tell."""
        self._note(name, title, act)

    def see(
        self, name: str, title: str, look: Callable[[], T | None], *, within_s: float, tell: Callable[[T], str],
        since: float | None = None,
    ) -> T:  # fmt: skip
        """A link that shows itself: `look` is asked until it returns something; raises Broken when time runs out.

        `since` (monotonic): the moment from which the time counts, where it is not that of the first look; `took_s` of
        the link then is the time since it, so that several links are measured from one moment.
        """
        seen: list[T] = []

        def wait() -> str:
            ends = (time.monotonic() if since is None else since) + within_s
            while True:
                found = look()
                if found is not None:
                    seen.append(found)
                    return tell(found)
                if time.monotonic() > ends:
                    raise Astray(f"did not show within {within_s:.0f} s")
                time.sleep(POLL_S)

        self._note(name, title, wait, since)
        return seen[0]

    def hold(self, name: str, title: str, ok: bool, detail: str) -> None:
        """A link that is judged from what is known already."""

        def judge() -> str:
            if not ok:
                raise Astray(detail)
            return detail

        self._note(name, title, judge)

    def _note(self, name: str, title: str, act: Callable[[], str], since: float | None = None) -> None:
        start = time.monotonic() if since is None else since
        try:
            detail, ok = act(), True
        except (Astray, httpx.HTTPError) as error:
            detail, ok = str(error), False
        now = time.monotonic()
        self.links.append(Link(name, title, ok, round(start - self.began, 2), round(now - start, 2), detail))
        if not ok:
            raise Broken(name)
