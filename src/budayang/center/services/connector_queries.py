"""What is known of departments' lines: addresses, what each item promises, the circuit, the log of calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Avg, Count, Q, QuerySet

from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.models import Connector, ConnectorCall, ConnectorItem, Department, Item
from budayang.rules.connectors import CallClass, Circuit, CircuitPolicy, CircuitState

log = structlog.get_logger(__name__)

PARAMETERS = ("circuit_failures", "circuit_open_s", "circuit_longest_s")
KIND_OF_ITEM = {"打印": "query_print", "查询": "query_print", "缴费": "pay", "预约": "book", "领取": "collect"}


@dataclass(frozen=True, slots=True)
class Capability:
    """How an item flows and what its department promised of it. `declared` False: contract 1's own promises.

    Where neither `honours_key` nor `can_be_asked`, an attempt whose outcome is unclear is never repeated.
    """

    item: str
    kind: str
    honours_key: bool = True
    can_be_asked: bool = False
    can_withdraw: bool = False
    names_person: bool = False
    launch_url: str = ""
    declared: bool = False


def capability(item_code: str) -> Capability:
    """What is promised of an item; for one that was never declared (or is not known) what contract 1 demands of all."""
    row = ConnectorItem.objects.filter(item__code=item_code).first()
    if row is None:
        word = Item.objects.filter(code=item_code).values_list("kind", flat=True).first() or ""
        return Capability(item_code, KIND_OF_ITEM.get(word, "apply"))
    return Capability(
        item_code,
        row.kind,
        row.honours_key,
        row.can_be_asked,
        row.can_withdraw,
        row.names_person,
        row.launch_url,
        declared=True,
    )


PAGE = "departmentPage"
"""The kind of component that opens a department's own page: what an item of the kind launch needs, and nothing else."""


@dataclass(frozen=True, slots=True)
class LaunchAddress:
    """Where a department's own page is, and the hosts beside its own from which it loads."""

    url: str
    hosts: tuple[str, ...] = ()


def launch_addresses(department_code: str = "") -> dict[int, LaunchAddress]:
    """Item id → its page, for the items that are done on the department's own page; of one department or of all."""
    rows = ConnectorItem.objects.filter(kind="launch").exclude(launch_url="")
    if department_code:
        rows = rows.filter(item__department__code=department_code)
    found = rows.values_list("item_id", "launch_url", "launch_hosts")
    return {item: LaunchAddress(url, tuple(hosts or ())) for item, url, hosts in found}


def items_with_person_check() -> frozenset[int]:
    """Ids of the items whose department wants to be sure that the person is the one of the card (人证核对)."""
    return frozenset(ConnectorItem.objects.filter(person_check=True).values_list("item_id", flat=True))


def find_address(department_code: str) -> tuple[str, str] | None:
    """(address, key) of a department's system, or None when it has no connector or its key does not open."""
    row = Connector.objects.filter(department__code=department_code).first()
    if row is None:
        return None
    try:
        key = open_field("services_connector", department_code, "key", bytes(row.key_sealed)) if row.key_sealed else ""
    except CannotOpen:
        log.error("connector key does not open", department=department_code)
        return None
    return row.url, key


def served_path(department: Department) -> str:
    """The place that a department serves: its organization's, else the top of the tree."""
    if department.organization is not None:
        return department.organization.place.path
    top = platform.places_visible_to(Actor.job("services.connectors")).order_by("path").first()
    return top.path if top else ""


def circuit_of(row: Connector) -> Circuit:
    return Circuit(
        CircuitState(row.circuit),
        row.circuit_failures,
        row.circuit_opened,
        row.circuit_until_at,
        row.circuit_why,
        row.circuit_last,
    )


def circuit_policy(place_path: str, now: datetime) -> CircuitPolicy:
    """The policy in force where a department serves."""
    found = platform.parameters(list(PARAMETERS), [(place_path, "")], now)[place_path, ""]
    values = {name: float(found[name].value) for name in PARAMETERS}
    return CircuitPolicy(int(values["circuit_failures"]), values["circuit_open_s"], values["circuit_longest_s"])


def declared_items(department_code: str) -> QuerySet[ConnectorItem]:
    rows = ConnectorItem.objects.filter(item__department__code=department_code).select_related("item")
    return rows.defer("test_identity_sealed").order_by("item__code")


def connectors_visible_to(actor: Actor) -> QuerySet[Connector]:
    """Lines to departments: whoever runs the machinery or supervises sees all, an owner unit its own department's."""
    rows = Connector.objects.select_related("department__organization").defer("key_sealed").order_by("department_id")
    if actor.may(Role.SYSTEM_ADMIN) or actor.may(Role.SUPERVISOR):
        return rows
    return rows.filter(department__organization_id__in=_own(actor))


def _own(actor: Actor) -> list[int]:
    return [grant.organization_id for grant in actor.grants if grant.role == Role.OWNER_UNIT and grant.organization_id]


def calls_visible_to(actor: Actor) -> QuerySet[ConnectorCall]:
    """The log of calls: whoever runs the machinery or supervises sees all, an owner unit its own department's."""
    rows = ConnectorCall.objects.select_related("department").order_by("-at", "-pk")
    if actor.may(Role.SYSTEM_ADMIN) or actor.may(Role.SUPERVISOR):
        return rows
    return rows.filter(department__organization_id__in=_own(actor))


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Calls of one department in a period: how many, how many of them went wrong, milliseconds on average."""

    calls: int = 0
    failed: int = 0
    mean_ms: int = 0


FAILED = tuple(
    one.value
    for one in (
        CallClass.KEY_REFUSED,
        CallClass.ERROR,
        CallClass.UNREADABLE,
        CallClass.WRONG_PERSON,
        CallClass.TIMEOUT,
        CallClass.CUT,
        CallClass.NO_CONNECTION,
    )
)


def call_figures(department_ids: Iterable[int], now: datetime, hours: int = 24) -> dict[int, CallFigures]:
    """Department id -> figures of the last `hours`. Calls that an open line kept back are not calls."""
    rows = ConnectorCall.objects.filter(
        department_id__in=list(department_ids), at__gt=now - timedelta(hours=hours), at__lte=now
    ).exclude(result=CallClass.NOT_CALLED)
    counted = rows.values("department_id").annotate(
        calls=Count("pk"), failed=Count("pk", filter=Q(result__in=FAILED)), mean=Avg("ms")
    )
    return {
        one["department_id"]: CallFigures(one["calls"], one["failed"], round(one["mean"] or 0))
        for one in counted.order_by()
    }
