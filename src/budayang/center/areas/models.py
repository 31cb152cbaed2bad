"""Rows of the areas: the area, its promised hours with exceptions, its facilities, and planned stops."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class Area(models.Model):
    """A 24-hour self-service area (自助区). One-to-one with the place that scope is measured by."""

    class Kind(models.TextChoices):
        """Where the area stands."""

        CENTER = "center", _("政务服务中心")
        OUTREACH = "outreach", _("便民服务点")

    place = models.OneToOneField("platform.Place", on_delete=PROTECT, related_name="+")
    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CENTER)
    address = models.CharField(max_length=160, blank=True)
    manager = models.ForeignKey("platform.Organization", null=True, blank=True, on_delete=PROTECT, related_name="+")
    keeper = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=PROTECT, related_name="+")
    keeper_phone = models.CharField(max_length=32, blank=True)
    helper_phone = models.CharField(max_length=32, blank=True)
    helper_hours = models.CharField(max_length=80, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    has_windows = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["place__path"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=["center", "outreach"]), name="area_kind"),
            CheckConstraint(condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)), name="area_latitude"),
            CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)), name="area_longitude"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromisedHours(models.Model):
    """One version of an area's promise, in force from a day on until the next version's day."""

    area = models.ForeignKey(Area, on_delete=PROTECT, related_name="+")
    valid_from = models.DateField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [UniqueConstraint(fields=["area", "valid_from"], name="promise_once_a_day")]


class PromisedWindow(models.Model):
    """One weekly window of a version. `closes` 00:00 with `closes_next_day` is the end of the day on which it opens."""

    hours = models.ForeignKey(PromisedHours, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()
    closes_next_day = models.BooleanField(default=False)

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            CheckConstraint(condition=Q(weekday__lte=6), name="promise_weekday"),
            CheckConstraint(condition=Q(closes_next_day=True) | Q(closes__gt=F("opens")), name="promise_order"),
        ]


class HoursException(models.Model):
    """A day on which the promise differs: closed, or open in one window of its own."""

    area = models.ForeignKey(Area, on_delete=PROTECT, related_name="+")
    on = models.DateField()
    closed = models.BooleanField(default=True)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=120)

    class Meta:
        ordering = ["on"]
        constraints = [
            UniqueConstraint(fields=["area", "on"], name="exception_once_a_day"),
            CheckConstraint(
                condition=Q(closed=True, opens__isnull=True, closes__isnull=True)
                | Q(closed=False, opens__isnull=False, closes__isnull=False, closes__gt=F("opens")),
                name="exception_window",
            ),
        ]


class Facility(models.Model):
    """Something an area has besides terminals, from the door to the drinking water (基本要求)."""

    class Kind(models.TextChoices):
        """What the facility is for."""

        DOOR = "door", _("门禁")
        CAMERA = "camera", _("视频监控")
        UPS = "ups", _("不间断电源")
        LIGHT = "light", _("照明")
        HEATING = "heating", _("采暖空调")
        FIRE = "fire", _("消防设施")
        CALL = "call", _("求助呼叫")
        ACCESSIBLE = "accessible", _("无障碍设施")
        SEATS = "seats", _("等候座椅")
        WATER = "water", _("饮水")
        CHARGER = "charger", _("充电")
        TOILET = "toilet", _("卫生间")
        OTHER = "other", _("其他")

    area = models.ForeignKey(Area, on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=60)
    count = models.PositiveSmallIntegerField(default=1)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            UniqueConstraint(fields=["area", "kind", "name"], name="facility_once"),
            CheckConstraint(condition=Q(count__gte=1), name="facility_count"),
        ]


class PlannedStop(models.Model):
    """A stop announced beforehand, once or by a rule: of a place, a terminal, a component, or a department's services.

    `terminal_id` is a plain number: terminals are a higher room, and a key upwards would be a door in the floor. The
    row is what was announced and is not rewritten: a change ends it from then on and `replaces` leads to it from the
    row that carries on. `starts_at` and `ends_at` are the first occurrence; its wall clock in the place's zone repeats.
    """

    class Kind(models.TextChoices):
        """Why it stops."""

        MAINTENANCE = "maintenance", _("设备维护")
        SITE = "site", _("场所安排")
        DEPARTMENT = "department", _("部门系统停办")

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    terminal_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    owner = models.ForeignKey("platform.Organization", null=True, blank=True, on_delete=PROTECT, related_name="+")
    """The body whose terminal is stopped: its people may plan and call off this stop."""
    subject = models.CharField(max_length=32, blank=True)
    component = models.CharField(max_length=24, blank=True)
    department = models.CharField(max_length=16, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rrule = models.CharField(max_length=160, blank=True)
    until_at = models.DateTimeField(null=True, blank=True)
    """A series ended early: no occurrence starts at or after this moment."""
    last_ends_at = models.DateTimeField(null=True, blank=True)
    """The end of the last occurrence; NULL for an endless series. Moves only when the stop is cut short."""
    reason = models.CharField(max_length=120)
    announced_at = models.DateTimeField()
    announced_by = models.CharField(max_length=60)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=PROTECT, related_name="replaced_by")
    running_since_at = models.DateTimeField(null=True, blank=True)
    """Start of the occurrence whose beginning was told and whose end was not."""
    next_change_at = models.DateTimeField(null=True, blank=True)
    """When an occurrence begins or ends next; read by the due loop `areas.stops`. NULL: nothing is to come."""

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="stop_order"),
            CheckConstraint(condition=Q(terminal_id__isnull=True) | Q(department=""), name="stop_of_one_thing"),
            CheckConstraint(condition=Q(subject="") | Q(terminal_id__isnull=False, component=""), name="stop_subject"),
            CheckConstraint(condition=Q(component="") | Q(department=""), name="stop_component"),
        ]
        indexes = [
            Index(fields=["last_ends_at", "starts_at"], condition=Q(cancelled_at__isnull=True), name="stop_in_force"),
            Index(fields=["next_change_at"], condition=Q(next_change_at__isnull=False), name="stop_next_change"),
        ]


class StopException(models.Model):
    """One occurrence of a series that goes otherwise: left out (`ends_at` NULL), or ended early at `ends_at`."""

    stop = models.ForeignKey(PlannedStop, on_delete=PROTECT, related_name="exceptions")
    occurrence_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=60)

    class Meta:
        ordering = ["occurrence_at"]
        constraints = [
            UniqueConstraint(fields=["stop", "occurrence_at"], name="stop_exception_once"),
            CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("occurrence_at")), name="stop_exception_order"
            ),
        ]
