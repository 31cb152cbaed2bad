"""How a terminal's state is told on every staff page: one word, one shape, and why."""

from __future__ import annotations

from django.utils.translation import gettext as _

from budayang.center.console.listing import State, Tone
from budayang.center.platform.wording import words
from budayang.rules.terminals import LEVEL_NAMES, RANK, Health, Level, StateMeaning

LEVEL_TONES: dict[Level, Tone] = {
    Level.OK: "ok",
    Level.BUSY: "ok",
    Level.WARNING: "warn",
    Level.FAULT: "stop",
    Level.UNKNOWN: "ask",
}


def level_state(level: Level) -> State:
    """A level as word and shape."""
    return State(LEVEL_TONES[level], words(LEVEL_NAMES[level]))


def terminal_state(life: str, liveness: str, health: Health | None, application: StateMeaning | None = None) -> State:
    """One state of a terminal: where it stands in its life first, then whether it is heard, then its program and its
    devices, the worse of the two.

    What is not known is told as not known: a terminal that nobody hears is never shown as well. A program that never
    told how it is changes nothing: its devices still tell.
    """
    if life == "retired":
        return State("ask", _("已退役"))
    if life == "registered":
        return State("ask", _("未入网"))
    if liveness == "suspended" or life == "suspended":
        return State("stop", _("停用"))
    if liveness == "silent":
        return State("stop", _("失联"))
    if liveness == "unknown" or health is None:
        return State("ask", _("未知"))
    worse = application is not None and RANK[application.level] <= RANK[health.level]
    if application is not None and worse and application.level in (Level.FAULT, Level.WARNING):
        return State(LEVEL_TONES[application.level], words(application.text))
    if health.level is Level.OK:
        return State("ok", _("正常"))
    if health.level is Level.BUSY:
        return State("ok", _("正常，使用中"))
    word = words(health.reasons[0].text)
    more = sum(1 for reason in health.reasons if reason.level is health.level) - 1
    if more:
        word = _("%(word)s 等 %(count)d 项") % {"word": word, "count": more + 1}
    return State(LEVEL_TONES[health.level], word)
