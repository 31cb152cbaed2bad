"""What people do on the screens: each post checked against the state and applied. What does not fit changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from budayang.forms import clean, validate
from budayang.rules.evaluation import rating_problem
from budayang.terminal.attendant import Attendant
from budayang.terminal.journey import Event, Journey, Person, State, move
from budayang.terminal.screens.language import _

CODE_MOST = 32
# Posts that are nothing but an event of the table; all others carry something that has to be checked.
PLAIN = frozenset(
    {
        Event.START, Event.DECLINE, Event.BACK, Event.EDIT, Event.SUBMIT,
        Event.LEAVE_PAPER, Event.FINISH, Event.SKIP, Event.EXIT, Event.HOME,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post: `error` is what the person reads when it did not fit."""

    ok: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a post in their order; a name may come several times."""

    fields: Sequence[tuple[str, str]] = ()

    def get(self, name: str) -> str:
        """The last value of that name, "" when there is none."""
        return next((value for key, value in reversed(self.fields) if key == name), "")

    def all(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for key, value in self.fields if key == name]

    def plain(self) -> dict[str, str]:
        """Name to last value."""
        return dict(self.fields)


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
        event = next((event for event in PLAIN if event == name), None)
        if event is None:
            return Posted(False, _("没有这个操作"))
        if (
            event is Event.BACK
            and self._attendant.state is State.CONFIRM
            and self._attendant.schema().get("properties")
        ):
            event = Event.EDIT
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
            self._attendant.help = {"kind": kind, "at": self._attendant.clock.now()}
            self._attendant.outbox.append(
                "help", {"kind": kind, "step": self._attendant.state.value, "item": self._attendant.journey.item}
            )
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
            return self._fail(_("没有找到这个事项"))
        if self._attendant.suspended():
            return self._fail(_("这台自助终端已停用"))
        if not item["can_start"]:
            return self._fail(item["text"])
        self._attendant.journey = Journey(self._attendant.clock.now(), self._attendant.clock.monotonic(), item=code)
        self._attendant.go(Event.CHOOSE)
        return Posted(True)

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

    def filled(self, form: Form) -> Posted:
        if self._attendant.state is not State.FILL:
            return self._unfit()
        schema = self._attendant.schema()
        values = clean(schema, form.plain())
        today = self._attendant.clock.now().astimezone(self._attendant.catalogue.zone).date()
        self._attendant.journey.typed = {name: form.get(name) for name in schema.get("properties", {})}
        self._attendant.journey.errors = validate(schema, values, today=today)
        if self._attendant.journey.errors:
            self._attendant.changed()
            return Posted(False, next(iter(self._attendant.journey.errors.values())))
        self._attendant.journey.form = values
        self._attendant.go(Event.FILLED)
        return Posted(True)

    def retry(self, form: Form) -> Posted:
        if self._attendant.state is not State.PRINT or self._attendant.act is None or not self._attendant.act.failed:
            return self._unfit()
        self._attendant.start_work(self._attendant.print_paper(self._attendant.act))
        return Posted(True)

    def taken(self, form: Form) -> Posted:
        if self._attendant.state is not State.TAKE:
            return self._unfit()
        self._attendant.printing.taken(self._attendant.journey.number)
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

    def rated(self, form: Form) -> Posted:
        level, reasons = form.get("level"), form.all("reasons")
        if self._attendant.state is not State.RATE:
            return self._unfit()
        problem = rating_problem(level, reasons)
        if problem:
            return self._fail(problem)
        self._attendant.outbox.append(
            "rating", {"number": self._attendant.journey.number, "level": level, "reasons": reasons}
        )
        self._attendant.wake()
        self._attendant.go(Event.RATED)
        return Posted(True)


TOUCHES: dict[str, Callable[[Touches, Form], Posted]] = {
    "stay": Touches.stay,
    "prefs": Touches.prefs,
    "help": Touches.help,
    "choose": Touches.choose,
    "agree": Touches.agree,
    "card_code": Touches.card_code,
    "card_again": Touches.card_again,
    "reprint": Touches.reprint,
    "carry_on": Touches.carry_on,
    "filled": Touches.filled,
    "retry": Touches.retry,
    "taken": Touches.taken,
    "misprint": Touches.misprint,
    "again": Touches.again,
    "rated": Touches.rated,
}
