"""What devices say in their own codes, as states of rules.terminals. Tables and pure functions; nothing is asked here.

Each function gives property → Told; `raw` is the device's own word, kept beside the state. What a code does not say is
left out or unknown, never well.

Sources: RFC 8011 and PWG 5100.9 (IPP reasons), RFC 2790 and RFC 3805 (hrPrinterDetectedErrorState, supply levels),
RFC 9271 (NUT's ups.status), PC/SC part 5 as pcsc-lite has it (SCARD_STATE), Epson's ESC/POS (DLE EOT 1 to 4), the
status bytes of the CRT-591 card dispenser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Told(NamedTuple):
    """A state and the device's own word for it (or "")."""

    state: str
    raw: str = ""


States = dict[str, Told]
Effects = tuple[tuple[str, str], ...]

# Printers ------------------------------------------------------------------------------------------------------------

# Worst last: of two reasons about one property the worse one is told.
PRINTER_ORDER: dict[str, tuple[str, ...]] = {
    "device": ("online", "deviceBusy", "starting", "userError", "hardwareError", "offline", "noDevice"),
    "paper.upper": ("full", "low", "unknown", "out", "jammed"),
    "toner": ("full", "unknown", "low", "out"),
    "media": ("notPresent", "present", "unknown", "jammed"),
    "x-printer.waste": ("ok", "high", "full"),
    "x-printer.outputBin": ("ok", "high", "full"),
    "x-printer.queue": ("running", "paused"),
}
PRINTER_NORMAL: dict[str, str] = {
    "device": "online",
    "paper.upper": "full",
    "toner": "full",
    "media": "notPresent",
    "x-printer.waste": "ok",
    "x-printer.outputBin": "ok",
    "x-printer.queue": "running",
}

_OFFLINE: Effects = (("device", "offline"),)
_COVER: Effects = (("device", "userError"),)
_NO_PAPER: Effects = (("paper.upper", "out"),)
_JAM: Effects = (("media", "jammed"), ("paper.upper", "jammed"))
_NO_TRAY: Effects = (("paper.upper", "unknown"), ("device", "userError"))
_LOW_TONER: Effects = (("toner", "low"),)
_NO_TONER: Effects = (("toner", "out"),)
_NO_SUPPLY: Effects = (("toner", "out"), ("device", "userError"))
_WASTE_HIGH: Effects = (("x-printer.waste", "high"),)
_PAUSED: Effects = (("x-printer.queue", "paused"),)

IPP_REASONS: dict[str, Effects] = {
    "media-low": (("paper.upper", "low"),),
    "media-empty": _NO_PAPER,
    "media-needed": _NO_PAPER,
    "input-tray-missing": _NO_TRAY,
    "media-jam": _JAM,
    "toner-low": _LOW_TONER,
    "marker-supply-low": _LOW_TONER,
    "toner-empty": _NO_TONER,
    "marker-supply-empty": _NO_TONER,
    "marker-supply-missing": _NO_SUPPLY,
    "marker-waste-almost-full": _WASTE_HIGH,
    "marker-waste-full": (("x-printer.waste", "full"),),
    "opc-near-eol": _WASTE_HIGH,
    "cover-open": _COVER,
    "door-open": _COVER,
    "interlock-open": _COVER,
    "output-area-almost-full": (("x-printer.outputBin", "high"),),
    "output-area-full": (("x-printer.outputBin", "full"),),
    "offline": _OFFLINE,
    "connecting-to-device": _OFFLINE,
    "timed-out": _OFFLINE,
    "shutdown": _OFFLINE,
    "paused": _PAUSED,
    "moving-to-paused": _PAUSED,
}

# hrPrinterDetectedErrorState, bit 0 is the highest bit of the first octet.
MIB_BITS: tuple[tuple[str, Effects], ...] = (
    ("lowPaper", (("paper.upper", "low"),)),
    ("noPaper", _NO_PAPER),
    ("lowToner", _LOW_TONER),
    ("noToner", _NO_TONER),
    ("doorOpen", _COVER),
    ("jammed", _JAM),
    ("offline", _OFFLINE),
    ("serviceRequested", (("device", "hardwareError"),)),
    ("inputTrayMissing", _NO_TRAY),
    ("outputTrayMissing", _COVER),
    ("markerSupplyMissing", _NO_SUPPLY),
    ("outputNearFull", (("x-printer.outputBin", "high"),)),
    ("outputFull", (("x-printer.outputBin", "full"),)),
    ("inputTrayEmpty", _NO_PAPER),
    ("overduePreventMaint", _WASTE_HIGH),
)
# hrPrinterStatus: other 1, unknown 2, idle 3, printing 4, warmup 5
_MIB_STATUS: dict[int, tuple[str, Effects]] = {
    4: ("printing", (("device", "deviceBusy"),)),
    5: ("warmup", (("device", "starting"),)),
}
DEVICE_DOWN = 5  # of hrDeviceStatus


def worst_of(reasons: Iterable[tuple[str, Effects]]) -> States:
    """All properties of a printer that answered, from its reasons; what no reason speaks of is well."""
    worst = {prop: Told(state) for prop, state in PRINTER_NORMAL.items()}
    for name, effects in reasons:
        for prop, state in effects:
            order = PRINTER_ORDER[prop]
            if order.index(state) > order.index(worst[prop].state):
                worst[prop] = Told(state, name)
    return worst


def mib_bits(octets: bytes) -> list[tuple[str, Effects]]:
    """The errors that are set in hrPrinterDetectedErrorState; bits that the RFC does not name are left out."""
    return [row for bit, row in enumerate(MIB_BITS) if bit // 8 < len(octets) and octets[bit // 8] & (0x80 >> bit % 8)]


def printer_mib(octets: bytes, printer_status: int = 0, device_status: int = 0) -> States:
    """A printer's states from hrPrinterDetectedErrorState, hrPrinterStatus and hrDeviceStatus.

    0 for a status that was not answered. The MIB knows no paused queue, and tells the waste box only by the overdue
    maintenance: both are left out unless they are told.
    """
    errors = mib_bits(octets)
    found = worst_of([*errors, *([_MIB_STATUS[printer_status]] if printer_status in _MIB_STATUS else [])])
    del found["x-printer.queue"]
    if not found["x-printer.waste"].raw:
        del found["x-printer.waste"]
    if device_status == DEVICE_DOWN and not errors:
        # Down, and none of the errors says why: somebody has to look.
        found["device"] = Told("hardwareError", "down")
    return found


SUPPLY_UNKNOWN, SUPPLY_SOME = -2, -3  # prtMarkerSuppliesLevel, prtInputCurrentLevel


def supply_level(level: int, capacity: int, low_ratio: float) -> Told:
    """Paper or toner from a level and its capacity (RFC 3805): -2 not known, -3 some is left.

    ``low_ratio`` is the parameter paper_low_ratio. Where only "some" is known it is not called low: the printer's own
    low mark (lowPaper, lowToner) says when it is.
    """
    raw = f"{level}/{capacity}"
    if level == 0:
        return Told("out", raw)
    if level == SUPPLY_SOME or (level > 0 and capacity <= 0):
        return Told("full", raw)
    if level < 0:
        return Told("unknown", raw)
    return Told("low" if level / capacity <= low_ratio else "full", raw)


# Receipt printers ----------------------------------------------------------------------------------------------------

ESCPOS_MASK, ESCPOS_PATTERN = 0x93, 0x12  # each answer to DLE EOT n is 0xx1xx10


def escpos(answers: Mapping[int, int]) -> States:
    """A receipt printer's states from its answers to DLE EOT n (n → byte). An answer without the fixed pattern is noise
    and counts as none; without any answer it is offline.
    """
    heard = {n: byte for n, byte in answers.items() if byte & ESCPOS_MASK == ESCPOS_PATTERN}
    if not heard:
        return {"device": Told("offline", "no answer"), **_unknown("paper.upper", "media", "x-receipt.cutter")}
    raw = " ".join(f"{n}:{byte:02X}" for n, byte in sorted(heard.items()))
    printer, cause, error, paper = (heard.get(n, 0) for n in (1, 2, 3, 4))
    device = "online"
    if cause & 0x04 or error & 0x04:  # cover open, or an error that the operator can clear
        device = "userError"
    if error & 0x20:  # unrecoverable
        device = "hardwareError"
    if printer & 0x08 and not cause & 0x64 and device == "online":  # offline for none of the reasons of n=2
        device = "offline"
    found = {"device": Told(device, raw)}
    if 4 in heard or cause & 0x20:
        out = paper & 0x60 or cause & 0x20
        found["paper.upper"] = Told("out" if out else "low" if paper & 0x0C else "full", raw)
    else:
        found |= _unknown("paper.upper")
    found |= (
        {"x-receipt.cutter": Told("inoperable" if error & 0x08 else "ok", raw)}
        if 3 in heard
        else _unknown("x-receipt.cutter")
    )
    return found | _unknown("media")  # no answer speaks of the way of the paper


# Cards ---------------------------------------------------------------------------------------------------------------

PCSC_UNKNOWN, PCSC_UNAVAILABLE, PCSC_EMPTY, PCSC_PRESENT = 0x004, 0x008, 0x010, 0x020
PCSC_EXCLUSIVE, PCSC_MUTE, PCSC_UNPOWERED = 0x080, 0x200, 0x400
PCSC_ERRORS: dict[int, str] = {
    0x8010001D: "offline",  # no service: pcscd is not running
    0x8010001E: "offline",  # service stopped
    0x80100017: "noDevice",  # reader unavailable
    0x80100009: "noDevice",  # unknown reader
    0x8010002E: "noDevice",  # no readers available
}


def pcsc(event_state: int) -> States:
    """A card reader's states from SCardGetStatusChange's dwEventState."""
    raw = f"{event_state & 0xFFFF:#06x}"
    if event_state & PCSC_UNKNOWN:
        return pcsc_error(0x80100009)
    if event_state & PCSC_UNAVAILABLE:
        return {"device": Told("offline", raw), **_unknown("media", "chipPower")}
    if event_state & PCSC_PRESENT:
        chip = "online"
        if event_state & PCSC_MUTE:
            chip = "hardwareError"
        elif event_state & PCSC_UNPOWERED:
            chip = "poweredOff"
        elif event_state & PCSC_EXCLUSIVE:
            chip = "busy"
        return {"device": Told("online", raw), "media": Told("present", raw), "chipPower": Told(chip, raw)}
    if event_state & PCSC_EMPTY:
        return {"device": Told("online", raw), "media": Told("notPresent", raw), "chipPower": Told("noCard", raw)}
    return {"device": Told("online", raw), **_unknown("media", "chipPower")}


def pcsc_error(code: int) -> States:
    """A card reader's states when PC/SC answered with an error; an error that the table does not know is a hardware
    error with its number.
    """
    code &= 0xFFFFFFFF
    return {"device": Told(PCSC_ERRORS.get(code, "hardwareError"), f"{code:#010x}"), **_unknown("media", "chipPower")}


_CRT591_CARD = {0x30: "notPresent", 0x31: "present", 0x32: "present"}  # none, in the gate, at the reading position
_CRT591_STOCK = {0x30: "empty", 0x31: "low", 0x32: "ok"}
_CRT591_BIN = {0x30: "ok", 0x31: "full"}


def crt591(st0: int, st1: int, st2: int) -> States:
    """A card dispenser's states from the three status bytes of a CRT-591 answer."""
    return {
        "device": Told("online"),
        "media": Told(_CRT591_CARD.get(st0, "unknown"), f"st0 {st0:02X}"),
        "replenishmentStatus": Told(_CRT591_STOCK.get(st1, "unknown"), f"st1 {st1:02X}"),
        "retainBin": Told(_CRT591_BIN.get(st2, "unknown"), f"st2 {st2:02X}"),
    }


# Power ---------------------------------------------------------------------------------------------------------------


def nut(ups_status: str, before: str = "") -> States:
    """A UPS's states from NUT's ups.status. ``before`` is its supply at the last reading: mains after battery is
    recovered.
    """
    words = set(ups_status.split())
    supply = battery = "unknown"
    device = "online"
    if words & {"OB", "FSD"}:
        supply = "low" if words & {"LB", "FSD"} else "powering"
    elif words & {"OL", "BYPASS"}:
        supply = "recovered" if before in ("powering", "low") else "powerIn"
    if "RB" in words:
        battery = "failure"
    elif "LB" in words:
        battery = "low"
    elif words & {"OL", "OB"}:
        battery = "operational"
    if "OFF" in words:
        device = "powerOff"
    elif words & {"COMMBAD", "NOCOMM"}:
        device, supply, battery = "offline", "unknown", "unknown"
    elif "OVER" in words:
        device = "userError"  # more is plugged in than it can feed
    elif not words & {"OL", "OB", "BYPASS", "FSD"}:
        device = "unknown"
    raw = ups_status[:200]
    return {"device": Told(device, raw), "supply": Told(supply, raw), "battery": Told(battery, raw)}


# Surroundings --------------------------------------------------------------------------------------------------------


def temperature(
    celsius: float, *, cold: float, hot: float, margin: float, before: str = "", slack: float = 0.5
) -> Told:
    """The band of a temperature; the bounds are the parameters room_cold_c, room_hot_c and room_margin_c.

    A band that held ``before`` is left only when the number is ``slack`` beyond its edge, so that a sensor that
    trembles at the edge makes no news.
    """
    raw = f"{celsius:.1f} °C"

    def band(at: float) -> str:
        edges = (cold - margin, "tooCold"), (cold, "cold"), (hot, "ok"), (hot + margin, "hot")
        return next((word for edge, word in edges if at < edge), "tooHot")

    near = (band(celsius - slack), band(celsius + slack))
    return Told(before if before in near else band(celsius), raw)


def humidity(ratio: float, *, dry: float, damp: float, before: str = "", slack: float = 0.01) -> Told:
    """The band of a relative humidity (0 to 1); the bounds are the parameters room_dry_ratio and room_damp_ratio."""

    def band(at: float) -> str:
        return "dry" if at < dry else "damp" if at > damp else "ok"

    near = (band(ratio - slack), band(ratio + slack))
    return Told(before if before in near else band(ratio), f"{ratio:.0%}")


def _unknown(*props: str) -> States:
    return {prop: Told("unknown") for prop in props}
