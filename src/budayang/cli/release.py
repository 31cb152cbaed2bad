"""`budayang release`: make the offline key, sign a package with it, take a signed package into the center.

budayang release key release.key                       on a machine without a network; prints the public half
budayang release sign release.key 1.4.0 terminal.tar.gz  writes terminal.tar.gz.json beside the package
budayang release add terminal.tar.gz --key PUBLIC      on the center
"""

from __future__ import annotations

import argparse
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.terminals.command_files import add_package
from budayang.cli.messages import Stop
from budayang.wire.commands import ReleaseManifest, sign_manifest
from budayang.wire.mac import public_text

PRODUCT = "budayang-terminal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three steps."""
    steps = parser.add_subparsers(dest="step", required=True)
    key = steps.add_parser("key", help="生成离线发布密钥 / make the offline release key")
    key.add_argument("file", type=Path)
    sign = steps.add_parser("sign", help="为升级包签名 / sign a package")
    sign.add_argument("key", type=Path)
    sign.add_argument("version")
    sign.add_argument("package", type=Path)
    add = steps.add_parser("add", help="把签过名的升级包收进管理平台 / take a signed package in")
    add.add_argument("package", type=Path)
    add.add_argument("--key", required=True, help="发布密钥的公钥 / public half of the release key")


def run(arguments: argparse.Namespace) -> int:
    """One step."""
    if arguments.step == "key":
        return _make_key(arguments.file)
    if arguments.step == "sign":
        return _sign(arguments.key, arguments.version, arguments.package)
    return _add(arguments.package, arguments.key)


def _make_key(file: Path) -> int:
    private = Ed25519PrivateKey.generate()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Stop(f"{file} 已经有了，不覆盖密钥。", f"{file} exists; a key is never overwritten.") from error
    with os.fdopen(handle, "wb") as out:
        out.write(private.private_bytes_raw())
    print(public_text(private))
    return 0


def _sign(key: Path, version: str, package: Path) -> int:
    private = Ed25519PrivateKey.from_private_bytes(key.read_bytes())
    with package.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    plain = {
        "name": PRODUCT, "version": version, "sha256": digest, "size": package.stat().st_size,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    try:
        manifest = sign_manifest(private, msgspec.convert(plain, ReleaseManifest))
    except msgspec.ValidationError as error:
        raise Stop("版本号要写成 1.4.0 的样子，升级包不超过 512 MB。", f"version or size: {error}") from error
    beside = package.with_name(f"{package.name}.json")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    print(beside)
    return 0


def _add(package: Path, key: str) -> int:
    beside = package.with_name(f"{package.name}.json")
    try:
        manifest = msgspec.json.decode(beside.read_bytes(), type=ReleaseManifest)
    except (OSError, msgspec.DecodeError) as error:
        raise Stop(f"没有读到清单 {beside}，请先签名。", f"no manifest {beside}; sign the package first.") from error
    try:
        row = add_package(Actor.system(), manifest, package, timezone.now(), release_key=key)
    except Refused as refusal:
        raise Stop(str(refusal), "the package was not taken in.") from refusal
    print(f"{row.version} {row.sha256}")
    return 0
