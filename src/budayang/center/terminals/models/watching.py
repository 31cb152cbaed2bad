"""A department's own machine that is watched from beside: its profile, sources, people's words, what it costs."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint

from budayang.rules.watching import HOW_SEEN, SEEN_NAMES, SOURCES, USABLE_NAMES, Evidence


class WatchProfile(models.Model):
    """How one machine is watched. `relay` is a terminal of kind relay in the same area, or none: then only people tell.

    `qr` is what the label on the machine leads to: 80 random bits, no right to anything by itself.
    """

    terminal = models.OneToOneField("terminals.Terminal", on_delete=PROTECT, related_name="watch")
    relay = models.ForeignKey("terminals.Terminal", null=True, on_delete=PROTECT, related_name="+")
    qr = models.CharField(max_length=20, unique=True)
    last_number = models.PositiveSmallIntegerField(default=0)  # sources are numbered; a number is never used again
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [Index(fields=["relay"], name="watch_relay")]


class WatchSource(models.Model):
    """One source of a machine; what it said are status intervals under `subject`. Removed ones stay for history."""

    profile = models.ForeignKey(WatchProfile, on_delete=PROTECT, related_name="sources")
    subject = models.CharField(max_length=64)  # "reach-1", "power-3", "printer"
    kind = models.CharField(max_length=20, choices=[(one.kind, one.name) for one in SOURCES])
    settings = models.JSONField(default=dict)  # rules.watch_settings; holds no secret
    proves = models.JSONField(default=list)  # words of rules.watching.Fact
    interval_s = models.PositiveIntegerField()
    keep_s = models.PositiveIntegerField()
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=[one.kind for one in SOURCES]), name="watch_source_kind"),
            CheckConstraint(condition=Q(keep_s__gte=F("interval_s")), name="watch_source_keep"),
            UniqueConstraint(fields=["profile", "subject"], condition=Q(removed_at__isnull=True), name="watch_subject"),
        ]


class WatchCost(models.Model):
    """What was bought and how long somebody worked for it; entered with the source, corrected by a person."""

    profile = models.ForeignKey(WatchProfile, on_delete=PROTECT, related_name="costs")
    source = models.ForeignKey(WatchSource, null=True, on_delete=PROTECT, related_name="+")
    part = models.CharField(max_length=80, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=2)  # yuan
    minutes = models.PositiveIntegerField()
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["id"]
        constraints = [CheckConstraint(condition=Q(price__gte=0), name="watch_cost_price")]


class WatchSeen(models.Model):
    """Somebody stood at the machine and says how it is. It holds until `keep_until`, or until the next one's word."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    how = models.CharField(max_length=20, choices=list(HOW_SEEN.items()))
    state = models.CharField(max_length=12, choices=[(word.value, name) for word, name in SEEN_NAMES.items()])
    note = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    keep_until = models.DateTimeField()
    seen_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            CheckConstraint(condition=Q(keep_until__gt=F("at")), name="watch_seen_order"),
            CheckConstraint(condition=Q(state__in=[word.value for word in SEEN_NAMES]), name="watch_seen_state"),
        ]
        indexes = [Index(fields=["terminal", "-at"], name="watch_seen_at")]


class RelaySpan(models.Model):
    """What a relay says of its own time: `down`, it was not running; `watched`, it ran and could not reach us."""

    relay = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    what = models.CharField(max_length=8)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(until__gt=F("since")), name="relay_span_order"),
            CheckConstraint(condition=Q(what__in=["down", "watched"]), name="relay_span_what"),
        ]
        indexes = [Index(fields=["relay", "until"], name="relay_span_until")]


class WatchNow(models.Model):
    """The verdict that was last told; `due_at` is when time alone changes it (a person's word ends, a source
    must have looked again).
    """

    terminal = models.OneToOneField("terminals.Terminal", on_delete=PROTECT, primary_key=True, related_name="watch_now")
    usable = models.CharField(max_length=12, default="unknown")
    evidence = models.CharField(max_length=16, blank=True)
    text = models.CharField(max_length=120, blank=True)
    stands_on = models.JSONField(default=list)
    unknown = models.JSONField(default=list)
    since = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(usable__in=[word.value for word in USABLE_NAMES]), name="watch_now_usable"),
            CheckConstraint(condition=Q(evidence__in=[word.value for word in Evidence]), name="watch_now_evidence"),
        ]
        indexes = [Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="watch_now_due")]


class WatchFound(models.Model):
    """What a relay found in its hall and somebody there wanted to hand up; a keeper says which machine it is."""

    relay = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    host = models.CharField(max_length=100)
    sources = models.JSONField(default=list)  # kind, settings, saw
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)  # taken over or put aside

    class Meta:
        ordering = ["-id"]
        constraints = [
            UniqueConstraint(fields=["relay", "host"], condition=Q(settled_at__isnull=True), name="watch_found_once")
        ]
