"""Orders to terminals: a command for one or many, one run for each terminal, what came back, and roll-outs in rings."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, SET_NULL, CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from budayang.rules.commands import OPEN_STATES, ROLLOUT_NAMES, ROLLOUT_STATES, STATE_NAMES, STATES


class Package(models.Model):
    """A release that terminals may be brought to. Its bytes lie in the data folder under the hash's name."""

    version = models.CharField(max_length=40, unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    manifest = models.JSONField()  # wire.commands.ReleaseManifest with the offline key's signature
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.version


class Rollout(models.Model):
    """A package on its way to many terminals, ring by ring. `why` says what it waits for, or why it stopped itself."""

    package = models.ForeignKey(Package, on_delete=PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=list(ROLLOUT_NAMES.items()), default="running")
    ring = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=ROLLOUT_STATES), name="rollout_state"),
            CheckConstraint(condition=Q(ring__lte=2), name="rollout_ring"),
            # Two versions on their way at once would undo each other.
            UniqueConstraint(fields=["package"], condition=Q(state__in=["running", "paused"]), name="rollout_once"),
        ]
        indexes = [Index(fields=["id"], condition=Q(state="running"), name="rollout_running")]


class RolloutMember(models.Model):
    """A terminal of a roll-out and its ring, fixed when the roll-out was made."""

    rollout = models.ForeignKey(Rollout, on_delete=PROTECT, related_name="members")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    ring = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [UniqueConstraint(fields=["rollout", "terminal"], name="rollout_member_once")]


class Command(models.Model):
    """What was ordered, by whom and why. `emergency`: it did not wait for the people at the machines."""

    name = models.CharField(max_length=40)  # a row of rules.commands.KINDS
    arguments = models.JSONField(default=dict)
    reason = models.CharField(max_length=120)
    emergency = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=60)
    created_label = models.CharField(max_length=60, blank=True)
    not_before_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    rollout = models.ForeignKey(Rollout, null=True, on_delete=PROTECT, related_name="+")
    ring = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(expires_at__gt=models.F("not_before_at")), name="command_term"),
            UniqueConstraint(fields=["rollout", "ring"], name="command_one_per_ring"),
        ]


class CommandRun(models.Model):
    """The command at one terminal. `number` is its random id on the wire, never used twice.

    `due_at`: when a loop looks at it next: the end of its term, or of the time for an answer.
    """

    command = models.ForeignKey(Command, on_delete=PROTECT, related_name="runs")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    number = models.BigIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=list(STATE_NAMES.items()), default="queued")
    outgoing = models.ForeignKey("terminals.Outgoing", null=True, on_delete=SET_NULL, related_name="+")
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=STATES), name="command_run_state"),
            UniqueConstraint(fields=["command", "terminal"], name="command_run_once"),
        ]
        indexes = [
            Index(fields=["due_at"], condition=Q(state__in=sorted(OPEN_STATES)), name="command_run_due"),
            Index(fields=["outgoing"], condition=Q(state="queued"), name="command_run_queued"),
            Index(fields=["terminal", "-id"], name="command_run_terminal"),
        ]


class CommandFile(models.Model):
    """A picture or archive that a terminal handed up; its bytes lie in the data folder until `keep_until`."""

    class Media(models.TextChoices):
        """What it is, by its content."""

        PICTURE = "image/png", _("屏幕截图")
        ARCHIVE = "application/zip", _("诊断信息")

    run = models.OneToOneField(CommandRun, on_delete=PROTECT, related_name="file")
    media = models.CharField(max_length=20, choices=Media.choices)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()
    keep_until = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [CheckConstraint(condition=Q(media__in=["image/png", "application/zip"]), name="file_media")]
        indexes = [Index(fields=["keep_until"], condition=Q(removed_at__isnull=True), name="command_file_kept")]
