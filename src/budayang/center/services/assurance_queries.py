"""What the page of a promise shows, and the words of the message about it: where else it can be done, nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from budayang.center.platform.limits import count_within, counted
from budayang.center.platform.wording import words
from budayang.center.services import judging
from budayang.center.services.alternatives import Alternative, Alternatives
from budayang.center.services.models import Offering, Promise
from budayang.center.services.promise_numbers import read_number
from budayang.center.services.queries import stored_verdict
from budayang.rules.promises import ASKED_FOR, STATE_NAMES, STAYS, PromiseState
from budayang.rules.services import Verdict

WINDOW = timedelta(minutes=10)
MISSES = 10


@dataclass(frozen=True, slots=True)
class PromiseNow:
    """A promise as its page shows it. `others`: where it can be done else now, asked for only when it cannot here."""

    promise: Promise
    word: str
    css: str
    open: bool
    asks: bool
    others: tuple[Alternative, ...]
    there: Verdict | None


CSS = {
    PromiseState.WAITING: "ask",
    PromiseState.FINE: "ok",
    PromiseState.BROKEN: "stop",
    PromiseState.OVER: "ask",
    PromiseState.CANCELLED: "ask",
}


def find_promise(number: str, now: datetime) -> PromiseNow | None:
    """The promise with this number, with what its page needs."""
    rows = Promise.objects.select_related("item__department", "terminal__area__place", "probe").defer("phone_sealed")
    promise = rows.filter(number=number).first()
    if promise is None:
        return None
    state = PromiseState(promise.state)
    is_open = state in (PromiseState.WAITING, PromiseState.FINE, PromiseState.BROKEN)
    others = others_of(promise, now) if state is PromiseState.BROKEN else ()
    over = promise.promised_at <= now < promise.promised_at + ASKED_FOR
    asks = over and state is not PromiseState.CANCELLED and not promise.answer
    return PromiseNow(
        promise,
        words(STATE_NAMES[state]),
        CSS[state],
        is_open and now < promise.promised_at + STAYS,
        asks,
        others,
        there_now(promise),
    )


def others_of(promise: Promise, now: datetime) -> tuple[Alternative, ...]:
    """The nearest places where the item can be finished now."""
    code = promise.item.code
    return tuple(Alternatives.load(now, [code]).of([code], promise.terminal)[code])


def message_of(number: str, now: datetime) -> str | None:
    """The text message about a promise, short and with nothing of the person; None when there is nothing to say."""
    found = find_promise(number, now)
    if found is None or not found.open:
        return None
    promise = found.promise
    at = f"{localtime(promise.promised_at):%H:%M}"
    facts = {"at": at, "area": promise.terminal.area.name, "item": promise.item.name, "text": words(promise.text)}
    if promise.state == PromiseState.BROKEN:
        head = _("您约的%(at)s在%(area)s办“%(item)s”，刚刚试过办不了（%(text)s）。") % facts
        where = found.others[0].text if found.others else _("附近现在没有能办的地方，请先别跑。")
    elif promise.state == PromiseState.FINE:
        head, where = _("您约的%(at)s在%(area)s办“%(item)s”，刚刚又试过，能办了。") % facts, ""
    else:
        return None
    link = f"{settings.BUDAYANG.public_url or 'http://127.0.0.1:8800'}/promise/{promise.number}/"
    return f"{head}{where} {link}"


class TooManyLooks(Exception):
    """This client has asked for too many numbers that are none."""


def look_up(text: str, client: str, now: datetime) -> PromiseNow | None:
    """The promise of a number as somebody typed it. Only misses count against the client.

    Raises:
        TooManyLooks: ten misses in ten minutes.
    """
    key = f"promise-miss:{client}"
    if counted(key, now) >= MISSES:
        raise TooManyLooks
    number = read_number(text)
    found = find_promise(number, now) if number else None
    if found is None:
        count_within(key, WINDOW, now)
    return found


def place_of(item_code: str, terminal_code: str) -> Offering | None:
    """The item at the terminal, when a promise could be made for it at all."""
    found = judging.active_offerings(item__code=item_code, terminal__code=terminal_code, driven=True)
    return next((row for row in found if row.terminal.state != "retired"), None)


def there_now(promise: Promise) -> Verdict | None:
    """What was judged last of the item at that terminal."""
    row = Offering.objects.filter(item=promise.item, terminal=promise.terminal, active=True).first()
    return stored_verdict(row) if row is not None else None
