"""Where departments' systems are reached, what they declared of each item, and how every call went."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Department, Item
from budayang.rules.connectors import CALL_CLASSES, CALL_KINDS, ITEM_KINDS, CircuitState

CONNECTOR_STATES = ("ok", "down", "unknown")


class Connector(models.Model):
    """Where a department's system is reached. Outgoing requests go to `url` and nowhere else.

    `failures` counts health checks that failed in a row; `circuit` is what real calls prove (rules.connectors).
    `state`, by which items are judged, is down while either says so. `why` is a program's word, never an answer's.
    `read_now_at`: since when somebody waits for hours and items to be read. `declared_why`: why the newest declaration
    was not taken, for its author; `declared_unknown`: codes in it that the catalogue does not have for this department.
    """

    department = models.OneToOneField(Department, on_delete=models.PROTECT, related_name="connector")
    url = models.CharField(max_length=200)
    key_sealed = models.BinaryField(null=True, blank=True)
    state = models.CharField(max_length=8, default="unknown")
    since_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=120, blank=True)
    circuit = models.CharField(max_length=10, default=CircuitState.CLOSED)
    circuit_failures = models.PositiveIntegerField(default=0)
    circuit_opened = models.PositiveIntegerField(default=0)
    circuit_until_at = models.DateTimeField(null=True, blank=True)
    circuit_why = models.CharField(max_length=16, blank=True)
    circuit_last = models.CharField(max_length=40, blank=True)
    circuit_since_at = models.DateTimeField(null=True, blank=True)
    read_now_at = models.DateTimeField(null=True, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    declared_why = models.CharField(max_length=300, blank=True)
    declared_unknown = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CONNECTOR_STATES), name="services_connector_state"),
            models.CheckConstraint(
                condition=Q(circuit__in=[one.value for one in CircuitState]), name="services_connector_circuit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id} {self.state}"


class ConnectorItem(models.Model):
    """What a department declared of an item on its own line (GET /v1/items): how it flows and what it promises.

    `honours_key`: the same key gets the same answer. `can_be_asked`: GET /v1/matters/{case} tells whether it has it.
    `names_person`: every outcome says whose record it is from. `person_check`: it wants to be sure that the person is
    the one of the card (人证核对). `test_identity_sealed`: JSON {"name", "id_number"} of
    the department's own test identity, for probes (拨测) and nobody's journey. `form`: the JSON Schema of what its
    terminals ask; None: it said nothing of it, and what ships for the code counts.
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="declared")
    kind = models.CharField(max_length=16)
    honours_key = models.BooleanField(default=True)
    can_be_asked = models.BooleanField(default=False)
    can_withdraw = models.BooleanField(default=False)
    names_person = models.BooleanField(default=False)
    person_check = models.BooleanField(default=False)
    test_identity_sealed = models.BinaryField(null=True, blank=True)
    launch_url = models.CharField(max_length=300, blank=True)
    launch_hosts = models.JSONField(default=list, blank=True)
    form = models.JSONField(null=True, blank=True)
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=ITEM_KINDS), name="services_connector_item_kind")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind}"


class ConnectorCall(models.Model):
    """One call to a department and how it went: no address, no key, no word of what was said. Kept for a while.

    `number` is the case number, which names nobody and opens nothing. `result` is a class of CALL_CLASSES.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="calls")
    kind = models.CharField(max_length=12)
    item_code = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=40, blank=True, db_index=True)
    at = models.DateTimeField()
    ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    result = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CALL_KINDS), name="services_call_kind"),
            models.CheckConstraint(condition=Q(result__in=CALL_CLASSES), name="services_call_result"),
        ]
        indexes = [
            models.Index(fields=["-at"], name="services_call_recent"),
            models.Index(fields=["department", "-at"], name="services_call_department"),
        ]

    def __str__(self) -> str:
        return f"{self.department_id} {self.kind} {self.result}"
