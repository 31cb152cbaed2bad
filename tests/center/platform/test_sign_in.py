"""Signing in: right and wrong, locked out after five failures, each try in the audit, a second step by TOTP."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from budayang.center.platform import actions
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Staff

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough word"


@pytest.fixture(autouse=True)
def lin() -> Staff:
    cache.clear()
    return actions.add_staff(Actor.system(), username="lin", name="林", password=PASSWORD)


def sign_in(client: Client, password: str, username: str = "lin") -> bool:
    client.post("/accounts/login/", {"login": username, "password": password})
    return "_auth_user_id" in client.session


def audited(action: str) -> int:
    return AuditLine.objects.filter(action=action).count()


def test_the_right_password_opens_and_is_audited(client: Client) -> None:
    assert sign_in(client, PASSWORD)
    assert audited("platform.sign_in") == 1


def test_a_wrong_password_does_not_and_keeps_the_name_typed(client: Client) -> None:
    assert not sign_in(client, "wrong")
    answer = client.post("/accounts/login/", {"login": "lin", "password": "wrong"})
    assert 'value="lin"' in answer.content.decode()
    assert audited("platform.sign_in_failed") == 2


def test_five_failures_lock_the_account_even_for_the_right_password(client: Client) -> None:
    for _attempt in range(5):
        assert not sign_in(client, "wrong")
    assert not sign_in(client, PASSWORD)


def test_another_account_is_not_locked_with_it(client: Client) -> None:
    actions.add_staff(Actor.system(), username="mo", name="莫", password=PASSWORD)
    for _attempt in range(5):
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD, "mo")


def test_an_unknown_name_is_not_written_into_the_audit(client: Client) -> None:
    assert not sign_in(client, PASSWORD, "my-password-by-mistake")
    assert not AuditLine.objects.filter(record__contains="my-password-by-mistake").exists()


def test_nobody_registers(client: Client) -> None:
    assert client.get("/accounts/signup/").status_code == 404


def test_signing_out_is_a_post_and_is_audited(client: Client) -> None:
    assert sign_in(client, PASSWORD)
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    assert audited("platform.sign_out") == 1
