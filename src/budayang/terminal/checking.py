"""人证核对, from the journey's side: three ways to be sure that the person is the one of the card, none before another.

The face is compared on this machine alone, after a consent of its own; what was taken for it is dropped with the step,
however it ends. Somebody of the staff may come and look, or the matter goes to the window and is looked at there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol

import structlog

from budayang.rules.person_check import FACE_TRIES, Compared, Offer, Verdict, Way, offer, score_class
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.errors import DeviceError
from budayang.terminal.holding import Check
from budayang.terminal.journey import Journey, State
from budayang.terminal.outbox import Outbox
from budayang.terminal.screens.language import _
from budayang.uplink.clock import Clock
from budayang.wire.messages import CaseCheck, CaseConsent

log = structlog.get_logger(__name__)

BEFORE = frozenset({State.IDENTITY, State.RESUME, State.AGENT, State.CHECK})
"""Where the photo of the card may still be held."""


class Camera(Protocol):
    """What a comparison needs of the face camera."""

    async def compare(self, photo: bytes) -> Compared: ...


class Checking:
    """Runs the state `check` of a journey. `camera_well` says whether the camera works now."""

    def __init__(self, clock: Clock, catalogue: Catalogue, outbox: Outbox) -> None:
        self.camera: Camera | None = None
        self.camera_well: Callable[[], bool] = lambda: False
        self.wake: Callable[[], None] = lambda: None
        self._clock, self._catalogue, self._outbox = clock, catalogue, outbox

    def wanted(self, journey: Journey) -> bool:
        """Whether person and card are still to be compared before this item goes on."""
        raw = self._catalogue.raw(journey.item) or {}
        if journey.correction is not None or not raw.get("person_check"):
            return False
        if journey.check is None:
            journey.check = Check()
        return not journey.check.done

    def keep(self, journey: Journey, card: Card) -> None:
        """Hold the card's photo and day of birth for the comparison, if the item asks for one at all."""
        if self.wanted(journey) and journey.check is not None:
            journey.check.photo, journey.check.born = card.photo, card.birth_on

    def moved(self, journey: Journey, target: State) -> None:
        """The journey goes on: past the comparison nothing of the face is held, and nobody is waited for."""
        check = journey.check
        if check is None or target in BEFORE:
            return
        check.photo = b""
        self._call_off(check)

    def offer(self, journey: Journey) -> Offer:
        """May this person choose the face?"""
        check = journey.check or Check()
        return offer(
            born=check.born,
            today=self._today(),
            acting=journey.acting,
            picture=any(check.photo),
            camera=self.camera is not None and self.camera_well() and check.tries < FACE_TRIES,
        )

    async def by_face(self, check: Check) -> bool:
        """Compare; True when it is the person. Whatever comes out, the picture taken for it is gone."""
        assert self.camera is not None
        check.tries += 1
        try:
            found = await self.camera.compare(check.photo)
        except DeviceError as error:
            log.warning("check.camera_failed", reason=error.reason)
            check.text = _("摄像头没有拍好，没有留下照片。请再试一次，或选别的办法")
            return self._back(check)
        log.info("check.compared", passed=found.passed, tries=check.tries)
        if not found.passed:
            check.text = _not_passed(found)
            return self._back(check)
        check.score = score_class(found.score)
        self._done(check, Way.FACE)
        return True

    def consent(self, check: Check) -> None:
        """The person agreed to have the face compared, to this edition of the notice."""
        check.notice = str(self._catalogue.face_consent.get("version", ""))
        check.consented_at, check.phase, check.text = self._clock.now(), "looking", ""

    def call_staff(self, journey: Journey, check: Check) -> None:
        """Ask for somebody to come and look. The mark is this call's own."""
        check.mark, check.phase, check.text = secrets.token_hex(8), "staff", ""
        self._outbox.append("staff_check", {"mark": check.mark, "item": journey.item})
        self.wake()

    def take(self, journey: Journey, told: Mapping[str, Any]) -> bool:
        """What a member of the staff saw, told by the center; True when it is the person and this journey's call."""
        check = journey.check
        if check is None or check.phase != "staff" or not check.mark or told.get("mark") != check.mark:
            return False
        if told.get("same") is not True:
            check.phase, check.mark = "choose", ""
            check.text = _("工作人员没有确认是身份证上的人，请换一种办法，或带上别的证件到窗口")
            return False
        self._done(check, Way.STAFF)
        return True

    def at_window(self, check: Check) -> None:
        """It will be looked at when the matter is handed over at the window."""
        self._call_off(check)
        self._done(check, Way.WINDOW)

    def again(self, check: Check) -> None:
        """Back to the choice; whoever was called need not come."""
        self._call_off(check)
        self._back(check)

    def withdraw(self, journey: Journey) -> None:
        """The consent is taken back: the comparison counts no more, and another way is chosen."""
        born = journey.check.born if journey.check is not None else None
        journey.check = Check(born=born, text=_("已撤回同意，刷脸的结果作废。请选别的办法"))

    def _today(self) -> date:
        return self._clock.now().astimezone(self._catalogue.zone).date()

    def _done(self, check: Check, way: Way) -> None:
        check.way, check.at, check.phase, check.text, check.photo = way.value, self._clock.now(), "done", "", b""
        if way is not Way.FACE:
            check.score, check.notice, check.consented_at = "", "", None
        if way is not Way.STAFF:
            check.mark = ""

    def _back(self, check: Check) -> bool:
        check.phase = "choose"
        return False

    def _call_off(self, check: Check) -> None:
        if check.phase == "staff" and check.mark:
            self._outbox.append("staff_check", {"mark": check.mark, "over": True})
            check.phase, check.mark = "choose", ""
            self.wake()


def told(check: Check | None) -> CaseCheck | None:
    """The check as it travels with the case; None where there was none."""
    if check is None or not check.done or check.at is None:
        return None
    consent = None
    if check.consented_at is not None:
        consent = CaseConsent(version=check.notice, at=check.consented_at.isoformat(timespec="seconds"))
    at = check.at.isoformat(timespec="seconds")
    return CaseCheck(way=check.way, at=at, consent=consent, score=check.score, mark=check.mark)


def _not_passed(found: Compared) -> str:
    if found.verdict is Verdict.DIFFERENT:
        return _("和身份证上的照片不像，没有留下照片。请再试一次，或选别的办法")
    return _("没有看清，没有留下照片。请摘下口罩、正对屏幕再试一次，或选别的办法")
