"""What people do on the screens: each post checked against the state and applied. What does not fit changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from budayang.rules.carry_over import Stage
from budayang.rules.evaluation import edition_on, rating_problem
from budayang.terminal import check_touches, form_touches
from budayang.terminal.attendant import Attendant
from budayang.terminal.journey import Event, Journey, Person, State, move
from budayang.terminal.launching import launch_of
from budayang.terminal.posts import Form, Posted
from budayang.terminal.screens.language import _, say

__all__ = ["Form", "Posted", "Touches"]

CODE_MOST = 32
# Posts that are nothing but an event of the table; all others carry something that has to be checked.
PLAIN = frozenset(
    {
        Event.START, Event.DECLINE, Event.BACK, Event.EDIT,
        Event.LEAVE_PAPER, Event.FINISH, Event.SKIP, Event.EXIT, Event.HOME, Event.PROGRESS,
    }
)  # fmt: skip


class Touches:
    """The posts of one terminal's screens."""

    def __init__(self, attendant: Attendant) -> None:
        self._attendant = attendant

    def apply(self, name: str, form: Form) -> Posted:
        """Apply one post of the screens by its name."""
        self._attendant.touch()
        touch = TOUCHES.get(name)
        if touch is not None:
            return touch(self, form)
        step = form_touches.TOUCHES.get(name) or check_touches.TOUCHES.get(name)
        if step is not None:
            return step(self._attendant, form)
        event = next((event for event in PLAIN if event == name), None)
        if event is None:
            return Posted(False, _("没有这个操作"))
        if event is Event.BACK and self._attendant.state is State.CONFIRM:
            schema = self._attendant.schema()
            if schema.get("properties"):
                event = Event.EDIT
            elif self._attendant.journey.correction is not None:
                event = Event.NEEDS_SHEETS
        return Posted(True) if self._attendant.go(event) else self._unfit()

    def stay(self, form: Form) -> Posted:
        return Posted(True)

    def carry_on(self, form: Form) -> Posted:
        if self._attendant.state is not State.RESUME:
            return self._unfit()
        self._attendant.carry_on()
        return Posted(True)

    def _unfit(self) -> Posted:
        return Posted(False, _("屏幕已经到了下一步，请看新的页面"))

    def _fail(self, text: str) -> Posted:
        self._attendant.fail(text)
        return Posted(False, text)

    def prefs(self, form: Form) -> Posted:
        try:
            self._attendant.prefs = self._attendant.prefs.changed(form.get("name"), form.get("value"))
        except ValueError:
            return Posted(False, _("没有这个设置"))
        if self._attendant.state is State.ATTRACT:
            self._attendant.go(Event.START)
        self._attendant.changed()
        return Posted(True)

    def help(self, form: Form) -> Posted:
        kind = form.get("kind")
        if kind == "off":
            self._attendant.help = None
        elif kind in {"help", "sos"}:
            call = secrets.token_hex(8)
            self._attendant.help = {"kind": kind, "at": self._attendant.clock.now(), "call": call, "answered": False}
            step, item = self._attendant.state.value, self._attendant.journey.item
            self._attendant.outbox.append("help", {"kind": kind, "step": step, "item": item, "call": call})
            self._attendant.wake()
        else:
            return Posted(False, _("没有这个操作"))
        self._attendant.changed()
        return Posted(True)

    def choose(self, form: Form) -> Posted:
        code = form.get("item")
        if move(self._attendant.state, Event.CHOOSE) is None:
            return self._unfit()
        item = self._attendant.catalogue.item(code)
        if item is None:
            ready = len(self._attendant.catalogue) > 0
            return self._fail(_("没有找到这个事项") if ready else _("这台自助终端正在准备，请稍候"))
        if self._attendant.suspended():
            self._attendant.stay.refuse(code, "terminal_suspended", self._attendant.clock.monotonic())
            return self._fail(_("这台自助终端已停用"))
        if not item["can_start"]:
            self._attendant.stay.refuse(code, item["reason"], self._attendant.clock.monotonic())
            return self._fail(item["text"])
        clock = self._attendant.clock
        journey = self._attendant.journey = Journey(clock.now(), clock.monotonic(), item=code)
        raw = self._attendant.catalogue.raw(code) or {}
        journey.launch = launch_of(raw, _pixels(form.get("width"), 1080), _pixels(form.get("height"), 1920))
        self._attendant.go(Event.LAUNCH if journey.launch is not None else Event.CHOOSE)
        return Posted(True)

    def submit(self, form: Form) -> Posted:
        """Hand it in, unless what began to stop it since lets nothing be carried over any more."""
        attendant = self._attendant
        new = attendant.journey.correction is None  # what was asked for afterwards is taken in at any hour
        if attendant.state is State.CONFIRM and new and attendant.journey.item in attendant.catalogue:
            carry = attendant.catalogue.carry(attendant.journey.item, attendant.journey.started_at, Stage.FILLING)
            if not carry.go_on:
                return self._fail(say(carry.text))
        return Posted(True) if attendant.go(Event.SUBMIT) else self._unfit()

    def agree(self, form: Form) -> Posted:
        if self._attendant.state is not State.CONSENT:
            return self._unfit()
        self._attendant.journey.consented_at = self._attendant.clock.now()
        self._attendant.go(Event.AGREE)
        return Posted(True)

    def card_again(self, form: Form) -> Posted:
        if self._attendant.state is not State.IDENTITY:
            return self._unfit()
        self._attendant.journey.error, self._attendant.journey.identity_phase = "", "waiting"
        self._attendant.changed()
        return Posted(True)

    def card_code(self, form: Form) -> Posted:
        code = form.get("code")
        if self._attendant.state is not State.IDENTITY or not self._attendant.card_code:
            return self._unfit()
        code = code.strip().upper().replace(" ", "")
        if not 4 <= len(code) <= CODE_MOST or not code.replace("-", "").isalnum() or not code.isascii():
            return self._fail(_("卡上的码由字母和数字组成，请对照卡面重新输入"))
        if self._attendant.journey.identity_phase == "checking":
            return Posted(False, _("正在核对，请稍候"))  # each code is one try
        self._attendant.journey.error = ""
        self._attendant.start_work(self._attendant.identify(Person.of_code(code)))
        return Posted(True)

    def reprint(self, form: Form) -> Posted:
        number = form.get("number")
        known = {str(paper["number"]): paper for paper in self._attendant.journey.papers}
        if self._attendant.state is not State.RESUME or number not in known:
            return self._unfit()
        self._attendant.journey.number, self._attendant.journey.submitted = number, True
        self._attendant.journey.item = str(known[number]["item"])
        self._attendant.go(Event.REPRINT)
        return Posted(True)

    def retry(self, form: Form) -> Posted:
        if self._attendant.state is not State.PRINT or self._attendant.act is None or not self._attendant.act.failed:
            return self._unfit()
        self._attendant.start_work(self._attendant.print_paper(self._attendant.act))
        return Posted(True)

    def taken(self, form: Form) -> Posted:
        if self._attendant.state is not State.TAKE:
            return self._unfit()
        act = self._attendant.act
        self._attendant.printing.taken(act.number if act is not None else self._attendant.journey.number)
        self._attendant.go(Event.TAKEN)
        return Posted(True)

    def misprint(self, form: Form) -> Posted:
        if self._attendant.state is not State.TAKE or self._attendant.act is None:
            return self._unfit()
        if not self._attendant.printing.misprint(self._attendant.act):
            return self._fail(_("已经重打两次，请呼叫帮办"))
        self._attendant.go(Event.MISPRINT)
        return Posted(True)

    def again(self, form: Form) -> Posted:
        if (
            self._attendant.state is not State.OUTCOME
            or self._attendant.journey.outcome is None
            or not self._attendant.journey.outcome.again
        ):
            return self._unfit()
        self._attendant.journey.number, self._attendant.journey.submitted, self._attendant.journey.outcome = (
            "",
            False,
            None,
        )
        self._attendant.go(Event.AGAIN)
        return Posted(True)

    def pay_again(self, form: Form) -> Posted:
        attendant = self._attendant
        if attendant.state is not State.PAY:
            return self._unfit()
        attendant.beside(attendant.paying.begin(attendant.journey))
        return Posted(True)

    def stop_paying(self, form: Form) -> Posted:
        attendant = self._attendant
        if attendant.state is not State.PAY:
            return self._unfit()
        attendant.beside(attendant.paying.stop(attendant.journey))
        return Posted(True)

    def to_window(self, form: Form) -> Posted:
        attendant = self._attendant
        outcome = attendant.journey.outcome
        if attendant.state is not State.OUTCOME or outcome is None or not outcome.window:
            return self._unfit()
        attendant.beside(attendant.send_to_window())
        return Posted(True)

    def ask_progress(self, form: Form) -> Posted:
        attendant = self._attendant
        number, code = form.get("number").strip()[:80], form.get("code").strip()[:80]
        if attendant.state is not State.PROGRESS:
            return self._unfit()
        if not number or not code:
            return self._fail(_("请把回执上的办件编号和验证码都填上"))
        sure = form.get("withdraw") == "1"
        asking = attendant.asking.ask(attendant.journey, number, code, lang=attendant.prefs.lang, withdraw=sure)
        attendant.beside(asking)
        return Posted(True)

    def rated(self, form: Form) -> Posted:
        level, reasons = form.get("level"), form.all("reasons")
        if self._attendant.state is not State.RATE:
            return self._unfit()
        clock, zone = self._attendant.clock, self._attendant.catalogue.zone
        texts = edition_on(clock.now().astimezone(zone).date())
        problem = rating_problem(level, reasons, texts)
        if problem:
            return self._fail(problem)
        journey = self._attendant.journey
        number = journey.rating[0][0]
        self._attendant.outbox.append(
            "rating", {"number": number, "level": level, "reasons": reasons, "texts": texts.code}
        )
        self._attendant.wake()
        journey.rating = journey.rating[1:]
        if journey.rating:  # a joint matter: each department's part is rated by itself
            journey.error = ""
            self._attendant.ask_rating()
            self._attendant.changed()
        else:
            self._attendant.go(Event.RATED)
        return Posted(True)


def _pixels(text: str, usual: int) -> int:
    """A side of the screen as its page posted it."""
    return int(text) if text.isdecimal() and len(text) < 5 and 320 <= int(text) <= 8192 else usual


TOUCHES: dict[str, Callable[[Touches, Form], Posted]] = {
    "stay": Touches.stay,
    "prefs": Touches.prefs,
    "help": Touches.help,
    "choose": Touches.choose,
    "submit": Touches.submit,
    "agree": Touches.agree,
    "card_code": Touches.card_code,
    "card_again": Touches.card_again,
    "reprint": Touches.reprint,
    "carry_on": Touches.carry_on,
    "retry": Touches.retry,
    "taken": Touches.taken,
    "misprint": Touches.misprint,
    "again": Touches.again,
    "pay_again": Touches.pay_again,
    "stop_paying": Touches.stop_paying,
    "to_window": Touches.to_window,
    "ask_progress": Touches.ask_progress,
    "rated": Touches.rated,
}
