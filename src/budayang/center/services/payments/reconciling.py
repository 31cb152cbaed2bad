"""日对账: the provider's statement of a day held against our rows; every difference becomes a line that a person
settles.

A day is a calendar day in the zone of the house. Times are the provider's on both sides, so no payment falls between
two days. What only the provider knows and we have a row for is asked for at once; what nobody can explain stays open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.hearing import note_answer
from budayang.center.services.models import Payment, PaymentProvider, Reconciliation, ReconciliationLine
from budayang.center.services.payments import looking
from budayang.center.services.payments.actions import KEEPERS, PROVIDER_TABLE, record_paid
from budayang.center.services.payments.provider import Movement, ProviderUnclear
from budayang.center.services.payments.runner import PROVIDERS
from budayang.center.services.states import PaymentState
from budayang.rules.calendars import DEFAULT_ZONE

log = structlog.get_logger(__name__)
JOB = Actor.job("services.reconciling")
DAYS_BACK = 7
AGAIN = timedelta(minutes=30)
LINES_TOLD = 50
NOT_READY = "not_ready"
NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Compared:
    """One movement as both sides have it; None: this side has none. `verdict` as in models.payments.VERDICTS."""

    kind: str
    number: str
    verdict: str
    ours_fen: int | None
    theirs_fen: int | None


def compare(ours: Mapping[tuple[str, str], int], theirs: Sequence[Movement]) -> list[Compared]:
    """Both sides' movements by (kind, number), in the order of their numbers. Pure.

    A number that the provider moved twice is summed up: it then differs, as it must.
    """
    sums: dict[tuple[str, str], int] = {}
    for one in theirs:
        sums[one.kind, one.number] = sums.get((one.kind, one.number), 0) + one.amount_fen
    found = []
    for key in sorted(set(ours) | set(sums)):
        mine, other = ours.get(key), sums.get(key)
        verdict = "matched" if mine == other else "amount_differs"
        verdict = "ours_only" if other is None else "theirs_only" if mine is None else verdict
        found.append(Compared(*key, verdict, mine, other))
    return found


def day_of(on: date) -> tuple[datetime, datetime]:
    """[start, end) of a day of the house."""
    zone = ZoneInfo(DEFAULT_ZONE)
    return datetime.combine(on, time(0), zone), datetime.combine(on + timedelta(days=1), time(0), zone)


def our_movements(provider_id: int, on: date) -> dict[tuple[str, str], int]:
    """(kind, number) → fen of what our rows say moved at the provider on a day: not what a person gave back."""
    start, end = day_of(on)
    rows = Payment.objects.filter(provider_id=provider_id)
    paid = rows.filter(paid_at__gte=start, paid_at__lt=end).values_list("number", "amount_fen")
    given = rows.filter(refunded_at__gte=start, refunded_at__lt=end, by_hand=False).exclude(refund_number="")
    found = {("pay", number): int(fen) for number, fen in paid}
    return found | {("refund", number): int(fen) for number, fen in given.values_list("refund_number", "amount_fen")}


def plan_days(now: datetime) -> int:
    """Write the days that are over and have to be reconciled; returns how many are new."""
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    made = 0
    for provider in PaymentProvider.objects.all():
        for back in range(DAYS_BACK, 0, -1):
            on = today - timedelta(days=back)
            if on >= provider.since_on:
                _row, new = Reconciliation.objects.get_or_create(provider=provider, on=on, defaults={"due_at": now})
                made += new
    return made


def reconcile_due(now: datetime) -> int:
    """Fetch the statements that are due and compare; returns how many days were closed."""
    plan_days(now)
    rows = Reconciliation.objects.filter(due_at__lte=now).select_related("provider").order_by("on")[:20]
    closed = 0
    for row in rows:
        # Written before anybody is asked: a rival, or the next turn, does not ask for the same day at once.
        if not Reconciliation.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + AGAIN):
            continue
        movements = asyncio.run(_fetch(row.provider, row.on, timezone.now))
        answered = not isinstance(movements, str) or movements == NOT_READY
        note_answer(PaymentProvider, row.provider_id, "" if answered else str(movements), now)
        if isinstance(movements, str):
            Reconciliation.objects.filter(pk=row.pk).update(why=movements[:80])
            _miss(row, movements, now)
            continue
        try:
            close_day(row, movements, now)
        except Exception:
            # One day that cannot be compared leaves the others; it is tried again, and told when it stays so.
            log.exception("day not compared", provider=row.provider.code, on=row.on.isoformat())
            Reconciliation.objects.filter(pk=row.pk).update(why=NOT_COMPARED)
            _miss(row, NOT_COMPARED, now)
            continue
        closed += 1
    return closed


@transaction.atomic
def _miss(row: Reconciliation, why: str, now: datetime) -> None:
    """A day without a statement long after it was over is told once; it goes on being asked for."""
    patience = timedelta(seconds=parameter("statement_late_s", row.provider.place_path, now))
    if now < day_of(row.on)[1] + patience:
        return
    if not Reconciliation.objects.filter(pk=row.pk, state="waiting").update(state="late"):
        return
    subject, path = f"provider:{row.provider.code}", row.provider.place_path
    payload = _day_of(row) | {"why": why[:80]}
    emit("services.statement_late", subject=subject, place_path=path, payload=payload, occurred_at=now, now=now)


async def _fetch(provider: PaymentProvider, on: date, clock: Callable[[], datetime]) -> list[Movement] | str:
    """The statement, or in one word why there is none yet."""
    try:
        key = open_field(PROVIDER_TABLE, provider.code, "key", bytes(provider.key_sealed))
    except CannotOpen:
        return "key does not open"
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        try:
            found = await PROVIDERS[provider.kind](client, provider.url, key, clock).statement(on)
        except ProviderUnclear as unclear:
            return str(unclear) or "unclear"
    return NOT_READY if found is None else found


@transaction.atomic
def close_day(row: Reconciliation, movements: Sequence[Movement], now: datetime) -> Reconciliation:
    """Write a day's lines from both sides. Done again it replaces the lines that nobody has settled yet."""
    row = Reconciliation.objects.select_for_update(of=("self",)).select_related("provider").get(pk=row.pk)
    ours = our_movements(row.provider_id, row.on)
    compared = compare(ours, movements)
    numbers = {one.number.removesuffix("-R") for one in compared}
    payments = {one.number: one for one in Payment.objects.filter(number__in=numbers)}
    settled = set(row.lines.filter(settled_at__isnull=False).values_list("kind", "number"))
    row.lines.filter(settled_at__isnull=True).delete()
    ReconciliationLine.objects.bulk_create(
        ReconciliationLine(
            day=row,
            kind=one.kind,
            number=one.number,
            verdict=one.verdict,
            ours_fen=one.ours_fen,
            theirs_fen=one.theirs_fen,
            payment=payments.get(one.number.removesuffix("-R")),
        )
        for one in compared
        if (one.kind, one.number) not in settled
    )
    open_lines = row.lines.filter(settled_at__isnull=True).exclude(verdict="matched").count()
    row.matched = sum(one.verdict == "matched" for one in compared)
    row.differing = open_lines
    row.ours_fen = _sum(ours.items())
    row.theirs_fen = _sum(((one.kind, one.number), one.amount_fen) for one in movements)
    before, row.state = row.state, "differs" if open_lines else "even"
    row.done_at, row.due_at, row.why = now, None, ""
    row.save()
    details = {"on": row.on.isoformat(), "matched": row.matched, "differing": row.differing}
    subject, path = f"provider:{row.provider.code}", row.provider.place_path
    record(JOB, "services.reconcile", subject=subject, place_path=path, details=details, at=now)
    if open_lines:
        _tell(row, "services.reconciliation_differs", now)
        _ask_for_unknown(compared, movements, payments, now)
    elif before in ("differs", "late"):
        _tell(row, "services.reconciliation_even", now)
    return row


def _tell(row: Reconciliation, kind: str, now: datetime) -> None:
    """News of a day: how many differences are open, and the first of them. Numbers of payments, never of people."""
    left = row.lines.filter(settled_at__isnull=True).exclude(verdict="matched").order_by("number", "kind")
    lines = list(left.values("kind", "number", "verdict", "ours_fen", "theirs_fen")[:LINES_TOLD])
    payload = _day_of(row) | {"differing": left.count(), "lines": lines}
    subject, path = f"provider:{row.provider.code}", row.provider.place_path
    emit(kind, subject=subject, place_path=path, payload=payload, occurred_at=now, now=now)


def _day_of(row: Reconciliation) -> dict[str, Any]:
    return {"day": row.pk, "on": row.on.isoformat(), "provider": row.provider.name}


def _sum(movements: object) -> int:
    total = 0
    for (kind, _number), fen in movements:  # type: ignore[attr-defined]  # any iterable of these pairs
        total += fen if kind == "pay" else -fen
    return total


def _ask_for_unknown(
    compared: Sequence[Compared], movements: Sequence[Movement], payments: Mapping[str, Payment], now: datetime
) -> None:
    """Money that came without our knowing: an order still open is asked for, a closed one goes back at once."""
    told = {one.number: one for one in movements if one.kind == "pay"}
    for one in compared:
        payment = payments.get(one.number)
        if one.kind != "pay" or one.verdict != "theirs_only" or payment is None:
            continue
        if payment.state == PaymentState.CLOSED and one.theirs_fen == payment.amount_fen:
            movement = told[one.number]
            record_paid(payment, transaction_number=movement.transaction, paid_at=movement.at, now=now)
        else:
            looking.look_now(payment.number, now)


@transaction.atomic
def settle_line(actor: Actor, line: ReconciliationLine, *, note: str, now: datetime) -> ReconciliationLine:
    """A person found out what a difference is and says it.

    Raises:
        Refused: no difference, settled already, or nothing said.
    """
    row = Reconciliation.objects.select_for_update(of=("self",)).select_related("provider").get(pk=line.day_id)
    actor.require(*KEEPERS, place_path=row.provider.place_path)
    if len(note.strip()) < 4:
        raise Refused(_("请写明差在哪里、怎样处理的。"))
    unsettled = ReconciliationLine.objects.filter(pk=line.pk, settled_at__isnull=True).exclude(verdict="matched")
    if not unsettled.update(settled_at=now, settled_by=(actor.label or actor.name)[:80], note=note.strip()[:300]):
        raise Refused(_("这一笔没有差异，或已有人处理。"))
    left = row.lines.filter(settled_at__isnull=True).exclude(verdict="matched").count()
    Reconciliation.objects.filter(pk=row.pk).update(differing=left, state="differs" if left else "even")
    details = {"on": row.on.isoformat(), "number": line.number, "verdict": line.verdict}
    subject, path = f"provider:{row.provider.code}", row.provider.place_path
    record(actor, "services.settle_difference", subject=subject, place_path=path, details=details, at=now)
    if not left:
        _tell(row, "services.reconciliation_even", now)
    line.refresh_from_db()
    return line


@transaction.atomic
def ask_day_again(actor: Actor, row: Reconciliation, now: datetime) -> None:
    """Have a day compared once more, with a statement fetched anew."""
    actor.require(Role.SUPERVISOR, place_path=row.provider.place_path)
    Reconciliation.objects.filter(pk=row.pk).update(due_at=now)
    subject, path = f"provider:{row.provider.code}", row.provider.place_path
    record(actor, "services.reconcile_again", subject=subject, place_path=path, details={"on": row.on.isoformat()})
