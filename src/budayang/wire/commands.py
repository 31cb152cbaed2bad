"""Commands on the wire: signed by the center for one terminal, so that no relay and no copied row can order anything.

An Outgoing message of kind "command" has a `Command` as its body. The signature is Ed25519 (RFC 8032) with the key
whose public half the terminal got at its enrolment (`Enrolled.audit_key`), over everything that the terminal acts on.
`ReleaseManifest` is signed by another key, which is never on any machine of the center.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from budayang.wire.mac import check_signature, sign
from budayang.wire.messages import Code, Millis, Short, Word

MAX_FILE: Final = 4 * 1024 * 1024  # bytes of a picture or archive that a terminal hands up
MAX_PACKAGE: Final = 512 * 1024 * 1024
FILE_PATH: Final = "/wire/v1/files/"  # POST bytes to it with the command's id behind: what the command brought
PACKAGE_PATH: Final = "/wire/v1/packages/"  # POST {} to it with the SHA-256 behind: the package's bytes come back

CommandId = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]  # random; never used twice, not even after a restore


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One order for one terminal. `reason` is shown on the screen when people there notice it."""

    id: CommandId
    terminal: Code
    name: Word
    arguments: dict[str, Any] = {}
    reason: Short = ""
    emergency: bool = False
    not_before_ms: Millis
    expires_ms: Millis
    signature: Short = ""


class CommandState(msgspec.Struct, frozen=True, kw_only=True):
    """Body of the event "command.state". `state`: running, done, failed, cancelled; `reason`: see rules.commands."""

    id: int
    state: Word
    reason: Short = ""
    result: dict[str, Any] = {}


class ReleaseManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a package is. `signature` is made offline by `budayang release sign`."""

    name: Word
    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9A-Za-z]+){0,4}$", max_length=40)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_PACKAGE)]
    made_at: Short = ""
    signature: Short = ""


def command_bytes(command: Command) -> bytes:
    """What the signature covers: every field but the signature, keys in order."""
    return b"budayang-command-v1:" + msgspec.json.encode(msgspec.structs.replace(command, signature=""), order="sorted")


def sign_command(private: Ed25519PrivateKey, command: Command) -> Command:
    return msgspec.structs.replace(command, signature=sign(private, command_bytes(command)))


def check_command(public_key: str, command: Command, *, terminal: str, now_ms: int, tolerance_ms: int = 120_000) -> str:
    """Why the terminal must not obey: bad_signature, wrong_terminal, not_yet or expired; "" when it may.

    Whether it was done already only the terminal's own memory knows.
    """
    if not check_signature(public_key, command_bytes(command), command.signature):
        return "bad_signature"
    if command.terminal != terminal:
        return "wrong_terminal"
    if now_ms < command.not_before_ms - tolerance_ms:
        return "not_yet"
    return "expired" if now_ms >= command.expires_ms + tolerance_ms else ""


def manifest_bytes(manifest: ReleaseManifest) -> bytes:
    return b"budayang-release-v1:" + msgspec.json.encode(
        msgspec.structs.replace(manifest, signature=""), order="sorted"
    )


def sign_manifest(private: Ed25519PrivateKey, manifest: ReleaseManifest) -> ReleaseManifest:
    return msgspec.structs.replace(manifest, signature=sign(private, manifest_bytes(manifest)))


def check_manifest(public_key: str, manifest: ReleaseManifest) -> bool:
    return check_signature(public_key, manifest_bytes(manifest), manifest.signature)
