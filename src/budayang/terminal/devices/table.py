"""Which kinds of device a terminal can have, one row a kind, and the making of those that are configured.

A driver's module is imported only when its device is configured: what is not there costs neither memory nor a fault.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock


@dataclass(frozen=True, slots=True)
class Reading:
    """One property's state in XFS words and the device's own word for it (or "")."""

    state: str
    raw: str = ""


States = Mapping[str, Reading]


@runtime_checkable
class Device(Protocol):
    """What the terminal asks of every driver."""

    subject: str
    kind: str
    poll_s: float

    async def poll(self) -> States:
        """All properties now. Never raises for what a device can do: that is a state too."""

    async def close(self) -> None:
        """Let go of the port."""


@runtime_checkable
class Watching(Protocol):
    """A device that watches something of its own between polls."""

    async def run(self) -> None:
        """Watch for ever."""


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """`subject` names the device on the wire, `module` holds `build(settings, clock)`, `configured` says whether
    it is there.
    """

    kind: str
    subject: str
    title: str
    module: str
    configured: Callable[[Settings], bool]


KINDS: tuple[DeviceKind, ...] = (
    DeviceKind(
        kind="idReader",
        subject="idReader",
        title="身份证阅读器",
        module="budayang.terminal.devices.idreader.driver",
        configured=lambda settings: bool(settings.reader_url),
    ),
    DeviceKind(
        kind="documentCamera",
        subject="documentCamera",
        title="高拍仪",
        module="budayang.terminal.devices.documentcamera.driver",
        configured=lambda settings: bool(settings.camera_url),
    ),
    DeviceKind(
        kind="camera",
        subject="camera",
        title="人像摄像头",
        module="budayang.terminal.devices.facecamera.driver",
        configured=lambda settings: bool(settings.face_camera_url),
    ),
    DeviceKind(
        kind="printer",
        subject="printer",
        title="打印机",
        module="budayang.terminal.devices.printer.driver",
        configured=lambda settings: bool(settings.printer_url),
    ),
    DeviceKind(
        kind="payment",
        subject="payment",
        title="付款码扫描窗",
        module="budayang.terminal.devices.payerscanner.driver",
        configured=lambda settings: bool(settings.payer_scanner_url),
    ),
    DeviceKind(
        kind="departmentPage",
        subject="departmentPage",
        title="部门网页窗口",
        module="budayang.terminal.devices.departmentpage.driver",
        configured=lambda settings: bool(settings.page_helper),
    ),
)


def build(settings: Settings, clock: Clock) -> dict[str, Device]:
    """The configured devices by kind."""
    devices: dict[str, Device] = {}
    for row in KINDS:
        if row.configured(settings):
            make = cast(Callable[[Settings, Clock], Device], importlib.import_module(row.module).build)
            devices[row.kind] = make(settings, clock)
    return devices
