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


def code_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sign_in(client: Client, name: str) -> str:
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD})["Location"]


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

    other = Client()
    assert sign_in(other, "lin") == "/accounts/2fa/authenticate/"
    assert other.get("/console/").status_code == 302, "the password alone opens nothing"
    assert "第二步验证" in other.get("/accounts/2fa/authenticate/").content.decode()


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
