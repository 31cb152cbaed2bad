"""人证核对: is the person at the terminal the one of the card? Which ways there are, and what is kept of a comparison.

A face is sensitive personal data (个人信息保护法 第二十八条至第三十一条): compared only after a separate consent, never
the only way (人脸识别技术应用安全管理办法), never of a child under 14 without the guardian. Of a comparison nothing is
kept but how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Way(StrEnum):
    """``face``: compared on the terminal; ``staff``: by somebody who stands there; ``window``: later, at the window."""

    FACE = "face"
    STAFF = "staff"
    WINDOW = "window"


WAY_NAMES: dict[Way, str] = {Way.FACE: "刷脸比对", Way.STAFF: "工作人员当面核对", Way.WINDOW: "到窗口核对"}
WAYS: tuple[str, ...] = tuple(one.value for one in Way)

SCORE_NAMES: dict[str, str] = {"high": "高", "middle": "中", "low": "低"}
"""The class of a score; the score itself is not kept: it would be a template of its own kind."""
SCORES: tuple[str, ...] = tuple(SCORE_NAMES)
HIGH, MIDDLE = 0.85, 0.7

CHILD_AGE = 14
FACE_TRIES = 3
STAFF_WAIT_S = 600
"""So long a person waits at the screen for somebody to come and compare."""


class Verdict(StrEnum):
    """What a comparison says. ``unsure``: nobody, more than one, too dark, no living face, or neither alike nor not."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Compared:
    """``score`` from 0 to 1, ``live``: a living person stands there, no picture of one."""

    verdict: Verdict
    score: float
    live: bool

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.SAME and self.live


def score_class(score: float) -> str:
    """high, middle or low."""
    return "high" if score >= HIGH else "middle" if score >= MIDDLE else "low"


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether the face may be offered; ``why`` when not: child, agent, no_picture, no_camera."""

    face: bool
    why: str = ""


WHY_NOT: dict[str, str] = {
    "child": "未满 14 周岁不刷脸，请监护人陪同，选下面的办法",
    "agent": "代办时不刷脸，请选下面的办法",
    "no_picture": "没有刷身份证，不能刷脸，请选下面的办法",
    "no_camera": "这台终端现在不能刷脸，请选下面的办法",
}


def offer(*, born: date | None, today: date, acting: bool, picture: bool, camera: bool) -> Offer:
    """May this person choose the face? The other ways are there whatever comes out.

    ``born`` None: the card did not say, so nobody can tell that the person is no child.
    """
    if acting:
        return Offer(False, "agent")
    if born is None or age_on(born, today) < CHILD_AGE:
        return Offer(False, "child" if born is not None else "no_picture")
    if not picture:
        return Offer(False, "no_picture")
    return Offer(True) if camera else Offer(False, "no_camera")


def age_on(born: date, today: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
