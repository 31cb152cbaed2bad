"""Assets (资产): one row a thing, where it stood, how it was accepted, and what happened to it."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.maintenance.models.contracts import Contract
from budayang.center.maintenance.models.orders import WorkOrder
from budayang.rules.assets import EVENT_NAMES, FIRST_STATE, KIND_NAMES, STATE_NAMES


class Asset(models.Model):
    """A terminal, a part of one, or another thing of an area. The state moves along rules.assets.TRANSITIONS only.

    `area`, `terminal`, `component`, `spot` are where it is now, the same as its open AssetStay. `component` is the
    part's name in its terminal as the terminal reports it ("printer"); empty for the terminal itself.
    """

    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=80)
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+", null=True, blank=True)
    component = models.CharField(max_length=64, blank=True)
    spot = models.CharField(max_length=80, blank=True)
    owner = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+")
    supplier = models.CharField(max_length=80, blank=True)
    make = models.CharField(max_length=80, blank=True)
    serial = models.CharField(max_length=80, blank=True)
    bought_on = models.DateField(null=True, blank=True)
    warranty_until = models.DateField(null=True, blank=True)
    life_until = models.DateField(null=True, blank=True)
    contract = models.ForeignKey(Contract, on_delete=PROTECT, related_name="+", null=True, blank=True)
    state = models.CharField(max_length=12, default=FIRST_STATE)
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="maintenance_asset_kind"),
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="maintenance_asset_state"),
            CheckConstraint(
                condition=Q(component="") | Q(terminal__isnull=False), name="maintenance_asset_part_of_terminal"
            ),
        ]
        indexes = [
            Index(fields=["area", "code"], name="maintenance_asset_area"),
            Index(fields=["terminal", "component"], name="maintenance_asset_terminal"),
        ]

    def __str__(self) -> str:
        return self.code


class AssetStay(models.Model):
    """Where a thing was during [since_at, until_at): its orders are those of this place in this time. Append-only but
    for the end of the open one.
    """

    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="stays")
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+", null=True)
    component = models.CharField(max_length=64, blank=True)
    spot = models.CharField(max_length=80, blank=True)
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["asset"], condition=Q(until_at__isnull=True), name="maintenance_stay_one_open"),
            UniqueConstraint(
                fields=["terminal", "component"],
                condition=Q(until_at__isnull=True, terminal__isnull=False),
                name="maintenance_stay_one_thing",
            ),
            CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=models.F("since_at")),
                name="maintenance_stay_ends_later",
            ),
        ]
        indexes = [Index(fields=["terminal", "component", "since_at"], name="maintenance_stay_terminal")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.since_at}"


class AssetEvent(models.Model):
    """What happened to an asset. Append-only. `state`: where it stood afterwards."""

    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="events")
    event = models.CharField(max_length=12)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [CheckConstraint(condition=Q(event__in=list(EVENT_NAMES)), name="maintenance_asset_event")]
        indexes = [Index(fields=["asset", "at", "id"], name="maintenance_asset_events")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.event}"


class AssetAcceptance(models.Model):
    """An acceptance (验收) as it was done. Never changed. `findings`: [{"item", "words", "answer", "note"}], with the
    words as they were.
    """

    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="acceptances")
    accepted_on = models.DateField()
    passed = models.BooleanField()
    findings = models.JSONField()
    people = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        indexes = [Index(fields=["asset", "-at"], name="maintenance_acceptances")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.accepted_on}"


class AssetFile(models.Model):
    """A photograph (written anew) or PDF of an asset, sealed to `ref`. The content goes when its time is over."""

    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="files")
    acceptance = models.ForeignKey(AssetAcceptance, on_delete=PROTECT, related_name="files", null=True)
    ref = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    media = models.CharField(max_length=40)
    content_sealed = models.BinaryField(null=True)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [UniqueConstraint(fields=["asset", "sha256"], name="maintenance_asset_file_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.name}"


class AssetOrder(models.Model):
    """An order that a person tied to an asset, because no place and no part tells that it is about it."""

    asset = models.ForeignKey(Asset, on_delete=PROTECT, related_name="tied_orders")
    order = models.ForeignKey(WorkOrder, on_delete=PROTECT, related_name="tied_assets")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [UniqueConstraint(fields=["asset", "order"], name="maintenance_asset_order_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.order_id}"
