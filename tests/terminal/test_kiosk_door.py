from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from terminal_stage import KEY, ORIGIN, make_settings, play, stage

from budayang.terminal.settings import kiosk_key


def test_only_the_browser_of_the_launcher_is_let_in(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            stranger = httpx.AsyncClient(transport=httpx.ASGITransport(s.app), base_url=ORIGIN)
            await s.identified()
            for path in ("/", "/api/person", "/api/live", "/items/ZZ001", "/api/search?q=a"):
                answer = await stranger.get(path)
                assert answer.status_code == 403, path
                assert "测" not in answer.text.replace("检测", ""), path
            assert (await stranger.post("/journey/exit", headers={"Origin": ORIGIN})).status_code == 403
            assert (await stranger.get("/start", params={"k": "guess"})).status_code == 403
            assert s.terminal.attendant.state == "fill"
            await stranger.aclose()

    play(scene)


def test_a_new_browser_voids_the_old_one(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            assert (await s.browser.get("/api/live")).status_code == 200
            other = httpx.AsyncClient(transport=httpx.ASGITransport(s.app), base_url=ORIGIN)
            await other.get("/start", params={"k": KEY})
            assert (await other.get("/api/live")).status_code == 200
            assert (await s.browser.get("/api/live")).status_code == 403
            await other.aclose()

    play(scene)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9999", "kiosk.local:8821"])
def test_a_rebound_name_gets_nothing(tmp_path: Path, host: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            for path in ("/", "/start", "/healthz"):
                assert (await s.browser.get(path, headers={"Host": host})).status_code == 421

    play(scene)


@pytest.mark.parametrize(
    "origin", [None, "null", "http://127.0.0.1:8800", "https://evil.example", "http://127.0.0.1:8821.x"]
)
def test_a_post_from_elsewhere_changes_nothing(tmp_path: Path, origin: str | None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            headers = {} if origin is None else {"Origin": origin}
            answer = await s.browser.post("/journey/choose", data={"item": "ZZ001"}, headers=headers)
            assert answer.status_code == 403
            assert s.terminal.attendant.state == "attract"

    play(scene)


def test_a_get_from_another_page_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            assert (await s.browser.get("/api/live", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403

    play(scene)


def test_the_cookie_is_for_this_page_alone_and_pages_are_not_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            begun = await s.browser.get("/start", params={"k": KEY})
            cookie = begun.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            page = await s.browser.get("/")
            assert page.status_code == 200
            assert page.headers["cache-control"] == "no-store"
            # With no-referrer a form's post would carry "Origin: null".
            assert page.headers["referrer-policy"] == "same-origin"
            await s.post("start")
            headers = {"Origin": ORIGIN}
            gone = await s.browser.post("/journey/exit", headers=headers)
            assert gone.status_code == 303
            assert gone.headers["clear-site-data"] == '"storage"'
            assert (await s.browser.get("/")).headers["clear-site-data"] == '"storage"'
            await s.post("start")
            assert "clear-site-data" not in (await s.browser.get("/")).headers

    play(scene)


def test_the_launchers_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, kiosk_key="")
    key = kiosk_key(settings)
    assert len(key) >= 32
    assert kiosk_key(settings) == key
    assert (tmp_path / "kiosk.key").stat().st_mode & 0o077 == 0


def test_a_broken_page_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            monkeypatch.setattr(type(s.terminal), "view", lambda self: 1 / 0)
            transport = httpx.ASGITransport(s.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=s.browser.cookies) as browser:
                answer = await browser.get("/")
            assert answer.status_code == 500
            assert "不会丢" in answer.text

    play(scene)
