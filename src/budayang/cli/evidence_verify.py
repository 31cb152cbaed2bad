"""`budayang evidence verify`: an evidence pack checked on any machine, without a database and without the center.

What cannot be seen from the pack alone is whether its key is that of the center: compare the key with `--key`, or
give a head that somebody outside kept with `--head`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zipfile
import zlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from budayang.cli.messages import Stop, say
from budayang.rules import evidence_pack as rules

PIECE = 1 << 20
LARGEST = 4 << 30
"""Bytes of a pack when unpacked; a file that claims more is not read."""
MOST_FILES = 1000
"""Files in a pack; a pack has one for each section and a few more."""
HOW_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LARGEST_HELD = 64 << 20
"""Bytes of the manifest and of the head, which are read at once, and of one line of the chain."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", type=Path, help="证据包 / the pack")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="SEQ:HASH",
        help="回执或终端保存的审计号和摘要，可多次 / number and hash from a receipt or terminal, may be repeated",
    )
    parser.add_argument(
        "--key",
        default="",
        metavar="HEX",
        help="从别处得知的管理平台公钥 / the center's public key, known from elsewhere",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when everything holds, 1 when something was changed."""
    witnesses = [_witness(text) for text in arguments.head]
    try:
        with zipfile.ZipFile(arguments.file) as archive:
            verdict = _judge(archive, arguments.key.strip(), witnesses)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise Stop(
            f"{arguments.file} 打不开，或不是完整的证据包。请重新取一份。",
            f"{arguments.file} cannot be read as an evidence pack ({error}). Fetch it again.",
        ) from error
    _tell(verdict, as_json=arguments.json)
    return 1 if verdict.findings else 0


def _judge(archive: zipfile.ZipFile, key: str, witnesses: list[tuple[int, str]]) -> rules.Verdict:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise ValueError("more files than any pack")
    if any(one.compress_type not in HOW_PACKED for one in entries):
        raise ValueError("packed in a way in which no pack is")
    if sum(one.file_size for one in entries) > LARGEST:
        raise ValueError("larger than any pack")
    names = [one.filename for one in entries]
    with closing(_lines(archive)) as lines:  # the walk may end before the file does
        return rules.judge(
            names,
            {one.filename: _digest(archive, one) for one in entries},
            _whole(archive, rules.MANIFEST, names),
            lines if rules.CHAIN in names else None,
            _whole(archive, rules.HEAD, names),
            sm3=_sm3,
            signed=_signed,
            key=key,
            witnesses=witnesses,
        )


def _digest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> rules.Digest:
    sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    with archive.open(entry) as content:
        while piece := content.read(PIECE):
            size += len(piece)
            sha256.update(piece)
            sm3.update(piece)
    return rules.Digest(size, sha256.hexdigest(), sm3.finalize().hex())


def _whole(archive: zipfile.ZipFile, name: str, names: list[str]) -> bytes | None:
    if name not in names:
        return None
    with archive.open(name) as content:
        return content.read(LARGEST_HELD)


def _lines(archive: zipfile.ZipFile) -> Generator[bytes, None, None]:
    with archive.open(rules.CHAIN) as content:
        while line := content.readline(LARGEST_HELD):
            yield line


def _sm3(content: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def _signed(public: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _witness(text: str) -> tuple[int, str]:
    seq, _colon, hash_ = text.partition(":")
    if not seq.isdigit() or len(hash_) != 64:
        raise Stop(
            f"--head {text} 看不懂：写成 审计号:64位摘要。", f"--head {text}: write NUMBER:64 hex digits.", code=2
        )
    return int(seq), hash_


def _tell(verdict: rules.Verdict, *, as_json: bool) -> None:
    if as_json:
        told = {
            name: getattr(verdict, name)
            for name in ("subject", "start", "end", "made_at", "files", "first", "last", "shown", "unshown", "trusted",
                         "last_trusted", "key", "witnessed", "confirmed")
        }  # fmt: skip
        found = [{"code": one.code, "zh": one.zh, "en": one.en} for one in verdict.findings]
        print(json.dumps({**told, "findings": found}, ensure_ascii=False))
        return
    say(f"对象 {verdict.subject}，{verdict.start} 至 {verdict.end}", f"{verdict.start} to {verdict.end}")
    say(
        f"文件 {verdict.files} 份；审计链第 {verdict.first} 至 {verdict.last} 条，其中 {verdict.shown} 条给出内容",
        f"{verdict.files} files; lines {verdict.first} to {verdict.last} of the chain, {verdict.shown} of them shown",
    )
    if verdict.trusted:
        say(
            f"有 {verdict.trusted} 条是旧版封存的，只给了摘要，要到管理平台上用 audit verify 核对；"
            f"到第 {verdict.last_trusted} 条为止，给出的内容由清单担保，不由审计链担保",
            f"{verdict.trusted} lines of an earlier edition are given by hash alone: check them at the center; "
            f"up to line {verdict.last_trusted} what is shown is held by the manifest, not by the chain",
        )
    for one in verdict.findings:
        say(f"不对：{one.zh}", one.en)
    if verdict.findings:
        return
    say("完整，没有发现改动", "whole, nothing was changed")
    if verdict.confirmed:
        return
    if verdict.witnessed:
        say(
            "给出的见证链头在这条链上，但早于制作这个包的记录：它只说明那以前的审计链没有改写，不说明这个包是谁签的",
            "the heads given stand in this chain, but before the making: they say nothing about who signed this pack",
        )
    say(
        f"签名的公钥是 {verdict.key}。它是不是那个管理平台的，请用 --key 与包外得知的公钥核对，"
        "或用 --head 给出制作之后的见证链头",
        "whether this public key is the center's, compare with what you know from elsewhere: --key, "
        "or --head with a head from after the making",
    )
