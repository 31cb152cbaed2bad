"""Payments (缴费): the provider, one row a payment with its trail, and the daily reconciliation (对账). Amounts in
fen.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.cases import Case
from budayang.center.services.models.heard import Heard
from budayang.center.services.states import STANDING_PAYMENT_STATES, PaymentState

PAY_MODES = ("qr", "code")
RECONCILIATION_STATES = ("waiting", "late", "even", "differs")
VERDICTS = ("matched", "ours_only", "theirs_only", "amount_differs")


class PaymentProvider(Heard):
    """Who takes the money for the places at and below `place_path`. Requests go to `url` and nowhere else."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=16, default="http")
    url = models.CharField(max_length=200)
    key_sealed = models.BinaryField()
    place_path = models.CharField(max_length=200, default="/")
    active = models.BooleanField(default=True)
    since_on = models.DateField()

    def __str__(self) -> str:
        return self.name


class Payment(models.Model):
    """One payment of one bill of a case. `number` is the order's number at the provider, so it is never made twice.

    `look_at`: when the provider is to be asked or told (indexed); the lease is that of the process which does it now.
    `asked`: an order under this number may be at the provider. `refund_number` is made once and stays; `by_hand`: a
    person gave the money back by another way, the provider moved nothing. A payer's code is shown to the provider once
    and forgotten; `codes_refused` counts those with which nothing could be taken.
    """

    number = models.CharField(max_length=48, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="payments")
    provider = models.ForeignKey(PaymentProvider, on_delete=models.PROTECT, related_name="payments")
    place_path = models.CharField(max_length=200, db_index=True)
    bill = models.CharField(max_length=80)
    title = models.CharField(max_length=80)
    amount_fen = models.PositiveBigIntegerField()
    mode = models.CharField(max_length=8, default="qr")
    payer_code_sealed = models.BinaryField(null=True, blank=True)
    codes_refused = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=16, default=PaymentState.CREATED)
    asked = models.BooleanField(default=False)
    qr = models.CharField(max_length=300, blank=True)
    transaction = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    stop_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    refund_number = models.CharField(max_length=60, blank=True)
    refund_reason = models.CharField(max_length=120, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    by_hand = models.BooleanField(default=False)
    alarmed_at = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in PaymentState], mode__in=PAY_MODES, amount_fen__gt=0),
                name="services_payment_known",
            ),
            # Never twice: a bill has one payment that is paid or may yet be. What goes back is not counted: money that
            # comes after the closing finds the bill's next payment there.
            models.UniqueConstraint(
                fields=["case", "bill"],
                condition=Q(state__in=sorted(state.value for state in STANDING_PAYMENT_STATES)),
                name="services_payment_once",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], name="services_payment_look", condition=Q(look_at__isnull=False)),
            models.Index(fields=["-created_at"], name="services_payment_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class PaymentEvent(models.Model):
    """One line of a payment's trail: what happened, when, by whom."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    event = models.CharField(max_length=24)
    by = models.CharField(max_length=80)
    detail = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.payment_id} {self.event}"


class Reconciliation(models.Model):
    """A day of a provider (in the zone of the provider's place) held against our rows. Written once its statement is
    there; `due_at` is when to ask for it (again), indexed. "late": a person was told that it does not come."""

    provider = models.ForeignKey(PaymentProvider, on_delete=models.PROTECT, related_name="days")
    on = models.DateField()
    state = models.CharField(max_length=8, default="waiting")
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=80, blank=True)
    matched = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    ours_fen = models.BigIntegerField(default=0)
    theirs_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "on"], name="services_reconciliation_once"),
            models.CheckConstraint(condition=Q(state__in=RECONCILIATION_STATES), name="services_reconciliation_state"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="services_reconciliation_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.on} {self.state}"


class ReconciliationLine(models.Model):
    """One movement of money of a day as both sides know it. A difference waits for a person until `settled_at`."""

    day = models.ForeignKey(Reconciliation, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=8)
    number = models.CharField(max_length=60)
    verdict = models.CharField(max_length=16)
    ours_fen = models.BigIntegerField(null=True, blank=True)
    theirs_fen = models.BigIntegerField(null=True, blank=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="lines", null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "number"], name="services_reconciliation_line_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("pay", "refund"), verdict__in=VERDICTS), name="services_reconciliation_verdict"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day_id} {self.number} {self.verdict}"
