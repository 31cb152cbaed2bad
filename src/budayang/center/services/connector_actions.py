"""Writes about departments' lines: address and key, health, what a department declares, release of a held line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.platform.works import request_work
from budayang.center.services import marks
from budayang.center.services.catalogue_actions import refresh_forms
from budayang.center.services.catalogue_writing import DERIVE
from budayang.center.services.connector_calls import DOWN_AFTER_FAILURES, state_of, tell_state
from budayang.center.services.connector_queries import circuit_of, launch_addresses, served_path
from budayang.center.services.item_forms import items_with_forms
from budayang.center.services.lines.addresses import BadAddress, check_address, split_plugin
from budayang.center.services.lines.plugins import BUILT_IN, installed
from budayang.center.services.models import Connector, ConnectorItem, Department, Item
from budayang.forms.declaring import read_form
from budayang.rules.connectors import ITEM_KINDS, Circuit, CircuitState, line_is_up

TABLE_ITEM = "services_connectoritem"
MOST_UNKNOWN = 40


@transaction.atomic
def set_connector(actor: Actor, department_code: str, *, url: str, key: str, now: datetime) -> Connector:
    """Say where a department's system is reached, and with which key (kept sealed).

    A changed line starts anew: unknown, its circuit closed.
    """
    actor.require(Role.SYSTEM_ADMIN)
    department = Department.objects.get(code=department_code)
    try:
        address = check_address(url)
    except BadAddress as error:
        raise Refused(_("这个接口地址不能用：须为 https 地址，或本机的 http 地址，不带账号和参数。")) from error
    plugin = split_plugin(address)[0]
    if plugin != BUILT_IN and plugin not in installed():
        raise Refused(_("没有安装名为“%(name)s”的接口插件，请先在管理平台的机器上安装它。") % {"name": plugin[:40]})
    sealed = seal_field("services_connector", department.code, "key", key) if key else None
    connector, _created = Connector.objects.update_or_create(
        department=department,
        defaults={
            "url": address,
            "key_sealed": sealed,
            "state": "unknown",
            "since_at": now,
            "failures": 0,
            "why": "",
            "declared_at": None,
            "declared_why": "",
            "declared_unknown": [],
            "read_now_at": now,
            **_circuit_columns(Circuit(), now),
        },
    )
    record(actor, "services.set_connector", subject=f"department:{department.code}", details={"url": address}, at=now)
    return connector


def note_connector(department_code: str, *, ok: bool, why: str, now: datetime) -> bool:
    """Note one health check. Down after two failures in a row or while the circuit is open, ok after one success once
    the circuit's pause is over; a change is told upwards once.

    Facts of machines are not audit lines. Two workers may note at once: the state moves by compare-and-set.
    """
    connector = Connector.objects.select_related("department__organization__place").get(
        department__code=department_code
    )
    failures = 0 if ok else connector.failures + 1
    up = line_is_up(ok or failures < DOWN_AFTER_FAILURES, circuit_of(connector), now)
    state = connector.state
    if ok and up:
        state = "ok"
    elif not up or state == "unknown":
        state = "down"
    said = why if not ok else (connector.circuit_why if not up else "")
    with transaction.atomic():
        rows = Connector.objects.filter(pk=connector.pk, state=connector.state)
        if rows.update(checked_at=now, failures=failures, why=said[:120]) != 1 or state == connector.state:
            return False
        return tell_state(connector, state, said, now)


@transaction.atomic
def release_connector(actor: Actor, department_code: str, *, reason: str, now: datetime) -> Connector:
    """Close a line that was held or opened, after a person looked into it. The reason is kept.

    Raises:
        Refused: nothing to release, or no reason.
    """
    rows = Connector.objects.select_for_update(of=("self",)).select_related("department__organization__place")
    connector = rows.get(department__code=department_code)
    actor.require(Role.SYSTEM_ADMIN, Role.SUPERVISOR, place_path=served_path(connector.department))
    if connector.circuit == CircuitState.CLOSED:
        raise Refused(_("这条接口没有暂停调用，不用恢复。"))
    if not reason.strip():
        raise Refused(_("请写明查清了什么、为什么可以恢复。"))
    before = connector.circuit
    Connector.objects.filter(pk=connector.pk).update(**_circuit_columns(Circuit(), now))
    state = state_of(connector.state, connector.failures, Circuit(), now)
    if connector.failures == 0 and state == "down":
        state = "ok"
    if state != connector.state:
        tell_state(connector, state, "", now)
    record(
        actor,
        "services.release_connector",
        subject=f"department:{department_code}",
        place_path=served_path(connector.department),
        details={"circuit": before, "why": connector.circuit_why, "reason": reason.strip()[:200]},
        at=now,
    )
    connector.refresh_from_db()
    return connector


def _circuit_columns(circuit: Circuit, now: datetime) -> dict[str, Any]:
    return {
        "circuit": circuit.state,
        "circuit_failures": circuit.failures,
        "circuit_opened": circuit.opened,
        "circuit_until_at": circuit.until,
        "circuit_why": circuit.why,
        "circuit_last": circuit.last,
        "circuit_since_at": now,
    }


@transaction.atomic
def declare_items(actor: Actor, department_code: str, body: Mapping[str, Any], now: datetime) -> int:
    """Take what a department declares of its items (GET /v1/items); returns how many rows changed.

    An item that is not in the catalogue, or is another department's, is passed over. What is not declared any more is
    forgotten: contract 1's own promises hold for it again.

    Raises:
        ValueError: the declaration is not of contract 1. Nothing is taken then.
    """
    if body.get("contract") != "1" or not isinstance(body.get("items"), dict):
        raise ValueError("not a declaration of contract 1")
    declared = {str(code): _read_declared(dict(one)) for code, one in body["items"].items()}
    department = Department.objects.get(code=department_code)
    items = {item.code: item for item in Item.objects.filter(department=department, code__in=list(declared))}
    known = {row.item_id: row for row in ConnectorItem.objects.filter(item__department=department)}
    forms, pages = items_with_forms(), launch_addresses(department_code)
    changes = 0
    for code, item in items.items():
        values, identity = declared[code]
        changes += _declare(known.pop(item.pk, None), item, values, identity, now)
    if known:
        changes += ConnectorItem.objects.filter(pk__in=[row.pk for row in known.values()]).delete()[0]
    unknown = sorted(set(declared) - set(items))[:MOST_UNKNOWN]
    Connector.objects.filter(department=department).update(declared_at=now, declared_why="", declared_unknown=unknown)
    if changes:
        marks.mark(marks.CATALOGUE, now)
        if pages != launch_addresses(department_code):  # which terminals can open them follows from their devices
            request_work(actor, DERIVE, _("部门网页的事项有变化，重新推算各终端能办的事项"), {}, now=now)
        details = {"items": len(items), "changes": changes}
        record(actor, "services.declare_items", subject=f"department:{department_code}", details=details, at=now)
    if items_with_forms() != forms:
        refresh_forms(actor)
    return changes


def _declare(
    row: ConnectorItem | None, item: Item, values: dict[str, Any], identity: dict[str, str] | None, now: datetime
) -> int:
    same = row is not None and all(getattr(row, name) == value for name, value in values.items())
    if row is not None and same and identity == open_test_identity(row):
        return 0
    sealed = (
        seal_field(TABLE_ITEM, item.code, "test_identity", json.dumps(identity, ensure_ascii=False))
        if identity is not None
        else None
    )
    ConnectorItem.objects.update_or_create(
        item=item, defaults={**values, "test_identity_sealed": sealed, "declared_at": now}
    )
    return 1


def note_declaration(department_code: str, why: str) -> None:
    """The declaration could not be taken: its author finds the reason on the page of the line."""
    Connector.objects.filter(department__code=department_code).exclude(declared_why=why[:300]).update(
        declared_why=why[:300]
    )


@transaction.atomic
def ask_reading(actor: Actor, department_code: str, now: datetime) -> None:
    """Have hours and items read in the next seconds, not when the plan comes round."""
    department = Department.objects.get(code=department_code)
    organizations = (department.organization_id,)
    actor.require(
        Role.SYSTEM_ADMIN, Role.SUPERVISOR, Role.OWNER_UNIT, place_path=served_path(department),
        organizations=organizations,
    )  # fmt: skip
    Connector.objects.filter(department=department).update(read_now_at=now)
    record(actor, "services.ask_reading", subject=f"department:{department_code}", at=now)


def open_test_identity(row: ConnectorItem) -> dict[str, str] | None:
    """The test identity that a department declared for an item: {"name", "id_number"}, or None."""
    if not row.test_identity_sealed:
        return None
    try:
        text = open_field(TABLE_ITEM, row.item.code, "test_identity", bytes(row.test_identity_sealed))
    except CannotOpen:
        return None
    identity: dict[str, str] = json.loads(text)
    return identity


def _read_declared(one: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str] | None]:
    kind = one.get("kind")
    if kind not in ITEM_KINDS:
        raise ValueError("no known kind of item")
    flags = {name: one.get(name, default) for name, default in _FLAGS.items()}
    if not all(isinstance(value, bool) for value in flags.values()):
        raise ValueError("a promise is true or false")
    url = one.get("launch_url") or ""
    if not isinstance(url, str) or len(url) > 300 or (kind == "launch") != bool(url):
        raise ValueError("launch_url belongs to the kind launch, and to no other")
    if url and (urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname or urlsplit(url).username):
        raise ValueError("launch_url is not a web address")
    form = read_form(one.get("form"))
    if form is not None and kind in ("launch", "guide"):
        raise ValueError(f"an item of the kind {kind} has no form of ours")
    found = {"kind": kind, **flags, "launch_url": url, "launch_hosts": _read_hosts(one), "form": form}
    return found, _read_identity(one.get("test_identity"))


def _read_hosts(one: Mapping[str, Any]) -> list[str]:
    """Plain names with a dot in them: neither addresses of some network nor patterns."""
    hosts = one.get("launch_hosts") or []
    if not isinstance(hosts, list) or len(hosts) > MOST_HOSTS or (hosts and one.get("kind") != "launch"):
        raise ValueError("launch_hosts are names of hosts, and belong to the kind launch")
    if not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise ValueError("launch_hosts are names of hosts")
    return [host.lower() for host in hosts]


MOST_HOSTS = 20
_HOST = re.compile(r"(?=.{4,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_FLAGS = {
    "honours_key": True,
    "can_be_asked": False,
    "can_withdraw": False,
    "names_person": False,
    "person_check": False,
}


def _read_identity(identity: Any) -> dict[str, str] | None:
    if identity is None:
        return None
    if not isinstance(identity, dict) or not all(isinstance(identity.get(key), str) for key in ("name", "id_number")):
        raise ValueError("a test identity has a name and a number")
    return {"name": identity["name"][:64], "id_number": identity["id_number"][:32]}
