"""Sources against what they ask, for real: ping, sockets, HTTP servers with certificates of their own."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from budayang.relay.discover import Port, RangeRefused, hosts_of, sweep
from budayang.relay.errors import NoResult
from budayang.relay.sources.heartbeat.source import Heartbeat
from budayang.relay.sources.plug.source import watts
from budayang.relay.sources.snmp.printer import bits, lowest, words
from budayang.relay.sources.table import Plan, Said, build
from budayang.rules.watch_settings import check
from budayang.uplink.clock import ManualClock, SystemClock

NOW = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)


def plan(kind: str, secret: dict[str, str] | None = None, keep_s: float = 60, **settings: Any) -> Plan:
    return Plan("KBS-11", "it-1", kind, check(kind, settings), 5, keep_s, secret or {})


def look(wanted: Plan) -> list[Said]:
    async def once() -> list[Said]:
        source = build(wanted, SystemClock())
        try:
            return await source.check()
        finally:
            await source.close()

    return asyncio.run(once())


def states(said: list[Said]) -> dict[str, str]:
    return {one.prop: one.state for one in said}


@contextmanager
def serving(status: int = 200, body: bytes = b"ok", tls: tuple[Path, Path] | None = None) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls[0], tls[1])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path, days: float) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1 that ends in `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kiosk.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=900))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_ping_of_this_machine() -> None:
    (said,) = look(plan("ping", host="127.0.0.1", count=2))
    assert (said.kind, said.prop, said.state) == ("reach", "ping", "ok")
    assert said.raw.startswith("0/2 lost")


def test_ping_without_an_answer(tmp_path: Path) -> None:
    """An address of a network namespace without any way out: nothing leaves this machine."""
    probe = subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("no network namespaces for this user here")
    script = (
        "import asyncio\n"
        "from budayang.relay.sources.ping.source import ping\n"
        "print(asyncio.run(ping('192.0.2.7', 1)))\n"
    )
    up = "ip link set lo up; ip addr add 10.99.0.1/32 dev lo; ip route add 192.0.2.0/24 dev lo; exec "
    done = subprocess.run(
        ["unshare", "-rn", "sh", "-c", f"{up} {sys.executable} -c \"{script}\""],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "(1, 0, '')" in done.stdout, done.stderr


def test_a_port_that_listens_and_one_that_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert states(look(plan("tcp", host="127.0.0.1", port=listener.getsockname()[1]))) == {"tcp": "ok"}
    (said,) = look(plan("tcp", host="127.0.0.1", port=closed_port()))
    assert (said.state, "refused" in said.raw.lower()) == ("down", True)


def test_pages() -> None:
    with serving(body="自助办理".encode()) as port:
        url = f"http://127.0.0.1:{port}/"
        assert states(look(plan("http", url=url, text="自助办理"))) == {"http": "ok"}
        assert states(look(plan("http", url=url, text="别的"))) == {"http": "error"}
        assert states(look(plan("http", url=url, status=204))) == {"http": "error"}
    with serving(status=500) as port:
        assert look(plan("http", url=f"http://127.0.0.1:{port}/"))[0].raw == "HTTP 500"
    assert states(look(plan("http", url=f"http://127.0.0.1:{closed_port()}/"))) == {"http": "down"}


@pytest.mark.parametrize(("days", "word"), [(100.0, "ok"), (3.0, "expiring"), (-1.0, "expired")])
def test_a_certificate_s_end_is_told_also_when_it_is_not_checked(tmp_path: Path, days: float, word: str) -> None:
    with serving(tls=certificate(tmp_path, days)) as port:
        url = f"https://127.0.0.1:{port}/"
        assert states(look(plan("http", url=url, verify="false"))) == {"http": "ok", "certificate": word}


def test_a_certificate_that_nobody_vouches_for_is_an_error_not_silence(tmp_path: Path) -> None:
    with serving(tls=certificate(tmp_path, 100)) as port:
        assert states(look(plan("http", url=f"https://127.0.0.1:{port}/"))) == {"http": "error"}


@pytest.mark.parametrize(("power", "word"), [(0.0, "off"), (0.9, "off"), (3.0, "standby"), (86.5, "drawing")])
def test_a_plug_by_http(power: float, word: str) -> None:
    with serving(body=json.dumps({"StatusSNS": {"ENERGY": {"Power": power}}}).encode()) as port:
        said = look(plan("plug", url=f"http://127.0.0.1:{port}/", path="StatusSNS.ENERGY.Power"))
    assert (said[0].state, said[0].raw) == (word, f"{power:.1f} W")


def test_a_plug_that_does_not_answer_says_nothing() -> None:
    with pytest.raises(NoResult):
        look(plan("plug", url=f"http://127.0.0.1:{closed_port()}/"))
    with serving(body=b'{"power": "much"}') as port, pytest.raises(NoResult):
        look(plan("plug", url=f"http://127.0.0.1:{port}/"))


@pytest.mark.parametrize("text", [b"", b"[]", b'{"power": true}', b'{"power": -4}', b'{"power": 1e9}', b"[" * 5000])
def test_watts_that_cannot_be(text: bytes) -> None:
    with pytest.raises(NoResult):
        watts(text, "power")


def test_a_heartbeat_proves_its_absence_only_after_it_was_heard() -> None:
    clock = ManualClock(NOW)
    source = Heartbeat(plan("heartbeat", every_s=60, token_hash="ab"), clock)

    def word() -> str:
        try:
            return asyncio.run(source.check())[0].state
        except NoResult:
            return "unknown"

    clock.advance(3600)
    assert word() == "unknown"
    source.beat()
    clock.advance(90)
    assert word() == "ok"
    clock.advance(60)
    assert word() == "late"
    again = Heartbeat(plan("heartbeat", every_s=60, token_hash="ab"), clock)
    again.called_before = True
    source = again
    clock.advance(60)
    assert word() == "unknown", "a relay that has just begun waits as long as the machine may"
    clock.advance(60)
    assert word() == "late"


@pytest.mark.parametrize(
    ("octets", "toner", "wanted"),
    [
        (b"\x00", 0.8, {"device": "online", "paper.upper": "full", "toner": "full"}),
        (b"\x40", 0.1, {"paper.upper": "out", "toner": "low"}),
        (b"\x80", None, {"paper.upper": "low", "toner": "unknown"}),
        (b"\x04", 0.5, {"paper.upper": "jammed"}),
        (b"\x08", 0.5, {"device": "userError"}),
        (b"\x01", 0.5, {"device": "hardwareError"}),
        (b"\x00\x04", 0.5, {"paper.upper": "out"}),
        (b"\x10", 0.5, {"toner": "out"}),
        (b"\x00\x08", 0.5, {"x-printer.outputBin": "full"}),
        (b"", 0.0, {"device": "online", "toner": "out"}),
    ],
)
def test_a_printer_s_bits_in_our_words(octets: bytes, toner: float | None, wanted: dict[str, str]) -> None:
    assert wanted.items() <= words(bits(octets), toner).items()


def test_levels_that_say_nothing_are_left_out() -> None:
    base = "1.3.6.1.2.1.43.11.1.1"
    kinds = {f"{base}.5.1.1": 3, f"{base}.5.1.2": 4, f"{base}.5.1.3": 21}  # toner, wasteToner, cartridge
    classes = {f"{base}.4.1.1": 3, f"{base}.4.1.2": 4, f"{base}.4.1.3": 3}
    most = {f"{base}.8.1.1": 100, f"{base}.8.1.2": 100, f"{base}.8.1.3": -2}
    now = {f"{base}.9.1.1": 60, f"{base}.9.1.2": 5, f"{base}.9.1.3": -3}
    assert lowest(classes, kinds, most, now) == 0.6
    assert lowest({}, {}, {}, {}) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [("8.8.8.0/24", "private"), ("10.0.0.0/16", "/22"), ("hall", "192.168"), ("fe80::/64", "/22"),
     ("192.168.0.0/21", "/22")],
)  # fmt: skip
def test_a_range_that_is_not_swept_names_the_repair(text: str, word: str) -> None:
    with pytest.raises(RangeRefused, match=word):
        hosts_of(text)


def test_hosts_of_a_range() -> None:
    assert hosts_of("192.168.10.0/30") == ["192.168.10.1", "192.168.10.2"]
    assert len(hosts_of("10.1.0.0/22")) == 1022
    assert hosts_of("127.0.0.1/32") == ["127.0.0.1"]


def test_a_sweep_proposes_what_answers_and_says_what_it_proves() -> None:
    with serving() as port:
        found = asyncio.run(
            sweep(["127.0.0.1"], ports=[Port(port, "网页", "http"), Port(closed_port(), "x")], snmp_port=9)
        )
    (one,) = found
    assert [offer.kind for offer in one.offers] == ["ping", "http"]
    assert one.offers[1].settings["url"] == f"http://127.0.0.1:{port}/"
    assert "办理程序" in one.offers[1].words()
