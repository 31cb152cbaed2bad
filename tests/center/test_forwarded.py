"""Behind a proxy each caller is counted for himself; nobody chooses an address by writing a header."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from a2wsgi import WSGIMiddleware
from allauth.account.adapter import get_adapter
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from budayang.center.config.asgi import Dispatcher
from budayang.center.config.table import BadSetting, read_settings

PROXY, INNER, PERSON, OTHER = "10.0.5.1", "192.0.2.250", "203.0.113.7", "203.0.113.8"
TRUSTED = (ip_network("10.0.5.0/28"), ip_network(INNER), ip_network("2001:db8:1::/64"))
SETTINGS = {"BUDAYANG_DEMO": "1"}


def allauth_sees(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """A page that says whom the sign-in's limits count, and how the page was reached."""
    request = WSGIRequest(environ)
    assert request.META["REMOTE_ADDR"] == get_adapter(request).get_client_ip(request)
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{request.META['REMOTE_ADDR']} {request.scheme} {request.META['HTTP_HOST']}".encode()]


async def _ask(
    otherwise: Any, peer: str, header: list[str], paths: list[str], trusted: tuple[Any, ...]
) -> list[httpx.Response]:
    app: Any = Dispatcher((), WSGIMiddleware(otherwise), trusted)
    told = [(b"x-forwarded-for", one.encode()) for one in header]
    told += [(b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"evil.example"), (b"x-real-ip", b"198.51.100.1")]
    transport = httpx.ASGITransport(app=app, client=(peer, 50123))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return [await client.get(path, headers=told) for path in paths]


def ask(peer: str, header: list[str], trusted: tuple[Any, ...] = TRUSTED) -> str:
    (answer,) = asyncio.run(_ask(allauth_sees, peer, header, ["/"], trusted))
    address, scheme, host = answer.text.split()
    assert (scheme, host) == ("http", "localhost"), "never from a proxy's word"
    return address


@pytest.mark.parametrize(
    ("peer", "header", "seen"),
    [
        (PROXY, [PERSON], PERSON),
        (PROXY, [f"198.51.100.9, {PERSON}"], PERSON),  # the first was written by the caller
        (PROXY, [f"127.0.0.1,{PROXY}, {PERSON}"], PERSON),
        (PROXY, [f"198.51.100.9, {PERSON}, {INNER}"], PERSON),  # two proxies of ours, one behind the other
        (PROXY, ["198.51.100.9", f"{PERSON}, {INNER}"], PERSON),  # the header comes twice
        (PROXY, [f"10.0.5.2, {INNER}"], "10.0.5.2"),  # a proxy of ours asks by itself
        (PROXY, [f"{PERSON}:50777"], PERSON),
        (PROXY, ["[2001:db8:2::A]:443"], "2001:db8:2::a"),
        (PROXY, [f"::ffff:{PERSON}"], PERSON),
        (f"::ffff:{PROXY}", [PERSON], PERSON),
        ("2001:db8:1::5", [PERSON], PERSON),
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["unknown"], PROXY),
        (PROXY, [f"{PERSON}, <script>"], PROXY),
        (PROXY, [f"{PERSON}, unknown, {INNER}"], INNER),
        (PROXY, [f"{PERSON},"], PROXY),
        (PROXY, ["203.0.113.7é"], PROXY),
        (PROXY, ["999.1.1.1"], PROXY),
        (OTHER, [PERSON], OTHER),  # no proxy of ours
        (OTHER, [f"{PERSON}, {PROXY}"], OTHER),
        ("10.0.5.16", [PERSON], "10.0.5.16"),
    ],
)
def test_the_caller_is_the_last_that_our_proxies_vouch_for(peer: str, header: list[str], seen: str) -> None:
    assert ask(peer, header) == seen


def test_without_the_setting_nobody_is_believed() -> None:
    assert ask(PROXY, [PERSON], ()) == PROXY
    assert ask("127.0.0.1", [PERSON], ()) == "127.0.0.1"


@pytest.mark.django_db(transaction=True)
def test_who_guesses_makes_nobody_else_wait() -> None:
    def read(caller: str, times: int) -> list[int]:
        paths = ["/verify/AAAAA-AAAAA-AAAAA-AAAAA"] * times
        answers = asyncio.run(_ask(get_wsgi_application(), PROXY, [f"198.51.100.{times}, {caller}"], paths, TRUSTED))
        return [one.status_code for one in answers]

    assert read(PERSON, 11) == [404] * 10 + [429]
    assert read(PERSON, 1) == [429], "what he writes before his own address changes nothing"
    assert read(OTHER, 1) == [404]


def test_the_setting_takes_addresses_and_networks() -> None:
    assert read_settings(SETTINGS).trusted_proxies == ()
    found = read_settings({**SETTINGS, "BUDAYANG_TRUSTED_PROXIES": "127.0.0.1, ::1 10.0.5.0/28"}).trusted_proxies
    assert [str(one) for one in found] == ["127.0.0.1/32", "::1/128", "10.0.5.0/28"]


@pytest.mark.parametrize("value", ["proxy.lan", "10.0.5.1/28", "10.0.5.1;10.0.5.2", "0.0.0.0/0", "::/0"])
def test_a_setting_that_cannot_be_used_stops_the_start(value: str) -> None:
    with pytest.raises(BadSetting, match="BUDAYANG_TRUSTED_PROXIES"):
        read_settings({**SETTINGS, "BUDAYANG_TRUSTED_PROXIES": value})
