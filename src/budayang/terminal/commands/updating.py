"""The command that brings a new release: signed by the offline key, newer, whole; tried, then kept or taken back.

The center's signature says who ordered it, the release key's says who made it. A center that was taken over can order
nothing that the makers did not sign, and nothing older than what runs.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from budayang.rules.commands import version_key
from budayang.terminal.commands.acts import Acts, Outcome
from budayang.terminal.commands.obey import DONE, PENDING, RUNNING
from budayang.terminal.commands.restarting import AGAIN
from budayang.terminal.handing import Handing, TooLarge
from budayang.terminal.life import Life
from budayang.terminal.outbox import Outbox
from budayang.terminal.releases import INSTALL, BadRelease, Releases
from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.wire.commands import Command, ReleaseManifest, check_manifest

log = structlog.get_logger(__name__)

INSTALL_S = 300.0
TRIES = 4
TRY_AGAIN_S = 5.0
WORKS_S = 5.0  # the line must have stood this long before a release on trial counts as working
LOOK_S = 0.5
ROOM = 4  # times the package's size must be free


class Updating:
    """`works` says whether the program does what it is for: the line to the center stands."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        life: Life,
        handing: Handing,
        *,
        folder: Path | None,
        release_key: str,
        works: Callable[[], bool],
        end: Callable[[int], None],
        wake: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._life = life
        self._handing = handing
        self._releases = Releases(folder) if folder is not None and release_key else None
        self._release_key = release_key
        self._works = works
        self._end = end
        self._wake = wake

    def acts(self) -> Acts:
        """The command that is carried out here."""
        return {"update_software": self._update}

    @property
    def version(self) -> str:
        """The release that runs; "" where there are none."""
        return self._releases.current if self._releases is not None else ""

    async def _update(self, command: Command) -> Outcome:
        releases = self._releases
        if releases is None:
            return Outcome("not_available")
        try:
            manifest = msgspec.convert(command.arguments.get("manifest"), ReleaseManifest)
        except msgspec.ValidationError:
            return Outcome("bad_manifest")
        if not check_manifest(self._release_key, manifest) or manifest.name != "budayang-terminal":
            return Outcome("bad_manifest")
        before = releases.current
        if before and version_key(manifest.version) <= version_key(before):
            return Outcome("downgrade", {"version": before})
        if shutil.disk_usage(releases.folder).free < ROOM * manifest.size:
            return Outcome("low_space")
        problem = await self._bring(releases, manifest)
        if problem:
            return Outcome(problem, {"version": before})
        at_ms = milliseconds(self._clock.now())
        pending = {"id": command.id, "what": "update", "at_ms": at_ms, "version": manifest.version, "before": before}
        self._outbox.remember(PENDING, pending)
        releases.begin_trial(manifest.version)
        self._life.intent = "update"
        self._end(AGAIN)
        return Outcome(later=True)

    async def _bring(self, releases: Releases, manifest: ReleaseManifest) -> str:
        """Fetch, check, unpack, install; the reason why not."""
        package = releases.folder / f"{manifest.sha256}.part"
        try:
            problem = await self._fetch(manifest, package)
            if problem:
                return problem
            try:
                target = await asyncio.to_thread(releases.unpack, package, manifest.version)
            except BadRelease as error:
                log.error("update.bad_release", why=str(error))
                return "bad_package"
            return await _install(target)
        finally:
            package.unlink(missing_ok=True)

    async def _fetch(self, manifest: ReleaseManifest, package: Path) -> str:
        for again in range(TRIES):
            try:
                digest = await self._handing.fetch_package(manifest.sha256, manifest.size, package)
            except CenterUnreachable:
                await asyncio.sleep(TRY_AGAIN_S * (again + 1))
                continue
            except CenterRefused as refused:
                log.error("update.refused", error=refused.code)
                return "download_failed"
            except TooLarge:
                return "bad_package"
            return "" if digest == manifest.sha256 and package.stat().st_size == manifest.size else "bad_package"
        return "download_failed"

    # After the start that followed

    async def settle(self) -> None:
        """Tell how an update went that ended the run before: kept when it works here, failed when it was taken back."""
        pending: dict[str, Any] | None = self._outbox.recall(PENDING)
        if self._releases is None or not pending or pending["what"] != "update":
            return
        failed = self._releases.rolled_back()
        if failed is not None and failed.version == pending["version"]:
            self._tell(pending, "rolled_back")
            self._releases.forget_rolled_back()
            return
        if self._releases.current != pending["version"]:
            self._tell(pending, "interrupted")  # killed between the memory and the switch
            return
        since: float | None = None
        while since is None or self._clock.monotonic() - since < WORKS_S:
            await asyncio.sleep(LOOK_S)
            since = (since or self._clock.monotonic()) if self._works() else None
        self._releases.confirm()
        self._tell(pending, "")

    def _tell(self, pending: dict[str, Any], reason: str) -> None:
        number = int(pending["id"])
        version = self.version
        body = {"id": number, "state": "failed" if reason else "done", "reason": reason, "result": {"version": version}}
        kept = (self._outbox.recall(DONE) or {}) | {str(number): pending["at_ms"] + 7 * 24 * 3600 * 1000}
        running = self._outbox.recall(RUNNING) or {}
        key = str(running.get("key", ""))
        self._outbox.finish_command(key, [("command.state", body)], {PENDING: None, RUNNING: None, DONE: kept})
        log.info("command.ended", number=number, state=body["state"], reason=reason, version=version)
        self._wake()


async def _install(target: Path) -> str:
    """Run the release's own installer, where it brings one; it is part of what the release key signed."""
    if not (target / INSTALL).exists():
        return ""
    try:
        process = await asyncio.create_subprocess_exec(target / INSTALL, cwd=target)
        async with asyncio.timeout(INSTALL_S):
            code = await process.wait()
    except (OSError, TimeoutError) as error:
        log.error("update.install_failed", error=type(error).__name__)
        return "install_failed"
    return "install_failed" if code else ""
