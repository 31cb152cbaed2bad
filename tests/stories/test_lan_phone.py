"""A phone opens the hall by a name of its own over HTTPS: the chain verifies by name, and the page is kept there."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from house import Stage
from playwright.sync_api import sync_playwright

from budayang.cli.lan_keys import LanKeys
from budayang.data import demo


@pytest.mark.processes
@pytest.mark.browser
def test_a_phone_opens_the_hall_by_its_name(
    fresh: Callable[[], Path],
    port: int,
    chromium: str,
    chromium_flags: tuple[str, ...],
    tmp_path: Path,
    artifacts: Path,
) -> None:
    house = Stage(fresh(), port, lan="hall.lan", lan_host="127.0.0.1", environment={"BUDAYANG_DATABASE_URL": ""})
    try:
        house.start_web()
        _ask_by_name(house)
        key = x509.load_pem_x509_certificate(LanKeys(house.lan_folder).certificate.read_bytes()).public_key()
        plain = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(plain)
        # Chromium without a store of its own is told the server's key; that the chain holds is asked above.
        flags = [
            *chromium_flags,
            "--host-resolver-rules=MAP hall.lan 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={base64.b64encode(digest.finalize()).decode()}",
        ]
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                tmp_path / "profile", executable_path=chromium, args=flags, locale="zh-CN",
                viewport={"width": 390, "height": 844},
            )  # fmt: skip
            page = context.new_page()
            page.goto(house.lan_page)
            assert LanKeys(house.lan_folder).fingerprint() in page.locator("code").inner_text()
            page.screenshot(path=artifacts / "lan-page.png")
            page.goto(f"{house.lan_url}/console/my-rounds/")
            page.get_by_label("用户名").fill("lin")
            page.get_by_label("密码").fill(demo().password)
            page.get_by_role("button", name="登录").click()
            page.locator("body[data-kept=yes]").wait_for()
            assert page.evaluate("[isSecureContext, location.host]") == [True, f"hall.lan:{house.port + 54}"]
            context.close()
    finally:
        house.house.stop()


def _ask_by_name(house: Stage) -> None:
    """With the authority's file alone, as any client that was given it."""
    keys, address = LanKeys(house.lan_folder), f"https://127.0.0.1:{house.port + 54}/accounts/login/"
    trust = ssl.create_default_context(cafile=str(keys.authority))
    host = {"Host": f"hall.lan:{house.port + 54}"}
    asked = {"sni_hostname": "hall.lan"}
    with httpx.Client(verify=trust, headers=host) as client:
        answer = client.get(address, extensions=asked)
    assert answer.status_code == 200
    assert "Secure" in answer.headers["set-cookie"]
    with httpx.Client(verify=trust) as client, pytest.raises(httpx.ConnectError, match="mismatch"):
        client.get(address, extensions={"sni_hostname": "other.lan"})
    with httpx.Client() as client, pytest.raises(httpx.ConnectError, match=r"self-signed|unable to get"):
        client.get(address, extensions=asked)
    given = httpx.get(f"http://127.0.0.1:{house.port + 55}/budayang-ca.crt")
    assert given.content == keys.authority.read_bytes()
