"""What an IPP printer says of itself (RFC 8011, PWG 5100.9) in XFS words. Pure.

The suffix of a reason changes with what the printer does at the moment (-report idle, -warning busy): only the
stem counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from budayang.rules.raw_states import IPP_REASONS, PRINTER_NORMAL, PRINTER_ORDER, Told, worst_of
from budayang.terminal.devices.table import Reading

STOPPED = 5
SUFFIXES = ("-report", "-warning", "-error")

ORDER, NORMAL, REASONS = PRINTER_ORDER, PRINTER_NORMAL, IPP_REASONS
UNKNOWN: dict[str, Reading] = {
    "paper.upper": Reading("unknown"),
    "toner": Reading("unknown"),
    "media": Reading("unknown"),
}


def stem(reason: str) -> str:
    """The reason without its severity."""
    for suffix in SUFFIXES:
        if reason.endswith(suffix):
            return reason.removesuffix(suffix)
    return reason


def translate(printer_state: int, reasons: Iterable[str]) -> dict[str, Reading]:
    """All properties of a printer that answered with `printer-state` and `printer-state-reasons`."""
    stems = [stem(reason) for reason in reasons]
    told = worst_of((name, REASONS[name]) for name in stems if name in REASONS)
    explained = any(name in REASONS for name in stems)
    if printer_state == STOPPED and told["device"].state == "online" and (not explained or "other" in stems):
        # Stopped and none of the known reasons says why: somebody has to look.
        told["device"] = Told("hardwareError", "stopped")
    return {prop: Reading(*one) for prop, one in told.items()}


def absent(reason: str) -> dict[str, Reading]:
    """All properties of a printer that does not answer: what it last said is not known any more."""
    return {"device": Reading("offline", reason), **UNKNOWN}


def trouble(states: Mapping[str, Reading]) -> str:
    """Why nothing comes out, as one word for the journey; "" when the printer can print."""
    if states.get("device", Reading("unknown")).state in {"offline", "noDevice", "powerOff"}:
        return "offline"
    if states.get("media", Reading("")).state == "jammed":
        return "jam"
    if states.get("paper.upper", Reading("")).state == "out":
        return "paper_out"
    device = states.get("device", Reading("unknown"))
    if device.state == "userError":
        return "cover_open" if device.raw in {"cover-open", "door-open", "interlock-open"} else "other"
    if device.state == "hardwareError" or states.get("toner", Reading("")).state == "out":
        return "other"
    if (
        states.get("x-printer.outputBin", Reading("")).state == "full"
        or states.get("x-printer.queue", Reading("")).state == "paused"
    ):
        return "other"
    return ""
