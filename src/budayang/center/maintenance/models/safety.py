"""What protects people at night: measured tests, keys and who holds them, cameras and how far back they reach."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.rules.safety import KEY_KINDS, TESTS


class SafetyTest(models.Model):
    """One measured test (求助按钮、断电开门). It runs from `started_at` until `ended_at`; `seconds` is what was
    measured, null when nobody answered. `limit_s` is the limit that was in force.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=80)
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    limit_s = models.FloatField()
    passed = models.BooleanField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(TESTS)), name="maintenance_safety_test_kind"),
            CheckConstraint(
                condition=Q(ended_at__isnull=True, passed__isnull=True)
                | Q(ended_at__isnull=False, passed__isnull=False),
                name="maintenance_safety_test_ended",
            ),
            UniqueConstraint(
                fields=["area", "kind"], condition=Q(ended_at__isnull=True), name="maintenance_safety_test_one_running"
            ),
        ]
        indexes = [Index(fields=["area", "kind", "-started_at"], name="maintenance_safety_tests")]

    def __str__(self) -> str:
        return f"{self.kind} {self.area_id} {self.started_at}"


class KeyHolding(models.Model):
    """Who holds which key or card of an area, from its handing over until it came back. The name is sealed
    (`holder_sealed`) and goes some time after the return; the body stays.
    """

    number = models.CharField(max_length=32, unique=True)
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    label = models.CharField(max_length=60)
    organization = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+", null=True)
    holder_sealed = models.BinaryField(null=True)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=80)
    returned_at = models.DateTimeField(null=True)
    returned_to = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(KEY_KINDS)), name="maintenance_key_kind"),
            UniqueConstraint(
                fields=["area", "kind", "label"],
                condition=Q(returned_at__isnull=True),
                name="maintenance_key_one_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.label}"


class Camera(models.Model):
    """A camera of an area: where it is, what it covers, which recorder, how many days are promised. No picture here."""

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    covers = models.CharField(max_length=80)
    recorder = models.CharField(max_length=60)
    keep_d = models.PositiveSmallIntegerField()
    retired_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["area", "name"], condition=Q(retired_at__isnull=True), name="maintenance_camera_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CameraCheck(models.Model):
    """Somebody looked: is it on line, and from which day on can it be played back. `days`: counted on that day."""

    camera = models.ForeignKey(Camera, on_delete=PROTECT, related_name="checks")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    online = models.BooleanField()
    earliest_on = models.DateField(null=True)
    days = models.PositiveIntegerField(null=True)
    ok = models.BooleanField()
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [Index(fields=["camera", "-at"], name="maintenance_camera_checks")]

    def __str__(self) -> str:
        return f"{self.camera_id} {self.at}"
