"""Consumables: what is in each machine, what it used by the hour, and the stock book (库存台账)."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.terminals.models.machines import Terminal
from budayang.rules.consumables import BY_CODE, Grade, Sheet, Tell
from budayang.rules.run_outs import Why

CODES = sorted(BY_CODE)
FILL_SOURCES = ("", "person", "device")
MOVES = ("in", "out", "return", "adjust")


class SupplyLevel(models.Model):
    """One consumable in one component of a terminal.

    `filled`, `fill_at`, `fill_source` are the last known fill, `used` what was counted since; `gap`: something since
    was not counted. From `amount` on the columns are derived (`supply_forecasts`), so that lists need no arithmetic.
    """

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    subject = models.CharField(max_length=64)
    consumable = models.CharField(max_length=16)
    capacity = models.PositiveIntegerField()
    word = models.CharField(max_length=8, blank=True)  # the device's: full, low, out
    filled = models.PositiveIntegerField(null=True, blank=True)
    fill_at = models.DateTimeField(null=True, blank=True)
    fill_source = models.CharField(max_length=8, blank=True)
    used = models.FloatField(default=0)
    gap = models.BooleanField(default=False)
    counted_since = models.DateTimeField(null=True, blank=True)  # from when on its use is counted

    amount = models.PositiveIntegerField(null=True, blank=True)
    tell = models.CharField(max_length=8, default=Tell.UNKNOWN.value)
    grade = models.CharField(max_length=8, default=Grade.UNKNOWN.value)
    mismatch = models.CharField(max_length=120, blank=True)
    runs_out_at = models.DateTimeField(null=True, blank=True)  # with probability 50 per cent
    early_at = models.DateTimeField(null=True, blank=True)  # 10 per cent
    late_at = models.DateTimeField(null=True, blank=True)  # 90 per cent
    why = models.CharField(max_length=12, blank=True, default=Why.NO_LEVEL.value)
    per_day = models.FloatField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when it is judged again

    class Meta:
        constraints = [
            UniqueConstraint(fields=["terminal", "subject", "consumable"], name="supply_once"),
            CheckConstraint(condition=Q(consumable__in=CODES), name="supply_consumable"),
            CheckConstraint(condition=Q(fill_source__in=FILL_SOURCES), name="supply_fill_source"),
            CheckConstraint(condition=Q(used__gte=0), name="supply_used"),
            CheckConstraint(condition=Q(capacity__gte=1), name="supply_capacity"),
            CheckConstraint(condition=Q(tell__in=[one.value for one in Tell]), name="supply_tell"),
            CheckConstraint(condition=Q(grade__in=[one.value for one in Grade]), name="supply_grade"),
            CheckConstraint(condition=Q(why__in=[one.value for one in Why]), name="supply_why"),
        ]
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="supply_due"),
            Index(fields=["early_at"], condition=Q(early_at__isnull=False), name="supply_early"),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}/{self.subject} {self.consumable}"


class SupplyCount(models.Model):
    """Units used in the hour that begins at `hour_at`. Hours without use have no row."""

    supply = models.ForeignKey(SupplyLevel, on_delete=PROTECT, related_name="+")
    hour_at = models.DateTimeField()
    amount = models.FloatField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["supply", "hour_at"], name="supply_count_once"),
            CheckConstraint(condition=Q(amount__gte=0), name="supply_count_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.supply_id} {self.hour_at} {self.amount}"


class SupplyFill(models.Model):
    """A fill, by a person or assumed from the device's word. Never changed."""

    supply = models.ForeignKey(SupplyLevel, on_delete=PROTECT, related_name="+")
    at = models.DateTimeField()
    before = models.PositiveIntegerField(null=True)
    after = models.PositiveIntegerField()
    source = models.CharField(max_length=8)
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [Index(fields=["supply", "-at"], name="supply_fills")]

    def __str__(self) -> str:
        return f"{self.supply_id} {self.at} {self.after}"


class SupplyMeter(models.Model):
    """The last reading of a counter of a component. Readings only grow; what does not is told by `broken_at`."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    subject = models.CharField(max_length=64)
    counter = models.CharField(max_length=32)
    value = models.BigIntegerField()
    at = models.DateTimeField()
    broken_at = models.DateTimeField(null=True, blank=True)
    broken = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["terminal", "subject", "counter"], name="supply_meter_once")]

    def __str__(self) -> str:
        return f"{self.terminal_id}/{self.subject} {self.counter} {self.value}"


class Stock(models.Model):
    """What a body keeps of one consumable for the machines of an area. Never below zero."""

    organization = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+")
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    consumable = models.CharField(max_length=16)
    balance = models.IntegerField(default=0)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["organization", "area", "consumable"], name="stock_once"),
            CheckConstraint(condition=Q(balance__gte=0), name="stock_never_below_zero"),
            CheckConstraint(condition=Q(consumable__in=CODES), name="stock_consumable"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.area_id} {self.consumable}: {self.balance}"


class StockMovement(models.Model):
    """One line of the stock book. Never changed: a mistake is put right by a new line that points to it."""

    stock = models.ForeignKey(Stock, on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    amount = models.IntegerField()  # positive: into the stock, negative: out of it
    balance = models.IntegerField()  # afterwards
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=120, blank=True)
    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+", null=True, blank=True)
    first_number = models.CharField(max_length=24, blank=True)
    last_number = models.CharField(max_length=24, blank=True)
    corrects = models.ForeignKey("self", on_delete=PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=MOVES), name="stock_move_kind"),
            CheckConstraint(condition=~Q(amount=0), name="stock_move_some"),
            CheckConstraint(condition=Q(balance__gte=0), name="stock_move_balance"),
            CheckConstraint(condition=~Q(kind="in") | Q(amount__gt=0), name="stock_move_in"),
            CheckConstraint(condition=~Q(kind="out") | Q(amount__lt=0), name="stock_move_out"),
            CheckConstraint(
                condition=Q(first_number="", last_number="") | (~Q(first_number="") & ~Q(last_number="")),
                name="stock_move_numbers",
            ),
        ]
        indexes = [Index(fields=["stock", "-id"], name="stock_moves")]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.kind} {self.amount}"


class StockSheet(models.Model):
    """One numbered sheet (证书专用纸), from coming in until it was used, voided or found missing."""

    stock = models.ForeignKey(Stock, on_delete=PROTECT, related_name="+")
    organization = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+")
    consumable = models.CharField(max_length=16)
    series = models.CharField(max_length=8, blank=True)
    number = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, default=Sheet.STOCK.value)
    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+", null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # No overlap, whatever two people register at once.
            UniqueConstraint(
                fields=["organization", "consumable", "series", "width", "number"], name="stock_sheet_once"
            ),
            CheckConstraint(condition=Q(state__in=[one.value for one in Sheet]), name="stock_sheet_state"),
            CheckConstraint(condition=~Q(state="issued") | Q(terminal__isnull=False), name="stock_sheet_where"),
        ]
        indexes = [Index(fields=["stock", "state", "number"], name="stock_sheets")]

    def __str__(self) -> str:
        return f"{self.series}{self.number:0{self.width}d} {self.state}"


class SheetEvent(models.Model):
    """What happened to a span of sheets, who and why: with the movements the whole account of every sheet."""

    stock = models.ForeignKey(Stock, on_delete=PROTECT, related_name="+")
    event = models.CharField(max_length=8)
    first_number = models.CharField(max_length=24)
    last_number = models.CharField(max_length=24)
    amount = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=120, blank=True)
    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        constraints = [CheckConstraint(condition=Q(amount__gte=1), name="sheet_event_some")]
        indexes = [Index(fields=["stock", "-id"], name="sheet_events")]

    def __str__(self) -> str:
        return f"{self.event} {self.first_number}"
