"""The catalogue as rows: departments, items (事项) and what each terminal offers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.catalogue import Mark
from budayang.rules.services import DRIVEN_KINDS, NEED_NAMES, Truth


class Department(models.Model):
    """A kind of department (部门) as citizens know it: 人社, 税务, 医保 …; an organization may stand behind it."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=40, unique=True)
    organization = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One service item (事项) as it is in force. Codes are text, imported, never parsed.

    `code` is the center's own key, `base_code` and `official_code` (基本编码, 实施编码) are what higher bodies gave it.
    `who_acts` is the sentence, `who_may` whom it means (self, agent, operator). `materials` is the text and
    `material_list` the same read: [{"name", "form", "camera", "when"}]. `fee` is the text, `fee_fen` its sum where it
    is one plain sum.
    Limits likewise: text, and working days where it says so. `standing`: field -> {"mark": "V"|"C"|"R", "by", "at"},
    fields as in `rules.catalogue`; `open_fields` counts those that nobody verified. `needs`, `driven`: peripherals
    without which it cannot be finished at a terminal, and whether our terminal can carry it through.
    What an item was before: `ItemVersion`.
    """

    code = models.CharField(max_length=64, unique=True)
    base_code = models.CharField(max_length=64, blank=True)
    official_code = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120)
    summary = models.TextField(blank=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="items")
    office = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=16)
    audience = models.CharField(max_length=16)
    materials = models.TextField(blank=True)
    material_list = models.JSONField(default=list)
    output = models.TextField(blank=True)
    output_kind = models.CharField(max_length=10, blank=True)
    output_medium = models.CharField(max_length=12, blank=True)
    live = models.CharField(max_length=8)
    live_system = models.CharField(max_length=80, blank=True)
    hardware = models.JSONField(default=dict)
    needs = models.JSONField(default=list)
    aliases = models.JSONField(default=list)
    typical_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    legal_limit = models.CharField(max_length=80, blank=True)
    legal_workdays = models.PositiveSmallIntegerField(null=True, blank=True)
    legal_basis = models.CharField(max_length=160, blank=True)
    promised_limit = models.CharField(max_length=80, blank=True)
    promised_workdays = models.PositiveSmallIntegerField(null=True, blank=True)
    fee = models.CharField(max_length=80, blank=True)
    fee_fen = models.PositiveIntegerField(null=True, blank=True)
    fee_basis = models.CharField(max_length=160, blank=True)
    after_hours = models.CharField(max_length=32)
    who_acts = models.CharField(max_length=32, blank=True)
    who_may = models.JSONField(default=list)
    steps = models.JSONField(default=list)
    standing = models.JSONField(default=dict)
    open_fields = models.PositiveSmallIntegerField(default=0)
    driven = models.BooleanField(default=False)
    in_force = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["department", "code"], name="services_item_department")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def mark(self, field: str) -> str:
        """How a field is known: V, C or R; what nobody spoke of is not verified."""
        return str(self.standing.get(field, {}).get("mark", Mark.UNVERIFIED))

    @property
    def missing_devices(self) -> list[str]:
        """Names of the devices that it needs and our terminal does not drive: such an item is 专机办理."""
        return [] if self.driven else [NEED_NAMES.get(need, need) for need in self.needs if need not in DRIVEN_KINDS]

    @property
    def own_machine(self) -> bool:
        """专机办理: done at the department's own machine, because our terminal does not drive what it needs."""
        return bool(self.missing_devices)


class Offering(models.Model):
    """An item on a terminal, with the verdict last judged for it.

    `derived` rows follow from the peripherals that the terminal reports; a row set by a person (`derived` false) stays
    as it was set. `judge_at` is the moment at which the verdict may change by time alone (indexed, no sweeps).
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="offerings")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField(default=True)
    derived = models.BooleanField(default=True)
    driven = models.BooleanField(default=True)
    needs = models.JSONField(null=True, blank=True)
    truth = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    text = models.CharField(max_length=200, blank=True)
    until_at = models.DateTimeField(null=True, blank=True)
    notes = models.JSONField(default=list)
    since_at = models.DateTimeField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    judge_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "terminal"], name="services_offering_once"),
            models.CheckConstraint(
                condition=Q(truth__in=["", *(t.value for t in Truth)]), name="services_offering_truth"
            ),
        ]
        indexes = [
            models.Index(fields=["judge_at"], condition=Q(active=True), name="services_offering_due"),
            models.Index(fields=["terminal", "truth"], name="services_offering_truths"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}@{self.terminal_id} {self.truth}"
