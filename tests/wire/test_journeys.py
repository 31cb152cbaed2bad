"""Sheets as they travel: a line of JSON, a line feed, the bytes as they are."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from budayang.wire import journeys
from budayang.wire.messages import CasePrivate
from budayang.wire.sealing import CannotOpen, open_sealed, seal, sheet_info

HEAD = journeys.SheetHead(kind="lease", name="租房合同", media="image/jpeg")


@given(st.binary(max_size=2000))
def test_any_bytes_come_back_as_they_were(content: bytes) -> None:
    head, found = journeys.unpack_sheet(journeys.pack_sheet(HEAD, content))
    assert (head, found) == (HEAD, content)


def test_a_sheet_opens_at_its_own_place_only() -> None:
    key = X25519PrivateKey.generate()
    sealed = seal(key.public_key(), journeys.pack_sheet(HEAD, b"\n\n"), sheet_info("KBS01-7F3A-000017-C", 1))
    assert journeys.unpack_sheet(open_sealed(key, sealed, sheet_info("KBS01-7F3A-000017-C", 1)))[1] == b"\n\n"
    for number, position in (("KBS01-7F3A-000017-C", 2), ("KBS01-7F3A-000018-C", 1)):
        with pytest.raises(CannotOpen):
            open_sealed(key, sealed, sheet_info(number, position))


def test_what_is_no_sheet_is_told() -> None:
    for plain in (b"", b"{}\nx", b"[1]\n", b"\xff\n"):
        with pytest.raises(msgspec.DecodeError):
            journeys.unpack_sheet(plain)


def test_a_case_without_anything_beside_it_travels_as_it_did() -> None:
    plain = msgspec.json.encode(CasePrivate(name="测试甲", id_number="1", id_kind="resident", form={"a": "1"}))
    assert set(msgspec.json.decode(plain)) == {"name", "id_number", "id_kind", "form"}
