"""The whole matrix of roles and addresses, by real requests, against a table that is changed on purpose only.

`who_may_call.csv` pins each address with its roles. A new page must be written down there; a page that answers somebody
else than it says turns this red.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from budayang import data
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import RoleGrant, Staff
from budayang.center.platform.roles import Role
from budayang.cli import cast, seed

TABLE = Path(__file__).with_name("who_may_call.csv")
SAMPLES = {
    "code": "KBS",
    "on": "2026-10-01",
    "number": "NONE-1",
    "step": "accept",
    "clause_code": "YJ-07",
    "username": "lin",
    "key": "regions",
}
SAMPLES_BY_ADDRESS = {
    "/console/terminals/<slug:code>/": "KBS-01",
    "/console/items/": "ZZ001",
    "/items/<str:code>/": "ZZ001",
    "/console/departments/": "RS",
    "/verify/<str:code>": "00000000000000000000",
}


def pinned() -> dict[str, frozenset[str]]:
    with TABLE.open(newline="") as file:
        return {row["address"]: frozenset(row["who"].split()) for row in csv.DictReader(file)}


def addresses(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/") -> Iterator[str]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern)


def sample(address: str) -> str:
    """The address with values that exist where it matters."""
    for start, code in SAMPLES_BY_ADDRESS.items():
        if address.startswith(start):
            address = address.replace("<slug:code>", code).replace("<str:code>", code)
    address = re.sub(r"<int:\w+>", "999999", address)
    return re.sub(r"<(\w+:)?(\w+)>", lambda match: SAMPLES.get(match[2], "999999"), address)


def status_of(client: Client, path: str) -> int:
    """The answer's status. A file is read to its end, which closes it."""
    answer = client.get(path)
    if answer.streaming:
        list(answer)
    return answer.status_code


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> dict[Role, Client]:
    """The demonstration's cast, and a signed-in browser of each role."""
    monkeypatch.setattr(cast, "write_enrolment_code", lambda code: None)
    seed.load_reference(now)
    cast.load(now)
    browsers = {}
    for row in data.demo().staff:
        client = Client()
        client.force_login(Staff.objects.get(username=row.username))
        browsers.setdefault(Role(row.role), client)
    return browsers


def test_every_address_is_pinned() -> None:
    assert set(addresses()) == set(pinned())


def test_every_role_gets_what_the_table_says_and_nothing_else(house: dict[Role, Client]) -> None:
    assert set(house) == set(Role), "the cast has somebody of each role"
    wrong = []
    for address, who in pinned().items():
        if who == {"library"}:
            continue
        path = sample(address)
        if who == {"token"}:
            # Another machine's door: no browser is anybody there, whoever is signed in.
            answers = {status_of(client, path) for client in (Client(), *house.values())}
            if not answers <= {401, 405}:
                wrong.append(f"{path} without a key: {sorted(answers)}")
            continue
        anonymous = Client().get(path)
        asks_to_sign_in = anonymous.status_code == 302 and "/accounts/login/" in anonymous.headers["Location"]
        if asks_to_sign_in == ("public" in who):
            wrong.append(f"{path} for nobody: {anonymous.status_code}")
        for role, client in house.items():
            status = status_of(client, path)
            refused = status == 403
            expected = not ({role.value, "public"} & who)
            if refused != expected or status >= 500:
                wrong.append(f"{path} for {role}: {status}")
    assert not wrong


def test_library_pages_open_nothing_to_strangers(house: dict[Role, Client]) -> None:
    allowed = {"/accounts/login/", "/accounts/inactive/", "/accounts/2fa/authenticate/", "/i18n/setlang/"}
    for address, who in pinned().items():
        if who == {"library"} and address not in allowed:
            answer = Client().get(address)
            assert answer.status_code == 302, address
            assert "/accounts/login/" in answer.headers["Location"], address


def test_rows_are_there_inside_the_scope_and_nowhere_else(house: dict[Role, Client]) -> None:
    inside = (("ou", "/console/areas/HJ/"), ("ren", "/console/terminals/KBS-01/"), ("lin", "/console/areas/KBS/"))
    outside = (
        ("ou", "/console/areas/KBS/"),
        ("ou", "/console/terminals/KBS-01/"),
        ("ou", "/console/conformity/KBS/"),
        ("ren", "/console/terminals/KBS-02/"),
        ("lin", "/console/areas/HJ/"),
        ("lin", "/console/terminals/YJHL-01/"),
    )
    wrong = []
    for pairs, expected in ((inside, {200}), (outside, {403, 404})):
        for username, path in pairs:
            client = Client()
            client.force_login(Staff.objects.get(username=username))
            status = status_of(client, path)
            if status not in expected:
                wrong.append(f"{path} for {username}: {status}")
    assert not wrong


def test_rights_end_with_the_next_request(house: dict[Role, Client]) -> None:
    lin = Staff.objects.get(username="lin")
    client = Client()
    client.force_login(lin)
    assert client.get("/console/areas/KBS/").status_code == 200
    RoleGrant.objects.filter(staff=lin).delete()
    assert client.get("/console/areas/KBS/").status_code == 403
    Staff.objects.filter(pk=lin.pk).update(is_active=False)
    assert client.get("/console/").status_code == 302


def test_the_three_administrators_are_three_people(house: dict[Role, Client]) -> None:
    administrators = [queries.actor_of(person) for person in queries.staff_visible_to(Actor.system())]
    for actor in administrators:
        assert len(actor.roles & {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}) <= 1
