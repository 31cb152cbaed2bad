"""`budayang audit verify`: walk the sealed chain and check it against heads that others kept."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from budayang.center.platform import audit
from budayang.center.platform.sealing import center_keys
from budayang.cli.messages import Stop, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=["verify"], help="核验 / check the chain")
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="SEQ:HASH",
        help="回执上的审计号和摘要，可多次 / number and hash from a receipt, may be repeated",
    )
    parser.add_argument(
        "--witness-file", type=Path, help='终端保存的审计头 / a head that a terminal kept: JSON {"seq", "hash"}'
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when the chain is whole, 1 when something was tidied."""
    witnesses = [_witness(text) for text in arguments.witness]
    if arguments.witness_file:
        kept = json.loads(arguments.witness_file.read_text())
        witnesses.append(audit.Witness(int(kept["seq"]), str(kept["hash"])))
    lines, findings = audit.verify(center_keys().audit_private.public_key(), witnesses)
    if arguments.json:
        print(json.dumps({"lines": lines, "findings": [{"seq": found.seq, "what": found.what} for found in findings]}))
    else:
        say(f"审计链共 {lines} 条", f"{lines} lines in the chain")
        for found in findings:
            say(f"第 {found.seq} 条有问题", found.what)
        if not findings:
            say("完整，没有发现改动", "whole, nothing was tidied")
    return 1 if findings else 0


def _witness(text: str) -> audit.Witness:
    seq, _colon, hash_ = text.partition(":")
    if not seq.isdigit() or len(hash_) != 64:
        raise Stop(
            f"--witness {text} 看不懂：写成 审计号:64位摘要。", f"--witness {text}: write NUMBER:64 hex digits.", code=2
        )
    return audit.Witness(int(seq), hash_)
