"""What commands bring (pictures of a screen, diagnostics) and the packages that terminals fetch: bytes on disk.

A file is looked at through an action that writes an audit line, and goes at the end of its term. Names of files are
numbers and hashes of our own, never a word of a terminal.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.uploads import BadUpload, read_image
from budayang.center.terminals.models import CommandFile, CommandRun, Package
from budayang.rules.commands import version_key
from budayang.wire.commands import MAX_FILE, ReleaseManifest, check_manifest

PICTURE_DAYS = 14
ARCHIVE_DAYS = 60
MAX_UNPACKED = 32 * 1024 * 1024
SUFFIX = {CommandFile.Media.PICTURE: "png", CommandFile.Media.ARCHIVE: "zip"}
BRINGS = {"screenshot": CommandFile.Media.PICTURE, "collect_diagnostics": CommandFile.Media.ARCHIVE}


class CannotTake(Exception):
    """The bytes are not taken; `error` is the wire's word: unknown_command, too_large, malformed."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def take_file(terminal: str, number: int, content: bytes, now: datetime) -> CommandFile:
    """Keep what a terminal hands up for a command of its own. The same once more is harmless. Raises CannotTake."""
    run = CommandRun.objects.filter(number=number, terminal__code=terminal).select_related("command").first()
    media = BRINGS.get(run.command.name) if run is not None else None
    if run is None or media is None or run.state in ("done", "cancelled"):
        raise CannotTake("unknown_command")
    if len(content) > MAX_FILE:
        raise CannotTake("too_large")
    plain = _checked(media, content)
    days = PICTURE_DAYS if media == CommandFile.Media.PICTURE else ARCHIVE_DAYS
    _write(_file_path(number, media), plain)
    # The row after the bytes: a kill in between leaves bytes without a row, which the terminal sends again.
    row, _created = CommandFile.objects.update_or_create(
        run=run,
        defaults={
            "media": media, "size": len(plain), "sha256": hashlib.sha256(plain).hexdigest(), "stored_at": now,
            "keep_until": now + timedelta(days=days), "removed_at": None,
        },
    )  # fmt: skip
    return row


def _checked(media: str, content: bytes) -> bytes:
    """A picture is drawn anew; an archive holds only what can be unpacked within bounds."""
    if media == CommandFile.Media.PICTURE:
        try:
            return read_image(content)
        except BadUpload as error:
            raise CannotTake("malformed") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise CannotTake("malformed") from error
    if sum(one.file_size for one in entries) > MAX_UNPACKED or any(".." in one.filename for one in entries):
        raise CannotTake("too_large")
    return content


@transaction.atomic
def view_file(actor: Actor, file: CommandFile, now: datetime) -> bytes:
    """The bytes, for somebody who may see the machine; who looked is written down. Raises Refused when gone."""
    run = CommandRun.objects.select_related("terminal__area__place").get(pk=file.run_id)
    where = run.terminal
    actor.require(
        Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER,
        place_path=where.area.place.path, organizations=(where.owner_id, where.vendor_id),
    )  # fmt: skip
    path = _file_path(run.number, file.media)
    if file.removed_at is not None or not path.exists():
        raise Refused(_("这个文件过了保存期限，已经删除。"))
    record(
        actor, "terminals.view_file", subject=f"terminal:{where.code}", place_path=where.area.place.path,
        details={"command": run.command_id, "media": file.media}, at=now,
    )  # fmt: skip
    return path.read_bytes()


def remove_old(now: datetime) -> int:
    """Remove bytes past their term; the row stays and says so."""
    rows = CommandFile.objects.filter(removed_at__isnull=True, keep_until__lte=now).select_related("run")
    for row in rows:
        _file_path(row.run.number, row.media).unlink(missing_ok=True)
        CommandFile.objects.filter(pk=row.pk).update(removed_at=now)
    return len(rows)


@transaction.atomic
def add_package(actor: Actor, manifest: ReleaseManifest, source: Path, now: datetime, *, release_key: str) -> Package:
    """Take a signed package in; `release_key` is the public half of the offline key. Raises Refused."""
    actor.require(Role.SYSTEM_ADMIN)
    if not check_manifest(release_key, manifest):
        raise Refused(_("升级包的发布签名不对，没有收下。"))
    if source.stat().st_size != manifest.size or _hash_of(source) != manifest.sha256:
        raise Refused(_("升级包与它的清单不符，没有收下。"))
    newest = max(Package.objects.values_list("version", flat=True), key=version_key, default="")
    target = package_path(manifest.sha256)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_suffix(".draft")
    shutil.copyfile(source, draft)
    draft.replace(target)
    try:
        with transaction.atomic():
            row = Package.objects.create(
                version=manifest.version, sha256=manifest.sha256, size=manifest.size,
                manifest=msgspec.to_builtins(manifest), added_at=now, added_by=actor.name,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("版本 %(version)s 已经有了。") % {"version": manifest.version}) from error
    details = {"version": manifest.version, "sha256": manifest.sha256, "newest_before": newest}
    record(actor, "terminals.add_package", subject=f"package:{manifest.version}", details=details, at=now)
    return row


def package_path(sha256: str) -> Path:
    """Where a package's bytes lie. `sha256` comes from a row or was checked to be hex."""
    return Path(settings.BUDAYANG.data_dir) / "packages" / f"{sha256}.tar.gz"


def _file_path(number: int, media: str) -> Path:
    return Path(settings.BUDAYANG.data_dir) / "uploads" / "commands" / f"{number}.{SUFFIX[CommandFile.Media(media)]}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
