"""The sealed chain: every way of tidying the past is found, the last of them with a witness head from outside."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from budayang.center.platform import audit
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditHead, AuditLine
from budayang.center.platform.queries import latest_head

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()


def write(count: int, at: datetime, first: int = 0) -> None:
    with transaction.atomic():
        for number in range(first, first + count):
            record(Actor.job("test"), "test.act", subject=f"thing:{number}", details={"n": number, "文": "字"}, at=at)


@pytest.fixture
def chain(now: datetime) -> audit.Witness:
    """Nine lines in three sealings, and the head of line six, as a terminal would keep it."""
    for step in range(3):
        write(3, now + timedelta(seconds=step), first=3 * step)
        assert audit.seal(KEY, now + timedelta(seconds=step)) == 3
        if step == 1:
            head = latest_head()
            assert head is not None
            witness = audit.Witness(head["seq"], head["hash"])
    return witness


def test_an_untouched_chain_is_whole(chain: audit.Witness) -> None:
    assert audit.verify(PUBLIC, [chain]) == (9, [])


def test_a_changed_line_is_found(chain: audit.Witness) -> None:
    line = AuditLine.objects.get(seq=4)
    line.record = line.record.replace("thing:3", "thing:X")
    line.subject = "thing:X"
    line.save()
    assert [finding.seq for finding in audit.verify(PUBLIC)[1]] == [4]


def test_columns_tidied_beside_their_record_are_found(chain: audit.Witness) -> None:
    AuditLine.objects.filter(seq=4).update(details={"n": 99})
    assert [finding.seq for finding in audit.verify(PUBLIC)[1]] == [4]


def test_a_removed_line_is_found(chain: audit.Witness) -> None:
    AuditLine.objects.filter(seq=5).delete()
    findings = audit.verify(PUBLIC)[1]
    assert findings[0] == audit.Finding(5, "line 5 is missing")


def test_reordered_lines_are_found(chain: audit.Witness) -> None:
    AuditLine.objects.filter(seq=2).update(seq=None)
    AuditLine.objects.filter(seq=3).update(seq=2)
    AuditLine.objects.filter(seq=None).update(seq=3)
    assert {2, 3} <= {finding.seq for finding in audit.verify(PUBLIC)[1]}


def test_a_cut_tail_is_found_by_our_own_head(chain: audit.Witness) -> None:
    AuditLine.objects.filter(seq__gt=7).delete()
    assert any("ends at 7" in finding.what for finding in audit.verify(PUBLIC)[1])


def test_a_cut_tail_with_its_heads_is_found_by_a_witness(chain: audit.Witness) -> None:
    AuditLine.objects.filter(seq__gt=5).delete()
    AuditHead.objects.filter(seq__gt=5).delete()
    assert audit.verify(PUBLIC)[1] == []
    assert [finding.seq for finding in audit.verify(PUBLIC, [chain])[1]] == [6]


def test_a_chain_rewritten_from_the_start_is_found_by_a_witness(chain: audit.Witness, now: datetime) -> None:
    AuditHead.objects.all().delete()
    AuditLine.objects.filter(subject="thing:1").delete()
    AuditLine.objects.update(seq=None, hash="")
    assert audit.seal(KEY, now) == 8
    assert audit.verify(PUBLIC)[1] == []
    assert [finding.seq for finding in audit.verify(PUBLIC, [chain])[1]] == [6]


def test_a_forged_head_is_found(chain: audit.Witness, now: datetime) -> None:
    forged = Ed25519PrivateKey.generate().sign(audit.head_text(8, "0" * 64, now)).hex()
    AuditHead.objects.create(seq=8, hash="0" * 64, at=now, signature=forged)
    assert any("signature of head 8" in finding.what for finding in audit.verify(PUBLIC)[1])


def test_nothing_to_seal_makes_no_head(now: datetime) -> None:
    assert audit.seal(KEY, now) == 0
    assert latest_head() is None


def test_the_hash_is_sm3() -> None:
    # An independent implementation (OpenSSL through hashlib) agrees on GB/T 32905-2016 example 1 and on our framing.
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("this Python's OpenSSL has no SM3 to compare with")
    assert hashlib.new("sm3", b"abc").hexdigest().startswith("66c7f0f462eeedd9")
    inner = hashlib.new("sm3", "文".encode()).hexdigest()
    assert audit.link(audit.GENESIS, 7, "文") == hashlib.new("sm3", f"{audit.GENESIS}\n7\n{inner}".encode()).hexdigest()


def test_lines_that_were_sealed_in_the_way_of_before_stay_whole(chain: audit.Witness) -> None:
    previous = audit.GENESIS
    AuditHead.objects.all().delete()
    for line in AuditLine.objects.order_by("seq"):
        line.hash = previous = audit.sm3(f"{previous}\n{line.seq}\n{line.record}".encode())
        line.save()
    assert audit.verify(PUBLIC) == (9, [])
