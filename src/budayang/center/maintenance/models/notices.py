"""Notices (通知): channels and preferences, escalation policies, the run of one fault, messages, deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from budayang.center.maintenance.models.incidents import Incident
from budayang.rules.escalation import BODY_NAMES, Otherwise, StepKind
from budayang.rules.maintenance import Severity
from budayang.rules.notices import CHANNEL_NAMES, MESSAGE_NAMES, NEVER, RUN_NAMES, SEND_NAMES

SEVERITIES = [one.value for one in Severity]
ACTIVE_RUNS = ("running", "acknowledged", "exhausted", "held")
WAITING_SENDS = ("queued", "failed", "sending")
ONE_RECEIVER = Q(staff__isnull=False, channel__isnull=True) | Q(staff__isnull=True, channel__isnull=False)


class NoticeChannel(models.Model):
    """A way out of the house. Keys and addresses are sealed together as JSON and never shown again; `hint` is what a
    reader may know. The list of these rows is the list of outgoing addresses."""

    ref = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=40)
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    hint = models.CharField(max_length=80)
    per_minute = models.PositiveSmallIntegerField(default=20)
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["place__path", "name"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(CHANNEL_NAMES)), name="notice_channel_kind")]

    def __str__(self) -> str:
        return self.name


class NoticePreference(models.Model):
    """How a person wants to be told; without a row in Chinese, at any hour."""

    staff = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", primary_key=True)
    language = models.CharField(max_length=2, default="zh")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    breaks = models.CharField(max_length=16, default=Severity.URGENT.value)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(language__in=["zh", "en"]), name="notice_preference_language"),
            models.CheckConstraint(condition=Q(breaks__in=[*SEVERITIES, NEVER]), name="notice_preference_breaks"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notice_preference_quiet",
            ),
        ]


class NoticeAddress(models.Model):
    """A person's address on a channel (mail, text message), sealed; used in the order of `position`."""

    ref = models.CharField(max_length=32, unique=True)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="addresses")
    sealed = models.BinaryField()
    hint = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["staff", "channel"], name="notice_address_once")]


class EscalationPolicy(models.Model):
    """Who is told when, for a place and everything below it. The nearest place upwards wins; there the one for the
    responsible body before the general one, and the one for the severity before the one for all."""

    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    severity = models.CharField(max_length=16, blank=True)
    name = models.CharField(max_length=60)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["place__path", "severity"]
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=["", *SEVERITIES]), name="escalation_severity"),
            models.UniqueConstraint(
                fields=["place", "organization", "severity"],
                condition=Q(organization__isnull=False),
                name="escalation_once_a_body",
            ),
            models.UniqueConstraint(
                fields=["place", "severity"], condition=Q(organization__isnull=True), name="escalation_once_a_place"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    """One step of a policy (rules.escalation.Step)."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    wait_s = models.PositiveIntegerField(default=0)
    body = models.CharField(max_length=12, blank=True)
    role = models.CharField(max_length=20, blank=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    otherwise = models.CharField(max_length=6, default=Otherwise.HOLD.value)
    times = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="escalation_step_position"),
            models.CheckConstraint(condition=Q(kind__in=[one.value for one in StepKind]), name="escalation_step_kind"),
            models.CheckConstraint(condition=Q(body__in=["", *BODY_NAMES]), name="escalation_step_body"),
            models.CheckConstraint(
                condition=Q(otherwise__in=[one.value for one in Otherwise]), name="escalation_step_otherwise"
            ),
            models.CheckConstraint(condition=~Q(kind="wait") | Q(wait_s__gte=60), name="escalation_step_waits"),
            models.CheckConstraint(
                condition=~Q(kind="only_between") | Q(opens__isnull=False, closes__isnull=False),
                name="escalation_step_hours",
            ),
            models.CheckConstraint(condition=~Q(kind="repeat") | Q(times__gte=1), name="escalation_step_times"),
        ]


class Notice(models.Model):
    """The telling of one fault, from its opening to its recovery. `policy` is the escalation in force when it began;
    `cursor` how far it is (rules.escalation.Cursor); `next_at` and `remind_at` are the moments of the next step."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    place_path = models.CharField(max_length=200, db_index=True)
    severity = models.CharField(max_length=16)
    policy = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    state = models.CharField(max_length=14, default="running")
    next_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=60, blank=True)
    acknowledged_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(RUN_NAMES)), name="notice_state"),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="notice_severity"),
            models.UniqueConstraint(fields=["incident"], condition=~Q(state="closed"), name="notice_one_open"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="notice_next"),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="notice_remind"),
            models.Index(fields=["-began_at"], name="notice_recent"),
        ]


class NoticeMessage(models.Model):
    """What one receiver (a person or a group channel) is told at one time, about one fault or several.

    The link of the message is a capability: its token is derived from `nonce` and a key outside the database, and only
    the token's hash is kept, so that whoever reads the database cannot confirm in anybody's name.
    """

    kind = models.CharField(max_length=10)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    place_path = models.CharField(max_length=200, db_index=True)
    severity = models.CharField(max_length=16)
    language = models.CharField(max_length=2, default="zh")
    title = models.CharField(max_length=200)
    facts = models.JSONField(default=list)
    nonce = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(MESSAGE_NAMES)), name="notice_message_kind"),
            models.CheckConstraint(condition=ONE_RECEIVER, name="notice_message_receiver"),
        ]
        indexes = [models.Index(fields=["staff", "-made_at"], name="notice_message_staff")]


class NoticeLine(models.Model):
    """One thing that one receiver is to be told. Lines of a receiver that are pending at one time go in one message."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="lines", null=True, blank=True)
    kind = models.CharField(max_length=10)
    topic = models.CharField(max_length=60, blank=True)
    facts = models.JSONField(default=dict)
    place_path = models.CharField(max_length=200)
    severity = models.CharField(max_length=16)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    on_duty = models.BooleanField(default=False)
    state = models.CharField(max_length=8, default="pending")
    message = models.ForeignKey(NoticeMessage, on_delete=models.PROTECT, related_name="lines", null=True, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(MESSAGE_NAMES)), name="notice_line_kind"),
            models.CheckConstraint(condition=Q(state__in=["pending", "sent", "dropped"]), name="notice_line_state"),
            models.CheckConstraint(condition=ONE_RECEIVER, name="notice_line_receiver"),
            models.CheckConstraint(
                condition=Q(state="sent", message__isnull=False) | (~Q(state="sent") & Q(message__isnull=True)),
                name="notice_line_message",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="pending"), name="notice_line_due")]


class NoticeDelivery(models.Model):
    """A message on its way by one channel. Claimed by a counted UPDATE with a lease, sent outside any transaction.

    A sender that is killed between sending and recording sends again after its lease: at least once, with the same
    `key`, by which a receiver can tell. `error` is a class of error, never an address.
    """

    message = models.ForeignKey(NoticeMessage, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.ForeignKey(NoticeChannel, on_delete=models.PROTECT, related_name="+")
    hint = models.CharField(max_length=80, blank=True)
    key = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, default="queued")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_by = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=60, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(SEND_NAMES)), name="notice_delivery_state"),
            models.UniqueConstraint(fields=["message", "channel"], name="notice_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_at"], condition=Q(state__in=WAITING_SENDS), name="notice_delivery_due"
            ),
            models.Index(fields=["channel", "sent_at"], name="notice_delivery_rate"),
        ]


class NoticeEvent(models.Model):
    """What happened in the telling of a fault. Append-only; `who` and `words` are what the timeline shows."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=16)
    who = models.CharField(max_length=120, blank=True)
    words = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["notice", "at"], name="notice_event_time")]
