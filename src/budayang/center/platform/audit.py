"""The sealed audit chain: committed lines are chained with SM3, and each new head is signed outside the database.

What is claimed: whoever holds an earlier head (a terminal, a receipt) finds any tidying of the past before it.
SM3: GB/T 32905-2016, by OpenSSL. Signature: Ed25519 (RFC 8032); its key lies in the data folder, not in the
database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import transaction

from budayang.center.platform.models import AuditHead, AuditLine
from budayang.rules import evidence_pack

GENESIS = "0" * 64
BATCH = 2000


def sm3(content: bytes) -> str:
    """SM3, hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def link(previous: str, seq: int, record: str) -> str:
    """Hash of a line: SM3 over the previous hash, the sequence number and the SM3 of the line's canonical record (hex).

    Over the record's digest: an evidence pack can give the links between the lines that it shows without showing the
    lines of other places.
    """
    return sm3(evidence_pack.link_text(previous, seq, sm3(record.encode())))


def canonical_record(line: AuditLine) -> str:
    """The text that is chained, kept beside the columns: how a database stores JSON or time must not matter."""
    return json.dumps(
        [
            line.at.astimezone(UTC).isoformat(),
            line.actor_kind,
            line.actor,
            line.action,
            line.subject,
            line.place_path,
            line.details,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def head_text(seq: int, hash_: str, at: datetime) -> bytes:
    """What a head's signature covers."""
    return evidence_pack.head_text(seq, hash_, at.isoformat())


def seal(key: Ed25519PrivateKey, now: datetime) -> int:
    """Chain the lines committed so far and sign the new head; returns how many lines were chained.

    Only one process seals at a time: the unique `seq` makes the slower one fail and roll back. Lines of transactions
    that are still open get a later number: the chain's order is that of sealing, which is what a witness can check.
    """
    with transaction.atomic():
        last = AuditLine.objects.filter(seq__isnull=False).order_by("-seq").first()
        seq, previous = (last.seq or 0, last.hash) if last else (0, GENESIS)
        lines = list(AuditLine.objects.select_for_update().filter(seq__isnull=True).order_by("id")[:BATCH])
        if not lines:
            return 0
        for line in lines:
            seq += 1
            line.seq, line.hash = seq, link(previous, seq, line.record)
            previous = line.hash
        AuditLine.objects.bulk_update(lines, ["seq", "hash"])
        signature = key.sign(head_text(seq, previous, now)).hex()
        AuditHead.objects.create(seq=seq, hash=previous, at=now, signature=signature)
    return len(lines)


@dataclass(frozen=True, slots=True)
class Witness:
    """A head that somebody outside the database kept: from a terminal or a receipt."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One break of the chain. `seq` is where it shows."""

    seq: int
    what: str


def verify(key: Ed25519PublicKey, witnesses: Iterable[Witness] = ()) -> tuple[int, list[Finding]]:
    """Walk the whole chain; returns (lines checked, findings).

    Finds a changed, removed or reordered line and a cut tail by the chain and our own signed heads; a chain rewritten
    from the start, with all its heads, is found by any witness head from before.
    """
    findings: list[Finding] = []
    expected, previous = 0, GENESIS
    wanted = {witness.seq: witness.hash for witness in witnesses}
    seen: dict[int, str] = {}
    heads = {head.seq: head for head in AuditHead.objects.order_by("seq")}
    for line in AuditLine.objects.filter(seq__isnull=False).order_by("seq").iterator(chunk_size=BATCH):
        seq = line.seq or 0
        expected += 1
        if seq != expected:
            findings.append(Finding(expected, f"line {expected} is missing"))
            expected = seq
        if not evidence_pack.follows(line.hash, previous, seq, line.record, sm3):
            findings.append(Finding(seq, f"line {seq} does not follow from the lines before it"))
        # The readable columns must say what the chained record says; otherwise pages could be tidied alone.
        if line.record != canonical_record(line):
            findings.append(Finding(seq, f"line {seq}: its columns differ from its record"))
        previous = line.hash
        if seq in heads or seq in wanted:
            seen[seq] = line.hash
    for seq, head in heads.items():
        findings += _check_head(key, seq, head, seen.get(seq))
    for seq, hash_ in wanted.items():
        if seen.get(seq) != hash_:
            findings.append(Finding(seq, f"the witness head of line {seq} is not in this chain"))
    if heads and max(heads) > expected:
        findings.append(Finding(expected + 1, f"the chain ends at {expected}, but a signed head reaches {max(heads)}"))
    return expected, sorted(findings, key=lambda finding: finding.seq)


def _check_head(key: Ed25519PublicKey, seq: int, head: AuditHead, found: str | None) -> list[Finding]:
    try:
        key.verify(bytes.fromhex(head.signature), head_text(seq, head.hash, head.at))
    except (InvalidSignature, ValueError):
        return [Finding(seq, f"the signature of head {seq} is not ours")]
    if found != head.hash:
        return [Finding(seq, f"the signed head of line {seq} is not in this chain")]
    return []
