"""Materials of a journey: photographed under the document camera or brought by the person's own phone, looked at,
ordered, kept in memory until they are sealed and handed in.

A phone is let in by a one-time link that the center makes for this journey; what it brings is sealed to the journey's
own key. The link ends when the person goes on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from budayang.forms.materials import SIGNATURE, Want, wanted
from budayang.forms.pictures import REFUSED, WORDS, Limits, NotAPicture, measure, shrink, thumbnail, turn
from budayang.terminal.errors import DeviceError
from budayang.terminal.handing_over import HandingOver
from budayang.terminal.holding import PhoneLink, Sheet
from budayang.terminal.journey import Journey
from budayang.terminal.screens.language import _
from budayang.uplink.clock import Clock
from budayang.uplink.errors import UplinkError
from budayang.wire.sealing import CannotOpen

log = structlog.get_logger(__name__)

HOLD_S = 20  # how long the center holds a question for the next picture
AGAIN_S = 2.0
REST_S = 0.2
PDF = "application/pdf"
JPEG = "image/jpeg"


class Camera(Protocol):
    """What the journey needs of a document camera."""

    async def shoot(self) -> bytes: ...


class Sheets:
    """The materials of the one journey that there is. `on_change` draws the page anew."""

    def __init__(self, clock: Clock, handing: HandingOver) -> None:
        self.camera: Camera | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.touched: Callable[[], None] = lambda: None
        self.limits = Limits()
        self.busy = ""  # what is being done now: "" | shooting
        self._clock = clock
        self._handing = handing
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None

    # What the screens ask

    def wants(self, schema: Mapping[str, Any], journey: Journey) -> tuple[Want, ...]:
        return wanted(schema, journey.form)

    def of_kind(self, journey: Journey, kind: str) -> list[Sheet]:
        return [sheet for sheet in journey.sheets if sheet.kind == kind]

    # What people do

    def enter(self, schema: Mapping[str, Any], journey: Journey) -> None:
        """The page is opened: sheets of kinds that the answers do not ask for any more go."""
        kinds = [want.kind for want in self.wants(schema, journey)]
        journey.sheets = [sheet for sheet in journey.sheets if sheet.kind in {*kinds, SIGNATURE}]
        if journey.sheet_kind not in kinds:
            journey.sheet_kind = kinds[0] if kinds else ""

    def leave(self, journey: Journey) -> None:
        """Left: the phone's link ends, whether the center hears of it now or by itself later."""
        if self._following is not None:
            self._following.cancel()
            self._following = None
        link, journey.link = journey.link, None
        if link is not None and link.name:
            self._beside(self._close(journey.reply_key.public, link.name))

    def shoot(self, journey: Journey, want: Want) -> None:
        """Photograph what lies under the camera."""
        if self.camera is not None and not self.busy:
            self.busy = "shooting"
            self._beside(self._shoot(self.camera, journey, want))

    def move(self, journey: Journey, name: str, *, up: bool) -> bool:
        """One place earlier or later among the sheets of its kind."""
        sheet = find(journey, name)
        if sheet is None:
            return False
        mine = self.of_kind(journey, sheet.kind)
        at = mine.index(sheet) + (-1 if up else 1)
        if not 0 <= at < len(mine):
            return False
        one, other = journey.sheets.index(sheet), journey.sheets.index(mine[at])
        journey.sheets[one], journey.sheets[other] = journey.sheets[other], journey.sheets[one]
        return True

    def drop(self, journey: Journey, name: str) -> bool:
        sheet = find(journey, name)
        if sheet is None:
            return False
        journey.sheets.remove(sheet)
        return True

    def keep(self, journey: Journey, name: str) -> bool:
        """The person looked at it and it is right as it is; what a clerk cannot read at all is not kept."""
        sheet = find(journey, name)
        if sheet is None or set(sheet.problems) & REFUSED:
            return False
        sheet.kept = True
        return True

    def rotate(self, journey: Journey, name: str) -> bool:
        sheet = find(journey, name)
        if sheet is None or sheet.media != JPEG:
            return False
        sheet.content = turn(sheet.content)
        sheet.thumb = thumbnail(sheet.content)
        return True

    def ask_phone(self, journey: Journey, item_name: str, wants: Sequence[Want]) -> None:
        """Show a code that a phone can read."""
        if self._following is None or self._following.done():
            journey.link = PhoneLink()
            self._following = self._beside(self._follow(journey, item_name, wants))

    def problem(self, schema: Mapping[str, Any], journey: Journey, kind: str) -> str:
        """Why the page of that kind cannot be left, in Chinese; "" when it can."""
        want = next((one for one in self.wants(schema, journey) if one.kind == kind), None)
        mine = self.of_kind(journey, kind)
        if want is None:
            return ""
        if want.required and not mine:
            return _("还没有这份材料，请拍照或用手机上传")
        if len(mine) > want.most:
            return _("最多 %(n)s 张，请删去多的") % {"n": want.most}
        if any(set(sheet.problems) & REFUSED for sheet in mine):
            return _("有一张看不清，请重拍或删去")
        if any(sheet.problems and not sheet.kept for sheet in mine):
            return _("有一张要再看一看：重拍，或者点“就用这张”")
        return ""

    def next_kind(self, schema: Mapping[str, Any], journey: Journey) -> bool:
        """To the page of the next kind; False when this was the last one."""
        kinds = [want.kind for want in self.wants(schema, journey)]
        at = kinds.index(journey.sheet_kind) + 1 if journey.sheet_kind in kinds else 0
        if at >= len(kinds):
            return False
        journey.sheet_kind = kinds[at]
        return True

    def previous_kind(self, schema: Mapping[str, Any], journey: Journey) -> bool:
        kinds = [want.kind for want in self.wants(schema, journey)]
        at = kinds.index(journey.sheet_kind) - 1 if journey.sheet_kind in kinds else -1
        if at < 0:
            return False
        journey.sheet_kind = kinds[at]
        return True

    # What goes on beside the screens

    async def _shoot(self, camera: Camera, journey: Journey, want: Want) -> None:
        try:
            content = await camera.shoot()
            await self.take(journey, want, JPEG, content, by="camera")
        except DeviceError as error:
            log.warning("camera.failed", reason=error.reason)
            journey.error = _("高拍仪没有拍成，请再试一次，或用手机上传")
        except NotAPicture:
            journey.error = _("高拍仪给出的不是照片，请再试一次，或用手机上传")
        finally:
            self.busy = ""
            self.on_change()

    async def take(
        self, journey: Journey, want: Want, media: str, content: bytes, *, by: str, problems: Sequence[str] = ()
    ) -> None:
        """Look at a sheet and put it behind the others of its kind. Raises NotAPicture."""
        if len(self.of_kind(journey, want.kind)) >= want.most:
            journey.error = _("最多 %(n)s 张，请先删去一张") % {"n": want.most}
            return
        sheet = Sheet(secrets.token_hex(6), want.kind, media, content, problems=tuple(problems), by=by)
        if media == JPEG:
            sheet.content, sheet.thumb, sheet.problems = await asyncio.to_thread(self._look_at, content)
        journey.sheets.append(sheet)
        journey.error = ""
        self.touched()
        self.on_change()

    def _look_at(self, content: bytes) -> tuple[bytes, bytes, tuple[str, ...]]:
        small = shrink(content)
        return small, thumbnail(small), measure(small, self.limits).problems

    async def _follow(self, journey: Journey, item_name: str, wants: Sequence[Want]) -> None:
        kinds = {want.kind: want for want in wants}
        try:
            link = await self._handing.open_link(journey, item_name, [(w.kind, w.title, w.most) for w in wants])
        except UplinkError as error:
            log.warning("upload.no_link", error=type(error).__name__)
            journey.link = PhoneLink("failed")
            self.on_change()
            return
        link.ends_s += self._clock.monotonic()
        journey.link = link
        self.on_change()
        while link.state in {"waiting", "held"}:
            try:
                found, content = await self._handing.next_upload(journey, link, wait_s=HOLD_S)
            except (UplinkError, CannotOpen, msgspec.DecodeError) as error:
                log.warning("upload.not_heard", error=type(error).__name__)
                await asyncio.sleep(AGAIN_S)
                if self._clock.monotonic() >= link.ends_s:
                    break
                continue
            changed, link.state = found.state != link.state, found.state
            if content and found.kind in kinds:
                await self._take_upload(journey, kinds[found.kind], found.media, content, found.problems)
            link.have = max(link.have, found.position)
            if not content:
                await asyncio.sleep(REST_S)  # a center that does not hold the question is not asked without end
            if changed:
                self.touched()
                self.on_change()
        link.state = "over"
        self.on_change()

    async def _take_upload(
        self, journey: Journey, want: Want, media: str, content: bytes, problems: Sequence[str]
    ) -> None:
        try:
            await self.take(journey, want, media, content, by="phone", problems=problems)
        except NotAPicture:
            log.warning("upload.no_picture")  # the center writes every picture anew: this is its fault, not the phone's

    async def _close(self, reply_key: str, name: str) -> None:
        try:
            await self._handing.close_link(reply_key, name)
        except UplinkError as error:
            log.info("upload.not_closed", error=type(error).__name__)  # it ends by itself in some minutes

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("sheets.failed", exc_info=task.exception())

    async def close(self) -> None:
        """End what goes on; a closing of links is given a moment."""
        if self._following is not None:
            self._following.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)


def find(journey: Journey, name: str) -> Sheet | None:
    """The sheet of that name."""
    return next((sheet for sheet in journey.sheets if sheet.name == name), None)


def problem_words(sheet: Sheet) -> list[str]:
    """What the check says of a sheet, for the person."""
    return [_(WORDS[one]) for one in sheet.problems if one in WORDS]
