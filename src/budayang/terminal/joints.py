"""The joint matters (联办) that can be begun here: read from the catalogue, their parts judged like any item.

A joint matter stands where an item stands (`Catalogue.item`, `Catalogue.raw`), so that consent, identity, form and
materials are the same pages. Its parts say for themselves what is done now, handed in, or left for a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from budayang.forms.conditions import holds
from budayang.rules.services import TRUTH_NAMES, Truth

View = Mapping[str, Any]
NOW, LATER, WINDOW = "now", "later", "window"
WORDS = {NOW: "现在就办", LATER: "现在提交，工作日办理", WINDOW: "需到窗口办理"}


class Joints:
    """`item` gives the screens' view of one item, None when it is not offered here."""

    def __init__(self, item: Callable[[str], dict[str, Any] | None]) -> None:
        self._item = item
        self._all: dict[str, dict[str, Any]] = {}

    def take(self, body: object) -> None:
        """What the center sent; an older center sends nothing."""
        rows = body if isinstance(body, list) else []
        self._all = {str(one["code"]): dict(one) for one in rows}

    def __contains__(self, code: object) -> bool:
        return code in self._all

    def raw(self, code: str) -> dict[str, Any] | None:
        """As an item is sent: with its form's schema and who may act."""
        found = self._all.get(code)
        return None if found is None else {"who_acts": "本人或代办人", "joint": True, **found}

    def parts(self, code: str, form: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The parts for these answers (all of them before there are any), each with how it would go now."""
        found = []
        for part in self._all[code]["parts"]:
            if form is not None and not holds(part.get("when"), form):
                continue
            seen = None if part.get("window") else self._item(str(part["item"]))
            kind = _kind(seen)
            found.append(
                {
                    "item": part["item"],
                    "title": part["title"],
                    "department": (seen or {}).get("department_name") or part.get("department_name", ""),
                    "kind": kind,
                    "word": WORDS[kind],
                    "bring": part.get("bring", ""),
                    "sometimes": bool(part.get("when")) and form is None,
                    "why": (seen or {}).get("text", "") if seen and kind == WINDOW else "",
                }
            )
        return found

    def item(self, code: str) -> dict[str, Any] | None:
        """The joint matter as the screens draw an item. None when it is none."""
        found = self._all.get(code)
        if found is None:
            return None
        parts = self.parts(code)
        kinds = {part["kind"] for part in parts}
        truth = Truth.DOABLE if NOW in kinds else Truth.SUBMITTABLE if LATER in kinds else Truth.STOPPED
        here = sum(part["kind"] != WINDOW for part in parts)
        names = list(dict.fromkeys(part["department"] for part in parts if part["department"]))
        return {
            "code": code,
            "name": found["name"],
            "short": found["name"],
            "department": "",
            "department_name": "、".join(names),
            "minutes": None,
            "fee": "",
            "bring": found.get("intro", ""),
            "truth": truth.value,
            "truth_word": TRUTH_NAMES[truth],
            "truth_class": {Truth.DOABLE: "ok", Truth.SUBMITTABLE: "hand"}.get(truth, "stop"),
            "text": found.get("intro", ""),
            "reason": "joint",
            "notes": [],
            "until": "",
            "can_start": here > 0,
            "alternatives": [],
            "night": False,
            "life_events": [found["event"]],
            "who_acts": "本人或代办人",
            "joint": True,
            "parts": parts,
            "here": here,
        }

    def of_event(self, event: str) -> list[dict[str, Any]]:
        """The joint matters of a life event that can be begun here."""
        views = (self.item(code) for code, one in self._all.items() if one["event"] == event)
        return [view for view in views if view is not None and view["can_start"]]

    def named(self, query: str) -> list[dict[str, Any]]:
        """Those whose name holds what was typed, for the search; a single letter says too little."""
        words = query.strip()
        return [view for view in self.startable() if len(words) >= 2 and words in view["name"]]

    def startable(self) -> list[dict[str, Any]]:
        """All that can be begun here, for the first page."""
        views = (self.item(code) for code in self._all)
        return [view for view in views if view is not None and view["can_start"]]

    def numbers_for(self, code: str, form: Mapping[str, Any]) -> list[str]:
        """The items of the parts that may become cases: each wants a number of its own."""
        return [str(part["item"]) for part in self.parts(code, form) if part["kind"] != WINDOW]


def _kind(seen: View | None) -> str:
    if seen is None or seen.get("person_check"):
        return WINDOW  # person and card are compared for one matter at a time: at the window, or by doing it alone
    if seen["truth"] == Truth.DOABLE:
        return NOW
    # What a closed department takes in at night is handed in all the same; the rest waits for a window.
    return LATER if seen["truth"] == Truth.SUBMITTABLE else WINDOW
