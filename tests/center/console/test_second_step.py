"""TOTP from set-up to the second step, and the sign-in page outside the demonstration."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client
from tests.center.console.the_desk import Desk
from tests.center.hall import PASSWORD

from budayang.center.platform.models import AuditLine


def code_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sign_in(client: Client, name: str) -> str:
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD})["Location"]


def lines(name: str) -> list[str]:
    """What the audit says of how somebody signs in, without the signing in itself."""
    kinds = (
        "second_step_failed",
        "second_step_added",
        "second_step_removed",
        "recovery_codes_renewed",
        "password_changed",
    )
    told = AuditLine.objects.filter(subject=f"staff:{name}", action__in=[f"platform.{kind}" for kind in kinds])
    return [one.removeprefix("platform.") for one in told.order_by("pk").values_list("action", flat=True)]


@pytest.mark.django_db(transaction=True)  # allauth tells of it after the commit
def test_totp_is_set_up_and_asked(desk: Desk) -> None:
    browser = Client()
    sign_in(browser, "lin")
    asked = browser.get("/accounts/2fa/totp/activate/")["Location"]
    assert "请再确认一次身份" in browser.get(asked).content.decode()
    page = browser.post(asked, {"password": PASSWORD}, follow=True).content.decode()
    assert "data:image/svg+xml" in page
    secret = page.partition('<span class="mono">')[2].partition("<")[0]
    wrong = browser.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert wrong.status_code == 200
    right = browser.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert right.status_code == 302
    assert "恢复码" in browser.get(right["Location"]).content.decode()
    assert "已开启" in browser.get("/accounts/2fa/").content.decode()

    assert lines("lin") == ["second_step_failed", "second_step_added", "second_step_added"], (
        "the code, and recovery codes"
    )
    assert secret not in str(list(AuditLine.objects.values()))

    other = Client()
    assert sign_in(other, "lin") == "/accounts/2fa/authenticate/"
    assert other.get("/console/").status_code == 302, "the password alone opens nothing"
    assert "第二步验证" in other.get("/accounts/2fa/authenticate/").content.decode()
    other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert AuditLine.objects.filter(action="platform.second_step_failed").count() == 2

    assert browser.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    assert browser.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert lines("lin")[3:] == ["recovery_codes_renewed", "second_step_removed", "second_step_removed"]


def test_a_changed_password_leaves_a_line(desk: Desk) -> None:
    browser = Client()
    sign_in(browser, "lin")
    new = "another-night-2026"
    assert (
        browser.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}).status_code
        == 302
    )
    assert lines("lin") == ["password_changed"]


@pytest.mark.parametrize("page", ["/accounts/password/", "/accounts/2fa/", "/accounts/2fa/recovery-codes/generate/"])
def test_pages_of_the_own_account_open(desk: Desk, page: str) -> None:
    browser = Client()
    sign_in(browser, "lin")
    assert browser.get(page).status_code in {200, 302}


@pytest.mark.django_db
def test_outside_the_demonstration_no_login_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "BUDAYANG", replace(settings.BUDAYANG, demo=False))
    page = Client().get("/accounts/login/").content.decode()
    assert "演示" not in page
    assert "budayang-demo" not in page
