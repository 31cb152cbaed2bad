"""The identity card reader: a serial line (or TCP, or a pty) that speaks SAM_V frames.

The line is half duplex with one command at a time and pyserial blocks, so all exchanges run on one worker thread.
Cards are
read only while the journey waits for one, and only when they were laid during it: what the previous person
forgot on the reader never opens a journey.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import serial
import structlog

from budayang.terminal.devices.idreader import frames
from budayang.terminal.devices.idreader.card import BadCard, Card, decode, expired
from budayang.terminal.devices.idreader.frames import Answer, Command, Word
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)
T = TypeVar("T")

INTER_BYTE_S = 0.2
OPEN_S = 2.0
HEALTH_S = 1.0
HEALTH_TRIES = 3
LIFT_POLLS = 2  # so many "no card" in a row mean that it is gone
SEARCH_EVERY_S = 0.4
CARD_TRIES = 3
USED = float("-inf")
CHINA = ZoneInfo("Asia/Shanghai")  # the last day of validity is a day in the law's own zone
TIMEOUTS: dict[Command, float] = {
    Command.STATUS: HEALTH_S,
    Command.RESET: HEALTH_S,
    Command.SAM_ID: HEALTH_S,
    Command.FIND: 0.3,
    Command.SELECT: 0.3,
    Command.READ_BASE: 2.0,
    Command.READ_ADDRESS: 1.5,
}


class Phase(StrEnum):
    """What the person at the reader should know."""

    OFF = "off"
    WAITING = "waiting"
    READING = "reading"
    LIFT = "lift"  # 请移开后重新放置
    FAILED = "failed"  # this card could not be read
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"


# What went wrong stays told until the next card: the module says "no card" at once, also while the bad one lies there.
TOLD = frozenset({Phase.FAILED, Phase.EXPIRED})


@dataclass(frozen=True, slots=True)
class Health:
    """The module's own answer to STATUS, in XFS words."""

    device: str
    security: str
    raw: str


NOT_OPENED = "port not opened"
OFFLINE = Health("offline", "notReady", "no answer")
MODULE_STATES: dict[int, Health] = {
    Word.SUCCESS: Health("online", "open", "90"),
    Word.SELF_TEST_FAILED: Health("hardwareError", "notReady", "60 self-test failed"),
    Word.NOT_AUTHORISED: Health("hardwareError", "notReady", "66 not authorised"),
}


class Port(Protocol):
    """The part of pyserial that is used."""

    timeout: float | None

    def read(self, size: int = 1) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...
    def reset_input_buffer(self) -> None: ...
    def close(self) -> None: ...


def open_port(url: str) -> Port:
    """Open tcp://host:port, pty:path or a device path, 115200 8N1.

    Raises:
        DeviceError: noDevice when the path is not there, offline when it cannot be opened.
    """
    address = url.replace("tcp://", "socket://", 1) if url.startswith("tcp://") else url.removeprefix("pty:")
    try:
        port: Port = serial.serial_for_url(address, baudrate=115200, timeout=INTER_BYTE_S, write_timeout=OPEN_S)
    except (serial.SerialException, OSError) as error:
        missing = getattr(error, "errno", None) in {2, 6, 19} and not address.startswith("socket://")
        raise DeviceError("noDevice" if missing else "offline", NOT_OPENED) from error
    return port


class SamV:
    """One reader on one line; blocking, to be used from one thread."""

    def __init__(self, url: str, *, opener: Callable[[str], Port] = open_port) -> None:
        self._url = url
        self._opener = opener
        self._port: Port | None = None

    def close(self) -> None:
        """Close the line; the next exchange opens it again."""
        if self._port is not None:
            port, self._port = self._port, None
            # pyserial 3.5 forgets to close a socket whose other end has gone: its shutdown() fails before its close().
            line = getattr(port, "_socket", None)
            try:
                port.close()
            except OSError:
                log.debug("reader.close_failed")
            if line is not None:
                line.close()

    def exchange(self, command: Command, data: bytes = b"") -> Answer:
        """Send one request and wait for its answer; a damaged answer, or one that says so of the request, is asked
        once more.

        Raises:
            DeviceError: noDevice, offline (no answer in time) or link (damaged twice).
        """
        for attempt in (1, 2):
            answer = self._once(command, data)
            if isinstance(answer, Answer) and answer.word not in frames.LINK_ERRORS:
                return answer
            log.info("reader.link_error", command=command.name, attempt=attempt)
        raise DeviceError("link", command.name)

    def _once(self, command: Command, data: bytes) -> Answer | frames.Damaged:
        port = self._port = self._port or self._opener(self._url)
        parser = frames.Parser()
        deadline = time.monotonic() + TIMEOUTS[command] + INTER_BYTE_S
        try:
            port.reset_input_buffer()
            port.write(frames.request(command, data))
            while (left := deadline - time.monotonic()) > 0:
                # One byte first: a whole-buffer read would wait for its time-out after each answer.
                port.timeout = INTER_BYTE_S if parser.pending else min(left, TIMEOUTS[command])
                piece = port.read(1)
                if piece:
                    waiting = int(getattr(port, "in_waiting", 0))
                    found = parser.feed(piece + (port.read(waiting) if waiting else b""))
                    if found:
                        return found[-1]
                elif parser.pending:
                    return frames.Damaged("cut")
        except (serial.SerialException, OSError) as error:
            self.close()
            raise DeviceError("offline", type(error).__name__) from error
        raise DeviceError("offline", f"no answer to {command.name}")

    def health(self) -> Health:
        """Ask STATUS, three times if need be. A missing port is noDevice, silence offline."""
        for _ in range(HEALTH_TRIES):
            try:
                answer = self.exchange(Command.STATUS)
            except DeviceError as error:
                if error.reason == "noDevice":
                    return Health("noDevice", "notReady", error.detail)
                if error.reason == "link":
                    return Health("hardwareError", "notReady", "link")
                self.close()
                if error.reason == "offline" and error.detail == NOT_OPENED:
                    return OFFLINE  # nobody listens: asking twice more only costs time
                continue
            return MODULE_STATES.get(answer.word, Health("hardwareError", "notReady", f"{answer.word:02X}"))
        return OFFLINE

    def sam_id(self) -> str:
        """The module's number, for the asset register; empty when it does not tell."""
        answer = self.exchange(Command.SAM_ID)
        return frames.sam_id_text(answer.data) if answer.word == Word.SUCCESS and len(answer.data) == 16 else ""

    def find(self) -> bool:
        """Whether a card is on the reader that may be selected."""
        return self.exchange(Command.FIND).word == Word.FOUND

    def read(self) -> Card:
        """Select the found card and read it: text, then the newest appended address. The photo goes along as it is.

        Raises:
            DeviceError: card (with SW3, or why its text is no card's), offline, link.
        """
        for command in (Command.SELECT, Command.READ_BASE):
            answer = self.exchange(command)
            if answer.word != Word.SUCCESS:
                raise DeviceError("module" if answer.word in frames.MODULE_FAULTS else "card", f"{answer.word:02X}")
        try:
            text, photo = frames.split_base(answer.data)
            card = replace(decode(text), photo=photo)
        except (ValueError, BadCard) as error:
            raise DeviceError("card", getattr(error, "why", "lengths")) from None
        try:
            newest = self.exchange(Command.READ_ADDRESS)
        except DeviceError:
            return card  # an address that does not come is no reason to refuse the card
        if newest.word == Word.SUCCESS and newest.data:
            address = newest.data.decode("utf-16-le", "ignore").strip(" \0")
            if address:
                card = replace(card, address=address)
        return card


class IdReader:
    """The reader as the terminal sees it: health polled, presence watched, cards read while somebody waits for one."""

    kind = "idReader"

    def __init__(
        self, url: str, clock: Clock, *, subject: str = "idReader", opener: Callable[[str], Port] = open_port
    ) -> None:
        self.subject = subject
        self.poll_s = 5.0
        self.phase = Phase.OFF
        self.on_phase: Callable[[], None] = lambda: None
        self._clock = clock
        self._sam = SamV(url, opener=opener)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="idreader")
        self._absent = LIFT_POLLS
        self._laid_s = USED  # when the card that lies there was laid; USED when it was read or given up
        self._armed = False

    async def poll(self) -> States:
        """`device` and `security`; whether a card lies there is no fact for the center and is not told."""
        health = await self._run(self._sam.health)
        return {"device": Reading(health.device, health.raw), "security": Reading(health.security, health.raw)}

    async def run(self) -> None:
        """Watch, for ever, when a card is laid and lifted. Nothing of it is read but by `next_card`."""
        while True:
            if not self._armed:
                try:
                    await self._look()
                except DeviceError:
                    await asyncio.sleep(self.poll_s)  # the health poll tells it
            await asyncio.sleep(SEARCH_EVERY_S)

    async def next_card(self, laid_after_s: float) -> Card:
        """Wait for a card, read it, give it. Cancel to stop. What goes wrong meanwhile is told by `phase`.

        A card that was laid before `laid_after_s` (monotonic, the beginning of the journey) is somebody else's until
        it is lifted and laid again, and so is a card that has been read.
        """
        tries = 0
        self._armed = True
        try:
            while True:
                try:
                    found = await self._look()
                except DeviceError as error:
                    log.info("reader.find_failed", reason=error.reason, detail=error.detail)
                    self._set(Phase.UNREACHABLE)
                    await asyncio.sleep(1.0)
                    continue
                if not found:
                    tries = 0
                if found and self._laid_s >= laid_after_s:
                    card = await self._read(last_try=tries + 1 >= CARD_TRIES)
                    if card is not None:
                        return card
                    tries += 1
                    continue
                self._tell(found=found)
                await asyncio.sleep(SEARCH_EVERY_S)
        finally:
            self._armed = False
            self.phase = Phase.OFF

    async def close(self) -> None:
        """Close the line and end the thread."""
        await self._run(self._sam.close)
        self._thread.shutdown(wait=False)

    async def _look(self) -> bool:
        """Whether a card is there now; notes when it was laid. One missed answer is no lifting."""
        found = await self._run(self._sam.find)
        if found and self._absent >= LIFT_POLLS:
            self._laid_s = self._clock.monotonic()
        self._absent = 0 if found else self._absent + 1
        return found

    def _tell(self, *, found: bool) -> None:
        """The phase while no card is read."""
        if self.phase is Phase.READING:
            self._set(Phase.FAILED)  # a try failed and the card cannot be found again: lifted too soon, or given up
        elif self.phase not in TOLD and found:
            self._set(Phase.LIFT)
        elif self.phase not in TOLD and (self._absent >= LIFT_POLLS or self.phase in {Phase.OFF, Phase.UNREACHABLE}):
            self._set(Phase.WAITING)

    async def _read(self, *, last_try: bool) -> Card | None:
        self._set(Phase.READING)
        try:
            card = await self._run(self._sam.read)
        except DeviceError as error:
            log.info("reader.card_failed", reason=error.reason, detail=error.detail)
            if last_try or error.reason != "card":
                self._laid_s = USED
                self._set(Phase.FAILED)
            return None
        self._laid_s = USED
        if expired(card, self._clock.now().astimezone(CHINA).date()):
            self._set(Phase.EXPIRED)
            return None
        return card

    def _set(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.on_phase()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def build(settings: Settings, clock: Clock) -> IdReader:
    """The reader of the settings."""
    return IdReader(settings.reader_url, clock)
