"""Rows of the services room: departments, items (事项), offerings, hours, connectors, cases (办件), papers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.states import CaseState, PaperState
from budayang.rules.services import Truth

CONNECTOR_STATES = ("ok", "down", "unknown")
DAY_KINDS = ("workday", "restday", "holiday", "makeup")


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
    """One service item (事项). Codes are text, imported, never parsed. `*_mark` says how a figure is known:
    V verified against a named source, R our own reckoning (shown as 未核实)."""

    code = models.CharField(max_length=64, unique=True)
    base_code = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="items")
    office = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=16)
    audience = models.CharField(max_length=16)
    materials = models.TextField(blank=True)
    output = models.TextField(blank=True)
    live = models.CharField(max_length=8)
    live_system = models.CharField(max_length=80, blank=True)
    hardware = models.JSONField(default=dict)
    needs = models.JSONField(default=list)
    aliases = models.JSONField(default=list)
    typical_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    legal_limit = models.CharField(max_length=80, blank=True)
    legal_basis = models.CharField(max_length=160, blank=True)
    fee = models.CharField(max_length=80, blank=True)
    after_hours = models.CharField(max_length=32)
    who_acts = models.CharField(max_length=32, blank=True)
    name_mark = models.CharField(max_length=1)
    time_mark = models.CharField(max_length=1)
    fee_mark = models.CharField(max_length=1)
    legal_mark = models.CharField(max_length=1)
    driven = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["department", "code"], name="services_item_department")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


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


class DepartmentHours(models.Model):
    """When a department's system takes an item (or, with `item` empty, everything of the department).

    `weekly`: [[weekday 0=Mon, "00:00", "24:00"], …]; a closing time not after the opening time means the next day.
    `exceptions`: [{"on": "2026-10-01", "closed": true, "windows": [["09:00", "12:00"]], "reason": "…"}].
    `after_hours`: what the department itself says of the time outside these hours; empty leaves the catalogue's word.
    Unconfirmed hours are shown as 待部门确认 and never make an item 可办.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="hours")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="hours", null=True, blank=True)
    weekly = models.JSONField(default=list)
    exceptions = models.JSONField(default=list)
    follows_workdays = models.BooleanField(default=False)
    after_hours = models.CharField(max_length=32, blank=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    source = models.CharField(max_length=120, blank=True)
    confirmed_by = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    probe_passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "item"], name="services_hours_once"),
            models.UniqueConstraint(
                fields=["department"], condition=Q(item__isnull=True), name="services_hours_whole_once"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | ~Q(confirmed_by=""), name="services_hours_confirmed_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id}/{self.item_id}"


class CalendarDay(models.Model):
    """A day that is not what its weekday says: public holidays and the rest days worked for them (调休)."""

    on = models.DateField(primary_key=True)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=DAY_KINDS), name="services_calendar_kind")]

    def __str__(self) -> str:
        return f"{self.on} {self.kind}"


class Connector(models.Model):
    """Where a department's system is reached. Outgoing requests go to `url` and nowhere else."""

    department = models.OneToOneField(Department, on_delete=models.PROTECT, related_name="connector")
    url = models.CharField(max_length=200)
    key_sealed = models.BinaryField(null=True, blank=True)
    state = models.CharField(max_length=8, default="unknown")
    since_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=CONNECTOR_STATES), name="services_connector_state")]

    def __str__(self) -> str:
        return f"{self.department_id} {self.state}"


class Case(models.Model):
    """One matter of one person (办件). Everything personal is sealed; `identity_hash` finds it for its owner only.

    `request_sealed` is the very body that the department gets: a retry sends the same bytes under the same key.
    `code_hash` finds the case by the verification code on its papers (100 random bits), which is itself kept only
    sealed; `masked` is all that the verification page shows of the person.
    """

    number = models.CharField(max_length=40, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=16, default=CaseState.ACCEPTED)
    message = models.CharField(max_length=300, blank=True)
    identity_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64, unique=True)
    masked = models.JSONField(default=dict)
    request_sealed = models.BinaryField(null=True, blank=True)
    result_sealed = models.BinaryField(null=True, blank=True)
    consent_version = models.CharField(max_length=40, blank=True)
    consent_at = models.CharField(max_length=40, blank=True)
    lang = models.CharField(max_length=16, default="zh-hans")
    department_ref = models.CharField(max_length=80, blank=True)
    accepted_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    unclear = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in CaseState]), name="services_case_state")
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="services_case_lease"),
            models.Index(fields=["identity_hash"], name="services_case_identity"),
            models.Index(fields=["-accepted_at"], name="services_case_recent"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseGrant(models.Model):
    """A journey's key that may receive a case's result: the journey that submitted it, or a later one of the same
    identity on any terminal (reprint after a jam)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="grants")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    reply_key = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "terminal", "reply_key"], name="services_grant_once")]

    def __str__(self) -> str:
        return f"{self.case_id}@{self.terminal_id}"


class Paper(models.Model):
    """The paper of a case: one matter, one paper. Entitled in the transaction that finishes the case."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="paper")
    state = models.CharField(max_length=16, default=PaperState.ENTITLED)
    document_sha256 = models.CharField(max_length=64)
    entitled_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    prints = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in PaperState]), name="services_paper_state")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class VerificationAttempt(models.Model):
    """Somebody asked whether a paper is ours, or typed the code of a card that nobody holds.

    `client` is a keyed hash of the address, or of the terminal: enough to slow a guesser.
    """

    client = models.CharField(max_length=64)
    at = models.DateTimeField()
    found = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["client", "at"], name="services_verification_client")]

    def __str__(self) -> str:
        return f"{self.at} {self.found}"


class Published(models.Model):
    """What a terminal was last sent (catalogue, availability), by digest: the same is not sent twice.

    `due_at`: when to look again (indexed). News moves it to now; without news it comes around by itself.
    """

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["terminal", "kind"], name="services_published_once")]
        indexes = [models.Index(fields=["due_at"], name="services_published_due")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind}"
