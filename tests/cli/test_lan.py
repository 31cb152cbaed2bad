"""`./run --lan`: an authority of this machine alone, good for local names only, and a chain that holds by name."""

from __future__ import annotations

import contextlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from budayang.cli.lan_keys import LanKeys, checked_name, make_keys
from budayang.cli.messages import Stop

NOW = datetime.now(UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_keys_are_made_once_kept_to_oneself_and_renewed_in_time(tmp_path: Path) -> None:
    folder = tmp_path / "lan"
    keys = make_keys(folder, "hall.lan", "192.168.1.20", NOW)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder / "ca.key", keys.key)] == [0o600, 0o600]
    authority, server = keys.authority.read_bytes(), keys.certificate.read_bytes()
    make_keys(folder, "hall.lan", "192.168.1.20", NOW + timedelta(days=300))
    assert (keys.authority.read_bytes(), keys.certificate.read_bytes()) == (authority, server)
    make_keys(folder, "hall.lan", "192.168.1.20", NOW + timedelta(days=380))
    assert keys.authority.read_bytes() == authority, "phones keep what they have installed"
    assert keys.certificate.read_bytes() != server
    made = read(keys.certificate)
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days <= 398
    make_keys(folder, "hall.lan", "192.168.1.21", NOW)
    names = read(keys.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one.value) for one in names] == ["hall.lan", "192.168.1.21", "127.0.0.1"]


def test_the_authority_is_good_for_local_names_only(tmp_path: Path) -> None:
    make_keys(tmp_path / "lan", "hall.lan", "10.0.0.5", NOW)
    with pytest.raises(Stop, match=r"zwfw\.example\.cn"):
        make_keys(tmp_path / "lan", "zwfw.example.cn", "10.0.0.5", NOW)
    make_keys(tmp_path / "other", "zwfw.example.cn", "10.0.0.5", NOW)
    for wrong in ("", "-x.lan", "a b", "hall.lan/x", "大厅"):
        with pytest.raises(Stop, match=r"hall\.lan"):
            checked_name(wrong)


def forged(keys: LanKeys, name: str) -> bytes:
    """What a thief of the authority's key would make."""
    signer = serialization.load_pem_private_key((keys.folder / "ca.key").read_bytes(), None)
    authority = read(keys.authority)
    server = serialization.load_pem_private_key(keys.key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    assert isinstance(server, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(authority.subject)
    made = (
        builder.public_key(server.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def shake_hands(keys: LanKeys, certificate: Path, name: str) -> None:
    """A whole TLS handshake in memory, the client trusting the authority alone."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, keys.key)
    client = ssl.create_default_context(cafile=str(keys.authority))
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(there, here, server_hostname=name)
    answers = server.wrap_bio(here, there, server_side=True)
    for _turn in range(4):
        for one in (asks, answers):
            with contextlib.suppress(ssl.SSLWantReadError):
                one.do_handshake()


def test_the_chain_holds_by_name_and_for_no_other(tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "lan", "hall.lan", "192.168.1.20", NOW)
    for name in ("hall.lan", "192.168.1.20"):
        shake_hands(keys, keys.certificate, name)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(keys, keys.certificate, "other.lan")
    stolen = tmp_path / "stolen.crt"
    stolen.write_bytes(forged(keys, "bank.example.cn"))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(keys, stolen, "bank.example.cn")
