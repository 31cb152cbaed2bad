"""What a journey holds beside its form: sheets, a phone's link, e-licences, free times, what is to be corrected,
person and card compared, a department's page. In memory only, and gone with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from budayang.wire.journeys import Slot


@dataclass(slots=True)
class Licences:
    """What was asked of e-licences. `phase`: "" | asking | found | none | silent | declined."""

    phase: str = ""
    found: list[dict[str, Any]] = field(default_factory=list)
    agreed_at: datetime | None = None

    def __repr__(self) -> str:
        return "Licences(…)"


@dataclass(slots=True)
class Sheet:
    """One sheet of materials in memory. `problems`: what the check of the picture says; `kept`: the person looked at
    it and keeps it all the same.
    """

    name: str
    kind: str
    media: str
    content: bytes
    thumb: bytes = b""
    problems: tuple[str, ...] = ()
    kept: bool = False
    by: str = "camera"

    def __repr__(self) -> str:
        return "Sheet(…)"


@dataclass(slots=True)
class PhoneLink:
    """The one-time link of this journey. `state`: opening | waiting | held | over | failed."""

    state: str = "opening"
    name: str = ""
    url: str = ""
    ends_s: float = 0.0
    have: int = 0


@dataclass(slots=True)
class Booking:
    """The free times as the department said them last. `phase`: "" (not asked yet) | known | silent | again.

    `gone`: the time that the person had chosen and that went; `lost` says that one did.
    """

    phase: str = ""
    slots: list[Slot] = field(default_factory=list)
    asked_s: float = 0.0
    asked_at: datetime | None = None
    day: str = ""
    chosen: Slot | None = None
    gone: Slot | None = None
    lost: bool = False


@dataclass(slots=True)
class Correction:
    """What a department asked for, once (补正). `number` and `code` are those of the receipt; `schema` is the form of
    what is handed in; `handed`: the number under which it is handed in.
    """

    number: str
    code: str
    item_name: str = ""
    department: str = ""
    items: list[str] = field(default_factory=list)
    asked_at_ms: int = 0
    until: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    handed: str = ""

    def __repr__(self) -> str:
        return "Correction(…)"


@dataclass(slots=True)
class Check:
    """人证核对, while it is being done and how it ended. `phase`: choose | consent | looking | staff | done.

    `photo` is that of the card and is gone with the step; `way` is empty until one led to the end; `text` says what
    came of the last try.
    """

    phase: str = "choose"
    photo: bytes = b""
    born: date | None = None
    tries: int = 0
    text: str = ""
    way: str = ""
    at: datetime | None = None
    score: str = ""
    notice: str = ""
    consented_at: datetime | None = None
    mark: str = ""

    @property
    def done(self) -> bool:
        return self.phase == "done"

    def __repr__(self) -> str:
        return "Check(…)"


@dataclass(slots=True)
class Launch:
    """A department's page that stands over the screen. `width` and `height` are the screen's, in pixels; `seen`:
    whether touches on the page can be seen, so that an idle one ends early.
    """

    url: str
    hosts: tuple[str, ...]
    width: int
    height: int
    left_s: float
    seen: bool = False
