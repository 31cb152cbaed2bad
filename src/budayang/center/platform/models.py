"""Rows of the ground floor: places, organizations, staff, roles, parameters, audit, news, long work."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from budayang.center.platform.roles import ADMINISTRATORS, Role


class Place(models.Model):
    """A region (city, banner) or an area. `path` is the chain of codes, "/150600/150603/A-KBS/": scope is a prefix."""

    class Kind(models.TextChoices):
        """What a place is."""

        REGION = "region", _("行政区划")
        AREA = "area", _("自助区")

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=PROTECT, related_name="+")
    path = models.CharField(max_length=200, unique=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["path"]
        constraints = [CheckConstraint(condition=Q(kind__in=["region", "area"]), name="place_kind")]

    def __str__(self) -> str:
        return self.name


class Organization(models.Model):
    """A body with duties in areas: 综合管理单位, 设备归属单位, 运维商, 物业, 投放场所."""

    class Kind(models.TextChoices):
        """The duty that an organization has."""

        MANAGER = "manager", _("综合管理单位")
        OWNER = "owner", _("设备归属单位")
        VENDOR = "vendor", _("运维商")
        PROPERTY = "property", _("物业")
        HOST = "host", _("投放场所")

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    place = models.ForeignKey(Place, on_delete=PROTECT, related_name="+")
    phone = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=["manager", "owner", "vendor", "property", "host"]), name="organization_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager["Staff"]):
    """Looks staff up by user name, as Django's sign-in asks."""


class Staff(AbstractBaseUser):
    """A person who signs in. Rights come from `RoleGrant` alone: there is no superuser."""

    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=32, blank=True)
    organization = models.ForeignKey(Organization, null=True, blank=True, on_delete=PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = StaffManager()

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """A role within a scope: everything under `place`, and for bodies' own people only their organization's rows."""

    staff = models.ForeignKey(Staff, on_delete=PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])
    place = models.ForeignKey(Place, on_delete=PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, null=True, blank=True, on_delete=PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=60)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="role_known"),
            UniqueConstraint(fields=["staff", "role", "place"], name="role_once_per_place"),
            # 等保: system, security and audit administration are never in one hand. One administrator role a person.
            UniqueConstraint(
                fields=["staff"],
                condition=Q(role__in=sorted(role.value for role in ADMINISTRATORS)),
                name="one_administrator_role",
            ),
            CheckConstraint(
                condition=~Q(role__in=[Role.OWNER_UNIT.value, Role.VENDOR_ENGINEER.value])
                | Q(organization__isnull=False),
                name="body_role_names_its_body",
            ),
        ]


class Parameter(models.Model):
    """A value of the policy for a place from a day on: the nearest place upwards wins, then the latest `valid_from`.

    `subject` narrows it to one thing within the place ("terminal:KBS-01"), which then is nearer than the place itself.
    A row that is `withdrawn` sets nothing: from its `valid_from` on the next place upwards counts again.
    """

    name = models.CharField(max_length=60)
    place = models.ForeignKey(Place, on_delete=PROTECT, related_name="+")
    subject = models.CharField(max_length=60, blank=True)
    value = models.JSONField()
    withdrawn = models.BooleanField(default=False)
    valid_from = models.DateTimeField()
    set_by = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True)  # when those who hand the value on must look; None: they have
    edition = models.CharField(max_length=40, blank=True)
    clause = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["name", "place", "subject", "valid_from"], name="parameter_once")]
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="parameter_due"),
            Index(fields=["subject"], condition=~Q(subject=""), name="parameter_subject"),
        ]


class AuditLine(models.Model):
    """One act of one actor, written in the act's transaction, without personal data; chained by the sealer."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    place_path = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    # What was done is one canonical text: hashing a JSON column would depend on how a database stores it.
    record = models.TextField()
    seq = models.BigIntegerField(null=True, unique=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            Index(fields=["id"], condition=Q(seq__isnull=True), name="audit_unsealed"),
            Index(fields=["action", "-at"], name="audit_action"),
        ]


class AuditHead(models.Model):
    """A signed statement: at `at` the chain ended with line `seq` and hash `hash`."""

    seq = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    signature = models.CharField(max_length=128)


class Transition(models.Model):
    """News: something changed at `occurred_at` (the computed moment, not the moment of noticing)."""

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    place_path = models.CharField(max_length=200, blank=True)
    payload = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)


class Delivery(models.Model):
    """A transition's copy for one consumer. Claimed by a counted UPDATE with a lease, done when handled."""

    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, related_name="+")
    consumer = models.CharField(max_length=40)
    lease_until = models.DateTimeField(null=True)
    lease_by = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["transition", "consumer"], name="delivery_once")]
        indexes = [
            Index(fields=["consumer", "lease_until"], condition=Q(done_at__isnull=True), name="delivery_waiting")
        ]


class Work(models.Model):
    """Progress, cancel and lease of one long task; django-tasks-db keeps the queue, this row keeps the promise."""

    class State(models.TextChoices):
        """Where the work stands."""

        WAITING = "waiting", _("等待")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    name = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    requested_by = models.CharField(max_length=60)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    place = models.ForeignKey(Place, null=True, on_delete=PROTECT, related_name="+")

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "failed", "cancelled"]), name="work_state"
            ),
            CheckConstraint(condition=Q(total=0) | Q(done__lte=F("total")), name="work_progress"),
        ]
        indexes = [Index(fields=["lease_until"], condition=Q(state="running"), name="work_running")]


class SavedView(models.Model):
    """A list as somebody wants to find it again: its filters, search and order under a name.

    `shared_at`: whoever works within this place sees it too, and only its owner changes it.
    """

    staff = models.ForeignKey(Staff, on_delete=PROTECT, related_name="+")
    address = models.CharField(max_length=200)  # the list's path, "/console/terminals/"
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=600, blank=True)  # without page and export
    shared_at = models.ForeignKey(Place, null=True, blank=True, on_delete=PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [UniqueConstraint(fields=["staff", "address", "name"], name="saved_view_once")]
        indexes = [Index(fields=["address"], name="saved_view_address")]

    def __str__(self) -> str:
        return f"{self.address} {self.name}"


class RetentionRun(models.Model):
    """Personal data that a rule of `retention` deleted at `at`, and what the rule still held then. One row for each
    deletion, and one a day for each rule that found nothing to delete: that it looked is the proof.
    """

    rule = models.CharField(max_length=60)
    at = models.DateTimeField()
    erased = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    overdue = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["rule", "-at"], name="retention_rule_at")]

    def __str__(self) -> str:
        return f"{self.rule} {self.at}: {self.erased}"


class WindowCount(models.Model):
    """How often something happened until `ends_at` (`limits`). `key` holds keyed hashes only."""

    key = models.CharField(max_length=160, unique=True)
    n = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.n} until {self.ends_at}"


class ApiToken(models.Model):
    """A key with which another machine reads in a person's name and scope. Kept as a keyed hash; shown once."""

    staff = models.ForeignKey(Staff, on_delete=PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    may_write = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["staff", "-created_at"], name="api_token_of_staff")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.name}"
