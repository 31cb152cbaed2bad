"""Keys of the wire: MACs, session agreement, signatures, sealing."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from budayang.wire import mac, sealing

KEY = bytes(range(32))


def test_the_mac_is_the_one_that_is_documented() -> None:
    # HMAC-SHA256 by OpenSSL: printf '7f3a9c0012345678:41:{}' | openssl dgst -sha256 -mac hmac -macopt hexkey:0001…1f
    assert mac.sync_mac(KEY, "7f3a9c0012345678", 41, b"{}") == (
        "e10c00321768b5e8ac0c96316e4b548545fa9952868e09cf0b2cdae522bf5c76"
    )


@given(st.binary(max_size=60), st.integers(0, 2**53), st.binary(min_size=1, max_size=60))
def test_any_change_breaks_the_mac(raw: bytes, counter: int, other: bytes) -> None:
    made = mac.sync_mac(KEY, "0" * 16, counter, raw)
    assert mac.check_sync_mac(KEY, "0" * 16, counter, raw, made)
    assert not mac.check_sync_mac(KEY, "0" * 16, counter + 1, raw, made)
    assert not mac.check_sync_mac(KEY, "1" + "0" * 15, counter, raw, made)
    assert not mac.check_sync_mac(KEY, "0" * 16, counter, raw + other, made)
    assert not mac.check_sync_mac(bytes(32), "0" * 16, counter, raw, made)


@pytest.mark.parametrize("made", ["", "é" * 64, "0" * 64, "g"])
def test_a_mac_that_is_none_is_refused_without_an_error(made: str) -> None:
    assert not mac.check_sync_mac(KEY, "0" * 16, 1, b"{}", made)


def test_a_case_mac_covers_method_path_time_and_body() -> None:
    made = mac.case_mac(KEY, "POST", "/wire/v1/cases/", 1000, b"{}")

    def good(method: str, path: str, time_ms: int, body: bytes, now_ms: int) -> bool:
        return mac.check_case_mac(KEY, method, path, time_ms, body, made, now_ms=now_ms)

    assert good("POST", "/wire/v1/cases/", 1000, b"{}", 1000 + 300_000)
    assert not good("POST", "/wire/v1/cases/", 1000, b"{}", 1000 + 300_001)
    assert not good("POST", "/wire/v1/cases/", 1001, b"{}", 1000)
    assert not good("PUT", "/wire/v1/cases/", 1000, b"{}", 1000)
    assert not good("POST", "/wire/v1/cases/x", 1000, b"{}", 1000)
    assert not good("POST", "/wire/v1/cases/", 1000, b"{ }", 1000)


def test_both_sides_agree_on_a_key_that_depends_on_the_terminal() -> None:
    center, terminal = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    here = mac.agree(center, mac.public_text(terminal), "KBS-01")
    assert here == mac.agree(terminal, mac.public_text(center), "KBS-01")
    assert len(here) == 32
    assert here != mac.agree(center, mac.public_text(terminal), "KBS-02")


@pytest.mark.parametrize("peer", ["", "AA==", "not base64!", mac.to_text(bytes(32)), mac.to_text(bytes(31))])
def test_a_peer_key_that_is_none_is_refused(peer: str) -> None:
    with pytest.raises(mac.BadKey):
        mac.agree(X25519PrivateKey.generate(), peer, "KBS-01")


def test_signatures() -> None:
    key = Ed25519PrivateKey.generate()
    message = mac.session_request_message("KBS-01", "abc", 5)
    made = mac.sign(key, message)
    assert mac.check_signature(mac.public_text(key), message, made)
    assert not mac.check_signature(mac.public_text(key), message + b"x", made)
    assert not mac.check_signature(mac.public_text(Ed25519PrivateKey.generate()), message, made)
    assert not mac.check_signature("junk", message, made)
    assert not mac.check_signature(mac.public_text(key), message, "junk")


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_with_its_key_and_purpose_only(plain: bytes) -> None:
    key = X25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    blob = sealing.seal(public, plain, sealing.case_info("N"))
    assert plain not in blob or len(plain) < 4
    assert sealing.open_sealed(key, blob, sealing.case_info("N")) == plain
    assert sealing.open_text(key, sealing.seal_text(public, plain, b"x"), b"x") == plain
    for wrong, info in (
        (blob, sealing.result_info("N")),
        (blob[:-1], sealing.case_info("N")),
        (blob[:20], sealing.case_info("N")),
        (b"", sealing.case_info("N")),
    ):
        with pytest.raises(sealing.CannotOpen):
            sealing.open_sealed(key, wrong, info)
    with pytest.raises(sealing.CannotOpen):
        sealing.open_sealed(X25519PrivateKey.generate(), blob, sealing.case_info("N"))
    with pytest.raises(sealing.CannotOpen):
        sealing.open_text(key, "not base64!", b"x")
