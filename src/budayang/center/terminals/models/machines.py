"""Machines, their credentials and states, what they send and are sent.

`ingest/store.py` writes Terminal's link columns, StatusInterval, Peripheral, Inbox, IngestLease and MonitoringGap by
its own SQL on its own connection; it takes the tables' names from here.
"""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class Terminal(models.Model):
    """A machine in an area. The link columns (from `last_seen_at` on) are ingest's; nobody else writes them."""

    class Kind(models.TextChoices):
        """Whether it runs our program."""

        OWN = "own", _("一体机")
        WATCHED = "watched", _("部门专机")
        RELAY = "relay", _("监测中继")  # watches departments' machines; people do nothing at it

    class State(models.TextChoices):
        """Where the machine stands in its life."""

        REGISTERED = "registered", _("已登记")
        ACTIVE = "active", _("在用")
        SUSPENDED = "suspended", _("停用")
        RETIRED = "retired", _("退役")

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+", db_index=False)  # `terminal_area`
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OWN)
    owner = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+")
    vendor = models.ForeignKey("platform.Organization", null=True, blank=True, on_delete=PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.REGISTERED)
    state_reason = models.CharField(max_length=40, blank=True)  # "clone" when ingest suspended it
    make = models.CharField(max_length=80, blank=True)
    serial = models.CharField(max_length=80, blank=True)
    spot = models.CharField(max_length=80, blank=True)  # where in the hall
    plan_s = models.PositiveIntegerField(default=30)  # seconds between heartbeats
    grace_s = models.PositiveIntegerField(default=30)  # seconds beyond the plan before it counts as silent
    is_demo = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    enrolled_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    last_seen_at = models.DateTimeField(null=True, blank=True)  # flushed each 30 s
    silent_since = models.DateTimeField(null=True, blank=True)  # set by a compare-and-set, the computed moment
    epoch = models.CharField(max_length=16, blank=True)  # of the terminal's outbox
    past_epochs = models.JSONField(default=list, blank=True)
    acked_seq = models.BigIntegerField(default=0)
    counter = models.BigIntegerField(default=0)  # the highest that was used
    software = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            # Not `unique`, which on PostgreSQL brings a second index, for patterns: each silence writes all of them.
            UniqueConstraint(fields=["code"], name="terminal_code"),
            CheckConstraint(condition=Q(kind__in=["own", "watched", "relay"]), name="terminal_kind"),
            CheckConstraint(
                condition=Q(state__in=["registered", "active", "suspended", "retired"]), name="terminal_state"
            ),
            CheckConstraint(condition=Q(plan_s__gte=5), name="terminal_plan"),
        ]
        indexes = [
            # Counting a city by area, state and silence reads this index alone.
            Index(fields=["area", "state", "silent_since", "kind"], name="terminal_area"),
            Index(fields=["software"], name="terminal_software"),
            Index(fields=["make"], name="terminal_make"),
        ]

    def __str__(self) -> str:
        return self.code


class EnrolmentCode(models.Model):
    """A one-time code, kept as a keyed hash. Dead after use, after its term, or after five proofs that failed."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    code_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=60)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)


class Credential(models.Model):
    """The public key of an enrolled terminal. At most one is valid; revoked ones stay as history."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    public_key = models.CharField(max_length=64)  # Ed25519, base64
    hardware = models.JSONField(default=dict)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_why = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["terminal"], condition=Q(revoked_at__isnull=True), name="credential_one_valid"),
        ]


class Session(models.Model):
    """The agreed session key, sealed (SM4-GCM); the one before is kept a minute for syncs that are under way."""

    terminal = models.OneToOneField(Terminal, on_delete=PROTECT, related_name="+")
    sealed_key = models.BinaryField()
    agreed_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Peripheral(models.Model):
    """A device that the terminal reported itself. `subject` is its name there, `kind` a kind of rules.terminals.

    Written by ingest. `gone_since`: the terminal's whole state no longer names it; `retired_at`: gone for so long that
    it is no longer shown (`component_actions`). A device that comes back has neither. Empty `gone_since` says no more
    than that: how fresh its states are is the terminal's own liveness.
    """

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    subject = models.CharField(max_length=64)
    kind = models.CharField(max_length=200)
    first_seen_at = models.DateTimeField()
    gone_since = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["terminal", "subject"], name="peripheral_once"),
            CheckConstraint(condition=Q(retired_at__isnull=True) | Q(gone_since__isnull=False), name="peripheral_gone"),
        ]
        indexes = [
            Index(
                fields=["gone_since"],
                condition=Q(gone_since__isnull=False, retired_at__isnull=True),
                name="peripheral_to_retire",
            )
        ]


class StatusInterval(models.Model):
    """`subject`'s `property` was in `state` during [since, until). Written on change only; one open row for each."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    subject = models.CharField(max_length=64)
    property = models.CharField(max_length=64)
    kind = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=64)  # XFS4IoT's word; words that we do not know stay as they came
    raw = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["terminal", "subject", "property"], condition=Q(until__isnull=True), name="status_one_open"
            ),
            CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="status_order"),
        ]
        indexes = [Index(fields=["terminal", "since"], name="status_since")]


class Inbox(models.Model):
    """An event of a terminal that is not status. The room that owns its kind consumes it."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    epoch = models.CharField(max_length=16)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()  # when it happened
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["terminal", "epoch", "seq"], name="inbox_once")]
        indexes = [Index(fields=["kind", "id"], condition=Q(done_at__isnull=True), name="inbox_waiting")]


class Outgoing(models.Model):
    """Something for a terminal; sent with each sync until the terminal acknowledges it or a newer one replaces it."""

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    acked_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            Index(
                fields=["terminal", "id"],
                condition=Q(acked_at__isnull=True, replaced_at__isnull=True),
                name="outgoing_waiting",
            )
        ]


class IngestNotice(models.Model):
    """'Read this terminal again': written by actions in their transaction, read and deleted by ingest within 1 s.

    A row a change, deleted by its own id: a transaction that commits late is not missed, as by an id cursor.
    """

    terminal = models.ForeignKey(Terminal, on_delete=PROTECT, related_name="+")


class IngestLease(models.Model):
    """The one row that says who may write for terminals. Each commit of ingest checks that `fence` is still its own."""

    fence = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=80, blank=True)
    beat_at = models.DateTimeField(null=True)
    center_epoch = models.PositiveIntegerField(default=1)  # grows when the database was restored


class MonitoringGap(models.Model):
    """Nobody could be heard during [since, until) because ingest itself was away (监测中断). It blames nobody."""

    since = models.DateTimeField()
    until = models.DateTimeField()
    cause = models.CharField(max_length=40)

    class Meta:
        constraints = [CheckConstraint(condition=Q(until__gt=F("since")), name="gap_order")]
        indexes = [Index(fields=["until"], name="gap_until")]
