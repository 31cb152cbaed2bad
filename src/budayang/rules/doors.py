"""The entrance of an area as a fact: how a door is, by what it was opened, and the one line in which an access
controller (门禁) says so.

No card number, name or picture is among the words: what a controller sends besides is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STATES = frozenset({"open", "closed", "locked"})
"""Words of the property ``door``/``entrance`` in :mod:`budayang.rules.components.surroundings`."""

WAYS: dict[str, str] = {
    "card": "刷证",
    "face": "刷脸",
    "code": "扫码",
    "inside": "从里面开",
    "key": "钥匙",
    "remote": "远程开门",
    "alarm": "火警联动",
}
"""How a door is opened. The first four are what people are promised (JB-18, JB-35, WH-05)."""
PROMISED_WAYS = ("card", "face", "code", "inside")

QUESTION_WAYS: dict[str, str] = {
    "door_card": "card",
    "door_face": "face",
    "door_code": "code",
    "door_inside": "inside",
}
"""Questions of the check lists that prove a way."""


@dataclass(frozen=True)
class DoorSays:
    """What one line says: a state ("" when it tells none), a way by which the door was opened, one that was refused,
    and whether the help button that is wired to the controller was pressed ("help").
    """

    state: str = ""
    opened: str = ""
    refused: str = ""
    pressed: str = ""


def read_door_line(body: Mapping[str, object]) -> DoorSays:
    """Read ``{"state": "locked"}``, ``{"opened": "card"}``, ``{"refused": "face"}``, ``{"pressed": "help"}`` or several
    of them at once.

    Raises ValueError for words that are not known and for a line that says nothing.
    """
    found = DoorSays(*(str(body.get(name, "") or "") for name in ("state", "opened", "refused", "pressed")))
    if found.state and found.state not in STATES:
        raise ValueError("state must be open, closed or locked")
    if {found.opened, found.refused} - {"", *WAYS}:
        raise ValueError(f"a door is opened by {', '.join(WAYS)}")
    if found.pressed not in ("", "help"):
        raise ValueError("the button that can be pressed is help")
    if found == DoorSays():
        raise ValueError("the line says nothing")
    return found
