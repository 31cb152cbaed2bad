"""A peripheral's states as an XFS4IoT ``Common.Status`` completion message of the edition 2021-1.

XFS has one block a device class; PLACES says where each property of ours goes. A word goes into a block only when that
edition knows it there: what it does not know (our ``x-`` properties, unknown where it has no "unknown", words that came
raw) is left out of the blocks. Everything as we keep it, with the device's own code, is in the block ``x-budayang`` of
the payload, which the schema lets pass because it forbids no further properties there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from budayang.rules.terminals import KINDS, roll_up

VERSION = "1.0"
DEVICE_WORDS = frozenset(
    (
        "online", "offline", "powerOff", "noDevice", "hardwareError", "userError", "deviceBusy", "fraudAttempt",
        "potentialFraud", "starting",
    )
)  # fmt: skip
_MEDIA = frozenset(("notSupported", "unknown", "present", "notPresent", "jammed", "entering"))
_CARD_MEDIA, _PAPER_MEDIA = _MEDIA | {"latched"}, _MEDIA | {"retracted"}
_PAPER = frozenset(["notSupported", "unknown", "full", "low", "out", "jammed"])
_SUPPLY = _PAPER - {"jammed"}
_SECURITY = frozenset(["notSupported", "notReady", "open"])
_MODULE = frozenset(["ok", "inoperable", "unknown", "notSupported"])
_CHIP = frozenset(["notSupported", "unknown", "online", "busy", "poweredOff", "noDevice", "hardwareError", "noCard"])
_SCANNER = frozenset(["on", "off", "inoperative", "unknown"])
_LENS = frozenset(["notSupported", "ok", "inop", "unknown"])
_DOOR = frozenset(["notAvailable", "closed", "open", "locked", "bolted", "tampered"])
_SENSOR = frozenset(["notAvailable", "on", "off"])
_PRESENCE = frozenset(["notAvailable", "present", "notPresent"])
_SWITCH = frozenset(["notAvailable", "run", "maintenance", "supervisor"])
_SERVICE = frozenset(["enterPending", "active", "exitPending", "inactive"])
_FLASH = frozenset(["off", "slow", "medium", "quick", "continuous"])


@dataclass(frozen=True)
class Place:
    """Where a property is told: keys below the payload, and the words that may stand there."""

    keys: tuple[str, ...]
    words: frozenset[str]


def _place(keys: str, words: frozenset[str]) -> Place:
    return Place(tuple(keys.split(".")), words)


PLACES: dict[str, dict[str, Place]] = {
    "printer": {
        "paper.upper": _place("printer.paper.upper", _PAPER),
        "paper.lower": _place("printer.paper.lower", _PAPER),
        "toner": _place("printer.toner", _SUPPLY),
        "media": _place("printer.media", _PAPER_MEDIA),
    },
    "receiptPrinter": {
        "paper.upper": _place("printer.paper.upper", _PAPER),
        "media": _place("printer.media", _PAPER_MEDIA),
    },
    "stamp": {
        "ink": _place("printer.ink", _SUPPLY),
        "media": _place("printer.media", _PAPER_MEDIA),
        "cabinetFrontDoor": _place("auxiliaries.cabinetFrontDoor", _DOOR),
    },
    "idReader": {
        "media": _place("cardReader.media", _CARD_MEDIA),
        "security": _place("cardReader.security", _SECURITY),
        "chipModule": _place("cardReader.chipModule", _MODULE),
    },
    "icCard": {
        "media": _place("cardReader.media", _CARD_MEDIA),
        "chipPower": _place("cardReader.chipPower", _CHIP),
    },
    "cardDispenser": {"media": _place("cardReader.media", _CARD_MEDIA)},
    "scanner": {"scanner": _place("barcodeReader.scanner", _SCANNER)},
    "payment": {"scanner": _place("barcodeReader.scanner", _SCANNER)},
    "camera": {
        "person": _place("camera.cameras.person", _LENS),
        "room": _place("camera.cameras.room", _LENS),
    },
    "documentCamera": {"document": _place("camera.cameras.document", _LENS)},
    "door": {
        "cabinet": _place("auxiliaries.cabinetFrontDoor", _DOOR),
        "tamperSensor": _place("auxiliaries.tamperSensor", _SENSOR),
    },
    "presence": {"proximitySensor": _place("auxiliaries.proximitySensor", _PRESENCE)},
    "operator": {
        "operatorSwitch": _place("auxiliaries.operatorSwitch", _SWITCH),
        "service": _place("vendorMode.service", _SERVICE),
    },
    "environment": {"heatSensor": _place("auxiliaries.heatSensor", _SENSOR)},
    "lights": {
        name: _place(f"lights.{name}.flashRate", _FLASH)
        for name in (
            "cardReader", "documentPrinter", "receiptPrinter", "scanner", "statusInService", "fasciaLight",
        )
    },
}  # fmt: skip
# A UPS is told by what is the case, not by one word.
UPS: dict[str, tuple[str, ...]] = {
    "powerIn": (),
    "recovered": ("recovered",),
    "powering": ("engaged", "powering"),
    "low": ("engaged", "powering", "low"),
}


@dataclass(frozen=True)
class Now:
    """A property now: our word, the device's own, and since when (None when nobody knows)."""

    state: str
    raw: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Reported:
    """One peripheral of one terminal. ``stale``: why what it said is not known to hold now; empty when it is.
    ``gone_since``: the terminal no longer reports it.
    """

    terminal: str
    subject: str
    kind: str
    states: Mapping[str, Now] = field(default_factory=dict)
    stale: str = ""
    gone_since: datetime | None = None


def status_message(peripheral: Reported, request_id: int) -> dict[str, Any]:
    """The completion message. Of a device whose state is not known the message does not say ``success``: the edition
    demands a word of `common.device` and has none for it.
    """
    device, why = _device(peripheral)
    payload: dict[str, Any] = {"completionCode": "deviceNotReady" if why else "success"}
    if why:
        payload["errorDescription"] = why
    payload["common"] = {"device": device}
    for keys, value in _told(peripheral):
        _put(payload, keys, value)
    payload["x-budayang"] = _ours(peripheral)
    header = {"type": "completion", "name": "Common.Status", "requestId": request_id, "version": VERSION}
    return {"header": header, "payload": payload}


def demonstration(terminal: str = "DEMO") -> Iterator[Reported]:
    """One simulated peripheral of each kind, first with all its properties well, then once for each other state."""
    for kind in KINDS.values():
        if not kind.peripheral:
            continue
        well = {prop.name: _simulated(prop.name, prop.states[0].state) for prop in kind.properties}
        yield Reported(terminal, kind.kind, kind.kind, well)
        for prop in kind.properties:
            for other in prop.states[1:]:
                states = {**well, prop.name: _simulated(prop.name, other.state)}
                yield Reported(terminal, kind.kind, kind.kind, states)


def _simulated(prop: str, state: str) -> Now:
    """With the simulated device's own word: a loudness for the volume, else the state itself."""
    loudness = {"ok": "400", "muted": "0"}
    return Now(state, loudness.get(state, "") if prop == "volume" else f"demo {state}")


def _device(peripheral: Reported) -> tuple[str, str]:
    """The word of common.device, and why it is not to be relied on."""
    if peripheral.gone_since is not None:
        return "noDevice", ""
    states = peripheral.states
    told = states.get("device")
    known = KINDS.get(peripheral.kind)
    if told is None and states and known is not None and known.get_property("device") is None:
        # A door or a key has no device of its own to ask: that it tells anything is that it is there.
        return "online", peripheral.stale
    if told is None or told.state not in DEVICE_WORDS:
        word = f": {told.state}" if told is not None else ""
        return "offline", peripheral.stale or f"state of the device is not known{word}"
    return told.state, peripheral.stale


def _told(peripheral: Reported) -> Iterator[tuple[tuple[str, ...], Any]]:
    places = PLACES.get(peripheral.kind, {})
    for prop, now in peripheral.states.items():
        place = places.get(prop)
        if place is not None and now.state in place.words:
            yield place.keys, now.state
        elif (peripheral.kind, prop) == ("ups", "supply") and now.state in UPS:
            yield (
                ("auxiliaries", "UPS"),
                {name: name in UPS[now.state] for name in ("low", "engaged", "powering", "recovered")},
            )
        elif (peripheral.kind, prop) == ("speaker", "volume") and now.raw.isdecimal() and 1 <= int(now.raw) <= 1000:
            yield ("auxiliaries", "volume", "volumeLevel"), int(now.raw)


def _put(payload: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    block = payload
    for key in keys[:-1]:
        block = block.setdefault(key, {})
    block[keys[-1]] = value


def _ours(peripheral: Reported) -> dict[str, Any]:
    health = roll_up(
        {(peripheral.subject, prop): now.state for prop, now in peripheral.states.items()},
        kinds={peripheral.subject: peripheral.kind},
    )
    ours: dict[str, Any] = {
        "terminal": peripheral.terminal,
        "subject": peripheral.subject,
        "kind": peripheral.kind,
        "level": health.level.value,
    }
    action = next((reason.code.value for reason in health.reasons if reason.code), "")
    if action:
        ours["action"] = action
    if peripheral.gone_since is not None:
        ours["goneSince"] = peripheral.gone_since.isoformat()
    ours["states"] = {
        prop: {
            "state": now.state,
            **({"raw": now.raw} if now.raw else {}),
            **({"since": now.since.isoformat()} if now.since else {}),
        }
        for prop, now in sorted(peripheral.states.items())
    }
    return ours
