"""What an IPP printer says of itself (RFC 8011, PWG 5100.9) in XFS words. Pure.

The suffix of a reason changes with what the printer does at the moment (-report idle, -warning busy): only the
stem counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from budayang.terminal.devices.table import Reading

STOPPED = 5
SUFFIXES = ("-report", "-warning", "-error")

# Worst last: of two reasons about one property the worse one is told.
ORDER: dict[str, tuple[str, ...]] = {
    "device": ("online", "deviceBusy", "userError", "hardwareError", "offline", "noDevice"),
    "paper.upper": ("full", "low", "unknown", "out", "jammed"),
    "toner": ("full", "unknown", "low", "out"),
    "media": ("notPresent", "present", "unknown", "jammed"),
    "x-printer.waste": ("ok", "high", "full"),
    "x-printer.outputBin": ("ok", "high", "full"),
    "x-printer.queue": ("running", "paused"),
}
NORMAL: dict[str, str] = {
    "device": "online",
    "paper.upper": "full",
    "toner": "full",
    "media": "notPresent",
    "x-printer.waste": "ok",
    "x-printer.outputBin": "ok",
    "x-printer.queue": "running",
}
REASONS: dict[str, tuple[tuple[str, str], ...]] = {
    "media-low": (("paper.upper", "low"),),
    "media-empty": (("paper.upper", "out"),),
    "media-needed": (("paper.upper", "out"),),
    "input-tray-missing": (("paper.upper", "unknown"), ("device", "userError")),
    "media-jam": (("media", "jammed"), ("paper.upper", "jammed")),
    "toner-low": (("toner", "low"),),
    "marker-supply-low": (("toner", "low"),),
    "toner-empty": (("toner", "out"),),
    "marker-supply-empty": (("toner", "out"),),
    "marker-supply-missing": (("toner", "out"), ("device", "userError")),
    "marker-waste-almost-full": (("x-printer.waste", "high"),),
    "marker-waste-full": (("x-printer.waste", "full"),),
    "opc-near-eol": (("x-printer.waste", "high"),),
    "cover-open": (("device", "userError"),),
    "door-open": (("device", "userError"),),
    "interlock-open": (("device", "userError"),),
    "output-area-almost-full": (("x-printer.outputBin", "high"),),
    "output-area-full": (("x-printer.outputBin", "full"),),
    "offline": (("device", "offline"),),
    "connecting-to-device": (("device", "offline"),),
    "timed-out": (("device", "offline"),),
    "shutdown": (("device", "offline"),),
    "paused": (("x-printer.queue", "paused"),),
    "moving-to-paused": (("x-printer.queue", "paused"),),
}
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
    worst = dict(NORMAL)
    raws: dict[str, str] = {}
    stems = [stem(reason) for reason in reasons]
    for name in stems:
        for prop, state in REASONS.get(name, ()):
            if ORDER[prop].index(state) > ORDER[prop].index(worst[prop]):
                worst[prop], raws[prop] = state, name
    explained = any(name in REASONS for name in stems)
    if printer_state == STOPPED and worst["device"] == "online" and (not explained or "other" in stems):
        # Stopped and none of the known reasons says why: somebody has to look.
        worst["device"], raws["device"] = "hardwareError", "stopped"
    return {prop: Reading(state, raws.get(prop, "")) for prop, state in worst.items()}


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
