"""补正 at the terminal: from the progress of a case to what its department asks for, after the card of its person.

What is asked is held as a form (`forms`): its pages, its materials and its check are those of any matter.
"""

from __future__ import annotations

import msgspec
import structlog

from budayang.terminal.handing_over import HandingOver
from budayang.terminal.holding import Correction
from budayang.terminal.journey import Journey, Person
from budayang.terminal.screens.language import _
from budayang.uplink.clock import Clock
from budayang.uplink.errors import CenterRefused, UplinkError

log = structlog.get_logger(__name__)


class Correcting:
    """Begins a correction and opens it for whoever shows the card."""

    def __init__(self, handing: HandingOver, clock: Clock) -> None:
        self._handing = handing
        self._clock = clock

    def begin(self, journey: Journey) -> bool:
        """The person who looked at the progress wants to hand in what is missing. False when that cannot be now."""
        found = journey.progress
        if found is None or not found.may_correct or journey.correction is not None:
            return False
        number, code = journey.asked
        journey.correction = Correction(number, code, found.item, found.department)
        # A card that lay there before is nobody's: only one that is laid from now on counts.
        journey.started_at, journey.started_s = self._clock.now(), self._clock.monotonic()
        return True

    async def open(self, journey: Journey, person: Person) -> str:
        """Ask what is to be handed in; a sentence for the person when it is not opened."""
        correction = journey.correction
        assert correction is not None
        try:
            told = await self._handing.open_correction(journey, correction, person)
        except CenterRefused as refused:
            log.warning("correction.refused", error=refused.code)
            return _refusal(refused)
        except (UplinkError, msgspec.DecodeError) as error:
            log.warning("correction.not_heard", error=type(error).__name__)
            return _("网络不通，现在交不了补正材料，什么都没有提交。请稍后再来")
        correction.number, correction.items, correction.until = told.number, list(told.items), told.until
        correction.asked_at_ms, correction.schema = told.asked_at_ms, dict(told.schema)
        correction.item_name, correction.department = told.item_name, told.department
        journey.item, journey.person = told.item, person
        return ""


def _refusal(refused: CenterRefused) -> str:
    words = {
        "not_yours": _("这张证件不是这件办件的申请人或代办人的，请刷本人的证件"),
        "nothing_to_correct": _("这件办件现在没有要补正的内容，或已经补正过了"),
        "correction_late": _("补正的期限已经过了，请联系办理部门。什么都没有提交"),
        "unknown_person": _("没有找到这张卡，请对照卡面重新输入"),
        "too_many_codes": _("输错的次数太多，请过十分钟再来"),
    }
    return words.get(refused.code, _("现在交不了补正材料，什么都没有提交。请稍后再试，或呼叫帮办"))
