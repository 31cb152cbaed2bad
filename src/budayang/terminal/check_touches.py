"""Posts of the step 人证核对: the way that the person chooses, the consent to the face, and taking it back."""

from __future__ import annotations

from collections.abc import Callable

from budayang.rules.person_check import Way
from budayang.terminal.attendant import Attendant
from budayang.terminal.holding import Check
from budayang.terminal.journey import Event, State
from budayang.terminal.posts import Form, Posted
from budayang.terminal.screens.language import _

UNFIT = "屏幕已经到了下一步，请看新的页面"


def _here(attendant: Attendant, *phases: str) -> Check | None:
    """The check of this step in one of these phases; None when the screen has gone on."""
    check = attendant.journey.check
    return check if attendant.state is State.CHECK and check is not None and check.phase in phases else None


def _unfit() -> Posted:
    return Posted(False, _(UNFIT))


def face(attendant: Attendant, form: Form) -> Posted:
    """The face is chosen: first the notice, and a consent of its own."""
    check = _here(attendant, "choose")
    if check is None or not attendant.checking.offer(attendant.journey).face:
        return _unfit()
    check.phase, check.text = "consent", ""
    attendant.changed()
    return Posted(True)


def agree(attendant: Attendant, form: Form) -> Posted:
    """Agreed to the comparison, by a tick that nobody made for the person."""
    check = _here(attendant, "consent")
    if check is None or not attendant.checking.offer(attendant.journey).face:
        return _unfit()
    if form.get("agree") != "1":
        attendant.fail(_("请先勾选“我同意”。不同意也照样能办，请选别的办法"))
        return Posted(False, _("请先勾选“我同意”。不同意也照样能办，请选别的办法"))
    attendant.checking.consent(check)
    attendant.start_work(attendant.check_face())
    attendant.changed()
    return Posted(True)


def again(attendant: Attendant, form: Form) -> Posted:
    """Back to the choice of the way: not agreed, or nobody came."""
    check = _here(attendant, "consent", "staff")
    if check is None:
        return _unfit()
    attendant.checking.again(check)
    attendant.changed()
    return Posted(True)


def staff(attendant: Attendant, form: Form) -> Posted:
    """Somebody of the staff is to come and look."""
    check = _here(attendant, "choose")
    if check is None:
        return _unfit()
    attendant.checking.call_staff(attendant.journey, check)
    attendant.changed()
    return Posted(True)


def window(attendant: Attendant, form: Form) -> Posted:
    """It is to be looked at at the window."""
    check = _here(attendant, "choose", "staff")
    if check is None:
        return _unfit()
    attendant.checking.at_window(check)
    attendant.carry_on()
    return Posted(True)


def withdraw(attendant: Attendant, form: Form) -> Posted:
    """The consent to the face is taken back before the matter is handed in."""
    check = attendant.journey.check
    if attendant.state is not State.CONFIRM or check is None or check.way != Way.FACE:
        return _unfit()
    attendant.checking.withdraw(attendant.journey)
    attendant.go(Event.NEEDS_CHECK)
    return Posted(True)


TOUCHES: dict[str, Callable[[Attendant, Form], Posted]] = {
    "check_face": face,
    "check_agree": agree,
    "check_again": again,
    "check_staff": staff,
    "check_window": window,
    "check_withdraw": withdraw,
}
