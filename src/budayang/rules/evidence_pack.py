"""The evidence pack (证据包): how its parts hold each other, and what is wrong with one that was changed.

Files are named with their digests in the manifest; the manifest's digest stands in a line of the audit chain; the chain
ends in a signed head. Digests and signatures come as arguments: the standard library has no SM3 that is always there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FORMAT = "budayang-evidence/1"
MANIFEST, CHAIN, HEAD, SUMMARY = "manifest.json", "chain.jsonl", "head.json", "summary.html"
HOLDERS = (MANIFEST, CHAIN, HEAD)
"""What holds the other files; these are not named in the manifest."""
ACTION = "platform.make_evidence"
"""The audit line that holds the manifest."""
MOST = 200
"""Findings that are listed: a file made to be wrong everywhere shall not fill the memory."""
LONGEST_NAME = 200
HEX = re.compile(r"[0-9a-f]{64}")

Sm3 = Callable[[bytes], str]
Signed = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, text) → whether it is."""


def link_text(previous: str, seq: int, text: str) -> bytes:
    """What the hash of a line of the chain covers: ``text`` is the digest (SM3, hex) of the line's record, so that a
    line whose record is not shown can be followed too. Lines of earlier editions have the record itself there; it
    begins with "[", so that one is never the other."""
    return f"{previous}\n{seq}\n{text}".encode()


def head_text(seq: int, hash_: str, at: str) -> bytes:
    """What a head's signature covers. ``at``: ISO 8601 as it is kept."""
    return f"budayang audit head\n{seq}\n{hash_}\n{at}".encode()


def follows_now(hash_: str, previous: str, seq: int, record: str, sm3: Sm3) -> bool:
    """Whether a line with this record follows from the hash before it, in the way of now."""
    return hash_ == sm3(link_text(previous, seq, sm3(record.encode())))


def follows(hash_: str, previous: str, seq: int, record: str, sm3: Sm3) -> bool:
    """Whether a line with this record follows from the hash before it, in the way of now or of before. In the way of
    before only what begins as a record: a digest in its place would give the hash of the record that it hides."""
    if follows_now(hash_, previous, seq, record, sm3):
        return True
    return record.startswith("[") and hash_ == sm3(link_text(previous, seq, record))


@dataclass(frozen=True, slots=True)
class Digest:
    """Of one file: bytes, SHA-256 and SM3 (hex)."""

    size: int
    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``code`` names the kind; ``zh`` and ``en`` say it to people."""

    code: str
    zh: str
    en: str


@dataclass(slots=True)
class Verdict:
    """``findings`` empty: everything holds. ``unshown``: lines of the chain whose record is not in the pack;
    ``trusted``: lines of earlier editions that are given by their hash alone; the last has the number
    ``last_trusted``, and nothing up to it is held by the head. ``witnessed``: heads from outside that stand in this
    chain. ``confirmed``: that the pack is the center's is known from outside: by its key, or by a head from outside
    that is not before the line of the making (from an earlier one anybody can go on with lines and a key of his own).
    """

    findings: list[Finding] = field(default_factory=list)
    subject: str = ""
    start: str = ""
    end: str = ""
    made_at: str = ""
    files: int = 0
    first: int = 0
    last: int = 0
    shown: int = 0
    unshown: int = 0
    trusted: int = 0
    last_trusted: int | None = None
    key: str = ""
    witnessed: int = 0
    confirmed: bool = False

    def add(self, code: str, zh: str, en: str) -> None:
        if len(self.findings) == MOST:
            code, zh, en = "more", "还有更多不对的地方，不再列出", "more is wrong than is listed here"
        if len(self.findings) <= MOST:
            self.findings.append(Finding(code, zh, en))


def judge(
    names: Sequence[str],
    digests: Mapping[str, Digest],
    manifest: bytes | None,
    chain: Iterable[bytes] | None,
    head: bytes | None,
    *,
    sm3: Sm3,
    signed: Signed,
    key: str = "",
    witnesses: Iterable[tuple[int, str]] = (),
) -> Verdict:
    """Everything that is wrong with a pack.

    Args:
        names: of all files in the archive, as they stand there; a name that stands twice is wrong.
        digests: of each file.
        chain: lines of chain.jsonl.
        key: the center's public key (hex) that the reader knows from elsewhere; "" when none is known.
        witnesses: (number, hash) of heads that somebody outside kept.
    """
    verdict = Verdict()
    told = _object(manifest)
    if told is None or told.get("format") != FORMAT:
        verdict.add(
            "no_manifest",
            f"没有 {MANIFEST}，或读不懂：这不是完整的证据包",
            f"{MANIFEST} is missing or cannot be read: this is no whole evidence pack",
        )
        return verdict
    verdict.subject, verdict.made_at = _text(told, "subject"), _text(told, "made_at")
    verdict.start, verdict.end = _text(told, "start"), _text(told, "end")
    _judge_files(verdict, names, digests, told)
    signed_head = _judge_head(verdict, _object(head), signed, key)
    line = (_object(head) or {}).get("line")
    made = line if isinstance(line, int) and signed_head and line <= signed_head[0] else None
    kept = list(witnesses)
    walk = _Walk(verdict, told, sm3, {seq for seq, _hash in kept}, made)
    walked = walk.over(chain)
    if signed_head and walked and signed_head != (verdict.last, walk.previous):
        verdict.add(
            "head_elsewhere",
            f"签名的链头（第 {signed_head[0]} 条）不是包内审计链的最后一条",
            f"the signed head (line {signed_head[0]}) is not the last line of the chain of this pack",
        )
    _judge_sealing(verdict, told, walk.sealing, sm3(manifest or b""))
    _judge_witnesses(verdict, walk.hashes, kept, made)
    verdict.confirmed = not verdict.findings and (verdict.confirmed or bool(key))
    return verdict


def _judge_files(
    verdict: Verdict, names: Sequence[str], digests: Mapping[str, Digest], told: Mapping[str, Any]
) -> None:
    rows = told.get("files")
    known = {str(row.get("name")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    verdict.files = len(known)
    for name in sorted(name for name, times in Counter(names).items() if times > 1):
        name = _plain(name)
        verdict.add("file_twice", f"文件 {name} 在包里有两份", f"the file {name} is there twice")
    for name in sorted(set(names) - set(known) - set(HOLDERS)):
        name = _plain(name)
        verdict.add(
            "file_added",
            f"文件 {name} 不在清单上，是后来加进去的",
            f"the file {name} is not in the manifest: it was added afterwards",
        )
    for name, row in known.items():
        found, name = digests.get(name), _plain(name)
        if found is None:
            verdict.add("file_removed", f"清单上的文件 {name} 不见了", f"the file {name} of the manifest is missing")
        elif (found.size, found.sha256, found.sm3) != (row.get("bytes"), row.get("sha256"), row.get("sm3")):
            verdict.add(
                "file_changed",
                f"文件 {name} 与清单上的摘要不符，内容改过",
                f"the file {name} does not have the digest of the manifest: it was changed",
            )


class _Walk:
    """Over the lines of chain.jsonl, one at a time: of a long chain only what is asked for is kept.

    `hashes`: of the lines in `wanted`. `sealing`: the record of line `made`, in the way of now. `waiting`: lines that
    the manifest says are shown and that were not seen yet, with the digest of each record ("" in older packs).
    """

    def __init__(self, verdict: Verdict, told: Mapping[str, Any], sm3: Sm3, wanted: set[int], made: int | None) -> None:
        self.verdict, self.sm3, self.wanted, self.made = verdict, sm3, wanted, made
        begin = told.get("chain")
        self.begin: Mapping[str, Any] = begin if isinstance(begin, dict) else {}
        lines = self.begin.get("lines")
        rows = lines.items() if isinstance(lines, dict) else ((one, "") for one in _list(lines))
        self.waiting = {str(seq): str(digest) for seq, digest in rows}
        self.hashes: dict[int, str] = {}
        self.sealing: str | None = None
        self.previous = ""
        self.modern = False
        self.unheld: int | None = None
        """A record that is shown and whose digest the manifest does not have: wrong before a line given by hash."""

    def over(self, chain: Iterable[bytes] | None) -> bool:
        """Walk; False when there is nothing to walk over."""
        before, previous = self.begin.get("before"), self.begin.get("hash")
        if chain is None or not isinstance(before, int) or not _is_hex(previous):
            self.verdict.add(
                "no_chain", f"没有 {CHAIN}，无从核对", f"{CHAIN} is missing: nothing can be checked against it"
            )
            return False
        self.previous = str(previous)
        if before in self.wanted:
            self.hashes[before] = self.previous
        self.verdict.first, self.verdict.last = before + 1, before
        for raw in chain:
            row = _object(raw)
            if row is None or not isinstance(row.get("seq"), int) or not _is_hex(row.get("hash")):
                self.verdict.add("chain_unreadable", f"{CHAIN} 有读不懂的行", f"{CHAIN} has a line that cannot be read")
                break
            self._line(row["seq"], row["hash"], row)
        for seq in self.waiting:
            self.verdict.add(
                "line_hidden",
                f"审计链第 {_plain(seq)} 条的内容被拿掉了",
                f"the record of line {_plain(seq)} of the audit chain was taken out",
            )
        return True

    def _line(self, seq: int, hash_: str, row: Mapping[str, Any]) -> None:
        expected, self.verdict.last = self.verdict.last + 1, seq
        if seq != expected:
            self.verdict.add(
                "line_removed", f"审计链第 {expected} 条不见了", f"line {expected} of the audit chain is missing"
            )
        if isinstance(row.get("record"), str):
            right = self._shown(seq, hash_, row["record"])
        elif "digest" in row:
            self.verdict.unshown += 1
            self.modern = True
            right = _is_hex(row["digest"]) and hash_ == self.sm3(link_text(self.previous, seq, row["digest"]))
        else:
            right = self._trusted(seq)
        if not right:
            self.verdict.add(
                "line_changed",
                f"审计链第 {seq} 条与前一条接不上：改过、换过，或少了前面的",
                f"line {seq} of the audit chain does not follow from the line before it",
            )
        self.previous = hash_
        if seq in self.wanted:
            self.hashes[seq] = hash_

    def _shown(self, seq: int, hash_: str, record: str) -> bool:
        self.verdict.shown += 1
        digest = self.waiting.pop(str(seq), "")
        if not digest:
            self.unheld = self.unheld or seq
        elif digest != self.sm3(record.encode()):
            self.verdict.add(
                "line_replaced",
                f"审计链第 {seq} 条的内容与清单上的摘要不符",
                f"the record of line {seq} of the audit chain does not have the digest of the manifest",
            )
        if follows_now(hash_, self.previous, seq, record, self.sm3):
            self.modern = True
            if seq == self.made:
                self.sealing = record
            return True
        return follows(hash_, self.previous, seq, record, self.sm3)

    def _trusted(self, seq: int) -> bool:
        """A line by its hash alone: nothing before it is held by what comes after. Only an earlier edition sealed such
        lines, so none stands behind one in the way of now, and what is shown before it the manifest must hold."""
        self.verdict.trusted += 1
        self.verdict.last_trusted, self.sealing = seq, None
        if self.unheld is not None:
            self.verdict.add(
                "line_unheld",
                f"审计链第 {self.unheld} 条的内容没有清单上的摘要，后面又有只给摘要的行：核对不了",
                f"the record of line {self.unheld} of the audit chain is held neither by the manifest nor by the head",
            )
            self.unheld = None
        return not self.modern


def _judge_head(verdict: Verdict, told: Mapping[str, Any] | None, signed: Signed, key: str) -> tuple[int, str] | None:
    """(number, hash) of the head, its signature judged; None when there is none to read."""
    try:
        seq, hash_, at = int((told or {})["seq"]), str((told or {})["hash"]), str((told or {})["at"])
        signature, public = bytes.fromhex((told or {})["signature"]), bytes.fromhex((told or {})["key"])
    except (KeyError, TypeError, ValueError, OverflowError):
        verdict.add("no_head", f"没有 {HEAD}，或读不懂", f"{HEAD} is missing or cannot be read")
        return None
    verdict.key = public.hex()
    if not signed(public, signature, head_text(seq, hash_, at)):
        verdict.add("head_forged", "链头的签名不对", "the signature of the head is not right")
    if key and key.lower() != public.hex():
        verdict.add(
            "other_key",
            "包里的公钥不是您给出的那一把：这个包不是那个管理平台签的",
            "the public key of the pack is not the one given: that center did not sign this pack",
        )
    return seq, hash_


def _judge_sealing(verdict: Verdict, told: Mapping[str, Any], record: str | None, digest: str) -> None:
    """Whether the audit line of the pack names this manifest, this subject and this period."""
    try:
        _at, _kind, _who, action, subject, _place, details = json.loads(record or "")
    except (TypeError, ValueError):
        action, subject, details = "", "", {}
    if action != ACTION or not isinstance(details, dict):
        verdict.add(
            "not_sealed",
            "审计链上没有制作这个证据包的记录",
            "the audit chain has no line about the making of this pack",
        )
        return
    if details.get("manifest") != digest:
        verdict.add(
            "manifest_changed",
            "清单与审计链上记的摘要不符，清单改过",
            "the manifest does not have the digest that the audit chain holds: it was rewritten",
        )
    if subject != told.get("subject"):
        verdict.add(
            "other_subject",
            f"审计链上记的对象是 {_plain(subject)}，清单写的是 {_text(told, 'subject')}",
            f"the audit chain says {_plain(subject)}, the manifest says {_text(told, 'subject')}",
        )
    if (details.get("start"), details.get("end")) != (told.get("start"), told.get("end")):
        period = f"{_text(details, 'start')} — {_text(details, 'end')}"
        verdict.add(
            "other_period",
            f"审计链上记的时间段是 {period}，清单写的不是：时间段改过",
            f"the audit chain says {period}, the manifest says another period: it was narrowed or moved",
        )


def _judge_witnesses(
    verdict: Verdict, hashes: Mapping[int, str], witnesses: Iterable[tuple[int, str]], made: int | None
) -> None:
    for seq, hash_ in witnesses:
        if seq not in hashes:
            verdict.add(
                "witness_outside",
                f"见证链头（第 {seq} 条）不在本包的审计链范围内，用这个包核对不了",
                f"the witness head (line {seq}) lies outside the chain of this pack and cannot be checked with it",
            )
        elif hashes[seq] != hash_.lower():
            verdict.add(
                "witness_differs",
                f"见证链头（第 {seq} 条）与包内的审计链不同：过去的记录被改写过",
                f"the witness head (line {seq}) is not that of this chain: the past was rewritten",
            )
        elif verdict.last_trusted is not None and seq <= verdict.last_trusted:
            verdict.add(
                "witness_unheld",
                f"见证链头（第 {seq} 条）落在只给摘要的旧版行里，用这个包核对不了，请到管理平台上用 audit verify 核对",
                f"the witness head (line {seq}) lies among lines given by hash alone: check it at the center",
            )
        else:
            verdict.witnessed += 1
            verdict.confirmed = verdict.confirmed or (made is not None and seq >= made)


def _object(raw: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(raw or b"")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_hex(value: object) -> bool:
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def _text(told: Mapping[str, Any], name: str) -> str:
    return _plain(told.get(name, ""))


def _plain(value: object) -> str:
    """A word of the file as it can be shown: no sign that moves the cursor, turns the direction or is half a letter."""
    return "".join(one if one.isprintable() else "?" for one in str(value)[:LONGEST_NAME])
