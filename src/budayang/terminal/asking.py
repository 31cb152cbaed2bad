"""查进度, from the journey's side: number and code as typed from a receipt, asked of the center. Nothing of it is
kept.
"""

from __future__ import annotations

from budayang.terminal.cases import LiveCases
from budayang.terminal.journey import Journey
from budayang.terminal.screens.language import _
from budayang.uplink.errors import CenterRefused, CenterUnreachable, NotEnrolled


class Asking:
    """Asks how a matter stands, and takes it back when its person wants that."""

    def __init__(self, live: LiveCases) -> None:
        self._live = live

    async def ask(self, journey: Journey, number: str, code: str, *, lang: str, withdraw: bool = False) -> None:
        """Leave the answer in `journey.progress`, or say in `journey.error` why there is none."""
        journey.asked = (number, code)
        try:
            found = await self._live.progress(number, code, lang=lang, withdraw=withdraw)
        except CenterRefused as refused:
            journey.error = _words(refused.code)
        except (CenterUnreachable, NotEnrolled):
            journey.error = _("网络不通，现在查不了进度，请稍后再试")
        else:
            journey.error, journey.progress = "", found


def _words(code: str) -> str:
    if code == "unknown_code":
        return _("办件编号和验证码对不上，请对照回执再输一次")
    if code == "too_many_codes":
        return _("输错的次数太多，请过十分钟再查")
    if code == "too_late":
        return _("现在不能撤回了，部门已经在办理")
    return _("现在查不了进度，请稍后再试，或呼叫帮办")
