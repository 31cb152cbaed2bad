"""Who and what is there in the night story: its item, its area, the people in front of screens and at the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from budayang import data
from budayang.cli.links import Chain
from budayang.cli.stage import Stage
from budayang.cli.visitors import Citizen, Clerk

ITEM = "ZZ001"
FORM: Mapping[str, str] = {"insurance": "all", "months": "12"}
AREA = "KBS"


@dataclass(slots=True)
class Night:
    """What the story learns on its way."""

    stage: Stage
    chain: Chain = field(default_factory=Chain)
    clerks: dict[str, Clerk] = field(default_factory=dict)
    citizens: dict[str, Citizen] = field(default_factory=dict)
    number: str = ""
    second: str = ""
    code: str = ""
    head: tuple[str, str] = ("", "")
    order: str = ""
    answers_before: dict[str, dict[str, str]] = field(default_factory=dict)
    ratings_before: int = 0

    def citizen(self, key: str, reader: int = 1) -> Citizen:
        """A synthetic citizen in front of the terminal with that reader; number 1 is KBS-01's."""
        if key not in self.citizens:
            screen = self.stage.screen(self.stage.terminals[reader - 1])
            self.citizens[key] = Citizen(screen, self.stage.sandbox, reader, key)
        return self.citizens[key]

    def close(self) -> None:
        """Everybody goes home."""
        for citizen in self.citizens.values():
            citizen.close()
        for clerk in self.clerks.values():
            clerk.close()

    def clerk(self, username: str) -> Clerk:
        """A signed-in member of staff."""
        if username not in self.clerks:
            clerk = Clerk(self.stage.center, username, data.demo().password)
            clerk.sign_in()
            self.clerks[username] = clerk
        return self.clerks[username]

    def printer(self, **settings: Any) -> None:
        """Handle the printer of KBS-01 in the sandbox."""
        httpx.post(f"{self.stage.sandbox}/control/printers/1", json=settings, timeout=10).raise_for_status()

    def public_rows(self) -> list[dict[str, Any]]:
        """Open data: what can be done where, now."""
        rows: list[dict[str, Any]] = httpx.get(f"{self.stage.center}/open/availability.json", timeout=10).json()["rows"]
        return rows

    def public_row(self, terminal: str) -> dict[str, Any] | None:
        """The public state of the story's item on one terminal."""
        return next((row for row in self.public_rows() if row["terminal"] == terminal and row["item"] == ITEM), None)

    def clauses(self) -> dict[str, dict[str, str]]:
        """The conformity page of the area: clause code → row."""
        return {row["条款"]: row for row in self.clerk("zhu").table(f"/console/conformity/{AREA}/")}

    def startable(self) -> dict[str, Any] | None:
        """The first terminal's own answer: a terminal that has just enrolled is known before it knows the catalogue."""
        person = self.citizen("甲")
        person.begin()
        return next((item for item in person.find("参保证明") if item["code"] == ITEM and item["can_start"]), None)
