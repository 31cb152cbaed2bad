"""What the page of 人证核对 is given. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from budayang.rules.person_check import WHY_NOT, Way
from budayang.terminal.holding import Check
from budayang.terminal.screens.language import say

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal


def check(terminal: Terminal) -> dict[str, Any]:
    """How far it is, which ways there are, and what the face's own notice says."""
    attendant = terminal.attendant
    held = attendant.journey.check or Check()
    offered = attendant.checking.offer(attendant.journey)
    return {
        "phase": held.phase,
        "text": held.text,
        "face": offered.face,
        "why": say(WHY_NOT[offered.why]) if offered.why else "",
        "child": offered.why == "child",
        "address": terminal.presence("/console/help/check/") if held.phase == "staff" else "",
        "notice": notice(terminal),
    }


def notice(terminal: Terminal) -> dict[str, Any]:
    """The notice of the comparison in force, in the screen's language where it has it."""
    sent = terminal.catalogue.face_consent
    if terminal.attendant.prefs.lang == "en" and sent.get("english"):
        sent = {**sent, **sent["english"]}
    return {
        "version": str(sent.get("version", "")),
        "title": str(sent.get("title", "")),
        "lines": [str(line) for line in sent.get("lines") or []],
        "keeps": str(sent.get("keeps", "")),
    }


def by_face(terminal: Terminal) -> bool:
    """Whether this journey's comparison was by the face, so that the consent may be taken back."""
    held = terminal.attendant.journey.check
    return held is not None and held.done and held.way == Way.FACE


def at_window(terminal: Terminal) -> bool:
    """Whether the matter goes to the window, where person and card are compared."""
    held = terminal.attendant.journey.check
    return held is not None and held.done and held.way == Way.WINDOW
