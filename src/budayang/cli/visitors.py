"""People of a story, driving the real programs by the requests that their pages send: a citizen, a member of staff."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

TIMEOUT_S = 35
HAND_S = 2.0  # a hand needs a moment
CARD_S = 10.0
CARD_TRIES = 3
TAG = re.compile(r"<[^>]+>")


class Astray(Exception):
    """A program did not answer as its page promises. The message says where and what."""


def text_of(html: str) -> str:
    """What a person reads on a page."""
    return re.sub(r"\s+", " ", TAG.sub(" ", re.sub(r"(?s)<(script|style).*?</\1>", " ", html))).strip()


@dataclass(slots=True)
class Citizen:
    """One person at one terminal. `key` is the synthetic citizen in the sandbox, `reader` the number of its reader."""

    screen: str
    sandbox: str
    reader: int
    key: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT_S))
    base: str = ""

    def begin(self) -> None:
        """Open the browser at the launcher's address."""
        parts = urlsplit(self.screen)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.client.get(self.screen, follow_redirects=True).raise_for_status()

    def post(self, event: str, **fields: Any) -> dict[str, Any]:
        """Send one event of the journey; raises Astray when the terminal refuses it."""
        headers = {"Origin": self.base, "Accept": "application/json"}
        answer = self.client.post(f"{self.base}/journey/{event}", data=fields, headers=headers)
        told: dict[str, Any] = answer.json()
        if not told.get("ok"):
            raise Astray(f"{event} in {told.get('state')}: {told.get('error')}")
        return told

    def live(self, page: int = -1, wait_s: int = 0) -> dict[str, Any]:
        """What the page's script asks: the state, and while printing how far it is."""
        told: dict[str, Any] = self.client.get(f"{self.base}/api/live", params={"page": page, "wait": wait_s}).json()
        return told

    def find(self, words: str) -> list[dict[str, Any]]:
        """What the search on the home page finds, each with its truth now."""
        found: list[dict[str, Any]] = self.client.get(f"{self.base}/api/search", params={"q": words}).json()["items"]
        return found

    def page(self) -> str:
        """The page of the present state."""
        return self.client.get(f"{self.base}/").text

    def read(self, path: str) -> str:
        """Another page of the terminal, as the browser before it opens it."""
        return self.client.get(f"{self.base}{path}").text

    def lay_card(self, key: str | None) -> None:
        """Put the card on the reader, or lift it (None)."""
        httpx.post(f"{self.sandbox}/control/readers/{self.reader}", json={"card": key}).raise_for_status()

    def until(self, *states: str, within_s: float = 30) -> dict[str, Any]:
        """Wait until the journey is in one of `states`, answering the steps that need no thought on the way."""
        ends = time.monotonic() + within_s
        told = self.live()
        while told["state"] not in states:
            if time.monotonic() > ends:
                raise Astray(f"waited for {' or '.join(states)}, but the terminal is in {told['state']}")
            if told["state"] == "resume" and "resume" not in states:
                self.post("carry_on")
            told = self.live(told["page"], 2)
        return told

    def hand_in(self, item: str, form: Mapping[str, str]) -> None:
        """Choose, agree, show the card, fill the form, confirm, submit."""
        self.post("choose", item=item)
        self.post("agree")
        if self.show_card("fill", "confirm") == "fill":
            self.post("filled", **form)
        self.until("confirm")
        self.post("submit")

    def show_card(self, *states: str) -> str:
        """Lay the card on the reader and wait for one of `states`; give which it is.

        The reader must have seen that no card lies there: a forgotten one is never read. Somebody who laid it down too
        soon is asked to lift it, and does.
        """
        for _try in range(CARD_TRIES - 1):
            time.sleep(HAND_S)
            self.lay_card(self.key)
            with contextlib.suppress(Astray):
                return str(self.until(*states, within_s=CARD_S)["state"])
            if self.live()["state"] != "identity":
                break
            self.lay_card(None)
        time.sleep(HAND_S)
        self.lay_card(self.key)
        return str(self.until(*states)["state"])

    def close(self) -> None:
        """Close the browser."""
        self.client.close()

    def rate(self, level: str, *reasons: str) -> None:
        """Rate the matter and leave."""
        self.post("rated", level=level, reasons=list(reasons))
        self.lay_card(None)
        self.until("attract")


@dataclass(slots=True)
class Clerk:
    """A member of staff at the console."""

    center: str
    username: str
    password: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT_S, follow_redirects=True))

    def sign_in(self) -> None:
        """Through the sign-in page, with its token."""
        page = self.client.get(f"{self.center}/accounts/login/")
        fields = {"login": self.username, "password": self.password, "csrfmiddlewaretoken": _token(page.text)}
        answer = self.client.post(f"{self.center}/accounts/login/", data=fields, headers={"Referer": str(page.url)})
        if "/accounts/login" in str(answer.url):
            raise Astray(f"{self.username} could not sign in")

    def close(self) -> None:
        """Close the browser."""
        self.client.close()

    def read(self, path: str) -> httpx.Response:
        """A page of the console, whatever its status."""
        return self.client.get(f"{self.center}{path}")

    def table(self, path: str, **query: str) -> list[dict[str, str]]:
        """A list of the console as its own CSV export gives it: a row a line, by column title."""
        answer = self.client.get(f"{self.center}{path}", params={**query, "export": "csv"})
        answer.raise_for_status()
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        if lines and lines[0] == ["演示数据"]:
            lines = lines[1:]
        return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]] if lines else []

    def send(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Post a form of `page` to `action`, with the page's token."""
        shown = self.read(page)
        fields["csrfmiddlewaretoken"] = _token(shown.text)
        answer = self.client.post(f"{self.center}{action}", data=fields, headers={"Referer": str(shown.url)})
        if answer.status_code >= 400:
            raise Astray(f"{action}: {answer.status_code} {text_of(answer.text)[:200]}")
        return answer


def _token(html: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    if found is None:
        raise Astray("the page has no form")
    return found[1]
